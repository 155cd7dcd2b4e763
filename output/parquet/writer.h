// Writes one table as a Parquet file: format version 1, data page V1, zstd, and what lets a reader
// skip what it does not need (statistics, page index, Bloom filters).
//
//   "PAR1"
//   row groups         per leaf column a chunk (column_chunk_encoder.h), then its Bloom filter
//   column indexes     one per chunk: least and greatest value of each page
//   offset indexes     one per chunk: where each page stands, and its first row
//   footer             FileMetaData (parquet_metadata.h), its length in 4 bytes, "PAR1"
//
// Thread-compatible. Memory: one row group, and the chunk that is being encoded.
#ifndef MXSWEEP_OUTPUT_PARQUET_WRITER_H_
#define MXSWEEP_OUTPUT_PARQUET_WRITER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "output/files/file_system.h"
#include "output/parquet/column_buffer.h"
#include "output/parquet/column_chunk_encoder.h"
#include "output/parquet/metadata.h"
#include "output/parquet/options.h"
#include "output/tables/schema.h"
#include "output/tables/tables.h"

namespace mxsweep::output {

// A row whose cells together take more than this is refused.
inline constexpr size_t kMaxRowBytes = 32u << 20;

class ParquetWriter {
 public:
  // Borrows the schema; owns `file`, which receives the bytes.
  ParquetWriter(const TableSchema& schema, const ParquetOptions& options,
                std::unique_ptr<WritableFile> file);

  // Adds a row; kInvalidArgument, and the row is not added, when it is over kMaxRowBytes. Any other
  // error is the file's, and final. REQUIRES: a row of the schema's table.
  absl::Status Add(const DomainRow& row);
  absl::Status Add(const MxHostRow& row);
  absl::Status Add(const ProbeRow& row);
  absl::Status Add(const EndpointRow& row);
  absl::Status Add(const CertificateRow& row);
  absl::Status Add(const WeakKeyRow& row);

  // Writes what is left and the footer, syncs and closes the file.
  absl::Status Finish();

  uint64_t row_count() const { return row_count_; }
  // Bytes given to the file so far.
  uint64_t file_bytes() const { return file_bytes_; }

 private:
  struct ChunkIndexes {
    std::vector<PageIndexEntry> pages;
    bool has_column_index;
    BoundaryOrder order;
  };

  template <typename Row>
  absl::Status AddRow(const Row& row);
  bool RowGroupIsFull();
  absl::Status WriteRowGroup();
  absl::Status WriteIndexes();
  absl::Status Append(std::string_view bytes);

  const TableSchema& schema_;
  const ParquetOptions options_;
  std::unique_ptr<WritableFile> file_;
  ColumnChunkEncoder encoder_;
  std::vector<ColumnBuffer> columns_;
  FileMetadata metadata_;
  std::vector<std::vector<ChunkIndexes>> indexes_;  // by row group and leaf
  uint32_t group_rows_ = 0;
  uint64_t unmeasured_bytes_ = 0;  // of text, since RowGroupIsFull last looked at the memory
  uint64_t row_count_ = 0;
  uint64_t file_bytes_ = 0;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_WRITER_H_
