// How fast endpoint rows become a Parquet file, whole and column by column, and how many bytes each
// takes.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bench/lab_rows.h"
#include "bench/parquet_figures.h"
#include "benchmark/benchmark.h"
#include "output/json_rows.h"
#include "output/parquet/reader.h"
#include "output/parquet/writer.h"

namespace mxsweep::output {
namespace {

// What a row group holds.
constexpr int64_t kRowGroupRows = ParquetOptions{}.row_group_rows;

// Takes the bytes and keeps them for reading back.
class BytesSink : public WritableFile {
 public:
  explicit BytesSink(std::string& bytes) : bytes_(bytes) {}
  absl::Status Append(std::string_view bytes) override {
    bytes_.append(bytes);
    return absl::OkStatus();
  }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Close() override { return absl::OkStatus(); }

 private:
  std::string& bytes_;
};

const std::vector<EndpointRow>& Rows(size_t count) {
  static auto* const rows = new std::vector<EndpointRow>();
  if (rows->size() != count) {
    *rows = bench::LabRows(1).Take(count);
  }
  return *rows;
}

std::string WriteRows(const std::vector<EndpointRow>& rows) {
  std::string bytes;
  ParquetWriter writer(SchemaOf(TableId::kEndpoints), ParquetOptions(),
                       std::make_unique<BytesSink>(bytes));
  for (const EndpointRow& row : rows) {
    if (!writer.Add(row).ok()) return "";
  }
  if (!writer.Finish().ok()) return "";
  return bytes;
}

// One column of a row group, from its values to the bytes of its chunk: a few words, for which a
// dictionary pays; strings of which every second differs; numbers that all differ.
void BM_WriteColumn(benchmark::State& state, const char* name) {
  const TableSchema& schema = SchemaOf(TableId::kEndpoints);
  const LeafSpec& leaf = schema.leaves[schema.columns[*schema.FindColumn(name)].first_leaf];
  const auto& rows = Rows(kRowGroupRows);
  const ParquetOptions options;
  ColumnBuffer column(leaf, options);
  ColumnChunkEncoder encoder(options);
  const std::string_view which = name;
  size_t chunk_bytes = 0;
  for (auto _ : state) {
    column.Clear();
    for (const EndpointRow& row : rows) {
      if (which == "outcome") {
        column.AppendBytes(row.outcome, 0);
      } else if (which == "host") {
        column.AppendBytes(row.host, 0);
      } else {
        column.AppendInteger(static_cast<uint64_t>(absl::ToUnixMicros(row.started_at)), 0);
      }
    }
    column.Settle();
    const auto chunk = encoder.Encode(column, 0);
    if (!chunk.ok()) {
      state.SkipWithError("cannot encode");
      break;
    }
    chunk_bytes = chunk->bytes.size();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows.size()));
  state.counters["bytes_per_row"] =
      static_cast<double>(chunk_bytes) / static_cast<double>(rows.size());
}
BENCHMARK_CAPTURE(BM_WriteColumn, outcome, "outcome")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteColumn, host, "host")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteColumn, started_at, "started_at")->Unit(benchmark::kMillisecond);

void BM_WriteEndpoints(benchmark::State& state) {
  const auto rows = static_cast<size_t>(state.range(0));
  double bytes_per_row = 0;
  for (auto _ : state) {
    const auto figures = bench::MeasureParquet(rows);
    if (!figures.ok()) {
      state.SkipWithError("cannot write");
      break;
    }
    state.SetIterationTime(figures->cpu_us_per_row * 1e-6 * static_cast<double>(rows));
    bytes_per_row = figures->bytes_per_row;
  }
  state.SetItemsProcessed(static_cast<int64_t>(static_cast<size_t>(state.iterations()) * rows));
  state.counters["bytes_per_row"] = bytes_per_row;
}
BENCHMARK(BM_WriteEndpoints)
    ->ArgName("rows")
    ->Arg(kRowGroupRows)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

void BM_ReadEndpoints(benchmark::State& state) {
  const auto& rows = Rows(static_cast<size_t>(state.range(0)));
  const std::string bytes = WriteRows(rows);
  size_t read = 0;
  for (auto _ : state) {
    const auto reader = ParquetReader::Open(FileFromBytes(bytes), TableId::kEndpoints);
    if (!reader.ok()) state.SkipWithError("cannot open");
    for (size_t group = 0; reader.ok() && group < reader->row_group_count(); ++group) {
      const auto count = [&](const EndpointRow&) { return ++read > 0; };
      if (!reader->ReadRowGroup(group, {}, count).ok()) state.SkipWithError("cannot read");
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(read));
}
BENCHMARK(BM_ReadEndpoints)->ArgName("rows")->Arg(kRowGroupRows)->Unit(benchmark::kMillisecond);

void BM_NdjsonEndpoints(benchmark::State& state) {
  const auto& rows = Rows(static_cast<size_t>(state.range(0)));
  const auto formatter = RowFormatter::Create(TableId::kEndpoints, RowFormat::kNdjson);
  std::string out;
  for (auto _ : state) {
    for (const EndpointRow& row : rows) {
      out.clear();
      formatter->AppendRow(row, out);
      benchmark::DoNotOptimize(out.data());
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows.size()));
}
BENCHMARK(BM_NdjsonEndpoints)->ArgName("rows")->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mxsweep::output
