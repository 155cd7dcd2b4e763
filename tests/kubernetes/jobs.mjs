// Does what Kubernetes would do with the Jobs, on this machine: a process for each completion index, so many at
// once as parallelism says, with the arguments and variables of the manifests, /data being a folder of ours.
//   node jobs.mjs TREE MXSWEEP FOLDER [NAME=VALUE…]
// FOLDER holds domains.txt. NAME=VALUE: further variables, in place of those of settings.yaml.
// Exit code 1 if a process failed.
import { spawn } from 'node:child_process'
import { expand, parse, readManifests } from './manifests.mjs'

const [tree, mxsweep, folder, ...more] = process.argv.slice(2)
const objects = parse(readManifests(`${tree}/tools/kubernetes`), what => { throw new Error(what) })
const settings = {
  ...objects.get('ConfigMap mxsweep').data, ...Object.fromEntries(more.map(pair => pair.split(/=(.*)/s, 2))),
}

function runContainer(name, container, index) {
  const variables = { ...(container.envFrom ? settings : {}), JOB_COMPLETION_INDEX: String(index) }
  const here = text => expand(text, variables).replaceAll('/data', folder).replaceAll(/^mxsweep|(?<=^|\s)mxsweep(?= )/g, mxsweep)
  const [program, ...args] = [...container.command, ...container.args].map(here)
  return new Promise(resolve => {
    const child = spawn(program, args, { env: { PATH: process.env.PATH, ...variables }, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('close', code => {
      if (code !== 0) console.error(`${name}, index ${index}: exit code ${code}`)
      resolve(code)
    })
  })
}

async function runJob(name) {
  const { spec } = objects.get(`Job ${name}`)
  const indexes = [...Array(spec.completions ?? 1).keys()]
  const codes = []
  const work = async () => {
    while (indexes.length) codes.push(await runContainer(name, spec.template.spec.containers[0], indexes.shift()))
  }
  await Promise.all([...Array(spec.parallelism ?? 1)].map(work))
  console.log(`${name}: ${codes.length} indexes`)
  return codes.every(code => code === 0)
}

for (const name of ['mxsweep-resolve', 'mxsweep-probe', 'mxsweep-merge']) {
  if (!await runJob(name)) process.exit(1)
}
