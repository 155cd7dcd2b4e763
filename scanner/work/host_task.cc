// An MX host: its addresses and TLSA records, and the endpoints at each address. While its
// endpoints are being asked it is a record of some fifty bytes, not a task.
#include "scanner/work/host_task.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "dns/public_suffix.h"
#include "scanner/base/check.h"
#include "scanner/record/rows.h"
#include "scanner/work/endpoint_task.h"
#include "scanner/work/lookups.h"
#include "scanner/work/outage_task.h"
#include "scanner/work/packing.h"
#include "scanner/work/target_task.h"

namespace mxsweep::scanner {
namespace {

// How long a failure that may pass answers for a host: the next domain may fare better.
constexpr int64_t kKeepFailureNs = 300'000'000'000;
// Endpoints of one host that are being asked, or wait, at a time.
constexpr uint8_t kEndpointWindow = 16;
constexpr int64_t kNsPerUs = 1'000;
// TLSA records that are older by the time of a handshake are looked up again.
constexpr int64_t kFreshTlsaUs = 600'000'000;

// In front of a packed WaitingHost. A host of one address has no summary there: what its endpoint
// comes to is all there is.
struct HostHead {
  uint32_t size = 0;  // of the whole record
  uint8_t addresses = 0;
  uint8_t asked = 0;    // of them
  uint8_t pending = 0;  // of those asked
};
static_assert(2 * dns::kMaxAddressesPerFamily <= 0xff);
constexpr size_t kHeadBytes = kHostHeadBytes;

HostHead ReadHead(const uint8_t* record) {
  HostHead head;
  std::memcpy(&head.size, record, sizeof(head.size));
  head.addresses = record[4];
  head.asked = record[5];
  head.pending = record[6];
  return head;
}

void WriteHead(const HostHead& head, uint8_t* record) {
  std::memcpy(record, &head.size, sizeof(head.size));
  record[4] = head.addresses;
  record[5] = head.asked;
  record[6] = head.pending;
}

size_t BodyAt(const HostHead& head) {
  return kHeadBytes + (head.addresses > 1 ? sizeof(Summary) : 0);
}

// The addresses stay those that are being asked.
void TakeTlsa(const dns::HostAnswer& from, dns::HostAnswer* to) {
  to->tlsa_status = from.tlsa_status;
  to->tlsa_base_domain = from.tlsa_base_domain;
  to->tlsa = from.tlsa;
  to->tlsa_left_out = from.tlsa_left_out;
  to->tlsa_for_ipv4 = from.tlsa_for_ipv4;
  to->tlsa_for_ipv6 = from.tlsa_for_ipv6;
}

bool SameTlsa(const dns::HostAnswer& a, const dns::HostAnswer& b) {
  return a.tlsa_status == b.tlsa_status && a.tlsa_base_domain == b.tlsa_base_domain &&
         a.tlsa == b.tlsa && a.tlsa_left_out == b.tlsa_left_out &&
         a.tlsa_for_ipv4 == b.tlsa_for_ipv4 && a.tlsa_for_ipv6 == b.tlsa_for_ipv6;
}

WaitingHost Unpack(Worker* worker, uint32_t handle) {
  const uint8_t* record = worker->waiting_hosts().At(handle);
  const HostHead head = ReadHead(record);
  WaitingHost host =
      UnpackHost({reinterpret_cast<const char*>(record) + BodyAt(head), head.size - BodyAt(head)});
  const auto& refreshed = worker->refreshed_hosts();
  if (const auto found = refreshed.find(handle); found != refreshed.end()) {
    TakeTlsa(found->second, &*host.answer);
  }
  return host;
}

std::shared_ptr<HostContext> MakeContext(WaitingHost host) {
  auto context = std::make_shared<HostContext>();
  context->provider = dns::RegistrableDomain(host.host);
  context->host = std::move(host.host);
  context->answer = std::move(host.answer);
  return context;
}

void Tell(Worker* worker, const HostWaiter& waiter, const HostResult& result) {
  Worker* keeper = worker->context()->workers[waiter.worker];
  if (keeper == worker) return OnHostDone(keeper, waiter, result);
  keeper->loop()->Post([keeper, waiter, result] { OnHostDone(keeper, waiter, result); });
}

void Plan(Worker* worker, const HostWaiter& waiter, uint16_t addresses) {
  if (waiter.room == HostWaiter::kAnyRoom) return;
  Worker* keeper = worker->context()->workers[waiter.worker];
  if (keeper == worker) return OnHostPlanned(keeper, waiter, addresses);
  keeper->loop()->Post([keeper, waiter, addresses] { OnHostPlanned(keeper, waiter, addresses); });
}

// Asks the next endpoints of a host that is kept, as the window allows.
void AskEndpoints(Worker* worker, uint32_t handle, std::shared_ptr<const HostContext> context,
                  const std::vector<dns::IpAddress>& addresses) {
  std::vector<dns::IpAddress> next;
  HostHead head = ReadHead(worker->waiting_hosts().At(handle));
  while (head.asked < head.addresses && head.pending < kEndpointWindow) {
    next.push_back(addresses[head.asked++]);
    ++head.pending;
  }
  WriteHead(head, worker->waiting_hosts().At(handle));
  // The last one may be done, and the host with it, before this returns.
  for (const dns::IpAddress& address : next) AskForEndpoint(worker, context, handle, address);
}

absl::Time StartOf(Worker* worker, int64_t elapsed_ns) {
  return worker->loop()->wall_now() - absl::Nanoseconds(elapsed_ns);
}

HostContext ContextOf(const WaitingHost& host) {
  HostContext context;
  context.host = host.host;
  context.provider = dns::RegistrableDomain(host.host);
  context.answer = *host.answer;
  return context;
}

// The findings of all its endpoints, and whatever else makes a host's.
void FinishHost(Worker* worker, const WaitingHost& host, Findings findings) {
  const AddressChoice& choice = worker->settings().addresses;
  const dns::HostAnswer& answer = *host.answer;
  const size_t unasked = CountUnaskedAddresses(choice, answer);
  findings = FindingsOfHost(choice, answer, std::move(findings));
  const bool complete = !findings.has(Summary::kCancelled);
  const bool passes = complete && MayPass(answer, findings);
  EventLoop* loop = worker->loop();
  if (complete) {
    const int64_t elapsed_ns = loop->real_now_ns() - host.started_us * kNsPerUs;
    const PackedFindings packed{findings, passes};
    worker->services().recorder->Push(MakeMxHostRow(ContextOf(host), StartOf(worker, elapsed_ns),
                                                    elapsed_ns, static_cast<uint32_t>(unasked),
                                                    &packed));
    worker->counters().hosts_done.fetch_add(1, std::memory_order_relaxed);
  }
  const auto tell = [&](const HostWaiter& waiter) { Tell(worker, waiter, {findings}); };
  if (passes) {
    worker->hosts().FinishUntil(host.host, findings, loop->now_ns() + kKeepFailureNs, tell);
  } else {
    worker->hosts().Finish(host.host, findings, /*keep=*/complete, tell);
  }
}

// An address or a host of the list, with what its endpoints came to.
void EndTarget(Worker* worker, const WaitingHost& host, const Findings& findings) {
  if (!findings.has(Summary::kCancelled)) {
    if (host.answer) worker->counters().hosts_done.fetch_add(1, std::memory_order_relaxed);
    worker->services().recorder->Push(TargetResult{*host.target_number});
  }
  worker->context()->targets_open.fetch_sub(1, std::memory_order_acq_rel);
}

// Keeps a host whose endpoints are to be asked, and asks them.
void KeepAndAsk(Worker* worker, const WaitingHost& host, std::shared_ptr<const HostContext> context,
                const std::vector<dns::IpAddress>& addresses) {
  HostHead head{.addresses = static_cast<uint8_t>(addresses.size())};
  std::string record(BodyAt(head), '\0');
  const Summary nothing;
  if (head.addresses > 1) std::memcpy(record.data() + kHeadBytes, &nothing, sizeof(nothing));
  Pack(host, &record);
  head.size = static_cast<uint32_t>(record.size());
  WriteHead(head, reinterpret_cast<uint8_t*>(record.data()));
  const uint32_t handle = worker->waiting_hosts().Add(record);
  AskEndpoints(worker, handle, std::move(context), addresses);
}

// `first`: who asked first, and so has the addresses asked on his behalf.
Task<void> LookUpAndAsk(Worker* worker, std::string name, HostWaiter first) {
  worker->TaskBegan();
  worker->context()->slots.Take();
  WaitingHost host;
  host.started_us = worker->loop()->real_now_ns() / kNsPerUs;
  host.host = std::move(name);
  if (worker->draining()) {
    worker->hosts().Finish(host.host, Findings(Summary{.flags = Summary::kCancelled}),
                           /*keep=*/false, [&](const HostWaiter& waiter) {
                             Tell(worker, waiter, {Summary{.flags = Summary::kCancelled}});
                           });
  } else {
    const dns::HostLookupOptions options{.port = worker->settings().port};
    host.answer = co_await LookUpHost(worker, host.host, options);
    const std::vector<dns::IpAddress> addresses =
        AddressesToTry(worker->settings().addresses, *host.answer);
    if (worker->draining() && HeardIn(*host.answer) == Heard::kSilence) {
      // It may have been our own network's: nobody waits to learn that.
      FinishHost(worker, host, Findings(Summary{.flags = Summary::kCancelled}));
    } else if (addresses.empty()) {
      FinishHost(worker, host, {});
    } else if (worker->hosts().MostRoom(host.host) < addresses.size()) {
      worker->hosts().Finish(host.host, {}, /*keep=*/false, [&](const HostWaiter& waiter) {
        Tell(worker, waiter, {.findings = {}, .over_budget = true});
      });
    } else {
      const auto count = static_cast<uint16_t>(addresses.size());
      Plan(worker, first, first.room >= count ? count : uint16_t{0});
      if (worker->settings().resolve_only) {
        FinishHost(worker, host, Findings(SummarizeNotProbed(addresses.size())));
      } else {
        KeepAndAsk(worker, host, std::make_shared<HostContext>(ContextOf(host)), addresses);
      }
    }
  }
  worker->TaskEnded();
  worker->context()->slots.Return();
}

// True: something was heard. A host of the list has its row elsewhere, with other records then.
bool TakeFreshTlsa(Worker* worker, const dns::HostAnswer& now, WaitingHost* host) {
  if (HeardIn(now) != Heard::kAnswer || now.address_status != dns::LookupStatus::kOk) return false;
  const bool is_news = !SameTlsa(now, *host->answer);
  TakeTlsa(now, &*host->answer);
  if (is_news && host->target_number) {
    const int64_t elapsed_ns = worker->loop()->real_now_ns() - host->started_us * kNsPerUs;
    worker->services().recorder->Push(
        MakeMxHostRow(ContextOf(*host), StartOf(worker, elapsed_ns), elapsed_ns));
  }
  return true;
}

// Where nothing new is heard, what was known is what is told.
Task<void> RefreshTlsa(Worker* worker, uint32_t handle, WaitingHost host,
                       Answered<std::shared_ptr<const HostContext>> answered) {
  worker->TaskBegan();
  const dns::HostLookupOptions options{.port = worker->settings().port};
  dns::HostAnswer now = co_await LookUpHost(worker, host.host, options);
  if (TakeFreshTlsa(worker, now, &host)) worker->refreshed_hosts()[handle] = std::move(now);
  answered(MakeContext(std::move(host)));
  worker->TaskEnded();
}

void ServeHost(Worker* owner, std::string host, const HostWaiter& waiter) {
  if (const auto known = owner->hosts().Find(host, owner->loop()->now_ns())) {
    return Tell(owner, waiter, {*known});
  }
  if (owner->hosts().Wait(host, waiter)) {
    Spawn(LookUpAndAsk(owner, std::move(host), waiter));
  } else {
    Plan(owner, waiter, 0);  // it is asked on another's behalf
  }
}

}  // namespace

void AskForHost(Worker* worker, std::string host, const HostWaiter& waiter) {
  Worker* owner = worker->OwnerOfHost(host);
  if (owner == worker) return ServeHost(owner, std::move(host), waiter);
  owner->loop()->Post([owner, host = std::move(host), waiter]() mutable {
    ServeHost(owner, std::move(host), waiter);
  });
}

void RestoreHost(Worker* worker, const std::string& host, const PackedFindings& packed,
                 absl::Time finished_at) {
  EventLoop* loop = worker->loop();
  const int64_t now_ns = loop->now_ns();
  if (!packed.passes) return worker->hosts().Restore(host, packed.findings, now_ns, std::nullopt);
  const int64_t left_ns = kKeepFailureNs - absl::ToInt64Nanoseconds(loop->wall_now() - finished_at);
  if (left_ns <= 0) return;
  worker->hosts().Restore(host, packed.findings, now_ns,
                          now_ns + std::min(left_ns, kKeepFailureNs));
}

void AskForAddressTarget(Worker* worker, const Target& target) {
  WaitingHost host;
  host.host = target.name;
  host.target_number = target.number;
  host.address = target.address;
  auto context = std::make_shared<HostContext>();
  context->host = target.name;
  context->provider = dns::RegistrableDomain(target.name);
  KeepAndAsk(worker, host, std::move(context), {target.address});
}

// Between the look-up and now a key may have been rolled over.
Task<void> AskForResolvedTarget(Worker* worker, Target target) {
  worker->TaskBegan();
  EventLoop* loop = worker->loop();
  WaitingHost host;
  host.started_us = loop->real_now_ns() / kNsPerUs;
  host.host = std::move(target.name);
  host.target_number = target.number;
  host.answer = target.resolved->answer;
  const absl::Duration age = loop->wall_now() - target.resolved->resolved_at;
  if (host.answer->tlsa_status && age >= absl::Microseconds(kFreshTlsaUs)) {
    const dns::HostLookupOptions options{.port = worker->settings().port};
    const dns::HostAnswer now = co_await LookUpHost(worker, host.host, options);
    TakeFreshTlsa(worker, now, &host);
  }
  if (worker->draining()) {
    EndTarget(worker, host, Findings(Summary{.flags = Summary::kCancelled}));
  } else {
    const std::vector<dns::IpAddress> addresses =
        AddressesToTry(worker->settings().addresses, *host.answer);
    KeepAndAsk(worker, host, std::make_shared<HostContext>(ContextOf(host)), addresses);
  }
  worker->TaskEnded();
  worker->context()->slots.Return();
}

void OnEndpointDone(Worker* worker, uint32_t handle, const Findings& findings) {
  uint8_t* record = worker->waiting_hosts().At(handle);
  HostHead head = ReadHead(record);
  MXSWEEP_CHECK(head.pending > 0);
  --head.pending;
  Findings all = findings;
  auto& misnamed = worker->misnamed_of_hosts();
  if (head.addresses > 1) {
    Findings before;
    std::memcpy(static_cast<Summary*>(&before), record + kHeadBytes, sizeof(Summary));
    if (const auto names = misnamed.find(handle); names != misnamed.end()) {
      before.misnamed = names->second;
    }
    before.Merge(findings);
    all = std::move(before);
    std::memcpy(record + kHeadBytes, static_cast<const Summary*>(&all), sizeof(Summary));
    if (all.misnamed != nullptr) misnamed[handle] = all.misnamed;
  }
  WriteHead(head, record);
  if (head.asked < head.addresses) {
    WaitingHost host = Unpack(worker, handle);
    const std::vector<dns::IpAddress> addresses =
        AddressesToTry(worker->settings().addresses, *host.answer);
    return AskEndpoints(worker, handle, MakeContext(std::move(host)), addresses);
  }
  if (head.pending > 0) return;
  const WaitingHost host = Unpack(worker, handle);
  worker->waiting_hosts().Remove(handle, head.size);
  misnamed.erase(handle);
  worker->refreshed_hosts().erase(handle);
  if (host.target_number) return EndTarget(worker, host, all);
  FinishHost(worker, host, std::move(all));
}

void AnswerContextOfHost(Worker* keeper, ContextQuestion question,
                         Answered<std::shared_ptr<const HostContext>> answered) {
  WaitingHost host = Unpack(keeper, question.handle);
  const int64_t age_us = keeper->loop()->real_now_ns() / kNsPerUs - host.started_us;
  const bool is_stale = host.answer && host.answer->tlsa_status && age_us >= kFreshTlsaUs;
  if (!question.to_be_asked || !is_stale || keeper->draining()) {
    return answered(MakeContext(std::move(host)));
  }
  Spawn(RefreshTlsa(keeper, question.handle, std::move(host), std::move(answered)));
}

Task<dns::HostAnswer> LookUpHost(Worker* worker, std::string host, dns::HostLookupOptions options) {
  dns::HostAnswer answer;
  Asking asking(worker, host);
  bool again = true;
  while (again) {
    asking.Begin();
    answer = co_await AwaitHost(worker->resolver(), host, options);
    again = co_await asking.Again(HeardIn(answer));
  }
  co_return std::move(answer);
}

}  // namespace mxsweep::scanner
