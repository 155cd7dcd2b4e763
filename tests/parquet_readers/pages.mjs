// The pages of a file, looked at one by one: checksums, sizes, and whether statistics and page index
// tell the truth about the values behind them.
import { parquetMetadata, parquetReadObjects, readColumnIndex, readOffsetIndex } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { parquetHeader } from 'hyparquet/src/column.js'
import { bufferOf, parsers } from './rows.mjs'

const maxPageRows = 20_000

const crcTable = Array.from({ length: 256 }, (_, i) => {
  let c = i
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})

function crc32(bytes) {
  let crc = 0xffffffff
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8)
  return (crc ^ 0xffffffff) | 0
}

function check(condition, message) {
  if (!condition) throw new Error(message)
}

// Strings compare by bytes, as the format says, not by UTF-16 as JavaScript does.
function less(a, b) {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0
  if (typeof a === 'object') return a.micros < b.micros
  return a < b
}

function checkBounds(values, min, max, where) {
  for (const value of values) {
    check(!less(value, min) && !less(max, value), `${where}: ${value} is not within ${min} … ${max}`)
  }
}

// The values of a leaf in some rows: lists opened, nulls left out.
function leafValues(rows, path) {
  const [column, , , field] = path
  const values = []
  for (const row of rows) {
    for (const value of [row[column]].flat()) {
      const leaf = field && value ? value[field] : value
      if (leaf !== null && leaf !== undefined) values.push(leaf)
    }
  }
  return values
}

// Header and checksum of each page; returns how many data pages there are.
function checkPages(buffer, meta, where) {
  let at = Number(meta.dictionary_page_offset ?? meta.data_page_offset)
  const end = at + Number(meta.total_compressed_size)
  let dataPages = 0
  while (at < end) {
    const reader = { view: new DataView(buffer.slice(at, end)), offset: 0 }
    const header = parquetHeader(reader)
    const start = at + reader.offset
    const content = new Uint8Array(buffer.slice(start, start + header.compressed_page_size))
    check(header.crc === crc32(content), `${where}: the page at ${at} has a wrong checksum`)
    const dictionary = meta.dictionary_page_offset !== undefined
    if (header.type === 'DATA_PAGE') {
      dataPages++
      check(header.data_page_header.encoding === (dictionary ? 'RLE_DICTIONARY' : 'PLAIN'),
        `${where}: a chunk is wholly dictionary or wholly plain`)
    } else {
      check(header.type === 'DICTIONARY_PAGE' && dictionary, `${where}: an unexpected ${header.type}`)
    }
    at = start + header.compressed_page_size
  }
  check(at === end, `${where}: the pages are not as long as the chunk`)
  return dataPages
}

// Chunk statistics and page index against the values.
function checkStatistics(buffer, chunk, element, rows, dataPages, where) {
  const { statistics, path_in_schema: path } = chunk.meta_data
  const values = leafValues(rows, path)
  if (statistics?.min_value !== undefined) {
    checkBounds(values, statistics.min_value, statistics.max_value, `${where} statistics`)
  }
  const at = Number(chunk.offset_index_offset)
  const offsets = readOffsetIndex({
    view: new DataView(buffer.slice(at, at + chunk.offset_index_length)), offset: 0 })
  const pages = offsets.page_locations
  check(pages.length === dataPages, `${where}: the offset index lists ${pages.length} of ${dataPages} pages`)
  if (!chunk.column_index_offset) return 0
  // hyparquet reads no column index of timestamps with a page without values, whose bounds are empty
  // as the format asks for.
  const emptyPage = pages.some((page, i) => leafValues(rows.slice(Number(page.first_row_index),
    i + 1 < pages.length ? Number(pages[i + 1].first_row_index) : rows.length), path).length === 0)
  if (emptyPage && element.logical_type?.type === 'TIMESTAMP') return pages.length
  const from = Number(chunk.column_index_offset)
  const index = readColumnIndex({
    view: new DataView(buffer.slice(from, from + chunk.column_index_length)), offset: 0 }, element, parsers)
  let nulls = 0n
  pages.forEach((page, i) => {
    const first = Number(page.first_row_index)
    const next = i + 1 < pages.length ? Number(pages[i + 1].first_row_index) : rows.length
    check(next - first > 0 && next - first <= maxPageRows, `${where}: page ${i} has ${next - first} rows`)
    const inPage = leafValues(rows.slice(first, next), path)
    check(index.null_pages[i] === (inPage.length === 0), `${where}: null_pages of page ${i}`)
    if (inPage.length > 0) {
      checkBounds(inPage, index.min_values[i], index.max_values[i], `${where} page ${i}`)
    }
    nulls += index.null_counts[i]
  })
  check(nulls === statistics.null_count, `${where}: null counts of the pages do not add up`)
  return pages.length
}

// Checks every page of every chunk; returns how many there are.
export async function checkFile(file) {
  const buffer = bufferOf(file)
  const metadata = parquetMetadata(buffer.slice(0, buffer.byteLength), { parsers })
  check(metadata.version === 1, `${file}: format version ${metadata.version}`)
  check(metadata.created_by.startsWith('mxsweep version '), `${file}: created by ${metadata.created_by}`)
  const leaves = metadata.schema.filter(element => element.type)
  let rowStart = 0
  let pages = 0
  for (const [g, group] of metadata.row_groups.entries()) {
    const rowEnd = rowStart + Number(group.num_rows)
    const rows = await parquetReadObjects(
      { file: buffer, metadata, compressors, parsers, utf8: false, rowStart, rowEnd })
    group.columns.forEach((chunk, i) => {
      const where = `${file} row group ${g} ${chunk.meta_data.path_in_schema.join('.')}`
      check(chunk.meta_data.codec === 'ZSTD', `${where}: codec ${chunk.meta_data.codec}`)
      const dataPages = checkPages(buffer, chunk.meta_data, where)
      checkStatistics(buffer, chunk, leaves[i], rows, dataPages, where)
      pages += dataPages
    })
    rowStart = rowEnd
  }
  return { pages, rowGroups: metadata.row_groups.map(group => Number(group.num_rows)) }
}
