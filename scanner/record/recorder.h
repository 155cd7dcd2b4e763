#ifndef MXSWEEP_SCANNER_RECORD_RECORDER_H_
#define MXSWEEP_SCANNER_RECORD_RECORDER_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "output/tables/tables.h"
#include "scanner/record/scan_summary.h"

namespace mxsweep::scanner {

using Row =
    std::variant<output::DomainRow, output::MxHostRow, output::EndpointRow, output::CertificateRow>;

// Where rows go: a scan directory, or text on standard output. Used by the recorder's thread only.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual absl::Status Add(Row&& row) = 0;
  // Called after each batch: commits what is due.
  virtual absl::Status AfterBatch() = 0;
  virtual uint64_t committed_rows() const = 0;
};

// Takes rows from all workers and writes them on a thread of its own, in the order in which they
// were pushed: whoever pushes a host's rows before it tells the domain of them keeps every commit
// whole. Counts what it writes, for the summary.
//
// Push is for any thread and never waits; whoever produces rows without end asks backlog() first.
class Recorder {
 public:
  // Borrows `sink`.
  explicit Recorder(RowSink* sink);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void Push(Row row);
  // Rows that wait to be written.
  uint64_t backlog() const { return backlog_.load(std::memory_order_relaxed); }
  uint64_t committed_rows() const { return committed_.load(std::memory_order_relaxed); }
  // Writing has failed; rows are dropped from then on.
  bool failed() const { return failed_.load(std::memory_order_acquire); }

  // Writes what is left and ends the thread. The first error, if there was one.
  absl::Status Finish();
  // What was written. After Finish.
  const ScanSummary& counts() const { return counts_; }

 private:
  void Run();
  void WriteBatch(std::vector<Row>& batch);
  void Count(const output::DomainRow& row);
  void Count(const output::MxHostRow& row);
  void Count(const output::EndpointRow& row);
  void Count(const output::CertificateRow& row);

  RowSink* sink_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Row> queue_;
  bool finishing_ = false;
  std::atomic<uint64_t> backlog_{0};
  std::atomic<uint64_t> committed_{0};
  std::atomic<bool> failed_{false};
  absl::Status status_;
  ScanSummary counts_;
  std::thread thread_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RECORD_RECORDER_H_
