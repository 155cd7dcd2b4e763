// A collected column as the bytes of a column chunk.
//
//   [dictionary page]  header, zstd of: the values, PLAIN
//   data pages         header, zstd of: repetition levels (where lists are), definition levels
//                      (where nulls or lists are), values
//
// Levels are 4 bytes of length, then the RLE/bit-packing hybrid. Values are PLAIN (integers and
// lengths little-endian, a byte string as length and bytes, bools as bits), or one byte of width
// and the hybrid of dictionary indices. A header carries the CRC-32 of the compressed bytes behind
// it. A page holds whole rows, so that the page index can point at them.
#ifndef MXSWEEP_OUTPUT_PARQUET_COLUMN_CHUNK_ENCODER_H_
#define MXSWEEP_OUTPUT_PARQUET_COLUMN_CHUNK_ENCODER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "output/parquet/column_buffer.h"
#include "output/parquet/metadata.h"
#include "output/parquet/options.h"

namespace mxsweep::output {

// Statistics hold no longer bounds of strings than this (see bounds.h).
inline constexpr size_t kMaxBoundBytes = 64;

struct EncodedChunk {
  std::string bytes;
  ColumnChunkMetadata metadata;  // Without the places of Bloom filter and indexes.
  std::vector<PageIndexEntry> pages;
  bool has_column_index = false;
  BoundaryOrder order = BoundaryOrder::kUnordered;
  std::string bloom_filter;  // Empty where the column has none.
};

// Thread-compatible; reuse it, its compression context is large.
class ColumnChunkEncoder {
 public:
  explicit ColumnChunkEncoder(const ParquetOptions& options);
  ~ColumnChunkEncoder();
  ColumnChunkEncoder(const ColumnChunkEncoder&) = delete;
  ColumnChunkEncoder& operator=(const ColumnChunkEncoder&) = delete;

  // `file_offset` is where the chunk will stand. REQUIRES: the buffer is settled and has entries.
  absl::StatusOr<EncodedChunk> Encode(const ColumnBuffer& buffer, int64_t file_offset);

 private:
  class Zstd;

  const ParquetOptions options_;
  std::unique_ptr<Zstd> zstd_;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_COLUMN_CHUNK_ENCODER_H_
