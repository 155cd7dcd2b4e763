#include "bench/parquet_figures.h"

#include <time.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "bench/lab_rows.h"
#include "output/parquet/writer.h"

namespace mxsweep::bench {
namespace {

constexpr size_t kRowsAtATime = 1'000;

// Takes the bytes and forgets them.
class NoFile final : public output::WritableFile {
 public:
  absl::Status Append(std::string_view) override { return absl::OkStatus(); }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Close() override { return absl::OkStatus(); }
};

double ThreadCpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

absl::StatusOr<ParquetFigures> MeasureParquet(size_t rows) {
  LabRows lab(1);
  double cpu_s = -ThreadCpuSeconds();
  output::ParquetWriter writer(output::SchemaOf(output::TableId::kEndpoints), {},
                               std::make_unique<NoFile>());
  cpu_s += ThreadCpuSeconds();
  for (size_t left = rows; left > 0;) {
    const auto some = lab.Take(std::min(left, kRowsAtATime));
    left -= some.size();
    cpu_s -= ThreadCpuSeconds();
    for (const output::EndpointRow& row : some) {
      if (absl::Status status = writer.Add(row); !status.ok()) return status;
    }
    cpu_s += ThreadCpuSeconds();
  }
  cpu_s -= ThreadCpuSeconds();
  if (absl::Status status = writer.Finish(); !status.ok()) return status;
  cpu_s += ThreadCpuSeconds();
  const auto count = static_cast<double>(rows);
  return ParquetFigures{.rows_per_cpu_second = count / cpu_s,
                        .bytes_per_row = static_cast<double>(writer.file_bytes()) / count,
                        .cpu_us_per_row = cpu_s * 1e6 / count};
}

}  // namespace mxsweep::bench
