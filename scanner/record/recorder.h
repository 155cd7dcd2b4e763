#ifndef MXSWEEP_SCANNER_RECORD_RECORDER_H_
#define MXSWEEP_SCANNER_RECORD_RECORDER_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "output/tables/tables.h"
#include "scanner/record/scan_summary.h"

namespace mxsweep::scanner {

using Row = std::variant<output::DomainRow, output::MxHostRow, output::EndpointRow,
                         output::CertificateRow, output::ProbeRow>;

// What a target of the list came to; told behind its rows. A target that was given up since the
// scan is being stopped has no result.
struct TargetResult {
  enum Kind : uint8_t { kScanned, kInvalid };
  uint64_t number = 0;  // Target::number
  Kind kind = kScanned;
};

// Where rows go: a scan directory, or text on standard output. Used by the recorder's thread only.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual absl::Status Add(Row&& row) = 0;
  // All rows of this target were added before.
  virtual void OnTarget(const TargetResult&) {}
  // Called after each batch: commits what is due. `so_far` counts all that was added.
  virtual absl::Status AfterBatch(const ScanSummary& so_far) = 0;
  // Called once, when all rows have been added without an error: commits them.
  virtual absl::Status Commit(const ScanSummary&) { return absl::OkStatus(); }
  virtual uint64_t committed_rows() const = 0;
};

// Takes rows from all workers and writes them in the order in which they were pushed: whoever
// pushes a host's rows before it tells the domain of them keeps every commit whole. Counts what it
// writes, for the summary.
//
// Push is for any thread and never waits; whoever produces rows without end asks backlog() first.
class Recorder {
 public:
  enum class RunOn : uint8_t {
    kOwnThread,  // writes by itself
    kCaller,     // writes when WriteWaiting is called, by one thread at a time
  };

  // Borrows `sink`. `before`: what earlier runs of the scan have written, to count on from.
  explicit Recorder(RowSink* sink, RunOn run_on = RunOn::kOwnThread, ScanSummary before = {});
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void Push(Row row);
  void Push(TargetResult result);
  // What is committed together, or not at all.
  void Push(Row row, TargetResult result);
  void Push(std::vector<Row> rows);
  // Rows and results that wait to be written.
  uint64_t backlog() const { return backlog_.load(std::memory_order_relaxed); }
  uint64_t committed_rows() const { return committed_.load(std::memory_order_relaxed); }
  // Targets whose rows, and their result, have been written.
  uint64_t targets_done() const { return targets_done_.load(std::memory_order_relaxed); }
  // Writing has failed; rows are dropped from then on.
  bool failed() const { return failed_.load(std::memory_order_acquire); }

  // Writes what waits. REQUIRES: RunOn::kCaller.
  void WriteWaiting();

  // Writes what is left, commits it and ends the thread. The first error, if there was one.
  absl::Status Finish();
  // What was written. After Finish.
  const ScanSummary& counts() const { return counts_; }

 private:
  using Entry = std::variant<Row, TargetResult>;

  void PushEntry(Entry entry);
  // `entries` are moved from.
  void PushEntries(std::span<Entry> entries);
  void Run();
  void WriteBatch();
  absl::Status Write(Entry& entry);
  void Count(const output::DomainRow& row);
  void Count(const output::MxHostRow& row);
  void Count(const output::ProbeRow& row);
  void Count(const output::EndpointRow& row);
  void Count(const output::CertificateRow& row);

  RowSink* sink_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Entry> queue_;
  bool finishing_ = false;
  // Rows are large: memory for each of them is what a deque would ask for, and what the allocator
  // is slow at. So two vectors take turns.
  std::vector<Entry> batch_;
  std::atomic<uint64_t> backlog_{0};
  std::atomic<uint64_t> committed_{0};
  std::atomic<uint64_t> targets_done_{0};
  std::atomic<bool> failed_{false};
  absl::Status status_;
  ScanSummary counts_;
  bool finished_ = false;
  std::thread thread_;  // with RunOn::kOwnThread
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RECORD_RECORDER_H_
