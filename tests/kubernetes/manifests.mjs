// What is wrong with the files of tools/kubernetes: as YAML, by Kubernetes' schemas, and by what mxsweep
// says of itself (--help).
import { readFileSync, readdirSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { parseAllDocuments } from 'yaml'
import { validate as validateClaim } from 'kubernetes-models/_schemas/IoK8sApiCoreV1PersistentVolumeClaim'
import { validate as validateConfig } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap'
import { validate as validateJob } from 'kubernetes-models/_schemas/IoK8sApiBatchV1Job'
import { validate as validatePod } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Pod'

const schemas = {
  'v1 PersistentVolumeClaim': validateClaim, 'v1 ConfigMap': validateConfig, 'v1 Pod': validatePod,
  'batch/v1 Job': validateJob,
}

// → Map of file name to text.
export function readManifests(folder) {
  return new Map(readdirSync(folder).filter(name => name.endsWith('.yaml'))
    .map(name => [name, readFileSync(`${folder}/${name}`, 'utf8')]))
}

// → Map of "Kind name" to object. Errors go to `complain`.
export function parse(manifests, complain) {
  const objects = new Map()
  for (const [file, text] of manifests) {
    for (const document of parseAllDocuments(text, { strict: true, uniqueKeys: true, version: '1.2' })) {
      for (const trouble of [...document.errors, ...document.warnings]) complain(`${file}: ${trouble.message}`)
      const object = document.errors.length ? null : document.toJS()
      const validate = schemas[`${object?.apiVersion} ${object?.kind}`]
      if (!validate) complain(`${file}: no schema of ${object?.apiVersion} ${object?.kind}`)
      else checkSchema(file, object, validate, complain)
      if (object) objects.set(`${object.kind} ${object.metadata?.name}`, object)
    }
  }
  return objects
}

// A field that the schema's code never asks for is none of Kubernetes': the API server would reject or drop it.
function checkSchema(file, object, validate, complain) {
  const asked = new Set()
  const watched = (value, path) => typeof value !== 'object' || value === null ? value : new Proxy(value, {
    get(target, key) {
      if (typeof key !== 'string') return target[key]
      asked.add(`${path}/${key}`)
      return watched(target[key], `${path}/${key}`)
    },
  })
  if (!validate(watched(object, ''))) {
    for (const error of validate.errors) complain(`${file}: ${error.instancePath || '/'} ${error.keyword} ${JSON.stringify(error.params)}`)
    return
  }
  const isText = path => /\/(labels|matchLabels|data|requests|limits)$/.test(path)
  const visit = (value, path) => {
    if (typeof value !== 'object' || value === null) return
    for (const key of Object.keys(value)) {
      if (!isText(path) && !asked.has(`${path}/${key}`)) complain(`${file}: unknown field ${path}/${key}`)
      visit(value[key], `${path}/${key}`)
    }
  }
  visit(object, '')
}

// → what `mxsweep COMMAND --help` says: {flags, exits}.
const helps = new Map()
function helpOf(mxsweep, command) {
  if (helps.has(command)) return helps.get(command)
  const text = execFileSync(mxsweep, [command, '--help'], { encoding: 'utf8' })
  const exits = text.match(/Exit code:([^]*?)\n\n/)?.[1].matchAll(/(?:^|;)\s*(\d) ([^;]*)/g) ?? []
  const help = {
    flags: new Set([...text.matchAll(/^ {2}(?:-\w,)?(--[a-z0-9-]+)/gm)].map(match => match[1])),
    exits: new Map([...exits].map(([, code, meaning]) => [Number(code), meaning.replace(/\s+/g, ' ')])),
  }
  helps.set(command, help)
  return help
}

// $(NAME) in an argument, as the kubelet replaces it: what is not known stays.
export const expand = (text, variables) =>
  text.replace(/\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name) => variables[name] ?? whole)

export function check(manifests, mxsweep, complain) {
  const objects = parse(manifests, complain)
  const settings = objects.get('ConfigMap mxsweep')?.data ?? {}
  for (const [name, object] of objects) {
    const pod = object.kind === 'Pod' ? object.spec : object.spec?.template?.spec
    if (pod) checkPod(name, pod, objects, complain)
  }
  for (const part of ['resolve', 'probe']) {
    const job = objects.get(`Job mxsweep-${part}`)
    if (job) checkShards(part, job, settings, mxsweep, complain)
    else complain(`there is no Job mxsweep-${part}`)
  }
  checkSettings(settings, mxsweep, complain)
  checkMerge(objects.get('Job mxsweep-merge'), mxsweep, complain)
  return objects
}

// The restricted Pod Security Standard, and what pods of ours need.
function checkPod(name, pod, objects, complain) {
  const expect = (right, what) => right || complain(`${name}: ${what}`)
  expect(pod.automountServiceAccountToken === false, 'has a service account token')
  expect(pod.enableServiceLinks === false, 'services could set flags')
  expect(pod.securityContext?.runAsNonRoot === true && pod.securityContext.runAsUser > 0, 'may run as root')
  expect(['RuntimeDefault', 'Localhost'].includes(pod.securityContext?.seccompProfile?.type), 'has no seccomp profile')
  expect(pod.containers.length === 1 && pod.containers[0].name === 'mxsweep', 'has other containers than mxsweep')
  const container = pod.containers[0]
  const security = container.securityContext ?? {}
  expect(security.allowPrivilegeEscalation === false, 'may gain privileges')
  expect(security.readOnlyRootFilesystem === true, 'may write to its root')
  expect(security.capabilities?.drop?.join() === 'ALL', 'keeps capabilities')
  expect(container.resources?.requests?.memory && container.resources.requests.cpu && container.resources.limits?.memory,
    'does not say what it needs')
  const claim = pod.volumes?.find(volume => volume.name === 'data')?.persistentVolumeClaim?.claimName
  expect(objects.get(`PersistentVolumeClaim ${claim}`)?.spec.accessModes.includes('ReadWriteMany'),
    `has no volume that all share: ${claim}`)
  expect(container.volumeMounts?.some(mount => mount.name === 'data' && mount.mountPath === '/data'), 'has no /data')
}

function checkShards(part, job, settings, mxsweep, complain) {
  const expect = (right, what) => right || complain(`mxsweep-${part}: ${what}`)
  const { spec } = job
  const { terminationGracePeriodSeconds: grace, restartPolicy, containers: [container], securityContext } = spec.template.spec
  const help = helpOf(mxsweep, part)
  const environment = container.envFrom?.some(from => from.configMapRef?.name === 'mxsweep') ? settings : {}
  const args = container.args.map(arg => expand(arg, { ...environment, JOB_COMPLETION_INDEX: '0' }))
  expect(container.command.join() === 'mxsweep' && args[0] === part, `does not run mxsweep ${part}`)
  for (const arg of args.slice(1)) {
    expect(!arg.includes('$('), `${arg} names a variable that is not set`)
    if (arg.startsWith('-')) expect(help.flags.has(arg.split('=')[0]), `mxsweep ${part} has no flag ${arg}`)
  }
  expect(spec.completionMode === 'Indexed', 'is not Indexed')
  expect(args.includes(`--shard=0/${spec.completions}`), `completions ${spec.completions}, but ${args.join(' ')}`)
  expect(args.includes(`--jobs=${spec.parallelism}`), `parallelism ${spec.parallelism}, but ${args.join(' ')}`)
  expect(container.args.some(arg => arg.startsWith('--shard=$(JOB_COMPLETION_INDEX)/')), 'all indexes take one shard')
  expect(spec.parallelism <= spec.completions, 'more jobs than shards')
  // What the API server demands of each other, and the schema does not know.
  expect(restartPolicy === 'Never', 'restartPolicy has to be Never')
  expect(spec.podReplacementPolicy === 'Failed', 'podReplacementPolicy has to be Failed')
  expect(spec.backoffLimitPerIndex > 0 && spec.maxFailedIndexes <= spec.completions, 'no limit of failures of an index')
  expect(securityContext.seccompProfile.type === 'Localhost', 'io_uring needs a Localhost profile')
  expect(grace >= 60, 'is killed before it has committed')
  checkFailures(part, spec.podFailurePolicy?.rules ?? [], help.exits, expect)
}

function checkFailures(part, rules, exits, expect) {
  // The first rule that fits decides.
  const actionOf = code => rules.find(({ onExitCodes: on }) =>
    on && on.containerName === 'mxsweep' && on.values.includes(code) === (on.operator === 'In'))?.action ?? 'Count'
  expect(rules[0]?.action === 'Ignore' && rules[0].onPodConditions?.some(condition => condition.type === 'DisruptionTarget'),
    'disruptions count as failures')
  const wanted = new Map([[/^failed/, 'Count'], [/^wrong usage/, 'FailJob'], [/^stopped/, 'Ignore'],
    [/taken over/, 'Ignore']])
  for (const [meaning, action] of wanted) {
    const code = [...exits.keys()].find(each => meaning.test(exits.get(each)))
    expect(code !== undefined && actionOf(code) === action, `exit code ${code} (${exits.get(code)}) is not ${action}`)
  }
  expect(actionOf(137) === 'Count', 'a job that is killed is not counted')
  for (const code of rules.flatMap(rule => rule.onExitCodes?.values ?? [])) {
    expect(exits.has(code), `mxsweep ${part} has no exit code ${code}`)
  }
}

function checkSettings(settings, mxsweep, complain) {
  const flags = new Map(['resolve', 'probe'].map(part => [part, helpOf(mxsweep, part).flags]))
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== 'string') complain(`settings: ${name} is no text`)
    if (/^(RESOLVE|PROBE)_(SHARDS|JOBS)$/.test(name)) continue
    const [, part, flag] = name.match(/^MXSWEEP_(RESOLVE|PROBE)_([A-Z0-9_]+)$/) ?? []
    if (!part || !flags.get(part.toLowerCase()).has(`--${flag.toLowerCase().replaceAll('_', '-')}`)) {
      complain(`settings: ${name} names no flag`)
    }
  }
  if (settings.MXSWEEP_RESOLVE_BUCKETS % settings.PROBE_SHARDS !== 0) {
    complain('settings: MXSWEEP_RESOLVE_BUCKETS is no multiple of PROBE_SHARDS')
  }
}

function checkMerge(job, mxsweep, complain) {
  const script = job?.spec.template.spec.containers[0].args[0] ?? ''
  const commands = [...script.matchAll(/mxsweep ([a-z]+)([^\n|;&]*)/g)]
  if (commands.map(([, command]) => command).join() !== 'merge,report') complain('mxsweep-merge does not merge and report')
  for (const [, command, rest] of commands) {
    for (const [flag] of rest.matchAll(/(?<= )--?[a-z-]+/g)) {
      if (!helpOf(mxsweep, command).flags.has(flag)) complain(`mxsweep ${command} has no flag ${flag}`)
    }
  }
}
