// Checks the manifests, the seccomp profile and the container file of tools/kubernetes.
//   node check.mjs TREE MXSWEEP
// Exit code 1, with a line for each thing that is wrong.
import { existsSync, readFileSync } from 'node:fs'
import { check, readManifests } from './manifests.mjs'

const [tree, mxsweep] = process.argv.slice(2)
const folder = `${tree}/tools/kubernetes`
let wrong = 0
const complain = what => { wrong += 1; console.error(what) }
const objects = check(readManifests(folder), mxsweep, complain)

// Rings and mxsweep's own sandbox are let through, and nothing that leads out of a container.
const profile = JSON.parse(readFileSync(`${folder}/seccomp-io-uring.json`, 'utf8'))
const allowed = new Set(profile.syscalls.filter(rule => rule.action === 'SCMP_ACT_ALLOW' && !rule.args).flatMap(rule => rule.names))
if (profile.defaultAction !== 'SCMP_ACT_ERRNO') complain('the seccomp profile allows by default')
for (const name of ['io_uring_setup', 'io_uring_enter', 'io_uring_register', 'seccomp', 'landlock_create_ruleset',
  'landlock_add_rule', 'landlock_restrict_self']) {
  if (!allowed.has(name)) complain(`the seccomp profile has no ${name}`)
}
for (const name of ['clone', 'clone3', 'unshare', 'setns', 'mount', 'ptrace', 'bpf', 'keyctl', 'add_key', 'userfaultfd',
  'perf_event_open', 'process_vm_writev', 'open_by_handle_at', 'init_module', 'kexec_load']) {
  if (allowed.has(name)) complain(`the seccomp profile has ${name}`)
}

// What is copied is there, and what is installed is what the .deb wants.
const container = readFileSync(`${folder}/Containerfile`, 'utf8')
for (const [, sources] of container.matchAll(/^COPY (?!--from)(.*) \S+$/gm)) {
  for (const source of sources.split(' ')) if (!existsSync(`${tree}/${source}`)) complain(`Containerfile: there is no ${source}`)
}
const recommended = readFileSync(`${tree}/cmake/MxsweepPackage.cmake`, 'utf8').match(/CPACK_DEBIAN_PACKAGE_RECOMMENDS "(.*)"/)[1].split(', ')
const installed = container.match(/install -y --no-install-recommends \/package\/\*\.deb (.*?) &&/)?.[1].split(' ') ?? []
if (installed.join() !== recommended.join()) complain(`Containerfile installs ${installed}, the .deb recommends ${recommended}`)
if (!/^RUN tools\/setup build$/m.test(container)) complain('Containerfile does not use tools/setup')

console.log(`${objects.size} objects, ${allowed.size} system calls, ${wrong} complaints`)
process.exit(wrong || objects.size !== 6 ? 1 : 0)
