#include "scanner/resume/restore.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "output/tables/tables.h"
#include "scanner/resume/read_rows.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/smtp/outcome.h"
#include "scanner/targets/name_set.h"
#include "scanner/verdict/packed_findings.h"
#include "scanner/work/address_memory.h"
#include "scanner/work/host_task.h"
#include "scanner/work/worker.h"
#include "tls/pki/certificate.h"

namespace mxsweep::scanner {
namespace {

// Hosts that a worker is told of at a time.
constexpr size_t kHostsAMessage = 1024;

struct FinishedHost {
  std::string host;
  PackedFindings packed;
  absl::Time finished_at;
};

// Sends finished hosts to their owners, many in one message.
class HostSender {
 public:
  explicit HostSender(ScanContext* context)
      : context_(context), waiting_(context->workers.size()) {}

  void Add(FinishedHost host) {
    Worker* owner = context_->workers.front()->OwnerOfHost(host.host);
    std::vector<FinishedHost>& waiting = waiting_[owner->index()];
    waiting.push_back(std::move(host));
    if (waiting.size() == kHostsAMessage) Send(owner);
  }
  void Flush() {
    for (Worker* worker : context_->workers) Send(worker);
  }

 private:
  void Send(Worker* owner) {
    std::vector<FinishedHost> hosts = std::exchange(waiting_[owner->index()], {});
    if (hosts.empty()) return;
    owner->loop()->Post([owner, hosts = std::move(hosts)] {
      for (const FinishedHost& host : hosts) {
        RestoreHost(owner, host.host, host.packed, host.finished_at);
      }
    });
  }

  ScanContext* context_;
  std::vector<std::vector<FinishedHost>> waiting_;  // by worker
};

absl::Time EndOf(const output::EndpointRow& row) {
  return row.started_at + absl::Microseconds(row.elapsed_us);
}

// Each attempt has met it.
void TellOfAddress(ScanContext* context, const output::EndpointRow& row,
                   const dns::IpAddress& address) {
  const std::optional<Outcome> outcome = OutcomeFromName(row.outcome);
  const std::optional<Stage> stage = StageFromName(row.stage);
  if (!outcome || !stage) return;
  Worker* owner = context->workers.front()->OwnerOfAddress(address);
  EndpointFacts facts;
  facts.outcome = *outcome;
  facts.stage = *stage;
  facts.error_detail = row.error_detail.value_or("");
  facts.started_at = row.started_at;
  owner->loop()->Post([owner, server = SocketAddress{address, row.port}, facts = std::move(facts),
                       attempts = row.attempts] {
    for (uint32_t i = 0; i < attempts; ++i) {
      owner->memory().Note(server, facts, owner->loop()->now_ns());
    }
  });
}

// Who answered 421 last, by the rows in the order in which they were written: that of time, for an
// address.
class Throttlers {
 public:
  // What is older is forgotten, as a scan that was not ended would have.
  Throttlers(const Gate::Options& gate, absl::Time now)
      : now_(now),
        from_(now - absl::Nanoseconds(gate.backoff_max_ns) -
              absl::Nanoseconds(gate.backoff_memory_ns)) {}

  void Add(const output::EndpointRow& row, const dns::IpAddress& address) {
    // How many of its attempts met it, a row does not say: at least the last.
    const SocketAddress server{address, row.port};
    if (row.outcome != OutcomeName(Outcome::kThrottled421) &&
        row.after_tls != OutcomeName(Outcome::kThrottled421)) {
      throttled_.erase(server);
      return;
    }
    if (EndOf(row) < from_) return;
    Throttled& throttled = throttled_[server];
    ++throttled.times;
    throttled.at = std::max(throttled.at, EndOf(row));
  }

  void Tell(ScanContext* context) const {
    for (const auto& [server, throttled] : throttled_) {
      Worker* owner = context->workers.front()->OwnerOfAddress(server.address);
      const int64_t age_ns = absl::ToInt64Nanoseconds(std::max(now_ - throttled.at, {}));
      owner->loop()->Post([owner, server = server, times = throttled.times, age_ns] {
        owner->pacer().RestoreThrottled(server, times, age_ns);
      });
    }
  }

 private:
  struct Throttled {
    uint32_t times = 0;
    absl::Time at = absl::InfinitePast();
  };

  absl::Time now_;
  absl::Time from_;
  absl::flat_hash_map<SocketAddress, Throttled> throttled_;
};

}  // namespace

absl::StatusOr<Restored> Restore(const EarlierRuns& runs, ScanContext* context, absl::Time now,
                                 output::FileSystem* files) {
  Restored restored{.endpoints = std::make_unique<ResumedEndpoints>()};
  absl::Status status = ReadRows<output::CertificateRow>(
      runs.directory, {"sha256"},
      [&](const output::CertificateRow& row) {
        if (const auto digest = tls::Sha256FromHex(row.sha256)) {
          context->services.certificates->Restore(*digest);
          ++restored.certificates;
        }
      },
      *files);
  if (!status.ok()) return status;

  NameSet hosts_with_rows(context->settings.hash_key);
  NameSet passing_hosts(context->settings.hash_key);  // those of them that may be asked again
  HostSender sender(context);
  status = ReadRows<output::MxHostRow>(
      runs.directory, {"host", "summary", "started_at", "elapsed_us"},
      [&](const output::MxHostRow& row) {
        hosts_with_rows.Insert(row.host);
        if (!row.summary) return;
        std::optional<PackedFindings> packed = UnpackFindings(row.summary->bytes);
        if (!packed) return;
        if (packed->passes) passing_hosts.Insert(row.host);
        sender.Add(
            {row.host, *std::move(packed), row.started_at + absl::Microseconds(row.elapsed_us)});
        ++restored.hosts;
      },
      *files);
  if (!status.ok()) return status;
  sender.Flush();

  const absl::Time remembered_from = now - absl::Nanoseconds(AddressMemory::kRememberNs);
  Throttlers throttlers(context->workers.front()->pacer().gate().options(), now);
  status = ReadRows<output::EndpointRow>(
      runs.directory,
      {"host", "address", "port", "summary", "outcome", "stage", "error_detail", "attempts",
       "inferred", "after_tls", "started_at", "elapsed_us"},
      [&](const output::EndpointRow& row) {
        const auto address = dns::IpAddress::Parse(row.address);
        if (!address) return;
        if (!row.inferred) throttlers.Add(row, *address);
        if (!row.inferred && EndOf(row) >= remembered_from) TellOfAddress(context, row, *address);
        if (!row.summary) return;
        const bool passes = passing_hosts.Contains(row.host);
        if (hosts_with_rows.Contains(row.host) && !passes) return;
        const std::optional<PackedFindings> packed = UnpackFindings(row.summary->bytes);
        if (!packed) return;
        // What met nobody is tried again with its host.
        if (passes && !packed->findings.has(Summary::kToldOfServer)) return;
        restored.endpoints->Add(row.host, *address, packed->findings);
      },
      *files);
  if (!status.ok()) return status;
  throttlers.Tell(context);
  return restored;
}

}  // namespace mxsweep::scanner
