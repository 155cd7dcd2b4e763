// Holds the views of sql/clickhouse.sql over a scan against the rows that DuckDB makes of its own
// (../views.mjs).
//
//   node views.mjs VIEWS SCAN ROWS
//
// Exit code 1, with a sentence about each difference.
import { readFileSync } from 'node:fs'
import { Session } from 'chdb'

const [views, scan, rowsFile] = process.argv.slice(2)
const expected = JSON.parse(readFileSync(rowsFile, 'utf8'))
const statements = readFileSync(views, 'utf8').replace(/^--.*$/mg, '').split(';')
  .map(statement => statement.trim()).filter(statement => statement)
process.chdir(scan)
const session = new Session()
for (const statement of statements) session.query(statement)

// One row as text: columns by name, numbers by nine digits.
function text(row) {
  const value = cell => cell === null || typeof cell === 'object' || Number.isNaN(Number(cell)) ||
    cell === '' ? cell : Number(Number(cell).toPrecision(9))
  return JSON.stringify(Object.keys(row).sort().map(name => [name, value(row[name])]))
}

let differences = 0
for (const [view, rows] of Object.entries(expected)) {
  const found = new Set(session.query(`SELECT * FROM ${view}`, 'JSONEachRow').split('\n')
    .filter(line => line).map(line => text(JSON.parse(line))))
  const wanted = new Set(rows.map(text))
  for (const row of [...wanted].filter(row => !found.has(row))) {
    differences += 1
    console.error(`${view}: DuckDB has, and ClickHouse has not, ${row}`)
  }
  if (found.size !== wanted.size || wanted.size === 0) {
    differences += 1
    console.error(`${view}: ${found.size} rows, in DuckDB ${wanted.size}`)
  }
  console.log(`${view}: ${found.size} rows`)
}
session.cleanup()
process.exit(differences > 0 ? 1 : 0)
