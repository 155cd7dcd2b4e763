// Runs the queries of docs/fleet.md that are for DuckDB over a fleet of 16 probe shards and its survey, with an
// attempt beside them that must not be counted: those over shards and those over the survey have to agree.
//   node fleet.mjs PAGE FOLDER      (FOLDER holds fleet and survey; s3://BUCKET/ is read there)
import { cpSync, readFileSync, readdirSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [page, folder] = process.argv.slice(2)
const section = readFileSync(page, 'utf8').match(/^\*\*DuckDB\*\*[^]*?```sql\n([^]*?)```/m)[1]
const queries = section.replace(/--.*$/mg, '').split(';').map(text => text.trim()).filter(text => text.startsWith('SELECT'))
process.chdir(folder)
const shard = readdirSync('fleet/probe').find(name => name.endsWith('-of-16') && readdirSync(`fleet/probe/${name}`).includes('endpoints'))
cpSync(`fleet/probe/${shard}`, 'fleet/probe/.7-of-16.attempt-0002', { recursive: true })

const connection = await (await DuckDBInstance.create(':memory:')).connect()
const rows = async query => JSON.stringify((await connection.runAndReadAll(query.replaceAll('s3://BUCKET/', ''))).getRowsJson())
let wrong = 0
for (const query of queries) {
  const found = await rows(query)
  const other = await rows(query.includes('fleet/') ? query.replace(/fleet\/probe\/[^/]*\//, 'survey/') :
    query.replace('survey/endpoints', 'fleet/probe/[0-9]*/endpoints'))
  if (found === other && found !== '[]') continue
  wrong += 1
  console.error(`${query}\n  ${found}\n  ${other}`)
}
console.log(`${queries.length} queries: ${queries.length - wrong} agree`)
process.exit(wrong || queries.length !== 2 ? 1 : 0)
