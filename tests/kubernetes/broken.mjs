// The check itself: of each manifest that is broken on purpose it has to complain, and to say of what.
//   node broken.mjs TREE MXSWEEP
import { check, readManifests } from './manifests.mjs'

const [tree, mxsweep] = process.argv.slice(2)
// File, text, what takes its place, what has to be complained of.
const breaks = [
  ['resolve.yaml', 'completions: 8', 'completions: 9', /completions 9, but/],
  ['probe.yaml', 'parallelism: 4', 'parallelism: 5', /parallelism 5, but/],
  ['probe.yaml', 'completions: 16', 'completions: "16"', /completions type/],
  ['probe.yaml', 'completionMode: Indexed', 'completionMode: indexed', /completionMode enum/],
  ['probe.yaml', 'backoffLimitPerIndex', 'backoffLimitPerindex', /unknown field \/spec\/backoffLimitPerindex/],
  ['probe.yaml', 'readOnlyRootFilesystem: true', 'readOnlyRootFileSystem: true', /unknown field .*readOnlyRootFileSystem/],
  ['probe.yaml', '- --jobs=', '- --job=', /no flag --job=4/],
  ['probe.yaml', '$(PROBE_SHARDS)', '$(PROBE_SHARD)', /names a variable that is not set/],
  ['probe.yaml', '$(JOB_COMPLETION_INDEX)', '0', /all indexes take one shard/],
  ['probe.yaml', 'values: [3, 4]', 'values: [4]', /exit code 3 .* is not Ignore/],
  ['probe.yaml', 'values: [3, 4]', 'values: [1, 3, 4]', /exit code 1 .* is not Count/],
  ['probe.yaml', 'values: [3, 4]', 'values: [3]', /exit code 4 .* is not Ignore/],
  ['resolve.yaml', 'values: [2]', 'values: [7]', /no exit code 7/],
  ['resolve.yaml', 'action: FailJob', 'action: Fail', /action enum/],
  ['resolve.yaml', 'type: DisruptionTarget', 'type: Disruption', /disruptions count/],
  ['resolve.yaml', 'restartPolicy: Never', 'restartPolicy: OnFailure', /restartPolicy/],
  ['resolve.yaml', 'type: Localhost', 'type: RuntimeDefault', /io_uring needs/],
  ['resolve.yaml', 'runAsNonRoot: true', 'runAsNonRoot: false', /may run as root/],
  ['resolve.yaml', 'drop: [ALL]', 'drop: [NET_RAW]', /keeps capabilities/],
  ['resolve.yaml', 'automountServiceAccountToken: false', '', /service account token/],
  ['resolve.yaml', 'parallelism: 4', 'parallelism: 4\n  parallelism: 4', /unique/],
  ['resolve.yaml', 'claimName: mxsweep', 'claimName: other', /no volume that all share/],
  ['volume.yaml', 'ReadWriteMany]', 'ReadWriteOnce]', /no volume that all share/],
  ['settings.yaml', 'MXSWEEP_PROBE_RATE', 'MXSWEEP_PROBE_RATES', /MXSWEEP_PROBE_RATES names no flag/],
  ['settings.yaml', 'PROBE_SHARDS: "16"', 'PROBE_SHARDS: "12"', /no multiple/],
  ['settings.yaml', 'PROBE_RATE: "500"', 'PROBE_RATE: 500', /data.* type/],
  ['merge.yaml', '--quiet', '--silent', /merge has no flag --silent/],
]
let missed = 0
for (const [file, from, to, wanted] of breaks) {
  const manifests = readManifests(`${tree}/tools/kubernetes`)
  const text = manifests.get(file)
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  manifests.set(file, text.replace(from, () => to))
  const complaints = []
  check(manifests, mxsweep, what => complaints.push(what))
  if (complaints.some(what => wanted.test(what))) continue
  missed += 1
  console.error(`${file}, ${to || `without ${from}`}: ${complaints.join('; ') || 'no complaint'}`)
}
console.log(`${breaks.length - missed} of ${breaks.length} broken manifests were noticed`)
process.exit(missed ? 1 : 0)
