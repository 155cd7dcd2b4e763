// The places rows can go to.
#ifndef MXSWEEP_SCANNER_RECORD_ROW_SINKS_H_
#define MXSWEEP_SCANNER_RECORD_ROW_SINKS_H_

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "output/json_rows.h"
#include "output/scan_directory.h"
#include "scanner/posture/domain_rows.h"
#include "scanner/record/recorder.h"

namespace mxsweep::scanner {

// Parquet parts in a scan directory.
class DirectorySink final : public RowSink {
 public:
  // What an epoch notes for who goes on with the scan, given what was written so far.
  using Describe = absl::AnyInvocable<nlohmann::json(const ScanSummary&)>;
  // `clock` says when an epoch is due.
  DirectorySink(std::unique_ptr<output::ScanWriter> writer, absl::AnyInvocable<absl::Time()> clock,
                Describe describe)
      : writer_(std::move(writer)), clock_(std::move(clock)), describe_(std::move(describe)) {}

  absl::Status Add(Row&& row) override;
  void OnTarget(const TargetResult& result) override { writer_->NoteDone(result.number); }
  absl::Status AfterBatch(const ScanSummary& so_far) override;
  absl::Status Commit(const ScanSummary& so_far) override;
  uint64_t committed_rows() const override;
  output::ScanWriter& writer() { return *writer_; }

 private:
  std::unique_ptr<output::ScanWriter> writer_;
  absl::AnyInvocable<absl::Time()> clock_;
  Describe describe_;
};

// Rows of all tables as NDJSON on a stream, line by line as they come; the first key of each is
// "table".
class NdjsonSink final : public RowSink {
 public:
  // Borrows `stream`.
  static absl::StatusOr<std::unique_ptr<NdjsonSink>> Create(std::FILE* stream);

  absl::Status Add(Row&& row) override;
  absl::Status AfterBatch(const ScanSummary& so_far) override;
  uint64_t committed_rows() const override { return rows_; }

 private:
  NdjsonSink(std::FILE* stream, std::vector<output::RowFormatter> formatters)
      : stream_(stream), formatters_(std::move(formatters)) {}

  std::FILE* stream_;
  std::vector<output::RowFormatter> formatters_;  // by TableId
  std::string lines_;
  uint64_t rows_ = 0;
};

// All rows of a small scan, kept in memory.
class MemorySink final : public RowSink {
 public:
  absl::Status Add(Row&& row) override;
  absl::Status AfterBatch(const ScanSummary&) override { return absl::OkStatus(); }
  uint64_t committed_rows() const override;
  // In the order in which they came. To be read when the scan is over.
  const ScanRows& rows() const { return rows_; }

 private:
  ScanRows rows_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RECORD_ROW_SINKS_H_
