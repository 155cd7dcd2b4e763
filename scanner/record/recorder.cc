#include "scanner/record/recorder.h"

#include <chrono>
#include <utility>

#include "scanner/smtp/outcome.h"

namespace mxsweep::scanner {
namespace {

// Waking the thread costs more than a row: it is woken for so many, and otherwise looks after this
// time at what has come.
constexpr size_t kRowsToWakeFor = 64;
constexpr std::chrono::milliseconds kIdleWait{20};
constexpr size_t kRowsToKeepRoomFor = 1024;  // 1.7 MB

std::string LeafKeyWord(const output::EndpointRow& row) {
  if (!row.leaf_key_type) return "unknown";
  std::string word = *row.leaf_key_type;
  if (row.leaf_key_bits) word += " " + std::to_string(*row.leaf_key_bits);
  return word;
}

}  // namespace

Recorder::Recorder(RowSink* sink, RunOn run_on, ScanSummary before)
    : sink_(sink), counts_(std::move(before)) {
  if (run_on == RunOn::kOwnThread) thread_ = std::thread([this] { Run(); });
}

Recorder::~Recorder() {
  if (!finished_) Finish().IgnoreError();
}

void Recorder::Push(Row row) {
  if (!failed()) PushEntry(std::move(row));
}

void Recorder::Push(TargetResult result) {
  if (!failed()) PushEntry(result);
}

void Recorder::Push(Row row, TargetResult result) {
  if (failed()) return;
  Entry entries[] = {std::move(row), result};
  PushEntries(entries);
}

void Recorder::Push(std::vector<Row> rows) {
  if (failed() || rows.empty()) return;
  std::vector<Entry> entries;
  entries.reserve(rows.size());
  for (Row& row : rows) entries.emplace_back(std::move(row));
  PushEntries(entries);
}

void Recorder::PushEntry(Entry entry) { PushEntries({&entry, 1}); }

void Recorder::PushEntries(std::span<Entry> entries) {
  // A result takes as much of the queue as a row.
  backlog_.fetch_add(entries.size(), std::memory_order_relaxed);
  bool wake;
  {
    std::lock_guard lock(mutex_);
    const bool were_few = queue_.size() < kRowsToWakeFor;
    for (Entry& entry : entries) queue_.push_back(std::move(entry));
    wake = were_few && queue_.size() >= kRowsToWakeFor;
  }
  if (wake) wake_.notify_one();
}

void Recorder::Run() {
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kIdleWait,
                     [this] { return finishing_ || queue_.size() >= kRowsToWakeFor; });
      batch_.swap(queue_);
      last = finishing_ && batch_.empty();
    }
    if (!last) WriteBatch();
  }
}

void Recorder::WriteWaiting() {
  {
    const std::lock_guard lock(mutex_);
    batch_.swap(queue_);
  }
  WriteBatch();
}

absl::Status Recorder::Write(Entry& entry) {
  if (const auto* result = std::get_if<TargetResult>(&entry)) {
    sink_->OnTarget(*result);
    targets_done_.fetch_add(1, std::memory_order_relaxed);
    return absl::OkStatus();
  }
  Row& row = std::get<Row>(entry);
  std::visit([this](const auto& typed) { Count(typed); }, row);
  return sink_->Add(std::move(row));
}

void Recorder::WriteBatch() {
  absl::Status status = status_;
  const uint64_t entries = batch_.size();
  for (Entry& entry : batch_) {
    if (status.ok()) status = Write(entry);
  }
  batch_.clear();
  // One that grew in a long wait for the disk need not stay as large.
  if (batch_.capacity() > kRowsToKeepRoomFor) batch_ = {};
  if (status.ok()) status = sink_->AfterBatch(counts_);
  committed_.store(sink_->committed_rows(), std::memory_order_relaxed);
  backlog_.fetch_sub(entries, std::memory_order_relaxed);
  if (!status.ok() && !failed()) {
    status_ = std::move(status);
    failed_.store(true, std::memory_order_release);
  }
}

absl::Status Recorder::Finish() {
  finished_ = true;
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      finishing_ = true;
    }
    wake_.notify_one();
    thread_.join();
  } else {
    WriteWaiting();
  }
  if (status_.ok()) status_ = sink_->Commit(counts_);
  committed_.store(sink_->committed_rows(), std::memory_order_relaxed);
  return status_;
}

void Recorder::Count(const output::DomainRow& row) {
  ++counts_.domains;
  ++counts_.diagnoses[row.diagnosis];
  ++counts_.mx_statuses[row.mx_status];
  if (row.dane_status) ++counts_.dane_statuses[*row.dane_status];
  if (row.mta_sts_status) ++counts_.mta_sts_statuses[*row.mta_sts_status];
  if (row.mta_sts_policy_status) ++counts_.mta_sts_policy_statuses[*row.mta_sts_policy_status];
  if (row.mta_sts_rpt_result) ++counts_.mta_sts_rpt_results[*row.mta_sts_rpt_result];
  if (row.mta_sts_sender) ++counts_.mta_sts_senders[*row.mta_sts_sender];
  if (row.tlsrpt_status) ++counts_.tlsrpt_statuses[*row.tlsrpt_status];
}

void Recorder::Count(const output::MxHostRow&) { ++counts_.hosts; }

void Recorder::Count(const output::ProbeRow& row) {
  ++counts_.probes;
  ++counts_.connections;
  counts_.bytes_in += row.bytes_in;
  counts_.bytes_out += row.bytes_out;
}

void Recorder::Count(const output::EndpointRow& row) {
  ++counts_.endpoints;
  ++counts_.outcomes[row.outcome];
  if (row.rpt_result) ++counts_.rpt_results[*row.rpt_result];
  counts_.connections += row.attempts;
  if (row.inferred) ++counts_.inferred;
  if (row.outcome == OutcomeName(Outcome::kNotAskedCrowded)) ++counts_.not_asked_crowded;
  if (row.attempts > 1) counts_.retries += row.attempts - 1;
  counts_.bytes_in += row.bytes_in;
  counts_.bytes_out += row.bytes_out;
  if (row.outcome != "tls_ok") return;
  if (row.tls_version) ++counts_.tls_versions[*row.tls_version];
  if (row.cipher) ++counts_.ciphers[*row.cipher];
  ++counts_.groups[row.group.value_or("static RSA")];
  ++counts_.leaf_keys[LeafKeyWord(row)];
  if (row.pkix_status) ++counts_.pkix_statuses[*row.pkix_status];
}

void Recorder::Count(const output::CertificateRow&) { ++counts_.certificates; }

}  // namespace mxsweep::scanner
