// Reads every table of a scan directory with ClickHouse (chdb: the server as a library) and compares
// what it says of each column with what `mxsweep cat` prints; then looks rows up by their key, with
// Bloom filters and without.
//
//   node compare.mjs DIR --cat 'mxsweep cat {dir} --table {table}'
//
// ClickHouse has no null lists (it reads them as empty), and no times after 2299.
// Exit code 0 when all agree; 1 with a sentence about the first difference; 2 for wrong usage.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { query } from 'chdb'

const keys = { domains: 'domain', mx_hosts: 'host', endpoints: 'host', certificates: 'sha256' }

function check(condition, message) {
  if (!condition) throw new Error(message)
}

function ask(sql) {
  return query(`${sql} SETTINGS date_time_output_format = 'iso', session_timezone = 'UTC', ` +
    `output_format_json_quote_64bit_integers = 1, input_format_parquet_bloom_filter_push_down = 1`,
  'JSONCompactEachRow').split('\n').filter(line => line).map(line => JSON.parse(line))
}

function quoted(text) {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

// The committed parts of a table, in the order of commit.
function partFiles(directory, table) {
  return fs.readdirSync(path.join(directory, 'manifest')).filter(name => name.endsWith('.json')).sort()
    .flatMap(name => JSON.parse(fs.readFileSync(path.join(directory, 'manifest', name))).parts)
    .filter(part => part.table === table)
    .map(part => path.join(directory, part.file))
}

// Integers stay text: JSON.parse would round those beyond 2^53.
function catRows(command, directory, table) {
  const words = command.split(' ').filter(word => word)
    .map(word => word.replace('{dir}', directory).replace('{table}', table))
  const text = execFileSync(words[0], words.slice(1), { maxBuffer: 2 ** 30, encoding: 'utf8' })
  return text.split('\n').filter(line => line).map(line => JSON.parse(
    line.replace(/"(?:[^"\\]|\\.)*"|-?\d+/g, token => token[0] === '"' ? token : `"${token}"`)))
}

// What both say of a value, as text: null lists are empty lists, integers digits.
function plain(value, type) {
  if (value === null) return type.startsWith('Array') ? [] : null
  if (Array.isArray(value)) return value.map(item => plain(item, ''))
  if (typeof value === 'object') return Object.values(value).map(item => plain(item, ''))
  if (typeof value === 'boolean') return value
  return String(value)
}

// How ClickHouse is asked for a column of this type, so that it comes as cat prints it.
function expression(name, type, rows) {
  const column = '`' + name + '`'
  // Binary has no type of its own.
  const binary = rows.some(row => typeof row[name] === 'string') && name === 'der'
  return binary ? `base64Encode(${column})` : column
}

const kLastTime = '2299'

function compareTable(table, options) {
  const expected = catRows(options.cat, options.directory, table)
  const files = partFiles(options.directory, table)
  let start = 0
  let cells = 0
  for (const file of files) {
    const source = `file(${quoted(file)}, Parquet)`
    const count = Number(ask(`SELECT count() FROM ${source}`)[0][0])
    const rows = expected.slice(start, start + count)
    start += count
    for (const [name, type] of ask(`DESCRIBE TABLE ${source}`)) {
      // The octets of TLSA records are no text within their list.
      if (name === 'tlsa') continue
      const values = ask(`SELECT ${expression(name, type, rows)} FROM ${source}`)
      check(values.length === rows.length, `${table}.${name}: ${values.length} of ${rows.length} rows`)
      for (const [i, row] of rows.entries()) {
        if (type.includes('DateTime') && row[name] > kLastTime) continue
        const ours = JSON.stringify(plain(row[name], type))
        const theirs = JSON.stringify(plain(values[i][0], type))
        check(ours === theirs, `${table} row ${i} column ${name} (${type}): cat says ` +
          `${ours.slice(0, 500)}, ClickHouse ${theirs.slice(0, 500)}`)
        cells++
      }
    }
    const key = keys[table]
    const values = rows.length === 0 ? [] : [rows[0], rows[rows.length >> 1], rows.at(-1)].map(r => r[key])
    for (const value of [...values, 'absent.invalid']) {
      if (value.includes('\0')) continue
      const found = Number(ask(`SELECT count() FROM ${source} WHERE ${key} = ${quoted(value)}`)[0][0])
      check(found === rows.filter(row => row[key] === value).length,
        `${file}: ClickHouse finds ${found} rows with ${key} = ${value}`)
    }
  }
  check(start === expected.length, `${table}: cat has rows that no part has`)
  console.log(`${table}: ${expected.length} rows, ${cells} cells agree`)
}

const options = {}
const words = process.argv.slice(2)
for (let i = 0; i < words.length; i++) {
  if (words[i] === '--cat') options.cat = words[++i]
  else options.directory = words[i]
}
if (!options.directory || !options.cat) {
  console.error("usage: node compare.mjs DIR --cat 'COMMAND {dir} {table}'")
  process.exit(2)
}
try {
  for (const table of Object.keys(keys)) compareTable(table, options)
} catch (error) {
  console.error(`clickhouse/compare.mjs: ${error.message}`)
  process.exitCode = 1
}
