// A table's rows as Polars reads them (the reader that Python's Polars has, too), in the form of
// rows.mjs. Values that its JavaScript side cannot give (binary) or would round (timestamps) are cast
// to lists and to digits first, by the schema that hyparquet reads.
import { parquetMetadata, parquetSchema } from 'hyparquet'
import pl from 'nodejs-polars'
import { bufferOf, isoMicros } from './rows.mjs'

const isBytes = element => element.type === 'BYTE_ARRAY' && element.logical_type?.type !== 'STRING'
const isTimestamp = element => element.logical_type?.type === 'TIMESTAMP'

function hasBytes(node) {
  return isBytes(node.element) || node.children.some(hasBytes)
}

// The type that a column with bytes is cast to, by its node of the schema.
function castType(node) {
  const { element, children } = node
  if (isBytes(element)) return pl.List(pl.UInt8)
  if (element.logical_type?.type === 'LIST') return pl.List(castType(children[0].children[0]))
  if (children.length > 0) {
    return pl.Struct(children.map(child => pl.Field(child.element.name, castType(child))))
  }
  if (element.type === 'BYTE_ARRAY') return pl.String
  if (element.type === 'BOOLEAN') return pl.Bool
  const { bitWidth, isSigned } = element.logical_type ?? {}
  if (isSigned !== false) throw new Error(`${element.name}: an integer of an unexpected kind`)
  return { 8: pl.UInt8, 16: pl.UInt16, 32: pl.UInt32, 64: pl.UInt64 }[bitWidth]
}

function fromPolars(value, node) {
  if (value === null || value === undefined) return null
  const { element, children } = node
  if (isTimestamp(element)) return isoMicros(BigInt(value))
  if (isBytes(element)) return Buffer.from([...value]).toString('base64')
  if (element.logical_type?.type === 'LIST') {
    return [...value].map(item => fromPolars(item, children[0].children[0]))
  }
  if (children.length > 0) {
    return Object.fromEntries(children.map(child =>
      [child.element.name, fromPolars(value[child.element.name], child)]))
  }
  return typeof value === 'number' || typeof value === 'bigint' ? { n: String(value) } : value
}

function schemaOf(file) {
  const buffer = bufferOf(file)
  return parquetSchema(parquetMetadata(buffer.slice(0, buffer.byteLength))).children
}

export function polarsRows(files) {
  return files.flatMap(file => {
    const nodes = schemaOf(file)
    const columns = nodes.map(node => {
      const column = pl.col(node.element.name)
      // Int64 becomes a double on the way to JavaScript; its digits do not.
      if (isTimestamp(node.element)) return column.cast(pl.Int64, true).cast(pl.String, true)
      return hasBytes(node) ? column.cast(castType(node), true) : column
    })
    const frame = pl.scanParquet(file).select(...columns).collectSync()
    return frame.toRecords().map(row => Object.fromEntries(nodes.map(node =>
      [node.element.name, fromPolars(row[node.element.name], node)])))
  })
}

// How many rows Polars finds that have this value; it asks statistics and Bloom filters first.
export function polarsCount(file, column, value) {
  return pl.scanParquet(file).filter(pl.col(column).eq(pl.lit(value))).select(pl.col(column))
    .collectSync().height
}
