#include "scanner/pace/gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "tests/tls/session/heap_use.h"

namespace mxsweep::scanner {
namespace {

using Admission = Gate::Admission;
using Outcome = Gate::Outcome;

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1'000'000'000;

SocketAddress Ip(uint32_t number, uint16_t port = 25) {
  return {dns::IpAddress::FromV4(0x0a000000 + number), port};
}

Gate::Options Unlimited() {
  Gate::Options options;
  options.per_address_interval_ns = 0;
  return options;
}

// Whose turn it is.
std::optional<Gate::Ticket> Poll(Gate* gate, int64_t now_ns) {
  const std::optional<Gate::Queued> request = gate->Poll(now_ns);
  if (!request) return std::nullopt;
  return request->ticket;
}

TEST(Gate, AdmitsAtOnceWhatNothingHoldsBack) {
  Gate gate({});
  EXPECT_EQ(gate.Request(Ip(1), 1, 0), Admission::kAdmitted);
  EXPECT_EQ(gate.Request(Ip(2), 2, 0), Admission::kAdmitted);
  EXPECT_EQ(gate.in_flight(), 2u);
  EXPECT_EQ(gate.NextEvent(0), Gate::kNever);
}

// Whoever went before may have asked the same address a moment ago.
TEST(Gate, OfAScanThatGoesOnBeginsOnceEverybodyMayBeAskedAgain) {
  Gate::Options options;
  options.per_address_interval_ns = 3 * kSecond;
  options.per_prefix_rate_per_s = 0.2;
  options.goes_on = true;
  Gate gate(options);
  EXPECT_EQ(gate.Request(Ip(1), 1, 100 * kSecond), Admission::kQueued);
  EXPECT_FALSE(gate.AdmitNow(Ip(1), 101 * kSecond));
  EXPECT_EQ(Poll(&gate, 105 * kSecond - 1), std::nullopt);
  EXPECT_EQ(gate.NextEvent(101 * kSecond), 105 * kSecond);
  EXPECT_EQ(Poll(&gate, 105 * kSecond), 1u);
  EXPECT_EQ(gate.Request(Ip(300), 2, 105 * kSecond), Admission::kAdmitted);
}

TEST(Gate, KnowsOfAnEarlierScanWhoThrottles) {
  Gate::Options options;
  options.backoff_initial_ns = 10 * kSecond;
  options.backoff_memory_ns = 50 * kSecond;
  Gate gate(options);
  // A clock that has just begun.
  gate.RestoreThrottled(Ip(1), 2, -3 * kSecond, kSecond);
  gate.RestoreThrottled(Ip(2), 1, -100 * kSecond, kSecond);
  EXPECT_EQ(gate.ThrottledInARow(Ip(1)), 2);
  EXPECT_EQ(gate.ThrottledInARow(Ip(2)), 0) << "forgotten";
  EXPECT_EQ(gate.tracked_addresses(), 1u);
  EXPECT_EQ(gate.Request(Ip(1), 1, 2 * kSecond), Admission::kBusy);
  EXPECT_EQ(Poll(&gate, 17 * kSecond - 1), std::nullopt);
  EXPECT_EQ(Poll(&gate, 17 * kSecond), 1u);
  // Once it is answered otherwise, that is over.
  gate.Release(Ip(1), 18 * kSecond, Outcome::kOk);
  EXPECT_EQ(gate.ThrottledInARow(Ip(1)), 0);
}

TEST(Gate, HasOneConnectionToAnAddressAtATime) {
  Gate gate({});
  EXPECT_EQ(gate.Request(Ip(1), 1, 0), Admission::kAdmitted);
  EXPECT_EQ(gate.Request(Ip(1), 2, 0), Admission::kBusy);
  EXPECT_EQ(Poll(&gate, 100 * kSecond), std::nullopt);
  EXPECT_EQ(gate.NextEvent(100 * kSecond), Gate::kNever);
  gate.Release(Ip(1), 100 * kSecond, Outcome::kOk);
  EXPECT_EQ(Poll(&gate, 100 * kSecond), 2u);
}

TEST(Gate, SpacesTheStartsOfConnectionsToAnAddress) {
  Gate gate({});
  gate.Request(Ip(1), 1, 0);
  gate.Request(Ip(1), 2, 0);
  gate.Release(Ip(1), 200 * kMs, Outcome::kOk);
  EXPECT_EQ(gate.NextEvent(200 * kMs), kSecond);
  EXPECT_EQ(Poll(&gate, kSecond - 1), std::nullopt);
  EXPECT_EQ(Poll(&gate, kSecond), 2u);
}

TEST(Gate, HoldsBackARequestThatComesTooSoonAfterTheLastConnection) {
  Gate gate({});
  gate.Request(Ip(1), 1, 0);
  gate.Release(Ip(1), 10 * kMs, Outcome::kOk);
  EXPECT_EQ(gate.Request(Ip(1), 2, 20 * kMs), Admission::kBusy);
  EXPECT_EQ(gate.NextEvent(20 * kMs), kSecond);
  EXPECT_EQ(Poll(&gate, kSecond), 2u);
}

TEST(Gate, AdmitsRequestsForOneAddressInOrder) {
  Gate gate({});
  for (Gate::Ticket ticket = 1; ticket <= 5; ++ticket) gate.Request(Ip(1), ticket, 0);
  for (Gate::Ticket ticket = 2; ticket <= 5; ++ticket) {
    const int64_t now = static_cast<int64_t>(ticket) * kSecond;
    gate.Release(Ip(1), now, Outcome::kOk);
    EXPECT_EQ(Poll(&gate, now), ticket);
    EXPECT_EQ(Poll(&gate, now), std::nullopt);
  }
}

// A policy host that answers 429 is not a mail server that said 421, though the address is one.
TEST(Gate, WhatAServerSaysAtOnePortIsNotSaidOfAnother) {
  Gate gate(Unlimited());
  gate.Request(Ip(1, 443), 1, 0);
  gate.Release(Ip(1, 443), kSecond, Outcome::kThrottled);
  EXPECT_EQ(gate.ThrottledInARow(Ip(1, 443)), 1);
  EXPECT_EQ(gate.ThrottledInARow(Ip(1, 25)), 0);
  EXPECT_EQ(gate.Request(Ip(1, 25), 2, kSecond), Admission::kAdmitted);
  EXPECT_EQ(gate.Request(Ip(1, 443), 3, kSecond), Admission::kBusy);
}

TEST(Gate, LetsAddressesTakeTurns) {
  Gate::Options options = Unlimited();
  options.max_concurrency = 1;
  options.per_address_concurrency = 10;
  Gate gate(options);
  EXPECT_EQ(gate.Request(Ip(9), 9, 0), Admission::kAdmitted);
  for (Gate::Ticket ticket : {10, 11, 12}) gate.Request(Ip(1), ticket, 0);
  for (Gate::Ticket ticket : {20, 21}) gate.Request(Ip(2), ticket, 0);
  std::vector<Gate::Ticket> order;
  SocketAddress open = Ip(9);
  for (int i = 0; i < 5; ++i) {
    gate.Release(open, i, Outcome::kOk);
    const auto ticket = Poll(&gate, i);
    ASSERT_TRUE(ticket.has_value());
    order.push_back(*ticket);
    open = Ip(static_cast<uint32_t>(*ticket / 10));
  }
  EXPECT_EQ(order, (std::vector<Gate::Ticket>{10, 20, 11, 21, 12}));
}

TEST(Gate, DoesNotLetANewcomerPassWhoWaitedForHisInterval) {
  Gate::Options options;
  options.max_concurrency = 2;
  Gate gate(options);
  gate.Request(Ip(1), 1, 0);
  gate.Request(Ip(3), 3, 0);
  gate.Request(Ip(1), 2, 0);
  gate.Release(Ip(1), 1, Outcome::kOk);
  // Its interval has passed, nobody has polled, and there is room for one.
  EXPECT_EQ(gate.Request(Ip(4), 4, 2 * kSecond), Admission::kQueued);
  EXPECT_EQ(Poll(&gate, 2 * kSecond), 2u);
  EXPECT_EQ(Poll(&gate, 2 * kSecond), std::nullopt);
}

TEST(Gate, KeepsToTheWorkersConcurrency) {
  Gate::Options options = Unlimited();
  options.max_concurrency = 3;
  Gate gate(options);
  for (uint32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(gate.Request(Ip(i), i, 0), i < 3 ? Admission::kAdmitted : Admission::kQueued);
  }
  EXPECT_EQ(Poll(&gate, 0), std::nullopt);
  EXPECT_EQ(gate.NextEvent(0), Gate::kNever);
  gate.Release(Ip(1), 5, Outcome::kOk);
  EXPECT_EQ(gate.NextEvent(5), 5);
  EXPECT_EQ(Poll(&gate, 5), 3u);
  EXPECT_EQ(Poll(&gate, 5), std::nullopt);
}

TEST(Gate, SpacesConnectionsByTheRate) {
  Gate::Options options = Unlimited();
  options.rate_per_s = 10;
  Gate gate(options);
  EXPECT_EQ(gate.Request(Ip(1), 1, 0), Admission::kAdmitted);
  EXPECT_EQ(gate.Request(Ip(2), 2, 0), Admission::kQueued);
  EXPECT_EQ(gate.NextEvent(0), 100 * kMs);
  EXPECT_EQ(Poll(&gate, 99 * kMs), std::nullopt);
  EXPECT_EQ(Poll(&gate, 100 * kMs), 2u);
}

TEST(Gate, DoesNotBurstAfterASuspension) {
  Gate::Options options = Unlimited();
  options.rate_per_s = 100;
  Gate gate(options);
  for (uint32_t i = 0; i < 1000; ++i) gate.Request(Ip(i), i, 0);
  int admitted = 0;
  while (Poll(&gate, 3600 * kSecond)) ++admitted;
  EXPECT_EQ(admitted, 5);  // 50 ms worth
}

TEST(Gate, StopsAtTheAdmissionLimitUntilItIsSetAgain) {
  Gate gate(Unlimited());
  gate.set_admission_limit(2);
  EXPECT_EQ(gate.Request(Ip(1), 1, 0), Admission::kAdmitted);
  EXPECT_EQ(gate.Request(Ip(2), 2, 0), Admission::kAdmitted);
  EXPECT_EQ(gate.Request(Ip(3), 3, 0), Admission::kQueued);
  EXPECT_EQ(Poll(&gate, 0), std::nullopt);
  EXPECT_EQ(gate.NextEvent(0), 0);
  gate.set_admission_limit(1);
  EXPECT_EQ(Poll(&gate, 0), 3u);
}

TEST(Gate, BacksOffFromAThrottlingAddressAndTwiceAsLongTheNextTime) {
  Gate::Options options;
  options.backoff_initial_ns = 30 * kSecond;
  options.backoff_max_ns = 100 * kSecond;
  Gate gate(options);
  gate.Request(Ip(1), 0, 0);
  int64_t now = kSecond;
  for (const int64_t expected_s : {30, 60, 100, 100}) {
    gate.Release(Ip(1), now, Outcome::kThrottled);
    EXPECT_EQ(gate.Request(Ip(1), 1, now), Admission::kBusy);
    EXPECT_EQ(gate.NextEvent(now), now + expected_s * kSecond);
    now += expected_s * kSecond;
    EXPECT_EQ(Poll(&gate, now - 1), std::nullopt);
    EXPECT_EQ(Poll(&gate, now), 1u);
  }
  EXPECT_EQ(gate.throttled_total(), 4u);
}

TEST(Gate, RemembersABackOffForAWhileAfterItEnded) {
  Gate::Options options;
  options.backoff_initial_ns = 30 * kSecond;
  options.backoff_memory_ns = 600 * kSecond;
  Gate gate(options);
  gate.Request(Ip(1), 0, 0);
  gate.Release(Ip(1), 0, Outcome::kThrottled);
  EXPECT_EQ(Poll(&gate, 60 * kSecond), std::nullopt);
  EXPECT_EQ(gate.Request(Ip(1), 1, 60 * kSecond), Admission::kAdmitted);
  gate.Release(Ip(1), 60 * kSecond, Outcome::kThrottled);
  EXPECT_EQ(gate.Request(Ip(1), 2, 60 * kSecond), Admission::kBusy);
  EXPECT_EQ(gate.NextEvent(60 * kSecond), 120 * kSecond);
}

TEST(Gate, ForgetsABackOffInTheEnd) {
  Gate gate({});
  gate.Request(Ip(1), 0, 0);
  gate.Release(Ip(1), 0, Outcome::kThrottled);
  Poll(&gate, 629 * kSecond);
  EXPECT_EQ(gate.tracked_addresses(), 1u);
  Poll(&gate, 630 * kSecond);
  EXPECT_EQ(gate.tracked_addresses(), 0u);
}

TEST(Gate, BeginsAfreshAfterASuccessHoweverShort) {
  Gate::Options options;
  options.backoff_initial_ns = 30 * kSecond;
  Gate gate(options);
  gate.Request(Ip(1), 0, 0);
  gate.Release(Ip(1), 0, Outcome::kThrottled);
  EXPECT_EQ(gate.Request(Ip(1), 1, 30 * kSecond), Admission::kAdmitted);
  gate.Release(Ip(1), 30 * kSecond + 5 * kMs, Outcome::kOk);
  EXPECT_EQ(gate.Request(Ip(1), 2, 31 * kSecond), Admission::kAdmitted);
  gate.Release(Ip(1), 31 * kSecond, Outcome::kThrottled);
  gate.Request(Ip(1), 3, 31 * kSecond);
  EXPECT_EQ(gate.NextEvent(31 * kSecond), 61 * kSecond);
}

TEST(Gate, TakesNoComfortFromAConnectionThatBeganBeforeTheBackOff) {
  Gate::Options options = Unlimited();
  options.per_address_concurrency = 2;
  options.backoff_initial_ns = 30 * kSecond;
  Gate gate(options);
  gate.Request(Ip(1), 1, 0);
  gate.Request(Ip(1), 2, 0);
  gate.Release(Ip(1), kSecond, Outcome::kThrottled);
  gate.Release(Ip(1), 2 * kSecond, Outcome::kOk);
  gate.Request(Ip(1), 3, 31 * kSecond);
  gate.Request(Ip(1), 4, 31 * kSecond);
  EXPECT_EQ(gate.in_flight(), 1u) << "one at a time until one went well";
  gate.Release(Ip(1), 31 * kSecond, Outcome::kThrottled);
  EXPECT_EQ(gate.NextEvent(31 * kSecond), 91 * kSecond);
}

TEST(Gate, HoldsBackReadyRequestsOfAnAddressThatThrottlesMeanwhile) {
  Gate::Options options = Unlimited();
  options.per_address_concurrency = 2;
  options.max_concurrency = 2;
  Gate gate(options);
  gate.Request(Ip(1), 1, 0);
  gate.Request(Ip(2), 2, 0);
  EXPECT_EQ(gate.Request(Ip(1), 3, 0), Admission::kQueued);
  gate.Release(Ip(1), 1, Outcome::kThrottled);
  EXPECT_EQ(Poll(&gate, 1), std::nullopt);
  EXPECT_EQ(gate.NextEvent(1), 1 + 30 * kSecond);
  EXPECT_EQ(Poll(&gate, 1 + 30 * kSecond), 3u);
}

TEST(Gate, CancelsQueuedRequestsOnly) {
  Gate gate({});
  gate.Request(Ip(1), 1, 0);
  gate.Request(Ip(1), 2, 0);
  gate.Request(Ip(1), 3, 0);
  gate.Request(Ip(1), 4, 0);
  EXPECT_FALSE(gate.Cancel(Ip(1), 1));
  EXPECT_FALSE(gate.Cancel(Ip(2), 2));
  EXPECT_TRUE(gate.Cancel(Ip(1), 4));
  EXPECT_TRUE(gate.Cancel(Ip(1), 2));
  EXPECT_FALSE(gate.Cancel(Ip(1), 2));
  EXPECT_EQ(gate.queued(), 1u);
  gate.Request(Ip(1), 5, 0);
  gate.Release(Ip(1), kSecond, Outcome::kOk);
  EXPECT_EQ(Poll(&gate, kSecond), 3u);
  gate.Release(Ip(1), 2 * kSecond, Outcome::kOk);
  EXPECT_EQ(Poll(&gate, 2 * kSecond), 5u);
}

TEST(Gate, ForgetsAnAddressWhoseOnlyRequestWasCancelled) {
  Gate gate({});
  gate.Request(Ip(1), 1, 0);
  gate.Release(Ip(1), 0, Outcome::kOk);
  gate.Request(Ip(1), 2, 0);
  EXPECT_TRUE(gate.Cancel(Ip(1), 2));
  EXPECT_EQ(Poll(&gate, kSecond), std::nullopt);
  EXPECT_EQ(gate.tracked_addresses(), 0u);
  EXPECT_EQ(gate.NextEvent(kSecond), Gate::kNever);
}

TEST(Gate, KeepsNothingOfAddressesThatAreDoneAndUnrestricted) {
  Gate gate({});
  int64_t now = 0;
  size_t most = 0;
  for (uint32_t i = 0; i < 100'000; ++i, now += kMs) {
    ASSERT_EQ(gate.Request(Ip(i), i, now), Admission::kAdmitted);
    gate.Release(Ip(i), now, Outcome::kOk);
    Poll(&gate, now);
    most = std::max(most, gate.tracked_addresses());
  }
  EXPECT_LE(most, 1001u) << "those of the last second";
  Poll(&gate, now + 2 * kSecond);
  EXPECT_EQ(gate.tracked_addresses(), 0u);
}

// Drives a gate at random for a simulated while, and checks every promise at each admission.
class GateSimulation {
 public:
  GateSimulation(const Gate::Options& options, uint64_t seed)
      : options_(options), gate_(options), random_(seed) {}

  void Run(int steps, uint32_t addresses) {
    for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) {
      switch (random_() % 4) {
        case 0:
        case 1:
          RequestOne(static_cast<uint32_t>(random_() % addresses));
          break;
        case 2:
          ReleaseOne();
          break;
        default:
          Pass();
      }
    }
    Drain();
  }

 private:
  struct Asked {
    uint32_t address;
    uint64_t sequence;
  };

  void RequestOne(uint32_t address) {
    const Gate::Ticket ticket = next_ticket_++;
    asked_[ticket] = {address, asked_per_address_[address]++};
    if (gate_.Request(Ip(address), ticket, now_) == Admission::kAdmitted) Admitted(ticket);
  }

  void ReleaseOne() {
    if (open_.empty()) return;
    std::swap(open_[random_() % open_.size()], open_.back());
    const uint32_t address = open_.back();
    open_.pop_back();
    --open_per_address_[address];
    const bool throttled = random_() % 10 == 0;
    if (throttled) throttled_at_[address] = now_;
    gate_.Release(Ip(address), now_, throttled ? Outcome::kThrottled : Outcome::kOk);
  }

  void Pass() {
    now_ += static_cast<int64_t>(random_() % (200 * kMs));
    PollAll();
  }

  void PollAll() {
    const int64_t predicted = gate_.NextEvent(now_);
    bool any = false;
    while (const auto ticket = Poll(&gate_, now_)) {
      any = true;
      Admitted(*ticket);
    }
    if (any) {
      EXPECT_LE(predicted, now_) << "NextEvent was too late";
    }
  }

  void Admitted(Gate::Ticket ticket) {
    ASSERT_TRUE(asked_.contains(ticket)) << "admitted twice";
    const auto [address, sequence] = asked_[ticket];
    asked_.erase(ticket);
    EXPECT_EQ(sequence, admitted_per_address_[address]++) << "out of order";
    ASSERT_LE(++open_per_address_[address], options_.per_address_concurrency);
    open_.push_back(address);
    ASSERT_LE(open_.size(), options_.max_concurrency);
    if (last_start_.contains(address)) {
      EXPECT_GE(now_ - last_start_[address], options_.per_address_interval_ns);
    }
    last_start_[address] = now_;
    if (throttled_at_.contains(address)) {
      EXPECT_GE(now_ - throttled_at_[address], options_.backoff_initial_ns);
    }
    CheckRate();
  }

  void CheckRate() {
    starts_.push_back(now_);
    if (options_.rate_per_s <= 0) return;
    const double burst = TokenBucket(options_.rate_per_s).burst();
    for (size_t i = starts_.size() > 300 ? starts_.size() - 300 : 0; i < starts_.size(); ++i) {
      const double window_s = static_cast<double>(now_ - starts_[i]) / 1e9;
      ASSERT_LE(static_cast<double>(starts_.size() - i),
                burst + options_.rate_per_s * window_s + 1e-6);
    }
  }

  // Everything that was asked for is admitted in the end, and then nothing is kept.
  void Drain() {
    while (!open_.empty() || gate_.queued() > 0) {
      ASSERT_FALSE(testing::Test::HasFatalFailure());
      while (!open_.empty()) {
        --open_per_address_[open_.back()];
        gate_.Release(Ip(open_.back()), now_, Outcome::kOk);
        open_.pop_back();
      }
      if (gate_.queued() == 0) break;
      const int64_t next = gate_.NextEvent(now_);
      ASSERT_NE(next, Gate::kNever) << "a request would wait for ever";
      ASSERT_GE(next, now_);
      now_ = next;
      PollAll();
    }
    EXPECT_TRUE(asked_.empty());
    EXPECT_EQ(gate_.in_flight(), 0u);
    Poll(&gate_, now_ + options_.backoff_max_ns + options_.backoff_memory_ns);
    Poll(&gate_, now_ + 2 * (options_.backoff_max_ns + options_.backoff_memory_ns));
    EXPECT_EQ(gate_.tracked_addresses(), 0u);
  }

  Gate::Options options_;
  Gate gate_;
  std::mt19937_64 random_;
  int64_t now_ = kSecond;
  Gate::Ticket next_ticket_ = 1;
  std::map<Gate::Ticket, Asked> asked_;
  std::map<uint32_t, uint64_t> asked_per_address_;
  std::map<uint32_t, uint64_t> admitted_per_address_;
  std::vector<uint32_t> open_;
  std::map<uint32_t, uint32_t> open_per_address_;
  std::map<uint32_t, int64_t> last_start_;
  std::map<uint32_t, int64_t> throttled_at_;
  std::vector<int64_t> starts_;
};

TEST(GateProperty, KeepsEveryPromiseWithTheDefaultLimits) {
  for (uint64_t seed = 1; seed <= 20; ++seed) GateSimulation({}, seed).Run(3000, 12);
}

TEST(GateProperty, KeepsEveryPromiseUnderARateAndFewConnections) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Gate::Options options;
    options.rate_per_s = seed % 2 == 0 ? 7 : 90;
    options.max_concurrency = 5;
    GateSimulation(options, seed).Run(3000, 40);
  }
}

TEST(GateProperty, KeepsEveryPromiseWithSeveralConnectionsToAnAddress) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Gate::Options options;
    options.per_address_concurrency = 3;
    options.per_address_interval_ns = seed % 2 == 0 ? 0 : 300 * kMs;
    options.backoff_initial_ns = 2 * kSecond;
    options.backoff_memory_ns = 5 * kSecond;
    GateSimulation(options, seed).Run(3000, 4);
  }
}

TEST(Gate, IsQuickWithAHundredThousandQueued) {
  Gate::Options options;
  options.rate_per_s = 1e6;
  options.max_concurrency = 100;
  Gate gate(options);
  constexpr uint32_t kRequests = 100'000;
  std::set<uint32_t> open;
  for (uint32_t i = 0; i < kRequests; ++i) {
    if (gate.Request(Ip(i), i, 0) == Admission::kAdmitted) open.insert(i);
  }
  EXPECT_GE(gate.queued(), kRequests - 100);
  int64_t now = 0;
  uint64_t rounds = 0;
  while (!open.empty()) {
    now += kMs;
    for (uint32_t i : open) gate.Release(Ip(i), now, Outcome::kOk);
    open.clear();
    while (const auto ticket = Poll(&gate, now)) open.insert(static_cast<uint32_t>(*ticket));
    ++rounds;
  }
  EXPECT_EQ(gate.admitted_total(), kRequests);
  EXPECT_LE(rounds, 1002u);
}

TEST(Gate, RemembersNothingOfAddressesWhoseIntervalIsOver) {
  if (!tls::testing::HeapUseIsCounted()) GTEST_SKIP() << "another allocator";
  Gate gate(Gate::Options{});
  constexpr uint32_t kOpen = 200;
  // An address each millisecond, finished 200 later.
  const auto pass = [&](uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; ++i) {
      const int64_t now = i * kMs;
      ASSERT_EQ(gate.Request(Ip(i), i, now), Admission::kAdmitted);
      if (i >= kOpen) gate.Release(Ip(i - kOpen), now, Outcome::kOk);
      // Those of the last second, which is the interval.
      ASSERT_LE(gate.tracked_addresses(), 1001u);
    }
  };
  pass(0, 10'000);
  const size_t before = tls::testing::HeapBytesInUse();
  pass(10'000, 500'000);
  EXPECT_LE(tls::testing::HeapBytesInUse(), before + 4096);
}

TEST(Gate, RemembersThrottledAddressesForAsLongAsItSays) {
  Gate::Options options;
  options.backoff_memory_ns = 10 * kSecond;
  Gate gate(options);
  for (uint32_t i = 0; i < 1'000; ++i) {
    gate.Request(Ip(i), i, 0);
    gate.Release(Ip(i), 0, Outcome::kThrottled);
  }
  EXPECT_EQ(gate.tracked_addresses(), 1'000u);
  const int64_t forgotten = options.backoff_initial_ns + options.backoff_memory_ns;
  EXPECT_EQ(Poll(&gate, forgotten - 1), std::nullopt);
  EXPECT_EQ(gate.tracked_addresses(), 1'000u);
  EXPECT_EQ(Poll(&gate, forgotten), std::nullopt);
  EXPECT_EQ(gate.tracked_addresses(), 0u);
}

// Addresses 1.2.3.x and 1.2.4.x.
SocketAddress InPrefix(uint32_t prefix, uint32_t number) {
  return {dns::IpAddress::FromV4(0x01020000 + (prefix << 8) + number), 25};
}

TEST(Gate, KeepsTheLimitsOfAPrefix) {
  Gate::Options options = Unlimited();
  options.per_prefix_concurrency = 2;
  options.per_prefix_rate_per_s = 10;
  Gate gate(options);
  EXPECT_EQ(gate.Request(InPrefix(3, 1), 1, 0), Admission::kAdmitted);
  EXPECT_EQ(gate.Request(InPrefix(3, 2), 2, 0), Admission::kBusy);
  EXPECT_EQ(gate.Request(InPrefix(3, 3), 3, 0), Admission::kBusy);
  EXPECT_EQ(gate.Request(InPrefix(4, 1), 4, 0), Admission::kAdmitted);
  EXPECT_EQ(gate.NextEvent(0), 100 * kMs);
  EXPECT_EQ(Poll(&gate, 99 * kMs), std::nullopt);
  EXPECT_EQ(Poll(&gate, 100 * kMs), 2u);
  // Two are open: the third waits for the end of one, not for the time.
  EXPECT_EQ(Poll(&gate, 500 * kMs), std::nullopt);
  EXPECT_EQ(gate.NextEvent(500 * kMs), Gate::kNever);
  gate.Release(InPrefix(3, 1), 600 * kMs, Outcome::kOk);
  EXPECT_EQ(Poll(&gate, 600 * kMs), 3u);
}

TEST(Gate, KeepsTheLimitsOfAProviderWhateverTheAddress) {
  Gate::Options options = Unlimited();
  options.per_provider_rate_per_s = 2;
  Gate gate(options);
  EXPECT_EQ(gate.Request(Ip(1), 1, 0, 7), Admission::kAdmitted);
  EXPECT_EQ(gate.Request(Ip(2), 2, 0, 7), Admission::kBusy);
  EXPECT_EQ(gate.Request(Ip(3), 3, 0, 8), Admission::kAdmitted);
  EXPECT_EQ(gate.Request(Ip(4), 4, 0), Admission::kAdmitted);  // nobody's
  EXPECT_EQ(Poll(&gate, 499 * kMs), std::nullopt);
  EXPECT_EQ(Poll(&gate, 500 * kMs), 2u);
}

// A /64 of IPv6 is one prefix, and no other.
TEST(Gate, TellsPrefixesApart) {
  const auto prefix = [](const char* text) {
    return Gate::PrefixOf(dns::IpAddress::Parse(text).value());
  };
  EXPECT_EQ(prefix("192.0.2.1"), prefix("192.0.2.255"));
  EXPECT_NE(prefix("192.0.2.1"), prefix("192.0.3.1"));
  EXPECT_EQ(prefix("2001:db8::1"), prefix("2001:db8:0:0:ffff::"));
  EXPECT_NE(prefix("2001:db8::1"), prefix("2001:db8:0:1::1"));
  EXPECT_NE(prefix("::192.0.2.0"), prefix("192.0.2.0"));
}

// What leaves the queue while its prefix holds it back leaves no hole: the others get their turns.
TEST(Gate, ATakenBackRequestHoldsUpNobodyInItsPrefix) {
  Gate::Options options = Unlimited();
  options.per_prefix_rate_per_s = 10;
  Gate gate(options);
  gate.Request(InPrefix(3, 1), 1, 0);
  for (uint32_t i = 2; i < 6; ++i) gate.Request(InPrefix(3, i), i, 0);
  EXPECT_TRUE(gate.Cancel(InPrefix(3, 2), 2));
  EXPECT_EQ(gate.CancelAll(InPrefix(3, 3)).size(), 1u);
  EXPECT_EQ(gate.queued(), 2u);
  std::vector<Gate::Ticket> order;
  for (int64_t now = 0; now < kSecond; now += kMs) {
    while (const auto ticket = Poll(&gate, now)) order.push_back(*ticket);
  }
  EXPECT_EQ(order, (std::vector<Gate::Ticket>{4, 5}));
}

// Random requests against the limits themselves, counted as a prefix or a provider would.
TEST(Gate, ExceedsNoLimitInAnySecond) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 40; ++round) {
    Gate::Options options;
    options.per_address_interval_ns = static_cast<int64_t>(random() % 3) * 300 * kMs;
    options.per_prefix_concurrency = static_cast<uint32_t>(random() % 4);
    options.per_prefix_rate_per_s = static_cast<double>(random() % 6);
    options.per_provider_concurrency = static_cast<uint32_t>(random() % 3);
    options.per_provider_rate_per_s = static_cast<double>(random() % 4);
    Gate gate(options);
    struct Asked {
      SocketAddress server;
      Gate::Provider provider;
    };
    std::vector<Asked> asked;
    std::map<uint64_t, std::vector<int64_t>> prefix_starts, provider_starts;
    std::map<uint64_t, uint32_t> prefix_open, provider_open;
    std::vector<std::pair<int64_t, Gate::Ticket>> open;
    int64_t now = 0;
    size_t admitted = 0;
    const auto begin = [&](Gate::Ticket ticket) {
      const Asked& one = asked[ticket];
      const uint64_t prefix = Gate::PrefixOf(one.server.address);
      prefix_starts[prefix].push_back(now);
      provider_starts[one.provider].push_back(now);
      if (options.per_prefix_concurrency > 0) {
        EXPECT_LE(++prefix_open[prefix], options.per_prefix_concurrency);
      }
      if (options.per_provider_concurrency > 0) {
        EXPECT_LE(++provider_open[one.provider], options.per_provider_concurrency);
      }
      open.emplace_back(now + static_cast<int64_t>(random() % 400) * kMs, ticket);
      ++admitted;
    };
    for (int step = 0; admitted < 200 && step < 300'000; ++step, now += 5 * kMs) {
      for (size_t i = 0; i < open.size();) {
        if (open[i].first > now) {
          ++i;
          continue;
        }
        const Asked& one = asked[open[i].second];
        gate.Release(one.server, now, Outcome::kOk, one.provider);
        --prefix_open[Gate::PrefixOf(one.server.address)];
        --provider_open[one.provider];
        open.erase(open.begin() + static_cast<ptrdiff_t>(i));
      }
      if (asked.size() < 200) {
        const Asked one{
            InPrefix(static_cast<uint32_t>(random() % 3), static_cast<uint32_t>(random() % 5)),
            static_cast<Gate::Provider>(1 + random() % 3)};
        asked.push_back(one);
        if (gate.Request(one.server, asked.size() - 1, now, one.provider) == Admission::kAdmitted) {
          begin(asked.size() - 1);
        }
      }
      while (const auto ticket = Poll(&gate, now)) begin(*ticket);
    }
    EXPECT_EQ(admitted, 200u) << round;  // nobody waits for ever
    const auto check = [&](const auto& starts, double rate) {
      if (rate <= 0) return;
      for (const auto& [key, times] : starts) {
        for (size_t i = 1; i < times.size(); ++i) {
          EXPECT_GE(static_cast<double>(times[i] - times[i - 1]), 1e9 / rate - 1);
        }
      }
    };
    check(prefix_starts, options.per_prefix_rate_per_s);
    check(provider_starts, options.per_provider_rate_per_s);
  }
}

}  // namespace
}  // namespace mxsweep::scanner
