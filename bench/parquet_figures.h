#ifndef MXSWEEP_BENCH_PARQUET_FIGURES_H_
#define MXSWEEP_BENCH_PARQUET_FIGURES_H_

#include <cstddef>

#include "absl/status/statusor.h"

namespace mxsweep::bench {

// What one core does when it writes nothing but endpoint rows.
struct ParquetFigures {
  double rows_per_cpu_second = 0;
  double bytes_per_row = 0;
  double cpu_us_per_row = 0;
};

// Writes `rows` made-up endpoint rows (lab_rows.h) as one Parquet table in memory. What is measured
// is the CPU time, of this thread, of taking each row over and of making the file; rows are made a
// thousand at a time and not measured, so that they are as warm as rows that a worker has just
// made. REQUIRES: rows > 0.
absl::StatusOr<ParquetFigures> MeasureParquet(size_t rows);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_PARQUET_FIGURES_H_
