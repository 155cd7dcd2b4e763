// How Parquet files are cut and compressed.
#ifndef MXSWEEP_OUTPUT_PARQUET_OPTIONS_H_
#define MXSWEEP_OUTPUT_PARQUET_OPTIONS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mxsweep::output {

struct ParquetOptions {
  uint32_t row_group_rows = 122'880;
  // A row group is also cut once so many bytes are buffered for it.
  uint64_t row_group_bytes = 96ull << 20;
  // Pages end at whole rows; one row larger than page_bytes has a page of its own.
  uint32_t page_rows = 20'000;
  uint32_t page_bytes = 1u << 20;
  // A dictionary that grows beyond this is given up, and the chunk is written plain.
  uint32_t dictionary_bytes = 1u << 20;
  int zstd_level = 1;
  // Goes into the file's key-value metadata, after the schema version.
  std::vector<std::pair<std::string, std::string>> metadata;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_OPTIONS_H_
