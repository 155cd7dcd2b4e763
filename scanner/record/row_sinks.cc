#include "scanner/record/row_sinks.h"

#include <cerrno>
#include <cstring>
#include <numeric>

#include "scanner/base/text.h"

namespace mxsweep::scanner {

absl::Status DirectorySink::Add(Row&& row) {
  return std::visit([this](auto&& typed) { return writer_->Add(std::move(typed)); },
                    std::move(row));
}

absl::Status DirectorySink::AfterBatch(const ScanSummary& so_far) {
  return writer_->MaybeCommitEpoch(clock_(), [&] { return describe_(so_far); }).status();
}

absl::Status DirectorySink::Commit(const ScanSummary& so_far) {
  return writer_->CommitEpoch([&] { return describe_(so_far); });
}

uint64_t DirectorySink::committed_rows() const {
  const output::RowCounts rows = writer_->committed_rows();
  return std::accumulate(rows.begin(), rows.end(), uint64_t{0});
}

absl::StatusOr<std::unique_ptr<NdjsonSink>> NdjsonSink::Create(std::FILE* stream) {
  std::vector<output::RowFormatter> formatters;
  for (size_t table = 0; table < output::kTableCount; ++table) {
    absl::StatusOr<output::RowFormatter> formatter = output::RowFormatter::Create(
        static_cast<output::TableId>(table), output::RowFormat::kTableNdjson);
    if (!formatter.ok()) return formatter.status();
    formatters.push_back(*std::move(formatter));
  }
  return std::unique_ptr<NdjsonSink>(new NdjsonSink(stream, std::move(formatters)));
}

absl::Status NdjsonSink::Add(Row&& row) {
  std::visit(
      [this]<typename T>(const T& typed) {
        formatters_[static_cast<size_t>(output::Table<T>::kId)].AppendRow(typed, lines_);
      },
      row);
  ++rows_;
  return absl::OkStatus();
}

absl::Status NdjsonSink::AfterBatch(const ScanSummary&) {
  if (lines_.empty()) return absl::OkStatus();
  const bool written = std::fwrite(lines_.data(), 1, lines_.size(), stream_) == lines_.size() &&
                       std::fflush(stream_) == 0;
  lines_.clear();
  if (written) return absl::OkStatus();
  return absl::UnavailableError(
      JoinText("standard output takes no more rows: ", std::strerror(errno)));
}

absl::Status MemorySink::Add(Row&& row) {
  struct Keep {
    ScanRows& rows;
    void operator()(output::DomainRow&& domain) { rows.domains.push_back(std::move(domain)); }
    void operator()(output::MxHostRow&& host) { rows.hosts.push_back(std::move(host)); }
    void operator()(output::EndpointRow&& endpoint) {
      rows.endpoints.push_back(std::move(endpoint));
    }
    void operator()(output::CertificateRow&& certificate) {
      rows.certificates.push_back(std::move(certificate));
    }
    void operator()(output::ProbeRow&& probe) { rows.probes.push_back(std::move(probe)); }
  };
  std::visit(Keep{rows_}, std::move(row));
  return absl::OkStatus();
}

uint64_t MemorySink::committed_rows() const {
  return rows_.domains.size() + rows_.hosts.size() + rows_.endpoints.size() +
         rows_.certificates.size() + rows_.probes.size();
}

}  // namespace mxsweep::scanner
