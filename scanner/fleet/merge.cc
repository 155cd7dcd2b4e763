#include "scanner/fleet/merge.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "dns/public_suffix.h"
#include "nlohmann/json.hpp"
#include "output/scan_directory.h"
#include "output/scan_rows.h"
#include "scanner/base/text.h"
#include "scanner/fleet/fleet_directory.h"
#include "scanner/fleet/host_answers.h"
#include "scanner/fleet/merged_record.h"
#include "scanner/fleet/resolved_hosts.h"
#include "scanner/fleet/sorted_rows.h"
#include "scanner/record/facts_of_rows.h"
#include "scanner/record/recorder.h"
#include "scanner/record/row_sinks.h"
#include "scanner/record/rows.h"
#include "scanner/resume/changed_meaning.h"
#include "scanner/resume/epoch_note.h"
#include "scanner/verdict/domain_findings.h"
#include "scanner/verdict/packed_findings.h"
#include "scanner/work/host_table.h"
#include "tls/pki/certificate.h"

namespace mxsweep::scanner {
namespace {

using nlohmann::json;
using output::CertificateRow;
using output::DomainRow;
using output::EndpointRow;
using output::MxHostRow;
using output::ProbeRow;
using output::ScanDirectory;

// Rows that wait for the writer, which takes them in batches.
constexpr uint64_t kBatchRows = 2'000;
constexpr uint64_t kEpochRows = 1'000'000;

std::string KeyOfHost(const MxHostRow& row) { return row.host; }

template <typename Row>
std::string KeyOfEndpoint(const Row& row) {
  std::string key = row.host;
  key.push_back('\0');
  return key.append(row.address);
}

absl::Status Lost(std::string text) { return absl::DataLossError(std::move(text)); }

// A stream of sorted rows, of which the next one can be looked at.
template <typename Row>
class Peeked {
 public:
  explicit Peeked(RowSorter<Row>* rows) : rows_(rows) {}

  absl::Status Advance() {
    const absl::StatusOr<bool> has = rows_->Next(&row_);
    has_ = has.ok() && *has;
    return has.status();
  }
  bool has() const { return has_; }
  Row& row() { return row_; }

 private:
  RowSorter<Row>* rows_;
  Row row_;
  bool has_ = false;
};

// Which row of a certificate is kept: one whose revocation list was read, and the oldest of those.
struct CertificateChoice {
  bool revocation_known = false;
  absl::Time first_seen = absl::InfiniteFuture();  // of the chosen row
  absl::Time oldest = absl::InfiniteFuture();      // of any
  uint32_t shard = 0;
};

bool RevocationIsKnown(const CertificateRow& row) {
  return row.revocation_status == "good" || row.revocation_status == "revoked";
}

class FleetMerge {
 public:
  FleetMerge(std::vector<ScanDirectory> resolve, std::vector<ScanDirectory> probe,
             std::string folder, absl::Time (*clock)(),
             absl::FunctionRef<void(std::string_view)> progress)
      : resolve_(std::move(resolve)),
        probe_(std::move(probe)),
        folder_(std::move(folder)),
        clock_(clock),
        progress_(progress),
        options_(MergedOptions(resolve_.front(), probe_.front())),
        choice_(AddressChoiceOf(options_)),
        max_hosts_(MostHostsOf(options_)),
        hosts_(folder_, KeyOfHost),
        refreshed_(folder_ + "/refreshed", KeyOfHost),
        endpoints_(folder_, KeyOfEndpoint<EndpointRow>),
        probes_(folder_, KeyOfEndpoint<ProbeRow>),
        found_(HostTable::Key{}) {}

  absl::StatusOr<ScanSummary> Run(const std::string& directory);

 private:
  absl::Status OpenWriter(const std::string& directory);
  absl::Status MergeCertificates();
  absl::Status SortRows();
  absl::Status MergeHosts();
  absl::Status MergeHost(Peeked<MxHostRow>* hosts, Peeked<MxHostRow>* refreshed,
                         Peeked<EndpointRow>* endpoints);
  absl::Status TakeRefreshed(const std::string& host, Peeked<MxHostRow>* refreshed,
                             dns::HostAnswer* answer);
  absl::StatusOr<Findings> TakeEndpoints(const std::string& host, const dns::HostAnswer& answer,
                                         Peeked<EndpointRow>* endpoints);
  absl::Status CopyProbes();
  absl::Status MergeDomains();
  absl::Status CompleteDomain(DomainRow* row);
  absl::Status Push(Row row);

  std::vector<ScanDirectory> resolve_, probe_;
  std::string folder_;  // for runs
  absl::Time (*clock_)();
  absl::FunctionRef<void(std::string_view)> progress_;
  json options_;
  AddressChoice choice_;
  size_t max_hosts_ = 0;
  RowSorter<MxHostRow> hosts_, refreshed_;
  RowSorter<EndpointRow> endpoints_;
  RowSorter<ProbeRow> probes_;
  HostTable found_;  // what each host came to
  std::unique_ptr<DirectorySink> sink_;
  std::unique_ptr<Recorder> recorder_;
};

absl::Status FleetMerge::OpenWriter(const std::string& directory) {
  output::ScanWriterOptions options;
  options.scan_id = MergedScanId(resolve_, probe_);
  options.epoch_rows = kEpochRows;
  auto writer =
      output::ScanWriter::Create(directory, DescribeMerged(resolve_, probe_, options_), options);
  if (!writer.ok()) return writer.status();
  sink_ = std::make_unique<DirectorySink>(*std::move(writer), clock_,
                                          [](const ScanSummary&) { return json(nullptr); });
  recorder_ = std::make_unique<Recorder>(sink_.get(), Recorder::RunOn::kCaller);
  return absl::OkStatus();
}

absl::Status FleetMerge::Push(Row row) {
  recorder_->Push(std::move(row));
  if (recorder_->backlog() >= kBatchRows) recorder_->WriteWaiting();
  // Why, Finish says.
  return recorder_->failed() ? absl::AbortedError("writing has failed") : absl::OkStatus();
}

absl::Status FleetMerge::MergeCertificates() {
  progress_("certificates");
  absl::flat_hash_map<std::string, CertificateChoice> choices;  // by digest
  for (uint32_t shard = 0; shard < probe_.size(); ++shard) {
    absl::Status read = output::ForEachRow<CertificateRow>(
        probe_[shard], {"sha256", "first_seen", "revocation_status"},
        [&](const CertificateRow& row) {
          const auto digest = tls::Sha256FromHex(row.sha256);
          if (!digest) return Lost(JoinText("\"", row.sha256, "\" is no SHA-256"));
          CertificateChoice& choice = choices[std::string(digest->begin(), digest->end())];
          const bool known = RevocationIsKnown(row);
          choice.oldest = std::min(choice.oldest, row.first_seen);
          if (std::pair(!known, row.first_seen) <
              std::pair(!choice.revocation_known, choice.first_seen)) {
            choice.revocation_known = known;
            choice.first_seen = row.first_seen;
            choice.shard = shard;
          }
          return absl::OkStatus();
        });
    if (!read.ok()) return read;
  }
  for (uint32_t shard = 0; shard < probe_.size(); ++shard) {
    absl::Status read = output::ForEachRow<CertificateRow>(
        probe_[shard], output::AllColumns<CertificateRow>(), [&](const CertificateRow& row) {
          const auto digest = tls::Sha256FromHex(row.sha256);
          const auto choice = choices.find(std::string(digest->begin(), digest->end()));
          if (choice == choices.end() || choice->second.shard != shard) return absl::OkStatus();
          CertificateRow kept = row;
          kept.first_seen = choice->second.oldest;
          choices.erase(choice);
          return Push(std::move(kept));
        });
    if (!read.ok()) return read;
  }
  return absl::OkStatus();
}

template <typename Row>
absl::Status AddAll(const std::vector<ScanDirectory>& shards, RowSorter<Row>* sorter) {
  for (const ScanDirectory& shard : shards) {
    absl::Status read = output::ForEachRow<Row>(shard, output::AllColumns<Row>(),
                                                [&](const Row& row) { return sorter->Add(row); });
    if (!read.ok()) return read;
  }
  return sorter->Finish();
}

absl::Status FleetMerge::SortRows() {
  progress_("endpoints");
  if (absl::Status added = AddAll(probe_, &endpoints_); !added.ok()) return added;
  progress_("probes");
  if (absl::Status added = AddAll(probe_, &probes_); !added.ok()) return added;
  progress_("mx_hosts");
  if (absl::Status added = AddAll(resolve_, &hosts_); !added.ok()) return added;
  return AddAll(probe_, &refreshed_);
}

// Its TLSA records were others when its endpoints were asked: the newest count.
absl::Status FleetMerge::TakeRefreshed(const std::string& host, Peeked<MxHostRow>* refreshed,
                                       dns::HostAnswer* answer) {
  absl::Time newest = absl::InfinitePast();
  for (; refreshed->has() && refreshed->row().host <= host;) {
    const MxHostRow& row = refreshed->row();
    if (row.host != host) {
      return Lost(JoinText("a probe shard has the host ", row.host, ", and no resolve shard has"));
    }
    if (row.started_at > newest) {
      const absl::StatusOr<dns::HostAnswer> now = HostAnswerOf(row);
      if (!now.ok()) return now.status();
      newest = row.started_at;
      answer->tlsa_status = now->tlsa_status;
      answer->tlsa_base_domain = now->tlsa_base_domain;
      answer->tlsa = now->tlsa;
      answer->tlsa_left_out = now->tlsa_left_out;
      answer->tlsa_for_ipv4 = now->tlsa_for_ipv4;
      answer->tlsa_for_ipv6 = now->tlsa_for_ipv6;
    }
    if (absl::Status status = refreshed->Advance(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// Their rows, and what they come to.
absl::StatusOr<Findings> FleetMerge::TakeEndpoints(const std::string& host,
                                                   const dns::HostAnswer& answer,
                                                   Peeked<EndpointRow>* endpoints) {
  std::vector<std::string> missing;
  for (const dns::IpAddress& address : AddressesToTry(choice_, answer)) {
    missing.push_back(address.ToString());
  }
  Findings all;
  std::string before;
  while (endpoints->has() && endpoints->row().host <= host) {
    EndpointRow& row = endpoints->row();
    const std::string name = JoinText(row.host, " at ", row.address);
    if (row.host != host) {
      return Lost(JoinText("no resolve shard has the host of the endpoint ", name));
    }
    if (row.address == before) return Lost(JoinText("two probe shards have asked ", name));
    before = row.address;
    std::erase(missing, row.address);
    const auto packed = row.summary ? UnpackFindings(row.summary->bytes) : std::nullopt;
    if (!packed) return Lost(JoinText("the endpoint ", name, " has no summary"));
    all.Merge(packed->findings);
    if (absl::Status pushed = Push(std::move(row)); !pushed.ok()) return pushed;
    if (absl::Status status = endpoints->Advance(); !status.ok()) return status;
  }
  if (!missing.empty()) {
    return Lost(JoinText("no probe shard has asked ", host, " at ", missing.front(),
                         ": the probe shards do not belong to these resolve shards"));
  }
  return all;
}

absl::Status FleetMerge::MergeHost(Peeked<MxHostRow>* hosts, Peeked<MxHostRow>* refreshed,
                                   Peeked<EndpointRow>* endpoints) {
  const MxHostRow first = hosts->row();
  absl::StatusOr<dns::HostAnswer> answer = HostAnswerOf(first);
  if (!answer.ok()) return answer.status();
  for (;;) {
    if (absl::Status status = hosts->Advance(); !status.ok()) return status;
    if (!hosts->has() || hosts->row().host != first.host) break;
    const absl::StatusOr<dns::HostAnswer> other = HostAnswerOf(hosts->row());
    if (!other.ok()) return other.status();
    TakeAnswer(*other, &*answer);
  }
  if (absl::Status taken = TakeRefreshed(first.host, refreshed, &*answer); !taken.ok()) {
    return taken;
  }
  absl::StatusOr<Findings> asked = TakeEndpoints(first.host, *answer, endpoints);
  if (!asked.ok()) return asked.status();
  const Findings findings = FindingsOfHost(choice_, *answer, *std::move(asked));
  const PackedFindings packed{findings, MayPass(*answer, findings)};
  found_.Restore(first.host, findings, 0, std::nullopt);
  HostContext context;
  context.host = first.host;
  context.provider = dns::RegistrableDomain(first.host);
  const auto unasked = static_cast<uint32_t>(CountUnaskedAddresses(choice_, *answer));
  context.answer = *std::move(answer);
  return Push(MakeMxHostRow(context, first.started_at,
                            static_cast<int64_t>(first.elapsed_us) * 1'000, unasked, &packed));
}

absl::Status FleetMerge::MergeHosts() {
  Peeked<MxHostRow> hosts(&hosts_), refreshed(&refreshed_);
  Peeked<EndpointRow> endpoints(&endpoints_);
  absl::Status status = hosts.Advance();
  status.Update(refreshed.Advance());
  status.Update(endpoints.Advance());
  while (status.ok() && hosts.has()) status = MergeHost(&hosts, &refreshed, &endpoints);
  if (!status.ok()) return status;
  if (!endpoints.has()) return absl::OkStatus();
  return Lost(JoinText("no resolve shard has the host of the endpoint ", endpoints.row().host));
}

absl::Status FleetMerge::CopyProbes() {
  ProbeRow row;
  for (;;) {
    const absl::StatusOr<bool> has = probes_.Next(&row);
    if (!has.ok()) return has.status();
    if (!*has) return absl::OkStatus();
    if (absl::Status pushed = Push(std::move(row)); !pushed.ok()) return pushed;
  }
}

// What its hosts came to, as the domain's row says it.
absl::Status FleetMerge::CompleteDomain(DomainRow* row) {
  const absl::StatusOr<dns::MxAnswer> mx = MxAnswerOf(*row);
  if (!mx.ok()) return mx.status();
  if (mx->status != dns::MxStatus::kMx && mx->status != dns::MxStatus::kImplicit) {
    return absl::OkStatus();  // nobody was to be asked
  }
  std::vector<std::optional<Summary>> hosts(mx->records.size());
  Findings names;
  for (size_t i = 0; i < std::min(hosts.size(), max_hosts_); ++i) {
    const std::optional<Findings> host = found_.Find(mx->records[i].host, 0);
    if (!host) continue;  // more addresses than one domain's budget
    names.Merge(*host);
    hosts[i] = *host;
    hosts[i]->flags |= names.flags & Summary::kDaneForgotten;
  }
  const DomainFindings findings = FindingsOfDomain(row->domain, *mx, hosts, names.misnamed);
  if (findings.unasked_hosts > row->unasked_host_count.value_or(0)) {
    return Lost(JoinText("the resolve shards lack a host of ", row->domain));
  }
  absl::StatusOr<DomainPolicies> policies = PoliciesOf(*row);
  if (!policies.ok()) return policies.status();
  policies->Judge(*mx, findings.hosts);
  FillDomainVerdicts(*mx, findings.all, *policies, static_cast<uint32_t>(findings.unasked_hosts),
                     row);
  return absl::OkStatus();
}

absl::Status FleetMerge::MergeDomains() {
  progress_("domains");
  for (const ScanDirectory& shard : resolve_) {
    absl::Status read = output::ForEachRow<DomainRow>(
        shard, output::AllColumns<DomainRow>(), [&](const DomainRow& resolved) {
          DomainRow row = resolved;
          if (absl::Status done = CompleteDomain(&row); !done.ok()) return done;
          return Push(std::move(row));
        });
    if (!read.ok()) return read;
  }
  return absl::OkStatus();
}

absl::StatusOr<ScanSummary> FleetMerge::Run(const std::string& directory) {
  if (absl::Status opened = OpenWriter(directory); !opened.ok()) return opened;
  absl::Status status = MergeCertificates();
  if (status.ok()) status = SortRows();
  if (status.ok()) status = MergeHosts();
  if (status.ok()) status = CopyProbes();
  if (status.ok()) status = MergeDomains();
  const absl::Status recorded = recorder_->Finish();
  // What the disk says comes before that we have stopped for it.
  if (!recorded.ok()) return recorded;
  if (!status.ok()) return status;
  ScanSummary summary = recorder_->counts();
  SumListCounts(resolve_, &summary);
  status = sink_->writer().Finish(output::ScanState::kComplete,
                                  DescribeMergedEnd(resolve_, probe_, options_, summary));
  if (!status.ok()) return status;
  return summary;
}

absl::Status CheckHalves(const std::vector<ScanDirectory>& resolve,
                         const std::vector<ScanDirectory>& probe) {
  const std::string different =
      TellDifferentHalves(OptionsOf(resolve.front()), OptionsOf(probe.front()));
  if (!different.empty()) return absl::FailedPreconditionError(different);
  const json& scan = probe.front().scan();
  if (!scan.contains("list") || scan["list"] != MarkToJson(MarkOfResolveSet(resolve))) {
    return absl::FailedPreconditionError(
        "the probe shards were made from other resolve shards than those that are there now");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ScanSummary> MergeFleet(const std::string& fleet, const std::string& output,
                                       absl::Time (*clock)(),
                                       absl::FunctionRef<void(std::string_view)> progress) {
  auto resolve = OpenFleetSet(fleet, FleetPart::kResolve);
  if (!resolve.ok()) return resolve.status();
  auto probe = OpenFleetSet(fleet, FleetPart::kProbe);
  if (!probe.ok()) return probe.status();
  if (absl::Status fits = CheckHalves(*resolve, *probe); !fits.ok()) return fits;

  const std::filesystem::path target(output);
  std::error_code error;
  if (std::filesystem::exists(target, error)) {
    return absl::FailedPreconditionError(JoinText(output, " is there already"));
  }
  const std::string name = (target.has_filename() ? target : target.parent_path()).filename();
  const std::filesystem::path parent =
      (target.has_filename() ? target : target.parent_path()).parent_path();
  const std::string hidden = (parent / JoinText(".", name, ".merging")).string();
  const std::string runs = hidden + ".runs";
  const absl::Cleanup clean = [&] {
    std::error_code ignored;
    std::filesystem::remove_all(runs, ignored);
    std::filesystem::remove_all(hidden, ignored);
  };
  std::filesystem::remove_all(hidden, error);  // of a merge that was killed
  std::filesystem::remove_all(runs, error);
  absl::Status made = output::PosixFileSystem()->CreateDirectories(runs + "/refreshed");
  if (!made.ok()) return made;
  FleetMerge merge(*std::move(resolve), *std::move(probe), runs, clock, progress);
  absl::StatusOr<ScanSummary> summary = merge.Run(hidden);
  if (!summary.ok()) return summary;
  if (std::rename(hidden.c_str(), output.c_str()) != 0) {
    return absl::InternalError(
        JoinText(output, ": ", std::error_code(errno, std::generic_category()).message()));
  }
  absl::Status synced =
      output::PosixFileSystem()->SyncDirectory(parent.empty() ? std::string(".") : parent.string());
  if (!synced.ok()) return synced;
  summary->output = output;
  return summary;
}

}  // namespace mxsweep::scanner
