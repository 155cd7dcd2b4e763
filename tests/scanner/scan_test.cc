// A scan's order of events, on a list that nothing has to be asked about.
#include "scanner/scan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <string>

namespace mxsweep::scanner {
namespace {

size_t ThreadsOfThisProcess() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

class WatchingSink final : public RowSink {
 public:
  absl::Status Add(Row&&) override {
    ++rows_;
    return absl::OkStatus();
  }
  absl::Status AfterBatch() override { return absl::OkStatus(); }
  absl::Status Commit() override {
    rows_at_commit = rows_;
    threads_at_commit = ThreadsOfThisProcess();
    return absl::OkStatus();
  }
  uint64_t committed_rows() const override { return rows_; }

  uint64_t rows_at_commit = 0;
  size_t threads_at_commit = 0;

 private:
  uint64_t rows_ = 0;
};

// Taking workers down asserts that nothing is left in flight: should that fail, the rows are safe.
TEST(RunScan, CommitsTheLastEpochBeforeAnythingIsTakenDown) {
  const size_t threads_before = ThreadsOfThisProcess();
  ScanOptions options;
  options.format = OutputFormat::kCaller;
  options.targets_kind = TargetsKind::kAddresses;
  options.workers = 3;
  WatchingSink sink;
  ScanControl control;
  control.targets = "127.0.0.1\n127.0.0.2\n";  // not asked: blocked as special addresses
  control.rows = &sink;
  const absl::StatusOr<ScanSummary> summary = RunScan(options, std::move(control));
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(sink.rows_at_commit, 2u);
  EXPECT_GE(sink.threads_at_commit, threads_before + options.workers);
}

}  // namespace
}  // namespace mxsweep::scanner
