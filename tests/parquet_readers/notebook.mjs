// Runs the queries of a page (examples/published-tables.md) over a scan, with DuckDB and the views of
// sql/duckdb.sql, and holds the results against those that stand below each.
//
//   node notebook.mjs PAGE VIEWS SCAN WEAK_KEYS POLARS [--write]
//
// POLARS: what examples/polars.mjs printed of the scan, which DuckDB counts, too. --write puts the results into the page instead. Exit code 1: a result is another one.
import { readFileSync, writeFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [page, views, scan, weakKeys, polars, write] = process.argv.slice(2)
const quoted = text => `'${text.replaceAll("'", "''")}'`

const connection = await (await DuckDBInstance.create(':memory:')).connect()
await connection.run(`SET VARIABLE scan = ${quoted(scan)}`)
await connection.run(`SET VARIABLE weak_keys = ${quoted(weakKeys)}`)
await connection.run(readFileSync(views, 'utf8'))

async function table(query) {
  const result = await connection.runAndReadAll(query)
  const cells = row => `| ${row.map(value => String(value ?? '')).join(' | ')} |`
  const names = result.columnNames()
  return [cells(names), cells(names.map(() => '---')), ...result.getRowsJson().map(cells)].join('\n')
}

// A query, and the table behind it where there is one.
const blocks = /^```sql\n([\s\S]*?)^```\n(?:\n((?:^\|.*\n)+))?/gm
const text = readFileSync(page, 'utf8')
let wrong = 0
let out = ''
let end = 0
for (const block of text.matchAll(blocks)) {
  const [whole, query, before = ''] = block
  const now = await table(query)
  if (before.trimEnd() !== now && !write) {
    wrong += 1
    console.error(`${page}: of\n${query}\nit says\n${before}\nthe scan says\n${now}\n`)
  }
  out += text.slice(end, block.index) + `\`\`\`sql\n${query}\`\`\`\n\n${now}\n`
  end = block.index + whole.length
}
if (write) writeFileSync(page, out + text.slice(end))
if (end === 0) throw new Error(`${page} has no query`)

const counted = await connection.runAndReadAll(`SELECT concat_ws(',', tls_version,
  coalesce(leaf_key_type, ''), coalesce(leaf_key_bits::VARCHAR, ''), count(*))
  FROM scan_endpoints WHERE outcome = 'tls_ok' GROUP BY tls_version, leaf_key_type, leaf_key_bits`)
const byDuckdb = counted.getRowsJson().map(([line]) => line).sort().join('\n')
const byPolars = readFileSync(polars, 'utf8').trim().split('\n').slice(1).sort().join('\n')
if (byDuckdb !== byPolars) {
  wrong += 1
  console.error(`DuckDB counts\n${byDuckdb}\nand Polars\n${byPolars}`)
}
process.exit(wrong > 0 && !write ? 1 : 0)
