// The metadata of a Parquet file (parquet.thrift), as much of it as this project writes, and how it
// becomes bytes and is read back. Parsing takes hostile bytes: everything is checked for form here,
// and for sense where it is used.
#ifndef MXSWEEP_OUTPUT_PARQUET_METADATA_H_
#define MXSWEEP_OUTPUT_PARQUET_METADATA_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "output/tables/schema.h"

namespace mxsweep::output {

inline constexpr std::string_view kParquetMagic = "PAR1";
inline constexpr int32_t kCodecZstd = 6;

// enum Encoding.
enum class Encoding : int32_t { kPlain = 0, kRle = 3, kRleDictionary = 8 };

// enum PageType.
enum class PageType : int32_t { kData = 0, kDictionary = 2 };

struct Statistics {
  std::optional<int64_t> null_count;
  std::optional<std::string> min_value;
  std::optional<std::string> max_value;
  bool min_exact = true;
  bool max_exact = true;
};

struct PageHeader {
  PageType type = PageType::kData;
  int32_t uncompressed_bytes = 0;
  int32_t compressed_bytes = 0;
  uint32_t crc = 0;
  int32_t value_count = 0;  // Of a data page: with nulls and empty lists.
  Encoding encoding = Encoding::kPlain;
};

struct ColumnChunkMetadata {
  PhysicalType physical = PhysicalType::kByteArray;
  bool dictionary = false;  // All of it RLE_DICTIONARY, else all of it PLAIN.
  std::vector<std::string> path;
  int64_t value_count = 0;
  int64_t uncompressed_bytes = 0;  // These two with page headers.
  int64_t compressed_bytes = 0;
  int64_t data_page_offset = 0;
  std::optional<int64_t> dictionary_page_offset;
  int32_t data_page_count = 0;
  Statistics statistics;
  std::optional<int64_t> bloom_filter_offset;
  int32_t bloom_filter_bytes = 0;
  std::optional<int64_t> offset_index_offset;
  int32_t offset_index_bytes = 0;
  std::optional<int64_t> column_index_offset;
  int32_t column_index_bytes = 0;

  // Where the chunk begins in the file.
  int64_t start_offset() const { return dictionary_page_offset.value_or(data_page_offset); }
};

struct RowGroupMetadata {
  std::vector<ColumnChunkMetadata> columns;
  int64_t row_count = 0;
};

struct FileMetadata {
  std::vector<SchemaElement> schema;
  int64_t row_count = 0;
  std::vector<RowGroupMetadata> row_groups;
  std::vector<std::pair<std::string, std::string>> key_values;
  std::string created_by;
};

// One data page, for both indexes.
struct PageIndexEntry {
  int64_t offset = 0;
  int32_t bytes = 0;  // With the page header.
  int64_t first_row = 0;
  int64_t null_count = 0;
  bool all_null = false;
  std::string min_value;  // Empty where all_null.
  std::string max_value;
};

enum class BoundaryOrder : int32_t { kUnordered = 0, kAscending = 1, kDescending = 2 };

std::string SerializePageHeader(const PageHeader& header);
std::string SerializeFileMetadata(const FileMetadata& metadata);
std::string SerializeOffsetIndex(const std::vector<PageIndexEntry>& pages);
std::string SerializeColumnIndex(const std::vector<PageIndexEntry>& pages, BoundaryOrder order);

// kDataLoss for anything malformed, or of a kind that this project does not write.
absl::StatusOr<FileMetadata> ParseFileMetadata(std::string_view bytes);
// `header_bytes` is where the page's content begins.
absl::StatusOr<PageHeader> ParsePageHeader(std::string_view bytes, size_t& header_bytes);
// The two indexes of a column chunk together; `column_index` may be empty (none was written).
absl::StatusOr<std::vector<PageIndexEntry>> ParsePageIndex(std::string_view offset_index,
                                                           std::string_view column_index);

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_METADATA_H_
