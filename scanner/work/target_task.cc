// A target, from its name to its row: MX hosts, what was found behind them, and its policy. While
// its hosts are being asked it is a record of some fifty bytes, not a task.
#include "scanner/work/target_task.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "scanner/base/check.h"
#include "scanner/record/rows.h"
#include "scanner/work/host_task.h"
#include "scanner/work/lookups.h"
#include "scanner/work/outage_task.h"
#include "scanner/work/packing.h"
#include "scanner/work/policy_task.h"

namespace mxsweep::scanner {
namespace {

constexpr int64_t kNsPerUs = 1'000;
// MX hosts of one domain that are being asked at a time.
constexpr uint16_t kHostWindow = 4;

// In front of a packed WaitingTarget. A target of one host has no further entries: what its host
// comes to is all there is. Of others there is one for each host that is to be asked.
struct TargetHead {
  uint32_t size = 0;  // of the whole record
  uint16_t used = 0;  // addresses that are asked on its behalf
  uint8_t hosts = 0;  // to be asked, at most kMostHosts
  uint8_t next = 0;   // that was not asked yet
  uint8_t pending = 0;
  bool asking : 1 = false;    // AskHosts is at work
  bool planning : 1 = false;  // how many addresses the last one has is not known yet
};
// The last two bytes of the struct are padding.
constexpr size_t kHeadBytes = kTargetHeadBytes;
static_assert(offsetof(TargetHead, pending) + 2 == kHeadBytes);
constexpr size_t kMostHosts = 0xff;

struct HostEntry {
  Summary summary;  // once it is done
  bool asked = false;
};

// A target that is kept, to be read and changed in its place: valid until it is removed.
class KeptTarget {
 public:
  KeptTarget(Worker* worker, uint32_t handle) : record_(worker->waiting_targets().At(handle)) {}

  TargetHead head() const {
    TargetHead head;
    std::memcpy(static_cast<void*>(&head), record_, kHeadBytes);
    return head;
  }
  void set_head(const TargetHead& head) { std::memcpy(record_, &head, kHeadBytes); }
  // REQUIRES: head().hosts > 1.
  HostEntry entry(size_t i) const {
    HostEntry entry;
    std::memcpy(&entry, record_ + kHeadBytes + i * sizeof(entry), sizeof(entry));
    return entry;
  }
  void set_entry(size_t i, const HostEntry& entry) {
    std::memcpy(record_ + kHeadBytes + i * sizeof(entry), &entry, sizeof(entry));
  }
  WaitingTarget Unpack() const {
    const size_t body = BodyAt(head().hosts);
    return UnpackTarget({reinterpret_cast<const char*>(record_) + body, head().size - body});
  }

  static size_t BodyAt(size_t hosts) {
    return kHeadBytes + (hosts > 1 ? hosts * sizeof(HostEntry) : 0);
  }

 private:
  uint8_t* record_;
};

void TargetDone(Worker* worker) {
  worker->context()->targets_open.fetch_sub(1, std::memory_order_acq_rel);
}

void RecordDomain(Worker* worker, const WaitingTarget& waiting, const Findings& findings,
                  const DomainPolicies& policies, size_t unasked_hosts) {
  EventLoop* loop = worker->loop();
  if (!findings.has(Summary::kCancelled) && !policies.cancelled) {
    const int64_t elapsed_ns = loop->real_now_ns() - waiting.started_us * kNsPerUs;
    worker->services().recorder->Push(
        MakeDomainRow(waiting.target, waiting.mx, findings, policies,
                      loop->wall_now() - absl::Nanoseconds(elapsed_ns), elapsed_ns,
                      static_cast<uint32_t>(unasked_hosts)),
        TargetResult{waiting.target.number});
  }
  TargetDone(worker);
}

// All that is known of a domain but its policy.
struct AskedDomain {
  WaitingTarget waiting;
  DomainFindings findings;
};

void FinishDomain(Worker* worker, AskedDomain* domain, DomainPolicies policies) {
  const DomainFindings& findings = domain->findings;
  policies.Judge(domain->waiting.mx, findings.hosts);
  RecordDomain(worker, domain->waiting, findings.all, policies, findings.unasked_hosts);
}

Task<void> FetchPolicyAndFinish(Worker* worker, std::unique_ptr<AskedDomain> domain,
                                dns::PolicyRecords records) {
  worker->TaskBegan();
  worker->context()->slots.Take();
  DomainPolicies policies;
  policies.records = std::move(records);
  co_await FetchPolicy(worker, domain->waiting.target.name, &policies);
  worker->TaskEnded();
  FinishDomain(worker, domain.get(), std::move(policies));
  worker->context()->slots.Return();
}

// The hosts of a target are done. `only`: what the host of a target of one has come to.
void OnHostsDone(Worker* worker, uint32_t handle, const Findings& only) {
  const KeptTarget kept(worker, handle);
  const TargetHead head = kept.head();
  auto domain = std::make_unique<AskedDomain>();
  domain->waiting = kept.Unpack();
  if (domain->waiting.target.kind == Target::Kind::kHost) {
    worker->waiting_targets().Remove(handle, head.size);
    if (!only.has(Summary::kCancelled)) {
      worker->services().recorder->Push(TargetResult{domain->waiting.target.number});
    }
    return TargetDone(worker);
  }
  const dns::MxAnswer& mx = domain->waiting.mx;
  std::vector<std::optional<Summary>> hosts(mx.records.size());
  std::shared_ptr<const MisnamedLeaves> misnamed;
  if (head.hosts == 1) {
    hosts[0] = only;
    misnamed = only.misnamed;
  } else {
    for (size_t i = 0; i < head.hosts; ++i) {
      const HostEntry entry = kept.entry(i);
      if (entry.asked) hosts[i] = entry.summary;
    }
    auto& kept_names = worker->misnamed_of_targets();
    if (const auto names = kept_names.find(handle); names != kept_names.end()) {
      misnamed = names->second;
      kept_names.erase(names);
    }
  }
  worker->waiting_targets().Remove(handle, head.size);
  domain->findings = FindingsOfDomain(domain->waiting.target.name, mx, hosts, std::move(misnamed));

  DomainPolicies policies;
  if (domain->waiting.policies) {
    dns::PolicyRecords records = *std::move(domain->waiting.policies);
    if (worker->settings().mta_sts == MtaStsLevel::kFull &&
        records.sts.status == dns::PolicyRecordStatus::kValid &&
        !domain->findings.all.has(Summary::kCancelled)) {
      return Spawn(FetchPolicyAndFinish(worker, std::move(domain), std::move(records)));
    }
    policies.records = std::move(records);
  }
  FinishDomain(worker, domain.get(), std::move(policies));
}

// Asks for the one host of a target, which is done with it: perhaps before this returns.
void AskOnlyHost(Worker* worker, uint32_t handle, std::string host) {
  KeptTarget kept(worker, handle);
  TargetHead head = kept.head();
  head.next = 1;
  head.pending = 1;
  kept.set_head(head);
  AskForHost(
      worker, std::move(host),
      {.target = handle, .room = HostWaiter::kAnyRoom, .worker = worker->index(), .index = 0});
}

// Asks the next of several hosts, by preference and as the budget allows; finishes the target if
// all are done. How many addresses a host has is known before the next one is asked.
void AskHosts(Worker* worker, uint32_t handle) {
  KeptTarget kept(worker, handle);
  TargetHead head = kept.head();
  if (head.asking) return;  // further up the stack
  head.asking = true;
  kept.set_head(head);
  std::optional<WaitingTarget> waiting;
  const uint32_t most = worker->settings().addresses.max_addresses;
  while (!head.planning && head.next < head.hosts && head.pending < kHostWindow &&
         head.used < most) {
    if (!waiting) waiting = kept.Unpack();
    const uint8_t index = head.next++;
    ++head.pending;
    head.planning = true;
    kept.set_head(head);
    AskForHost(worker, waiting->mx.records[index].host,
               {.target = handle,
                .room = static_cast<uint16_t>(most - head.used),
                .worker = worker->index(),
                .index = index});
    head = kept.head();
  }
  head.asking = false;
  kept.set_head(head);
  if (head.pending == 0) OnHostsDone(worker, handle, {});
}

uint32_t Keep(Worker* worker, const WaitingTarget& waiting, size_t hosts) {
  TargetHead head{.hosts = static_cast<uint8_t>(hosts)};
  std::string record(KeptTarget::BodyAt(hosts), '\0');
  const HostEntry entry;
  for (size_t i = 0; hosts > 1 && i < hosts; ++i) {
    std::memcpy(record.data() + kHeadBytes + i * sizeof(entry), &entry, sizeof(entry));
  }
  Pack(waiting, &record);
  head.size = static_cast<uint32_t>(record.size());
  std::memcpy(record.data(), &head, kHeadBytes);
  return worker->waiting_targets().Add(record);
}

Task<dns::MxAnswer> LookUpMx(Worker* worker, std::string domain) {
  dns::MxAnswer mx;
  Asking asking(worker, domain);
  bool again = true;
  while (again) {
    asking.Begin();
    mx = co_await AwaitMx(worker->resolver(), domain);
    again = co_await asking.Again(HeardIn(mx));
  }
  co_return std::move(mx);
}

Task<void> ScanDomain(Worker* worker, Target target) {
  worker->TaskBegan();
  const ScanContext::Settings& settings = worker->settings();
  WaitingTarget waiting;
  waiting.target = std::move(target);
  waiting.started_us = worker->loop()->real_now_ns() / kNsPerUs;

  waiting.mx = co_await LookUpMx(worker, waiting.target.name);
  const bool ours = worker->draining() && HeardIn(waiting.mx) == Heard::kSilence;
  worker->context()->awaiting_mx.fetch_sub(1, std::memory_order_relaxed);

  if (waiting.mx.status == dns::MxStatus::kMx || waiting.mx.status == dns::MxStatus::kImplicit) {
    if (settings.mta_sts != MtaStsLevel::kOff) {
      waiting.policies = co_await LookUpPolicies(worker, waiting.target.name);
    }
    const size_t hosts =
        std::min({waiting.mx.records.size(), size_t{settings.max_hosts}, kMostHosts});
    const uint32_t handle = Keep(worker, waiting, hosts);
    if (hosts > 1) {
      AskHosts(worker, handle);
    } else {
      AskOnlyHost(worker, handle, std::move(waiting.mx.records.front().host));
    }
  } else {
    // A silence that may be ours tells nothing of a domain.
    const Findings findings{Summary{.flags = ours ? uint32_t{Summary::kCancelled} : 0}};
    RecordDomain(worker, waiting, findings, {}, 0);
  }
  worker->TaskEnded();
  worker->context()->slots.Return();
}

// A host of the list waits for one answer, and needs no task to do so.
void ScanHostTarget(Worker* worker, Target target) {
  WaitingTarget waiting;
  waiting.target.kind = Target::Kind::kHost;
  waiting.target.input_line = target.input_line;
  waiting.target.number = target.number;
  AskOnlyHost(worker, Keep(worker, waiting, 1), std::move(target.name));
  worker->context()->slots.Return();
}

}  // namespace

void OnHostPlanned(Worker* worker, const HostWaiter& waiter, uint16_t addresses) {
  KeptTarget kept(worker, waiter.target);
  TargetHead head = kept.head();
  head.planning = false;
  head.used = static_cast<uint16_t>(head.used + addresses);
  kept.set_head(head);
  AskHosts(worker, waiter.target);
}

void OnHostDone(Worker* worker, const HostWaiter& waiter, const HostResult& result) {
  KeptTarget kept(worker, waiter.target);
  TargetHead head = kept.head();
  MXSWEEP_CHECK(head.pending > 0);
  --head.pending;
  if (head.hosts == 1) return OnHostsDone(worker, waiter.target, result.findings);
  // What is known at once costs nobody anything.
  if (waiter.index + 1 == head.next) head.planning = false;
  if (!result.over_budget) {
    HostEntry entry{.summary = result.findings, .asked = true};
    if (result.findings.misnamed != nullptr) {
      Findings all;
      auto& names = worker->misnamed_of_targets()[waiter.target];
      all.misnamed = names;
      all.Merge(result.findings);
      names = all.misnamed;
      entry.summary.flags |= all.flags & Summary::kDaneForgotten;
    }
    kept.set_entry(waiter.index, entry);
  }
  kept.set_head(head);
  AskHosts(worker, waiter.target);
}

void WorkOn(Worker* worker, Target target) {
  switch (target.kind) {
    case Target::Kind::kDomain:
      return Spawn(ScanDomain(worker, std::move(target)));
    case Target::Kind::kHost:
      return ScanHostTarget(worker, std::move(target));
    case Target::Kind::kAddress:
      AskForAddressTarget(worker, target);
      return worker->context()->slots.Return();
    case Target::Kind::kResolvedHost:
      return Spawn(AskForResolvedTarget(worker, std::move(target)));
    case Target::Kind::kInvalid:
      break;
  }
  MXSWEEP_CHECK(false);
}

}  // namespace mxsweep::scanner
