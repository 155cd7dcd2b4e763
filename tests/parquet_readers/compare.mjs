// Reads every table of a scan directory with DuckDB, Polars and hyparquet, and compares every cell with
// what `mxsweep cat` prints. Then looks at each page, and at what statistics, page index and Bloom
// filters spare a reader.
//
//   node compare.mjs DIR --cat 'mxsweep cat {dir} --table {table}' [--min-row-groups N]
//
// Exit code 0 when all agree; 1 with a sentence about the first difference; 2 for wrong usage.
import { DuckDBInstance } from '@duckdb/node-api'
import { checkFile } from './pages.mjs'
import { polarsRows } from './polars.mjs'
import { checkPruning, keys } from './pruning.mjs'
import { catRows, compareRows, duckdbRows, hyparquetRows, partFiles, tables } from './rows.mjs'

function usage() {
  console.error("usage: node compare.mjs DIR --cat 'COMMAND {dir} {table}' [--min-row-groups N]")
  process.exit(2)
}

function parseArguments(words) {
  const options = { minRowGroups: 0 }
  for (let i = 0; i < words.length; i++) {
    if (words[i] === '--cat') options.cat = words[++i]
    else if (words[i] === '--min-row-groups') options.minRowGroups = Number(words[++i])
    else if (options.directory === undefined) options.directory = words[i]
    else usage()
  }
  if (!options.directory || !options.cat || Number.isNaN(options.minRowGroups)) usage()
  return options
}

async function compareTable(connection, table, options) {
  const files = partFiles(options.directory, table)
  const expected = catRows(options.cat, options.directory, table)
  const cells = compareRows(table, 'DuckDB', expected, await duckdbRows(connection, files))
  compareRows(table, 'hyparquet', expected, await hyparquetRows(files))
  compareRows(table, 'Polars', expected, polarsRows(files))
  let start = 0
  for (const file of files) {
    const { pages, rowGroups } = await checkFile(file)
    if (rowGroups.length < options.minRowGroups) {
      throw new Error(`${file} has ${rowGroups.length} row groups, ${options.minRowGroups} are wanted`)
    }
    const count = rowGroups.reduce((sum, rows) => sum + rows, 0)
    const rows = expected.slice(start, start + count)
    start += count
    const sorted = rows.every((row, i) => i === 0 || rows[i - 1][keys[table]] < row[keys[table]])
    const pruned = count > 0
      ? await checkPruning(connection, file, table, rows, rowGroups, sorted) : undefined
    console.log(`${file}: ${count} rows, ${rowGroups.length} row groups, ${pages} pages` +
      (pruned ? `; ${pruned}` : ''))
  }
  if (start !== expected.length) throw new Error(`${table}: cat has rows that no part has`)
  console.log(`${table}: ${expected.length} rows, ${cells} cells agree`)
}

const options = parseArguments(process.argv.slice(2))
const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
try {
  await connection.run("SET TimeZone = 'UTC'")
  for (const table of tables) await compareTable(connection, table, options)
} catch (error) {
  console.error(`compare.mjs: ${error.message}`)
  process.exitCode = 1
} finally {
  connection.closeSync()
  instance.closeSync()
}
