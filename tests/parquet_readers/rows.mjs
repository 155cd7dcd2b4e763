// The rows of one table from three sources (mxsweep cat, DuckDB, hyparquet), brought to one form, so
// that they can be compared cell by cell: numbers are {n: "digits"}, timestamps ISO 8601 with six
// decimals, binary base64, everything else is itself.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import {
  DuckDBBlobValue, DuckDBListValue, DuckDBStructValue, DuckDBTimestampTZValue,
} from '@duckdb/node-api'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

export const tables = ['domains', 'mx_hosts', 'endpoints', 'certificates']

// The committed parts of a table, in the order of commit.
export function partFiles(directory, table) {
  const manifests = fs.readdirSync(path.join(directory, 'manifest')).filter(n => n.endsWith('.json'))
  return manifests.sort()
    .flatMap(name => JSON.parse(fs.readFileSync(path.join(directory, 'manifest', name))).parts)
    .filter(part => part.table === table)
    .map(part => path.join(directory, part.file))
}

// JSON.parse would round integers beyond 2^53, so they are wrapped first.
function parseRow(line) {
  return JSON.parse(line.replace(/"(?:[^"\\]|\\.)*"|-?\d+/g,
    token => token[0] === '"' ? token : `{"n":"${token}"}`))
}

// `command` has {dir} and {table} where those belong.
export function catRows(command, directory, table) {
  const words = command.split(' ').filter(w => w)
    .map(w => w.replace('{dir}', directory).replace('{table}', table))
  const text = execFileSync(words[0], words.slice(1), { maxBuffer: 2 ** 30, encoding: 'utf8' })
  return text.split('\n').filter(line => line).map(parseRow)
}

export function isoMicros(micros) {
  let millis = micros / 1000n
  if (micros % 1000n < 0n) millis -= 1n
  const rest = String(micros - millis * 1000n).padStart(3, '0')
  return new Date(Number(millis)).toISOString().replace('Z', `${rest}Z`)
}

function fromDuckdb(value) {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' || typeof value === 'bigint') return { n: String(value) }
  if (value instanceof DuckDBListValue) return value.items.map(fromDuckdb)
  if (value instanceof DuckDBTimestampTZValue) return isoMicros(value.micros)
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64')
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([k, v]) => [k, fromDuckdb(v)]))
  }
  throw new Error(`a DuckDB value of an unexpected kind: ${value?.constructor?.name}`)
}

export async function duckdbRows(connection, files) {
  const list = files.map(file => `'${file.replaceAll("'", "''")}'`).join(', ')
  const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet([${list}])`)
  const names = reader.columnNames()
  return reader.getRows().map(row =>
    Object.fromEntries(row.map((value, i) => [names[i], fromDuckdb(value)])))
}

// hyparquet drops a byte order mark and the microseconds, unless told otherwise.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
export const parsers = {
  stringFromBytes: bytes => bytes && decoder.decode(bytes),
  timestampFromMicroseconds: micros => ({ micros }),
}

function fromHyparquet(value) {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' || typeof value === 'bigint') return { n: String(value) }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(fromHyparquet)
  if ('micros' in value) return isoMicros(value.micros)
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fromHyparquet(v)]))
}

export async function hyparquetRows(files) {
  const rows = []
  for (const file of files) {
    const part = await parquetReadObjects({ file: bufferOf(file), compressors, parsers, utf8: false })
    for (const row of part) rows.push(fromHyparquet(row))
  }
  return rows
}

// A file for hyparquet that counts the bytes read from it.
export function bufferOf(file) {
  const bytes = fs.readFileSync(file)
  return {
    byteLength: bytes.length,
    bytesRead: 0,
    slice(start, end = bytes.length) {
      const from = start < 0 ? bytes.length + start : start
      this.bytesRead += end - from
      return bytes.buffer.slice(bytes.byteOffset + from, bytes.byteOffset + end)
    },
  }
}

// Throws at the first cell that differs.
export function compareRows(table, what, expected, actual) {
  if (expected.length !== actual.length) {
    throw new Error(`${table}: cat has ${expected.length} rows, ${what} ${actual.length}`)
  }
  let cells = 0
  for (let i = 0; i < expected.length; i++) {
    const names = Object.keys(expected[i])
    if (names.join() !== Object.keys(actual[i]).join()) {
      throw new Error(`${table}: the columns of cat are ${names}, those of ${what} ${Object.keys(actual[i])}`)
    }
    for (const name of names) {
      const ours = JSON.stringify(expected[i][name])
      const theirs = JSON.stringify(actual[i][name])
      if (ours !== theirs) {
        throw new Error(`${table} row ${i} column ${name}: cat says ${ours.slice(0, 500)}, ` +
          `${what} ${theirs.slice(0, 500)}`)
      }
      ++cells
    }
  }
  return cells
}
