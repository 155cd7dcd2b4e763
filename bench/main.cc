// mxsweep_bench: what single parts cost, as a table of 80 columns, a line for each benchmark and
// all figures per item (a round trip, a row, a line of a list …), of the cheapest of its
// repetitions: other programs only ever add. Takes the flags of Google Benchmark:
// --benchmark_filter=REGEX, --benchmark_repetitions=N, --benchmark_out=FILE.json … Ends with 1 if a
// benchmark failed.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace mxsweep {
namespace {

constexpr int kNameColumns = 42;

// "1.23 us", three digits.
std::string DurationText(double seconds) {
  static constexpr const char* kUnits[] = {"s", "ms", "us", "ns"};
  int unit = 0;
  while (seconds < 0.9995 && unit < 3) {
    seconds *= 1000;
    ++unit;
  }
  const int decimals = seconds < 9.995 ? 2 : seconds < 99.95 ? 1 : 0;
  char text[32];
  std::snprintf(text, sizeof(text), "%.*f %s", decimals, seconds, kUnits[unit]);
  return text;
}

// "1,234,567".
std::string CountText(double count) {
  std::string digits = std::to_string(static_cast<unsigned long long>(count + 0.5));
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return digits;
}

class TableReporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }

  // The repetitions of one benchmark; or what Google Benchmark makes of them, which is left out.
  void ReportRuns(const std::vector<Run>& runs) override {
    const Run* best = nullptr;
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Aggregate) continue;
      if (best == nullptr || run.error_occurred ||
          (!best->error_occurred && Cost(run) < Cost(*best))) {
        best = &run;
      }
    }
    if (best != nullptr) best_.push_back(*best);
  }

  // Repetitions may have taken turns, and their benchmarks ended in any order.
  void Finalize() override {
    const auto place = [](const Run& run) {
      return std::pair(run.family_index, run.per_family_instance_index);
    };
    std::sort(best_.begin(), best_.end(),
              [&](const Run& a, const Run& b) { return place(a) < place(b); });
    std::printf("%-*s%12s%12s%13s\n", kNameColumns, "", "time", "CPU time", "a second");
    for (const Run& run : best_) Print(run);
  }

  bool failed() const { return failed_; }

 private:
  static bool TakesItsOwnTime(const Run& run) { return run.run_name.time_type == "manual_time"; }

  static double Cost(const Run& run) {
    return TakesItsOwnTime(run) ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime();
  }

  void Print(const Run& run) {
    const std::string name = Name(run);
    if (run.error_occurred) {
      failed_ = true;
      std::printf("%-*s FAILED: %s\n", kNameColumns - 1, name.c_str(), run.error_message.c_str());
      return;
    }
    const double unit = benchmark::GetTimeUnitMultiplier(run.time_unit);
    double time_s = run.GetAdjustedRealTime() / unit;
    double cpu_s = run.GetAdjustedCPUTime() / unit;
    double per_second = 1 / (run.run_name.time_type.empty() ? cpu_s : time_s);
    if (const auto items = run.counters.find("items_per_second"); items != run.counters.end()) {
      const double items_each = items->second / per_second;
      time_s /= items_each;
      cpu_s /= items_each;
      per_second = items->second;
    }
    // What takes its own time leaves out what the CPU did for the other side.
    std::printf("%-*s%12s%12s%13s\n", kNameColumns, name.c_str(), DurationText(time_s).c_str(),
                TakesItsOwnTime(run) ? "" : DurationText(cpu_s).c_str(),
                CountText(per_second).c_str());
    for (const auto& [counter, value] : run.counters) {
      if (counter == "items_per_second") continue;
      std::printf("    %-*s%37.1f\n", kNameColumns - 4, counter.c_str(), value.value);
    }
  }

  static std::string Name(const Run& run) {
    std::string name = run.run_name.function_name;
    if (name.rfind("BM_", 0) == 0) name.erase(0, 3);
    if (!run.run_name.args.empty()) name += "/" + run.run_name.args;
    return name;
  }

  std::vector<Run> best_;  // one of each benchmark
  bool failed_ = false;
};

}  // namespace
}  // namespace mxsweep

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  mxsweep::TableReporter reporter;
  const size_t run = benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  return run == 0 || reporter.failed() ? 1 : 0;
}
