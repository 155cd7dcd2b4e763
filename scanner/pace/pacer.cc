#include "scanner/pace/pacer.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

// With back-offs of 30 s and 60 s between them, an address that still says 421 means it, and
// whoever else waits for it would wait for minutes each.
constexpr int kThrottledTooOften = 3;

}  // namespace

Pacer::Pacer(EventLoop* loop, const Gate::Options& gate, uint64_t seed, TurnTaker* taker)
    : loop_(loop), taker_(taker), gate_(gate), random_(seed | 1) {}

std::optional<Gate::Admission> Pacer::Ask(const SocketAddress& server, Gate::Provider provider,
                                          Gate::Ticket ticket, Gate::Start start) {
  if (draining_ || IsLeftAlone(server)) return std::nullopt;
  const Gate::Admission admission = gate_.Request(server, ticket, loop_->now_ns(), provider, start);
  if (admission == Gate::Admission::kBusy && crowds_ended_) {
    MXSWEEP_CHECK(gate_.Cancel(server, ticket));
    return std::nullopt;
  }
  return admission;
}

std::optional<Gate::Admission> Pacer::Request(const SocketAddress& server, Gate::Provider provider,
                                              Parked parked) {
  return Ask(server, provider, TicketOf(parked), Gate::Start::kLater);
}

void Pacer::Tell(const Gate::Queued& request, bool admitted) {
  if ((request.ticket & 1) != 0) {
    taker_->OnTurn({request.ticket >> 1, request.server, admitted, request.was_busy});
    return;
  }
  auto* waiter = reinterpret_cast<Waiter*>(request.ticket);
  waiter->admitted = admitted;
  waiter->handle.resume();
}

uint32_t Pacer::Admit(uint32_t admissions) {
  const int64_t now_ns = loop_->now_ns();
  const uint64_t admitted_before = last_admitted_;
  gate_.set_admission_limit(admissions);
  while (const std::optional<Gate::Queued> request = gate_.Poll(now_ns)) Tell(*request, true);
  if (const int64_t next_ns = gate_.NextEvent(now_ns); next_ns != Gate::kNever) {
    loop_->timers().Start(&gate_timer_, next_ns);
  }
  last_admitted_ = gate_.admitted_total();
  return static_cast<uint32_t>(last_admitted_ - admitted_before);
}

void Pacer::GiveBack(const SocketAddress& server, bool throttled, Gate::Provider provider) {
  gate_.Release(server, loop_->now_ns(), throttled ? Gate::Outcome::kThrottled : Gate::Outcome::kOk,
                provider);
  if (throttled && IsLeftAlone(server)) SendAway(server);
}

void Pacer::RestoreThrottled(const SocketAddress& server, uint32_t times, int64_t age_ns) {
  const int64_t now_ns = loop_->now_ns();
  gate_.RestoreThrottled(server, times, now_ns - age_ns, now_ns);
}

bool Pacer::IsLeftAlone(const SocketAddress& server) const {
  return gate_.ThrottledInARow(server) >= kThrottledTooOften;
}

void Pacer::SendAway(const SocketAddress& server) {
  for (const Gate::Queued& request : gate_.CancelAll(server)) Tell(request, false);
}

void Pacer::SendAllAway() {
  std::vector<SocketAddress> servers = gate_.QueuedServers();
  // A hash table has an order of its own every time; a scan of the same seed has not.
  std::sort(servers.begin(), servers.end(), [](const SocketAddress& a, const SocketAddress& b) {
    return std::tie(a.address, a.port) < std::tie(b.address, b.port);
  });
  for (const SocketAddress& server : servers) SendAway(server);
}

void Pacer::EndCrowds() {
  crowds_ended_ = true;
  SendAllAway();
}

void Pacer::Drain() {
  draining_ = true;
  SendAllAway();
  // Nobody goes to sleep any more: these are all.
  std::vector<Sleeper*> woken(sleepers_.begin(), sleepers_.end());
  std::sort(woken.begin(), woken.end(),
            [](const Sleeper* a, const Sleeper* b) { return a->number < b->number; });
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
