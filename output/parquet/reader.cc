#include "output/parquet/reader.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "output/parquet/row_assembler.h"
#include "scanner/base/check.h"
#include "scanner/base/text.h"

namespace mxsweep::output {
namespace {

constexpr size_t kTailBytes = 8;  // length of the footer, magic
// Structs of hundreds of bytes are kept for what has at least 16 in the footer.
constexpr uint64_t kParsedFooterGrowth = 64;
static_assert(sizeof(ColumnChunkMetadata) <= 16 * kParsedFooterGrowth / 2);

// A top-level column as the file has it.
struct FileColumn {
  size_t first_element;
  size_t element_count;
  size_t first_leaf;
};

// Cuts the depth-first list of schema elements into top-level columns. False if it is no tree.
bool SplitSchema(std::span<const SchemaElement> elements, std::vector<FileColumn>& columns,
                 size_t& leaf_count) {
  leaf_count = 0;
  if (elements.empty() || elements[0].physical) return false;
  size_t at = 1;
  for (uint32_t i = 0; i < elements[0].child_count; ++i) {
    FileColumn column{at, 0, leaf_count};
    // Elements still to come of the groups that are open.
    for (uint64_t open = 1; open > 0; --open) {
      if (at >= elements.size()) return false;
      const SchemaElement& element = elements[at++];
      if (element.physical) {
        if (element.child_count != 0) return false;
        ++leaf_count;
      } else {
        open += element.child_count;
      }
    }
    column.element_count = at - column.first_element;
    columns.push_back(column);
  }
  return at == elements.size();
}

}  // namespace

absl::StatusOr<ParquetReader> ParquetReader::Open(std::unique_ptr<RandomAccessFile> file,
                                                  TableId table, const ReaderLimits& limits) {
  ParquetReader reader(std::move(file), SchemaOf(table), limits);
  if (absl::Status status = reader.ReadFooter(); !status.ok()) return status;
  if (absl::Status status = reader.MapColumns(); !status.ok()) return status;
  return reader;
}

absl::StatusOr<std::string> ParquetReader::ReadBytes(int64_t offset, int64_t bytes,
                                                     uint64_t most) const {
  const uint64_t size = file_->size_bytes();
  if (offset < 0 || bytes < 0 || static_cast<uint64_t>(offset) > size ||
      static_cast<uint64_t>(bytes) > size - static_cast<uint64_t>(offset)) {
    return absl::DataLossError("the footer points outside the file");
  }
  if (static_cast<uint64_t>(bytes) > most) {
    return absl::DataLossError("reading the file takes too much memory");
  }
  std::string out(static_cast<size_t>(bytes), '\0');
  absl::Status status = file_->ReadAt(static_cast<uint64_t>(offset), out);
  if (!status.ok()) return status;
  return out;
}

absl::Status ParquetReader::ReadFooter() {
  const uint64_t size = file_->size_bytes();
  if (size < kParquetMagic.size() + kTailBytes) return absl::DataLossError("not a Parquet file");
  const auto magic = ReadBytes(0, static_cast<int64_t>(kParquetMagic.size()), kTailBytes);
  if (!magic.ok()) return magic.status();
  const auto tail = ReadBytes(static_cast<int64_t>(size - kTailBytes), kTailBytes, kTailBytes);
  if (!tail.ok()) return tail.status();
  if (*magic != kParquetMagic || !std::string_view(*tail).ends_with(kParquetMagic)) {
    return absl::DataLossError("not a Parquet file, or one that was not finished");
  }
  uint32_t footer_bytes = 0;
  std::memcpy(&footer_bytes, tail->data(), sizeof(footer_bytes));
  if (footer_bytes > size - kParquetMagic.size() - kTailBytes ||
      !budget_.Take(footer_bytes * kParsedFooterGrowth)) {
    return absl::DataLossError("the footer is too long");
  }
  const auto footer =
      ReadBytes(static_cast<int64_t>(size - kTailBytes - footer_bytes), footer_bytes, footer_bytes);
  if (!footer.ok()) return footer.status();
  auto metadata = ParseFileMetadata(*footer);
  if (!metadata.ok()) return metadata.status();
  metadata_ = *std::move(metadata);
  return absl::OkStatus();
}

absl::Status ParquetReader::MapColumns() {
  std::vector<FileColumn> file_columns;
  size_t file_leaves = 0;
  if (!SplitSchema(metadata_.schema, file_columns, file_leaves)) {
    return absl::DataLossError("the schema is not a tree");
  }
  const std::span<const SchemaElement> file_elements(metadata_.schema);
  const std::span<const SchemaElement> our_elements(schema_->elements);
  for (const ColumnSpec& column : schema_->columns) {
    const auto found =
        std::find_if(file_columns.begin(), file_columns.end(), [&](const FileColumn& candidate) {
          return file_elements[candidate.first_element].name == column.name;
        });
    if (found == file_columns.end()) {
      if (!column.nullable) {
        return absl::FailedPreconditionError(JoinText("the file has no column '", column.name,
                                                      "': it is not of table ", schema_->name));
      }
      file_leaf_.emplace_back();
      continue;
    }
    const auto theirs = file_elements.subspan(found->first_element, found->element_count);
    const auto ours = our_elements.subspan(column.first_element, column.element_count);
    if (!std::equal(theirs.begin(), theirs.end(), ours.begin(), ours.end())) {
      return absl::FailedPreconditionError(
          JoinText("column '", column.name, "' has another type in the file"));
    }
    file_leaf_.emplace_back(found->first_leaf);
  }
  return CheckRowGroups(file_leaves);
}

absl::Status ParquetReader::CheckRowGroups(size_t file_leaves) const {
  uint64_t rows = 0;
  for (const RowGroupMetadata& group : metadata_.row_groups) {
    if (group.columns.size() != file_leaves || group.row_count <= 0 ||
        static_cast<uint64_t>(group.row_count) > limits_.chunk_values) {
      return absl::DataLossError("malformed row group");
    }
    rows += static_cast<uint64_t>(group.row_count);
  }
  if (metadata_.row_count < 0 || rows != row_count()) {
    return absl::DataLossError("the rows of the groups are not those of the file");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::optional<DecodedColumn>>> ParquetReader::DecodeColumns(
    size_t group, const std::vector<bool>& columns, MemoryBudget& budget) const {
  const RowGroupMetadata& row_group = metadata_.row_groups[group];
  std::vector<std::optional<DecodedColumn>> decoded(schema_->leaves.size());
  for (size_t c = 0; c < schema_->columns.size(); ++c) {
    if (!file_leaf_[c] || (!columns.empty() && !columns[c])) continue;
    const ColumnSpec& column = schema_->columns[c];
    for (size_t i = 0; i < column.leaf_count; ++i) {
      const LeafSpec& leaf = schema_->leaves[column.first_leaf + i];
      const ColumnChunkMetadata& chunk = row_group.columns[*file_leaf_[c] + i];
      if (chunk.path != leaf.path || chunk.physical != leaf.physical) {
        return absl::DataLossError(
            JoinText("column '", column.name, "' is not where the schema says"));
      }
      const auto bytes = ReadBytes(chunk.start_offset(), chunk.compressed_bytes, budget.left());
      if (!bytes.ok()) return bytes.status();
      MXSWEEP_CHECK(budget.Take(bytes->size()));
      auto values = DecodeColumnChunk(leaf, chunk, static_cast<uint64_t>(row_group.row_count),
                                      *bytes, limits_, budget);
      if (!values.ok()) return values.status();
      budget.Return(bytes->size());
      decoded[column.first_leaf + i] = *std::move(values);
    }
  }
  return decoded;
}

template <typename Row>
absl::Status ParquetReader::ReadRows(size_t group, const std::vector<bool>& columns,
                                     absl::FunctionRef<bool(const Row&)> sink) const {
  MemoryBudget budget = budget_;
  const auto decoded = DecodeColumns(group, columns, budget);
  if (!decoded.ok()) return decoded.status();
  std::vector<LeafCursor> cursors;
  for (const auto& column : *decoded) cursors.emplace_back(column ? &*column : nullptr);
  RowAssembler assembler(std::move(cursors), budget.left());
  Row row;
  for (int64_t i = 0; i < metadata_.row_groups[group].row_count; ++i) {
    if (!assembler.Next(row)) return absl::DataLossError("columns do not fit together");
    if (!sink(row)) break;
  }
  return absl::OkStatus();
}

absl::Status ParquetReader::ReadRowGroup(size_t group, const std::vector<bool>& columns,
                                         absl::FunctionRef<bool(const DomainRow&)> sink) const {
  return ReadRows<DomainRow>(group, columns, sink);
}
absl::Status ParquetReader::ReadRowGroup(size_t group, const std::vector<bool>& columns,
                                         absl::FunctionRef<bool(const MxHostRow&)> sink) const {
  return ReadRows<MxHostRow>(group, columns, sink);
}
absl::Status ParquetReader::ReadRowGroup(size_t group, const std::vector<bool>& columns,
                                         absl::FunctionRef<bool(const EndpointRow&)> sink) const {
  return ReadRows<EndpointRow>(group, columns, sink);
}
absl::Status ParquetReader::ReadRowGroup(size_t group, const std::vector<bool>& columns,
                                         absl::FunctionRef<bool(const ProbeRow&)> sink) const {
  return ReadRows<ProbeRow>(group, columns, sink);
}
absl::Status ParquetReader::ReadRowGroup(
    size_t group, const std::vector<bool>& columns,
    absl::FunctionRef<bool(const CertificateRow&)> sink) const {
  return ReadRows<CertificateRow>(group, columns, sink);
}
absl::Status ParquetReader::ReadRowGroup(size_t group, const std::vector<bool>& columns,
                                         absl::FunctionRef<bool(const WeakKeyRow&)> sink) const {
  return ReadRows<WeakKeyRow>(group, columns, sink);
}

absl::StatusOr<std::vector<PageIndexEntry>> ParquetReader::ReadPageIndex(size_t group,
                                                                         size_t leaf) const {
  const ColumnChunkMetadata& chunk = metadata_.row_groups[group].columns[leaf];
  if (!chunk.offset_index_offset) return absl::NotFoundError("the chunk has no offset index");
  // A page that is kept in a hundred bytes may have a single one in the file.
  const uint64_t most = budget_.left() / (2 * sizeof(PageIndexEntry));
  const auto offsets = ReadBytes(*chunk.offset_index_offset, chunk.offset_index_bytes, most);
  if (!offsets.ok()) return offsets.status();
  std::string values;
  if (chunk.column_index_offset) {
    auto read = ReadBytes(*chunk.column_index_offset, chunk.column_index_bytes, most);
    if (!read.ok()) return read.status();
    values = *std::move(read);
  }
  return ParsePageIndex(*offsets, values);
}

absl::StatusOr<BloomFilter> ParquetReader::ReadBloomFilter(size_t group, size_t leaf) const {
  const ColumnChunkMetadata& chunk = metadata_.row_groups[group].columns[leaf];
  if (!chunk.bloom_filter_offset) return absl::NotFoundError("the chunk has no Bloom filter");
  const auto bytes =
      ReadBytes(*chunk.bloom_filter_offset, chunk.bloom_filter_bytes, budget_.left() / 2);
  if (!bytes.ok()) return bytes.status();
  return BloomFilter::Parse(*bytes);
}

}  // namespace mxsweep::output
