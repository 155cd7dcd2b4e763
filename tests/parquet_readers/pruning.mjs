// Do statistics, page index and Bloom filters spare a reader work, and never a row?
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { polarsCount } from './polars.mjs'
import { bufferOf, parsers } from './rows.mjs'

export const keys = { domains: 'domain', mx_hosts: 'host', endpoints: 'host', certificates: 'sha256' }
const bloomColumns = {
  domains: ['domain'], mx_hosts: ['host'], endpoints: ['host', 'address'], certificates: ['sha256'] }

function check(condition, message) {
  if (!condition) throw new Error(message)
}

function quoted(text) {
  return `'${text.replaceAll("'", "''")}'`
}

// The groups that a Bloom filter rules out, by number, as DuckDB's own probe sees it.
async function excludedGroups(connection, file, column, value) {
  const reader = await connection.runAndReadAll(
    `SELECT row_group_id, bloom_filter_excludes FROM parquet_bloom_probe(${quoted(file)}, ` +
    `${quoted(column)}, ${quoted(value)})`)
  return reader.getRows().map(([, excludes]) => excludes)
}

// Of these about 1 in 100 may pass for present: more than 7 are no bad luck.
const kAbsentProbes = 100

// A value that is there is never excluded; one that is not there almost always is.
async function checkBloomFilters(connection, file, column, rows, rowGroups) {
  let start = 0
  for (const [g, count] of rowGroups.entries()) {
    for (const i of [0, count >> 1, count - 1]) {
      const value = rows[start + i][column]
      if (value === '' || value.includes('\0')) continue
      const excluded = await excludedGroups(connection, file, column, value)
      check(excluded[g] === false, `${file}: the Bloom filter of ${column} hides ${value}`)
    }
    start += count
  }
  let probes = 0
  let hits = 0
  for (let i = 0; i < kAbsentProbes; i++) {
    for (const excluded of await excludedGroups(connection, file, column, `absent-${i}.invalid`)) {
      probes++
      if (excluded) hits++
    }
  }
  check(hits >= 0.93 * probes, `${file}: the Bloom filter of ${column} excludes only ${hits} of ${probes}`)
}

// DuckDB and Polars find every row by its key; the statistics single out few row groups.
async function checkPointQueries(connection, file, key, rows, rowGroups) {
  for (const value of new Set([rows[0][key], rows[rows.length >> 1][key], rows.at(-1)[key]])) {
    const found = await connection.runAndReadAll(
      `SELECT count(*) FROM read_parquet(${quoted(file)}) WHERE "${key}" = ${quoted(value)}`)
    const expected = rows.filter(row => row[key] === value).length
    check(Number(found.getRows()[0][0]) === expected, `${file}: DuckDB misses ${key} = ${value}`)
    check(polarsCount(file, key, value) === expected, `${file}: Polars misses ${key} = ${value}`)
    if (rowGroups.length < 3) continue
    const left = await connection.runAndReadAll(
      `SELECT count(*) FROM parquet_metadata(${quoted(file)}) WHERE path_in_schema = '${key}' ` +
      `AND ${quoted(value)} BETWEEN stats_min_value AND stats_max_value`)
    check(Number(left.getRows()[0][0]) === 1, `${file}: statistics leave more than one row group for ${value}`)
  }
}

// Reads with hyparquet, which uses all three, and counts the bytes behind the footer.
async function read(file, filter) {
  const buffer = bufferOf(file)
  const metadata = parquetMetadata(buffer.slice(0, buffer.byteLength), { parsers })
  buffer.bytesRead = 0
  const rows = await parquetReadObjects({
    file: buffer, metadata, compressors, parsers, utf8: false, filter,
    useBloomFilters: true, usePageIndex: true, useOffsetIndex: true })
  return { rows, bytesRead: buffer.bytesRead }
}

// One row takes a small part of the file, a row that is not there nearly nothing.
async function checkBytesRead(file, key, rows, rowGroups) {
  const value = rows[rows.length >> 1][key]
  const some = await read(file, { [key]: { $eq: value } })
  const expected = rows.filter(row => row[key] === value).length
  check(some.rows.length === expected, `${file}: hyparquet misses ${value}`)
  // Between two values that are there: only a Bloom filter can rule it out.
  const none = await read(file, { [key]: { $eq: `${value}.absent` } })
  check(none.rows.length === 0, `${file}: hyparquet finds what is not there`)
  if (rowGroups.length < 3) return undefined
  const whole = await read(file, undefined)
  check(some.bytesRead < whole.bytesRead * 0.3,
    `${file}: one row takes ${some.bytesRead} of ${whole.bytesRead} bytes`)
  check(none.bytesRead < whole.bytesRead * 0.05,
    `${file}: no row takes ${none.bytesRead} of ${whole.bytesRead} bytes`)
  return `bytes read for all rows ${whole.bytesRead}, for one ${some.bytesRead}, ` +
    `for an absent one ${none.bytesRead}`
}

// `rows` are those of the file, in the form of rows.mjs. `sorted`: the key rises through the file.
export async function checkPruning(connection, file, table, rows, rowGroups, sorted) {
  for (const column of bloomColumns[table]) {
    await checkBloomFilters(connection, file, column, rows, rowGroups)
  }
  if (!sorted) return undefined
  await checkPointQueries(connection, file, keys[table], rows, rowGroups)
  return checkBytesRead(file, keys[table], rows, rowGroups)
}
