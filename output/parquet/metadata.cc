// Writing. Field numbers are those of parquet.thrift, named beside each.
#include "output/parquet/metadata.h"

#include "output/parquet/thrift_compact.h"

namespace mxsweep::output {
namespace {

// enum ConvertedType, for readers older than the logical types.
std::optional<int32_t> ConvertedType(const SchemaElement& element) {
  switch (element.logical) {
    case LogicalType::kNone:
      return std::nullopt;
    case LogicalType::kString:
      return 0;  // UTF8
    case LogicalType::kList:
      return 3;  // LIST
    case LogicalType::kTimestampMicros:
      return 10;  // TIMESTAMP_MICROS
    case LogicalType::kUnsigned:
      break;
  }
  switch (element.bit_width) {
    case 8:
      return 11;  // UINT_8
    case 16:
      return 12;  // UINT_16
    case 32:
      return 13;  // UINT_32
    default:
      return 14;  // UINT_64
  }
}

// union LogicalType, as field 10 of a SchemaElement.
void WriteLogicalType(const SchemaElement& element, ThriftWriter& out) {
  if (element.logical == LogicalType::kNone) return;
  out.Begin(10);
  switch (element.logical) {
    case LogicalType::kNone:
      break;
    case LogicalType::kString:
      out.Begin(1);
      out.End();
      break;
    case LogicalType::kList:
      out.Begin(3);
      out.End();
      break;
    case LogicalType::kTimestampMicros:
      out.Begin(8);
      out.Bool(1, true);  // isAdjustedToUTC
      out.Begin(2);       // unit
      out.Begin(2);       // MICROS
      out.End();
      out.End();
      out.End();
      break;
    case LogicalType::kUnsigned:
      out.Begin(10);
      out.Byte(1, static_cast<int8_t>(element.bit_width));
      out.Bool(2, false);  // isSigned
      out.End();
      break;
  }
  out.End();
}

void WriteSchemaElement(const SchemaElement& element, bool root, ThriftWriter& out) {
  out.BeginElement();
  if (element.physical) out.I32(1, static_cast<int32_t>(*element.physical));
  if (!root) out.I32(3, static_cast<int32_t>(element.repetition));
  out.Binary(4, element.name);
  if (!element.physical) out.I32(5, static_cast<int32_t>(element.child_count));
  if (const auto converted = ConvertedType(element)) out.I32(6, *converted);
  WriteLogicalType(element, out);
  out.End();
}

void WriteStatistics(const Statistics& statistics, ThriftWriter& out) {
  if (statistics.null_count) out.I64(3, *statistics.null_count);
  if (statistics.max_value) out.Binary(5, *statistics.max_value);
  if (statistics.min_value) out.Binary(6, *statistics.min_value);
  if (statistics.max_value) out.Bool(7, statistics.max_exact);
  if (statistics.min_value) out.Bool(8, statistics.min_exact);
}

void WriteEncodings(const ColumnChunkMetadata& chunk, ThriftWriter& out) {
  out.List(2, ThriftType::kI32, chunk.dictionary ? 3 : 2);
  out.I32Element(static_cast<int32_t>(Encoding::kPlain));  // the dictionary's own, or the data's
  out.I32Element(static_cast<int32_t>(Encoding::kRle));    // the levels'
  if (chunk.dictionary) out.I32Element(static_cast<int32_t>(Encoding::kRleDictionary));
}

// list<PageEncodingStats>: lets a reader know that no page falls back from the dictionary.
void WriteEncodingStats(const ColumnChunkMetadata& chunk, ThriftWriter& out) {
  const auto entry = [&](PageType type, Encoding encoding, int32_t count) {
    out.BeginElement();
    out.I32(1, static_cast<int32_t>(type));
    out.I32(2, static_cast<int32_t>(encoding));
    out.I32(3, count);
    out.End();
  };
  out.List(13, ThriftType::kStruct, chunk.dictionary ? 2 : 1);
  if (chunk.dictionary) entry(PageType::kDictionary, Encoding::kPlain, 1);
  entry(PageType::kData, chunk.dictionary ? Encoding::kRleDictionary : Encoding::kPlain,
        chunk.data_page_count);
}

void WriteColumnMetaData(const ColumnChunkMetadata& chunk, ThriftWriter& out) {
  out.I32(1, static_cast<int32_t>(chunk.physical));
  WriteEncodings(chunk, out);
  out.List(3, ThriftType::kBinary, chunk.path.size());
  for (const std::string& name : chunk.path) out.BinaryElement(name);
  out.I32(4, kCodecZstd);
  out.I64(5, chunk.value_count);
  out.I64(6, chunk.uncompressed_bytes);
  out.I64(7, chunk.compressed_bytes);
  out.I64(9, chunk.data_page_offset);
  if (chunk.dictionary_page_offset) out.I64(11, *chunk.dictionary_page_offset);
  out.Begin(12);
  WriteStatistics(chunk.statistics, out);
  out.End();
  WriteEncodingStats(chunk, out);
  if (chunk.bloom_filter_offset) {
    out.I64(14, *chunk.bloom_filter_offset);
    out.I32(15, chunk.bloom_filter_bytes);
  }
}

void WriteColumnChunk(const ColumnChunkMetadata& chunk, ThriftWriter& out) {
  out.BeginElement();
  out.I64(2, 0);  // file_offset, which the format wants to be 0
  out.Begin(3);
  WriteColumnMetaData(chunk, out);
  out.End();
  if (chunk.offset_index_offset) {
    out.I64(4, *chunk.offset_index_offset);
    out.I32(5, chunk.offset_index_bytes);
  }
  if (chunk.column_index_offset) {
    out.I64(6, *chunk.column_index_offset);
    out.I32(7, chunk.column_index_bytes);
  }
  out.End();
}

void WriteRowGroup(const RowGroupMetadata& group, size_t ordinal, ThriftWriter& out) {
  int64_t uncompressed = 0;
  int64_t compressed = 0;
  for (const ColumnChunkMetadata& chunk : group.columns) {
    uncompressed += chunk.uncompressed_bytes;
    compressed += chunk.compressed_bytes;
  }
  out.BeginElement();
  out.List(1, ThriftType::kStruct, group.columns.size());
  for (const ColumnChunkMetadata& chunk : group.columns) WriteColumnChunk(chunk, out);
  out.I64(2, uncompressed);
  out.I64(3, group.row_count);
  if (!group.columns.empty()) out.I64(5, group.columns.front().start_offset());
  out.I64(6, compressed);
  if (ordinal <= 0x7fff) out.I16(7, static_cast<int16_t>(ordinal));
  out.End();
}

void WriteKeyValues(const FileMetadata& metadata, ThriftWriter& out) {
  out.List(5, ThriftType::kStruct, metadata.key_values.size());
  for (const auto& [key, value] : metadata.key_values) {
    out.BeginElement();
    out.Binary(1, key);
    out.Binary(2, value);
    out.End();
  }
}

// TYPE_ORDER for every leaf: min_value and max_value are by the logical type's own order.
void WriteColumnOrders(const FileMetadata& metadata, ThriftWriter& out) {
  size_t leaves = 0;
  for (const SchemaElement& element : metadata.schema) leaves += element.physical ? 1 : 0;
  out.List(7, ThriftType::kStruct, leaves);
  for (size_t i = 0; i < leaves; ++i) {
    out.BeginElement();
    out.Begin(1);
    out.End();
    out.End();
  }
}

}  // namespace

std::string SerializePageHeader(const PageHeader& header) {
  std::string bytes;
  ThriftWriter out(bytes);
  out.I32(1, static_cast<int32_t>(header.type));
  out.I32(2, header.uncompressed_bytes);
  out.I32(3, header.compressed_bytes);
  out.I32(4, static_cast<int32_t>(header.crc));
  if (header.type == PageType::kDictionary) {
    out.Begin(7);
    out.I32(1, header.value_count);
    out.I32(2, static_cast<int32_t>(header.encoding));
    out.Bool(3, false);  // is_sorted
  } else {
    out.Begin(5);
    out.I32(1, header.value_count);
    out.I32(2, static_cast<int32_t>(header.encoding));
    out.I32(3, static_cast<int32_t>(Encoding::kRle));
    out.I32(4, static_cast<int32_t>(Encoding::kRle));
  }
  out.End();
  out.Finish();
  return bytes;
}

std::string SerializeFileMetadata(const FileMetadata& metadata) {
  std::string bytes;
  ThriftWriter out(bytes);
  out.I32(1, 1);  // version
  out.List(2, ThriftType::kStruct, metadata.schema.size());
  for (size_t i = 0; i < metadata.schema.size(); ++i) {
    WriteSchemaElement(metadata.schema[i], i == 0, out);
  }
  out.I64(3, metadata.row_count);
  out.List(4, ThriftType::kStruct, metadata.row_groups.size());
  for (size_t i = 0; i < metadata.row_groups.size(); ++i) {
    WriteRowGroup(metadata.row_groups[i], i, out);
  }
  WriteKeyValues(metadata, out);
  out.Binary(6, metadata.created_by);
  WriteColumnOrders(metadata, out);
  out.Finish();
  return bytes;
}

std::string SerializeOffsetIndex(const std::vector<PageIndexEntry>& pages) {
  std::string bytes;
  ThriftWriter out(bytes);
  out.List(1, ThriftType::kStruct, pages.size());
  for (const PageIndexEntry& page : pages) {
    out.BeginElement();
    out.I64(1, page.offset);
    out.I32(2, page.bytes);
    out.I64(3, page.first_row);
    out.End();
  }
  out.Finish();
  return bytes;
}

std::string SerializeColumnIndex(const std::vector<PageIndexEntry>& pages, BoundaryOrder order) {
  std::string bytes;
  ThriftWriter out(bytes);
  out.List(1, ThriftType::kTrue, pages.size());
  for (const PageIndexEntry& page : pages) out.BoolElement(page.all_null);
  out.List(2, ThriftType::kBinary, pages.size());
  for (const PageIndexEntry& page : pages) out.BinaryElement(page.min_value);
  out.List(3, ThriftType::kBinary, pages.size());
  for (const PageIndexEntry& page : pages) out.BinaryElement(page.max_value);
  out.I32(4, static_cast<int32_t>(order));
  out.List(5, ThriftType::kI64, pages.size());
  for (const PageIndexEntry& page : pages) out.I64Element(page.null_count);
  out.Finish();
  return bytes;
}

}  // namespace mxsweep::output
