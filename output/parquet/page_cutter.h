// Where the pages of a column chunk end: at whole rows, so that the page index can point at them,
// after so many rows or bytes.
#ifndef MXSWEEP_OUTPUT_PARQUET_PAGE_CUTTER_H_
#define MXSWEEP_OUTPUT_PARQUET_PAGE_CUTTER_H_

#include <cstddef>
#include <vector>

#include "output/parquet/column_buffer.h"
#include "output/parquet/options.h"
#include "output/parquet/runs.h"

namespace mxsweep::output {

// What a page holds, of entries and values that follow those of the page before it.
struct PageExtent {
  size_t first_value = 0;
  size_t first_row = 0;
  size_t entries = 0;
  size_t values = 0;
  size_t rows = 0;
  // Levels of the entries; empty where the maximal level is 0.
  std::vector<ValueRun> definitions;
  std::vector<ValueRun> repetitions;
};

class PageCutter {
 public:
  // Borrows both. REQUIRES: the buffer is settled.
  PageCutter(const ColumnBuffer& buffer, const ParquetOptions& options);

  bool at_end() const { return entries_left_ == 0; }
  // As many rows as a page may have, but at least one. REQUIRES: !at_end().
  PageExtent Next();

 private:
  // How much the next rows, or what is left of them, are.
  struct Size {
    size_t rows = 0;
    size_t entries = 0;
    size_t values = 0;
    size_t page_bytes = 0;  // at most
  };
  Size Measure(size_t rows) const;

  const ColumnBuffer& buffer_;
  const ParquetOptions& options_;
  RunCursor definitions_;
  RunCursor repetitions_;
  size_t entries_left_;
  size_t next_value_ = 0;
  size_t next_row_ = 0;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_PAGE_CUTTER_H_
