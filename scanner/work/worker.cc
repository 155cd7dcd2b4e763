#include "scanner/work/worker.h"

#include <openssl/siphash.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "scanner/base/check.h"
#include "scanner/work/worker_waits.h"

namespace mxsweep::scanner {
namespace {

// With back-offs of 30 s and 60 s between them, an address that still says 421 means it, and
// whoever else waits for it would wait for minutes each.
constexpr int kThrottledTooOften = 3;

// A hash set of pointers has an order of its own every time; a scan of the same seed has not.
template <typename Waiter>
void SortByNumber(std::vector<Waiter*>* waiters) {
  std::sort(waiters->begin(), waiters->end(),
            [](const Waiter* a, const Waiter* b) { return a->number < b->number; });
}

}  // namespace

Worker::Worker(ScanContext* context, EventLoop* loop, dns::Resolver* resolver,
               tls::ClientContext* tls_context, const Gate::Options& gate, uint64_t seed)
    : context_(context),
      loop_(loop),
      resolver_(resolver),
      tls_(tls_context),
      gate_(gate),
      hosts_(context->hash_key),
      random_(seed | 1) {}

Worker::~Worker() { MXSWEEP_CHECK(tasks_ == 0); }

void Worker::Start(Target target, Done done) {
  switch (target.kind) {
    case Target::Kind::kDomain:
      return Spawn(ScanDomain(std::move(target), std::move(done)));
    case Target::Kind::kHost:
      return ScanHostTarget(std::move(target), std::move(done));
    case Target::Kind::kAddress:
      return ScanAddressTarget(target, std::move(done));
    case Target::Kind::kInvalid:
      break;
  }
  MXSWEEP_CHECK(false);  // junk is written by whoever reads the list
}

uint32_t Worker::Admit(uint32_t admissions) {
  const int64_t now_ns = loop_->now_ns();
  const uint64_t admitted_before = last_admitted_;
  gate_.set_admission_limit(admissions);
  while (const std::optional<Gate::Ticket> ticket = gate_.Poll(now_ns)) {
    auto* waiter = reinterpret_cast<GateWaiter*>(*ticket);
    gate_waiters_.erase(waiter);
    waiter->admitted = true;
    waiter->waiter.resume();
  }
  if (const int64_t next_ns = gate_.NextEvent(now_ns); next_ns != Gate::kNever) {
    loop_->timers().Start(&gate_timer_, next_ns);
  }
  counters_.in_flight.store(gate_.in_flight(), std::memory_order_relaxed);
  counters_.queued.store(gate_.queued(), std::memory_order_relaxed);
  last_admitted_ = gate_.admitted_total();
  return static_cast<uint32_t>(last_admitted_ - admitted_before);
}

bool Worker::IsLeftAlone(const dns::IpAddress& address) const {
  return gate_.ThrottledInARow(address) >= kThrottledTooOften;
}

void Worker::SendAway(const dns::IpAddress* address) {
  std::vector<GateWaiter*> sent_away;
  for (GateWaiter* waiter : gate_waiters_) {
    if (address == nullptr || waiter->address == *address) sent_away.push_back(waiter);
  }
  SortByNumber(&sent_away);
  for (GateWaiter* waiter : sent_away) {
    gate_waiters_.erase(waiter);
    MXSWEEP_CHECK(gate_.Cancel(waiter->address, reinterpret_cast<Gate::Ticket>(waiter)));
    waiter->waiter.resume();
  }
}

void Worker::Drain() {
  draining_ = true;
  SendAway(nullptr);
  // Nobody goes to sleep any more: these are all.
  std::vector<Sleeper*> woken(sleepers_.begin(), sleepers_.end());
  SortByNumber(&woken);
  for (Sleeper* sleeper : woken) {
    sleepers_.erase(sleeper);
    sleeper->Interrupt();
  }
}

size_t Worker::OwnerOfAddress(const dns::IpAddress& address) const {
  const std::span<const uint8_t> bytes = address.bytes();
  return SIPHASH_24(context_->hash_key.data(), bytes.data(), bytes.size()) %
         context_->workers.size();
}

void Worker::AskForHost(std::string host, HostTable::Callback done) {
  Worker* owner =
      context_->workers[HostTable::OwnerOf(context_->hash_key, host, context_->workers.size())];
  if (owner == this) return OwnHost(std::move(host), std::move(done));
  owner->loop_->Post(
      [owner, asker = this, host = std::move(host), done = std::move(done)]() mutable {
        owner->OwnHost(std::move(host), [asker, done = std::move(done)](const Findings& f) mutable {
          asker->loop_->Post([done = std::move(done), findings = f]() mutable { done(findings); });
        });
      });
}

void Worker::OwnHost(std::string host, HostTable::Callback done) {
  if (hosts_.Ask(host, std::move(done))) Spawn(ScanHost(std::move(host)));
}

void Worker::AskForEndpoint(std::shared_ptr<const HostContext> host, const dns::IpAddress& address,
                            HostTable::Callback done) {
  Worker* owner = context_->workers[OwnerOfAddress(address)];
  if (owner == this) return Spawn(ScanEndpoint(std::move(host), address, std::move(done)));
  owner->loop_->Post(
      [owner, asker = this, host = std::move(host), address, done = std::move(done)]() mutable {
        HostTable::Callback reply = [asker, done = std::move(done)](const Findings& f) mutable {
          asker->loop_->Post([done = std::move(done), findings = f]() mutable { done(findings); });
        };
        Spawn(owner->ScanEndpoint(std::move(host), address, std::move(reply)));
      });
}

int64_t Worker::RetryDelayNs(uint32_t attempt) {
  // Doubled each time, and spread over ± 25 %, so that those that failed together do not come back
  // together. xorshift64* (Marsaglia 2003, Vigna 2016).
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  const double unit = static_cast<double>((random_ * 0x2545F4914F6CDD1DULL) >> 11) * 0x1.0p-53;
  const double factor = static_cast<double>(uint64_t{1} << (attempt - 1)) * (0.75 + 0.5 * unit);
  return static_cast<int64_t>(static_cast<double>(context_->retry_delay_ns) * factor);
}

}  // namespace mxsweep::scanner
