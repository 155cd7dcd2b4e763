#include "scanner/pace/pacer.h"

#include <algorithm>
#include <optional>

#include "scanner/base/check.h"

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

Pacer::Pacer(EventLoop* loop, const Gate::Options& gate, uint64_t seed)
    : loop_(loop), gate_(gate), random_(seed | 1) {}

uint32_t Pacer::Admit(uint32_t admissions) {
  const int64_t now_ns = loop_->now_ns();
  const uint64_t admitted_before = last_admitted_;
  gate_.set_admission_limit(admissions);
  while (const std::optional<Gate::Ticket> ticket = gate_.Poll(now_ns)) {
    auto* waiter = reinterpret_cast<Waiter*>(*ticket);
    waiters_.erase(waiter);
    waiter->admitted = true;
    waiter->handle.resume();
  }
  if (const int64_t next_ns = gate_.NextEvent(now_ns); next_ns != Gate::kNever) {
    loop_->timers().Start(&gate_timer_, next_ns);
  }
  last_admitted_ = gate_.admitted_total();
  return static_cast<uint32_t>(last_admitted_ - admitted_before);
}

void Pacer::GiveBack(const SocketAddress& server, bool throttled) {
  gate_.Release(server, loop_->now_ns(),
                throttled ? Gate::Outcome::kThrottled : Gate::Outcome::kOk);
  if (throttled && IsLeftAlone(server)) SendAway(&server);
}

bool Pacer::IsLeftAlone(const SocketAddress& server) const {
  return gate_.ThrottledInARow(server) >= kThrottledTooOften;
}

void Pacer::SendAway(const SocketAddress* server) {
  std::vector<Waiter*> sent_away;
  for (Waiter* waiter : waiters_) {
    if (server == nullptr || waiter->server == *server) sent_away.push_back(waiter);
  }
  SortByNumber(&sent_away);
  for (Waiter* waiter : sent_away) {
    waiters_.erase(waiter);
    MXSWEEP_CHECK(gate_.Cancel(waiter->server, reinterpret_cast<Gate::Ticket>(waiter)));
    waiter->handle.resume();
  }
}

void Pacer::Drain() {
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

int64_t Pacer::Spread(int64_t delay_ns) {
  // xorshift64* (Marsaglia 2003, Vigna 2016).
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  const double unit = static_cast<double>((random_ * 0x2545F4914F6CDD1DULL) >> 11) * 0x1.0p-53;
  return static_cast<int64_t>(static_cast<double>(delay_ns) * (0.75 + 0.5 * unit));
}

}  // namespace mxsweep::scanner
