// A column chunk's bytes back into values and levels: the counterpart of column_chunk_encoder.h,
// for bytes that are not trusted. Every CRC is checked, every count and length is held against a
// limit before memory is taken for it.
#ifndef MXSWEEP_OUTPUT_PARQUET_COLUMN_CHUNK_DECODER_H_
#define MXSWEEP_OUTPUT_PARQUET_COLUMN_CHUNK_DECODER_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "output/parquet/metadata.h"
#include "output/tables/schema.h"

namespace mxsweep::output {

// What a file may ask of us; anything above is kDataLoss.
struct ReaderLimits {
  // In all, however it is spread over footer, columns, pages, values and the row put together from
  // them. The largest row group that ParquetWriter makes (96 MiB while it is buffered) takes less.
  uint64_t memory_bytes = 2ull << 30;
  uint64_t page_bytes = 128u << 20;  // Uncompressed.
  uint64_t chunk_values = 1ull << 26;
};

// Memory still to be had. What is taken is counted before it is allocated.
class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t bytes) : left_(bytes) {}
  // False, and nothing taken, where there is not so much left.
  [[nodiscard]] bool Take(uint64_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }
  void Return(uint64_t bytes) { left_ += bytes; }
  uint64_t left() const { return left_; }

 private:
  uint64_t left_;
};

struct DecodedColumn {
  // One per entry; empty where the leaf's maximal level is 0.
  std::vector<uint8_t> definitions;
  std::vector<uint8_t> repetitions;
  // One per entry that has a value; the one that fits the physical type is filled. Integers of 32
  // bits are zero-extended.
  std::vector<uint64_t> integers;
  std::vector<std::string_view> strings;  // Point into `pages`.
  std::deque<std::string> pages;
  uint64_t entry_count = 0;
};

// `bytes` is the whole chunk. What is returned does not borrow it. `row_count`: rows of its group.
// What the column takes is taken from `budget`, and stays taken.
absl::StatusOr<DecodedColumn> DecodeColumnChunk(const LeafSpec& leaf,
                                                const ColumnChunkMetadata& metadata,
                                                uint64_t row_count, std::string_view bytes,
                                                const ReaderLimits& limits, MemoryBudget& budget);

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_COLUMN_CHUNK_DECODER_H_
