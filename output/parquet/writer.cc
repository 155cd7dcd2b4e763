#include "output/parquet/writer.h"

#include <cstring>
#include <utility>

#include "absl/base/attributes.h"
#include "output/parquet/row_shredder.h"
#include "scanner/base/text.h"

namespace mxsweep::output {
namespace {

constexpr std::string_view kCreatedBy = "mxsweep version " MXSWEEP_VERSION;
// How often the memory of a row group is measured: after so many rows, or so much text.
constexpr uint32_t kMeasureEveryRows = 1024;
constexpr uint64_t kMaxUnmeasuredBytes = 4u << 20;
constexpr uint32_t kMaxRowGroupRows = 1u << 20;

}  // namespace

ParquetWriter::ParquetWriter(const TableSchema& schema, const ParquetOptions& options,
                             std::unique_ptr<WritableFile> file)
    : schema_(schema), options_(options), file_(std::move(file)), encoder_(options) {
  columns_.reserve(schema.leaves.size());
  for (const LeafSpec& leaf : schema.leaves) columns_.emplace_back(leaf, options_);
  metadata_.schema = schema.elements;
  metadata_.created_by = kCreatedBy;
  metadata_.key_values = {{"mxsweep.table", schema.name},
                          {"mxsweep.schema_version", JoinText(kSchemaVersion)}};
  metadata_.key_values.insert(metadata_.key_values.end(), options.metadata.begin(),
                              options.metadata.end());
}

template <typename Row>
absl::Status ParquetWriter::AddRow(const Row& row) {
  size_t bytes = 0;
  Table<Row>::VisitColumns([&](const auto& column) ABSL_ATTRIBUTE_ALWAYS_INLINE {
    bytes += TextBytes(row.*column.member);
  });
  if (bytes > kMaxRowBytes) {
    return absl::InvalidArgumentError(JoinText("a row of table ", schema_.name, " takes ", bytes,
                                               " bytes, more than the ", kMaxRowBytes,
                                               " that are written"));
  }
  RowShredder(columns_).Shred(row);
  ++group_rows_;
  ++row_count_;
  unmeasured_bytes_ += bytes;
  if (!RowGroupIsFull()) return absl::OkStatus();
  return WriteRowGroup();
}

absl::Status ParquetWriter::Add(const DomainRow& row) { return AddRow(row); }
absl::Status ParquetWriter::Add(const MxHostRow& row) { return AddRow(row); }
absl::Status ParquetWriter::Add(const ProbeRow& row) { return AddRow(row); }
absl::Status ParquetWriter::Add(const EndpointRow& row) { return AddRow(row); }
absl::Status ParquetWriter::Add(const CertificateRow& row) { return AddRow(row); }
absl::Status ParquetWriter::Add(const WeakKeyRow& row) { return AddRow(row); }

bool ParquetWriter::RowGroupIsFull() {
  if (group_rows_ >= options_.row_group_rows || group_rows_ >= kMaxRowGroupRows) return true;
  if (group_rows_ % kMeasureEveryRows != 0 && unmeasured_bytes_ < kMaxUnmeasuredBytes) return false;
  unmeasured_bytes_ = 0;
  uint64_t memory = 0;
  for (const ColumnBuffer& column : columns_) memory += column.memory_bytes();
  return memory >= options_.row_group_bytes;
}

absl::Status ParquetWriter::Append(std::string_view bytes) {
  file_bytes_ += bytes.size();
  return file_->Append(bytes);
}

absl::Status ParquetWriter::WriteRowGroup() {
  if (file_bytes_ == 0) {
    if (absl::Status status = Append(kParquetMagic); !status.ok()) return status;
  }
  RowGroupMetadata group{.row_count = group_rows_};
  std::vector<ChunkIndexes> indexes;
  for (ColumnBuffer& column : columns_) {
    column.Settle();
    auto chunk = encoder_.Encode(column, static_cast<int64_t>(file_bytes_));
    if (!chunk.ok()) return chunk.status();
    column.Clear();
    if (absl::Status status = Append(chunk->bytes); !status.ok()) return status;
    if (!chunk->bloom_filter.empty()) {
      chunk->metadata.bloom_filter_offset = static_cast<int64_t>(file_bytes_);
      chunk->metadata.bloom_filter_bytes = static_cast<int32_t>(chunk->bloom_filter.size());
      if (absl::Status status = Append(chunk->bloom_filter); !status.ok()) return status;
    }
    group.columns.push_back(std::move(chunk->metadata));
    indexes.push_back({std::move(chunk->pages), chunk->has_column_index, chunk->order});
  }
  metadata_.row_groups.push_back(std::move(group));
  indexes_.push_back(std::move(indexes));
  group_rows_ = 0;
  unmeasured_bytes_ = 0;
  return absl::OkStatus();
}

absl::Status ParquetWriter::WriteIndexes() {
  // All column indexes first, then all offset indexes, as the format recommends.
  for (size_t group = 0; group < indexes_.size(); ++group) {
    for (size_t leaf = 0; leaf < indexes_[group].size(); ++leaf) {
      const ChunkIndexes& chunk = indexes_[group][leaf];
      if (!chunk.has_column_index) continue;
      const std::string bytes = SerializeColumnIndex(chunk.pages, chunk.order);
      ColumnChunkMetadata& metadata = metadata_.row_groups[group].columns[leaf];
      metadata.column_index_offset = static_cast<int64_t>(file_bytes_);
      metadata.column_index_bytes = static_cast<int32_t>(bytes.size());
      if (absl::Status status = Append(bytes); !status.ok()) return status;
    }
  }
  for (size_t group = 0; group < indexes_.size(); ++group) {
    for (size_t leaf = 0; leaf < indexes_[group].size(); ++leaf) {
      const std::string bytes = SerializeOffsetIndex(indexes_[group][leaf].pages);
      ColumnChunkMetadata& metadata = metadata_.row_groups[group].columns[leaf];
      metadata.offset_index_offset = static_cast<int64_t>(file_bytes_);
      metadata.offset_index_bytes = static_cast<int32_t>(bytes.size());
      if (absl::Status status = Append(bytes); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status ParquetWriter::Finish() {
  absl::Status status;
  if (group_rows_ > 0) status = WriteRowGroup();
  if (status.ok() && file_bytes_ == 0) status = Append(kParquetMagic);  // no row at all
  if (status.ok()) status = WriteIndexes();
  metadata_.row_count = static_cast<int64_t>(row_count_);
  std::string footer = SerializeFileMetadata(metadata_);
  const auto footer_bytes = static_cast<uint32_t>(footer.size());
  footer.append(reinterpret_cast<const char*>(&footer_bytes), sizeof(footer_bytes));
  footer.append(kParquetMagic);
  if (status.ok()) status = Append(footer);
  if (status.ok()) status = file_->Sync();
  if (status.ok()) status = file_->Close();
  return status;
}

}  // namespace mxsweep::output
