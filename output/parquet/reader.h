// Reads the Parquet files that parquet_writer.h writes, and trusts none of their bytes. Files of an
// older schema are read too: a column they do not have is null (and an error if it may not be).
//
// Thread-compatible. Memory: the footer, the chosen columns of one row group, and a row; together
// at most ReaderLimits::memory_bytes, whatever the file says. Errors: kDataLoss for a damaged file,
// kFailedPrecondition for a sound one of another table or schema, or what the file system says.
#ifndef MXSWEEP_OUTPUT_PARQUET_READER_H_
#define MXSWEEP_OUTPUT_PARQUET_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "output/files/file_system.h"
#include "output/parquet/bloom_filter.h"
#include "output/parquet/column_chunk_decoder.h"
#include "output/parquet/metadata.h"
#include "output/tables/schema.h"
#include "output/tables/tables.h"

namespace mxsweep::output {

class ParquetReader {
 public:
  static absl::StatusOr<ParquetReader> Open(std::unique_ptr<RandomAccessFile> file, TableId table,
                                            const ReaderLimits& limits = {});

  const FileMetadata& metadata() const { return metadata_; }
  uint64_t row_count() const { return static_cast<uint64_t>(metadata_.row_count); }
  size_t row_group_count() const { return metadata_.row_groups.size(); }

  // Calls `sink` for each row of the group until it returns false. `columns` has one entry per
  // column of the table, those not chosen are not read and keep their default; empty means all.
  // REQUIRES: Row is the table's, group < row_group_count().
  absl::Status ReadRowGroup(size_t group, const std::vector<bool>& columns,
                            absl::FunctionRef<bool(const DomainRow&)> sink) const;
  absl::Status ReadRowGroup(size_t group, const std::vector<bool>& columns,
                            absl::FunctionRef<bool(const MxHostRow&)> sink) const;
  absl::Status ReadRowGroup(size_t group, const std::vector<bool>& columns,
                            absl::FunctionRef<bool(const EndpointRow&)> sink) const;
  absl::Status ReadRowGroup(size_t group, const std::vector<bool>& columns,
                            absl::FunctionRef<bool(const ProbeRow&)> sink) const;
  absl::Status ReadRowGroup(size_t group, const std::vector<bool>& columns,
                            absl::FunctionRef<bool(const CertificateRow&)> sink) const;
  absl::Status ReadRowGroup(size_t group, const std::vector<bool>& columns,
                            absl::FunctionRef<bool(const WeakKeyRow&)> sink) const;

  // The page index and the Bloom filter of a chunk; kNotFound where it has none. `leaf` counts the
  // leaves of the file.
  absl::StatusOr<std::vector<PageIndexEntry>> ReadPageIndex(size_t group, size_t leaf) const;
  absl::StatusOr<BloomFilter> ReadBloomFilter(size_t group, size_t leaf) const;

 private:
  ParquetReader(std::unique_ptr<RandomAccessFile> file, const TableSchema& schema,
                const ReaderLimits& limits)
      : file_(std::move(file)), schema_(&schema), limits_(limits), budget_(limits.memory_bytes) {}

  absl::Status ReadFooter();
  absl::Status MapColumns();
  absl::Status CheckRowGroups(size_t file_leaves) const;
  // `most`: more is an error, before memory is taken for it.
  absl::StatusOr<std::string> ReadBytes(int64_t offset, int64_t bytes, uint64_t most) const;
  // The chosen columns of a group, one per leaf of the table's schema; null where not chosen.
  absl::StatusOr<std::vector<std::optional<DecodedColumn>>> DecodeColumns(
      size_t group, const std::vector<bool>& columns, MemoryBudget& budget) const;
  template <typename Row>
  absl::Status ReadRows(size_t group, const std::vector<bool>& columns,
                        absl::FunctionRef<bool(const Row&)> sink) const;

  std::unique_ptr<RandomAccessFile> file_;
  const TableSchema* schema_;
  ReaderLimits limits_;
  MemoryBudget budget_;  // What the footer has left.
  FileMetadata metadata_;
  // For each column of the table, its first leaf in the file, if it has it.
  std::vector<std::optional<size_t>> file_leaf_;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_READER_H_
