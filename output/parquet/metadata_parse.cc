// Reading: the counterpart of parquet_metadata.cc.
#include "output/parquet/metadata.h"
#include "output/parquet/thrift_compact.h"

namespace mxsweep::output {
namespace {

using Field = ThriftReader::Field;

constexpr size_t kMaxSchemaElements = 4096;
constexpr size_t kMaxRowGroups = 1u << 20;
constexpr size_t kMaxKeyValues = 4096;
constexpr size_t kMaxPathLength = 16;
constexpr size_t kMaxPages = 1u << 24;

// Reads an integer field as an enumerator; anything not listed is malformed.
template <typename Enum>
Enum ReadEnum(ThriftReader& in, Field field, std::initializer_list<Enum> known) {
  const int32_t value = in.I32(field);
  for (const Enum enumerator : known) {
    if (value == static_cast<int32_t>(enumerator)) return enumerator;
  }
  in.Fail();
  return *known.begin();
}

PhysicalType ReadPhysicalType(ThriftReader& in, Field field) {
  using enum PhysicalType;
  return ReadEnum(in, field, {kBoolean, kInt32, kInt64, kByteArray});
}

// union LogicalType, of which only what we write is known.
void ReadLogicalType(ThriftReader& in, SchemaElement& element) {
  in.Struct([&](Field choice) {
    switch (choice.id) {
      case 1:
        element.logical = LogicalType::kString;
        return false;
      case 3:
        element.logical = LogicalType::kList;
        return false;
      case 8:
        element.logical = LogicalType::kTimestampMicros;
        return false;
      case 10:
        element.logical = LogicalType::kUnsigned;
        if (choice.type != ThriftType::kStruct) return false;
        in.Struct([&](Field field) {
          if (field.id == 1) element.bit_width = static_cast<uint8_t>(in.Byte(field));
          return field.id == 1;
        });
        return true;
      default:
        in.Fail();
        return true;
    }
  });
}

SchemaElement ReadSchemaElement(ThriftReader& in) {
  SchemaElement element;
  in.Struct([&](Field field) {
    using enum Repetition;
    switch (field.id) {
      case 1:
        element.physical = ReadPhysicalType(in, field);
        return true;
      case 3:
        element.repetition = ReadEnum(in, field, {kRequired, kOptional, kRepeated});
        return true;
      case 4:
        element.name = in.Binary(field);
        return true;
      case 5:
        element.child_count = static_cast<uint32_t>(in.I32(field));
        return true;
      case 10:
        if (field.type != ThriftType::kStruct) return false;
        ReadLogicalType(in, element);
        return true;
      default:
        return false;
    }
  });
  return element;
}

void ReadStatistics(ThriftReader& in, Statistics& statistics) {
  in.Struct([&](Field field) {
    switch (field.id) {
      case 3:
        statistics.null_count = in.I64(field);
        return true;
      case 5:
        statistics.max_value = in.Binary(field);
        return true;
      case 6:
        statistics.min_value = in.Binary(field);
        return true;
      case 7:
        statistics.max_exact = in.Bool(field);
        return true;
      case 8:
        statistics.min_exact = in.Bool(field);
        return true;
      default:
        return false;
    }
  });
}

void ReadColumnMetaData(ThriftReader& in, ColumnChunkMetadata& chunk) {
  using enum Encoding;
  in.Struct([&](Field field) {
    switch (field.id) {
      case 1:
        chunk.physical = ReadPhysicalType(in, field);
        return true;
      case 2:
        in.List(field, 8, [&](Field element) {
          chunk.dictionary |=
              ReadEnum(in, element, {kPlain, kRle, kRleDictionary}) == kRleDictionary;
        });
        return true;
      case 3:
        in.List(field, kMaxPathLength,
                [&](Field element) { chunk.path.emplace_back(in.Binary(element)); });
        return true;
      case 4:
        if (in.I32(field) != kCodecZstd) in.Fail();
        return true;
      case 5:
        chunk.value_count = in.I64(field);
        return true;
      case 6:
        chunk.uncompressed_bytes = in.I64(field);
        return true;
      case 7:
        chunk.compressed_bytes = in.I64(field);
        return true;
      case 9:
        chunk.data_page_offset = in.I64(field);
        return true;
      case 11:
        chunk.dictionary_page_offset = in.I64(field);
        return true;
      case 12:
        if (field.type != ThriftType::kStruct) return false;
        ReadStatistics(in, chunk.statistics);
        return true;
      case 14:
        chunk.bloom_filter_offset = in.I64(field);
        return true;
      case 15:
        chunk.bloom_filter_bytes = in.I32(field);
        return true;
      default:
        return false;
    }
  });
}

// A hostile footer must not make us keep much more than it is long: structs that we keep in
// hundreds of bytes have to take some in the file.
void RequireSize(ThriftReader& in, size_t start) {
  constexpr size_t kLeastBytes = 16;
  if (in.position() - start < kLeastBytes) in.Fail();
}

ColumnChunkMetadata ReadColumnChunk(ThriftReader& in) {
  const size_t start = in.position();
  ColumnChunkMetadata chunk;
  in.Struct([&](Field field) {
    switch (field.id) {
      case 3:
        if (field.type != ThriftType::kStruct) return false;
        ReadColumnMetaData(in, chunk);
        return true;
      case 4:
        chunk.offset_index_offset = in.I64(field);
        return true;
      case 5:
        chunk.offset_index_bytes = in.I32(field);
        return true;
      case 6:
        chunk.column_index_offset = in.I64(field);
        return true;
      case 7:
        chunk.column_index_bytes = in.I32(field);
        return true;
      default:
        return false;
    }
  });
  RequireSize(in, start);
  return chunk;
}

RowGroupMetadata ReadRowGroup(ThriftReader& in) {
  const size_t start = in.position();
  RowGroupMetadata group;
  in.Struct([&](Field field) {
    switch (field.id) {
      case 1:
        in.List(field, kMaxSchemaElements,
                [&](Field) { group.columns.push_back(ReadColumnChunk(in)); });
        return true;
      case 3:
        group.row_count = in.I64(field);
        return true;
      default:
        return false;
    }
  });
  RequireSize(in, start);
  return group;
}

std::pair<std::string, std::string> ReadKeyValue(ThriftReader& in) {
  std::pair<std::string, std::string> entry;
  in.Struct([&](Field field) {
    if (field.id == 1) entry.first = in.Binary(field);
    if (field.id == 2) entry.second = in.Binary(field);
    return field.id == 1 || field.id == 2;
  });
  return entry;
}

}  // namespace

absl::StatusOr<FileMetadata> ParseFileMetadata(std::string_view bytes) {
  FileMetadata metadata;
  bool has_row_count = false;
  bool has_row_groups = false;
  ThriftReader in(bytes);
  in.Struct([&](Field field) {
    switch (field.id) {
      case 2:
        in.List(field, kMaxSchemaElements,
                [&](Field) { metadata.schema.push_back(ReadSchemaElement(in)); });
        return true;
      case 3:
        metadata.row_count = in.I64(field);
        has_row_count = true;
        return true;
      case 4:
        has_row_groups = true;
        in.List(field, kMaxRowGroups,
                [&](Field) { metadata.row_groups.push_back(ReadRowGroup(in)); });
        return true;
      case 5:
        in.List(field, kMaxKeyValues,
                [&](Field) { metadata.key_values.push_back(ReadKeyValue(in)); });
        return true;
      case 6:
        metadata.created_by = in.Binary(field);
        return true;
      default:
        return false;
    }
  });
  // Both are required (parquet.thrift): where a damaged header hides them, the file would be empty.
  if (!in.ok() || !has_row_count || !has_row_groups) {
    return absl::DataLossError("malformed file metadata");
  }
  return metadata;
}

absl::StatusOr<PageHeader> ParsePageHeader(std::string_view bytes, size_t& header_bytes) {
  PageHeader header;
  bool has_crc = false;
  bool has_kind = false;
  ThriftReader in(bytes);
  in.Struct([&](Field field) {
    switch (field.id) {
      case 1:
        header.type = ReadEnum(in, field, {PageType::kData, PageType::kDictionary});
        return true;
      case 2:
        header.uncompressed_bytes = in.I32(field);
        return true;
      case 3:
        header.compressed_bytes = in.I32(field);
        return true;
      case 4:
        header.crc = static_cast<uint32_t>(in.I32(field));
        has_crc = true;
        return true;
      case 5:
      case 7:
        if (field.type != ThriftType::kStruct) return false;
        has_kind = (field.id == 5) == (header.type == PageType::kData);
        in.Struct([&](Field inner) {
          using enum Encoding;
          if (inner.id == 1) header.value_count = in.I32(inner);
          if (inner.id == 2) header.encoding = ReadEnum(in, inner, {kPlain, kRleDictionary});
          return inner.id == 1 || inner.id == 2;
        });
        return true;
      default:
        return false;
    }
  });
  if (!in.ok() || !has_crc || !has_kind || header.uncompressed_bytes < 0 ||
      header.compressed_bytes < 0 || header.value_count < 0) {
    return absl::DataLossError("malformed page header");
  }
  header_bytes = in.position();
  return header;
}

absl::StatusOr<std::vector<PageIndexEntry>> ParsePageIndex(std::string_view offset_index,
                                                           std::string_view column_index) {
  std::vector<PageIndexEntry> pages;
  ThriftReader offsets(offset_index);
  offsets.Struct([&](Field field) {
    if (field.id != 1) return false;
    offsets.List(field, kMaxPages, [&](Field) {
      PageIndexEntry& page = pages.emplace_back();
      offsets.Struct([&](Field inner) {
        if (inner.id == 1) page.offset = offsets.I64(inner);
        if (inner.id == 2) page.bytes = offsets.I32(inner);
        if (inner.id == 3) page.first_row = offsets.I64(inner);
        return inner.id >= 1 && inner.id <= 3;
      });
    });
    return true;
  });
  if (!offsets.ok()) return absl::DataLossError("malformed offset index");
  if (column_index.empty()) return pages;

  ThriftReader values(column_index);
  size_t listed = 0;  // entries in the lists, together: each must have one per page
  values.Struct([&](Field field) {
    if (field.id < 1 || field.id > 5 || field.id == 4) return false;
    size_t index = 0;
    values.List(field, pages.size(), [&](Field element) {
      PageIndexEntry& page = pages[index++];
      if (field.id == 1) page.all_null = values.BoolElement(element);
      if (field.id == 2) page.min_value = values.Binary(element);
      if (field.id == 3) page.max_value = values.Binary(element);
      if (field.id == 5) page.null_count = values.I64(element);
      ++listed;
    });
    return true;
  });
  if (!values.ok() || listed != 4 * pages.size()) {
    return absl::DataLossError("malformed column index");
  }
  return pages;
}

}  // namespace mxsweep::output
