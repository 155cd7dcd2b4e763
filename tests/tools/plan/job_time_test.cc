// How long a job takes, against what can be worked out by hand, and against the real gate.
#include "tools/plan/job_time.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "scanner/pace/gate.h"
#include "tools/plan/internet.h"
#include "tools/plan/random.h"

namespace mxsweep::plan {
namespace {

constexpr double kForever = 1e12;

TEST(TimeOfProbe, WithoutCrowdsItIsConnectionsByTheRate) {
  const JobTime time =
      TimeOfProbe({.free = 5'000, .crowds = {}}, {.per_s = 20, .patience_s = 3'600});
  EXPECT_DOUBLE_EQ(time.end_s, 250);
  EXPECT_DOUBLE_EQ(time.connections, 5'000);
  EXPECT_EQ(time.bound, Bound::kRate);
}

TEST(TimeOfProbe, ACrowdAloneTakesItsLimit) {
  const ProbeWork work{.free = 0,
                       .crowds = {{.connections = 1'600, .least_s = 100, .of_network = true}}};
  const JobTime time = TimeOfProbe(work, {.per_s = 1'000, .patience_s = kForever});
  EXPECT_DOUBLE_EQ(time.end_s, 100);
  EXPECT_EQ(time.bound, Bound::kNetwork);
  EXPECT_DOUBLE_EQ(time.left, 0);
}

// 100 a second for 1,000 connections and a crowd of 500 that may have 1 a second: the list takes T
// with 1,000 + T = 100 T, and the crowd 500 s.
TEST(TimeOfProbe, ACrowdTakesItsLimitFromTheRateWhileTheListIsRead) {
  const ProbeWork work{.free = 1'000, .crowds = {{.connections = 500, .least_s = 500}}};
  const JobTime time = TimeOfProbe(work, {.per_s = 100, .patience_s = kForever});
  EXPECT_NEAR(time.list_s, 1'000.0 / 99, 1e-9);
  EXPECT_DOUBLE_EQ(time.end_s, 500);
  EXPECT_EQ(time.bound, Bound::kAddress);
}

TEST(TimeOfProbe, PatienceEndsTheRestOfACrowd) {
  const ProbeWork work{.free = 990, .crowds = {{.connections = 500, .least_s = 500}}};
  const JobTime time = TimeOfProbe(work, {.per_s = 100, .patience_s = 60});
  EXPECT_DOUBLE_EQ(time.list_s, 10);
  EXPECT_DOUBLE_EQ(time.end_s, 70);
  EXPECT_DOUBLE_EQ(time.left, 430);
  EXPECT_DOUBLE_EQ(time.connections, 990 + 70);
  EXPECT_EQ(time.bound, Bound::kPatience);
}

TEST(TimeOfProbe, ACrowdThatIsDoneWithTheListCostsNoMoreThanItsConnections) {
  const ProbeWork work{.free = 9'000, .crowds = {{.connections = 1'000, .least_s = 50}}};
  const JobTime time = TimeOfProbe(work, {.per_s = 100, .patience_s = 60});
  EXPECT_DOUBLE_EQ(time.end_s, 100);
  EXPECT_EQ(time.bound, Bound::kRate);
}

TEST(TimeOfProbe, DeadAddressesTakeOfTheRateAndTheLastTimeOutComesOnTop) {
  const JobTime time = TimeOfProbe({.free = 900, .crowds = {}, .revisits_per_s = 1},
                                   {.per_s = 10, .patience_s = 60, .time_out_s = 50});
  EXPECT_DOUBLE_EQ(time.list_s, 100);
  EXPECT_DOUBLE_EQ(time.end_s, 150);
  EXPECT_DOUBLE_EQ(time.connections, 1'000);
}

// The second worker has a third of the work: its half of the rate is idle in the end.
TEST(TimeOfProbe, TheListTakesAsLongAsItsSlowestWorker) {
  const std::vector<ProbeWork> workers = {{.free = 2'000, .crowds = {}},
                                          {.free = 1'000, .crowds = {}}};
  const JobTime time = TimeOfProbe(workers, {.per_s = 40, .patience_s = 60});
  EXPECT_DOUBLE_EQ(time.end_s, 100);
  EXPECT_DOUBLE_EQ(time.connections, 3'000);
}

// 10 a second, of which 100 always wait: 10 s. The address, which could go on each second, has a
// turn in 11 s while the list is read, and then its 1 a second; so has the network, half as often
// for each of its three addresses.
TEST(TimeOfProbe, ACrowdStandsInLineWithWhatWaitsForTheRate) {
  const Pace pace{.per_s = 10, .patience_s = kForever, .queue = 100, .apart_s = 1};
  const JobTime address =
      TimeOfProbe({.free = 10'000, .crowds = {{.connections = 500, .least_s = 500}}}, pace);
  EXPECT_NEAR(address.list_s, 10'000 / (10 - 1.0 / 11), 1e-6);
  EXPECT_NEAR(address.end_s, address.list_s + 500 - address.list_s / 11, 1e-6);
  const ProbeWork work{
      .free = 10'000,
      .crowds = {{.connections = 900, .least_s = 300, .of_network = true, .addresses = 3}}};
  const JobTime network = TimeOfProbe(work, pace);
  EXPECT_NEAR(network.list_s, 10'000 / (10 - 3.0 / 21), 1e-6);
  EXPECT_NEAR(network.end_s, network.list_s + (900 - network.list_s * 3 / 21) / 3, 1e-6);
}

// At their limits, the three of them would make 30 a second; 10 may be made.
TEST(TimeOfProbe, CrowdsThatAreLeftShareTheRate) {
  ProbeWork work{.free = 1'000, .crowds = {}};
  for (int i = 0; i < 3; ++i) work.crowds.push_back({.connections = 1'000, .least_s = 100});
  const Pace pace{.per_s = 10, .patience_s = kForever, .queue = 1'000, .apart_s = 0.1};
  const JobTime time = TimeOfProbe(work, pace);
  EXPECT_NEAR(time.end_s, 4'000 / 10, 1e-6);
  EXPECT_EQ(time.bound, Bound::kRate);
}

TEST(TimeOfProbe, NothingToDoTakesNoTime) {
  const JobTime time = TimeOfProbe(ProbeWork{}, {.per_s = 40, .patience_s = 60, .time_out_s = 50});
  EXPECT_EQ(time.end_s, 0);
  EXPECT_EQ(time.bound, Bound::kNothing);
}

ProbeWork DrawnWork(uint64_t seed) {
  Random random(seed);
  ProbeWork work{.free = random.Exponential(20'000), .crowds = {}};
  for (uint64_t i = random.Below(30); i > 0; --i) {
    work.crowds.push_back(
        {.connections = random.Exponential(2'000), .least_s = random.Exponential(2'000)});
  }
  return work;
}

TEST(TimeOfProbe, KeepsItsBounds) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const ProbeWork work = DrawnWork(seed);
    const JobTime patient = TimeOfProbe(work, {.per_s = 30, .patience_s = kForever});
    double longest_s = 0;
    for (const Crowd& crowd : work.crowds) longest_s = std::max(longest_s, crowd.least_s);
    EXPECT_GE(patient.end_s * (1 + 1e-9), std::max(work.Connections() / 30, longest_s)) << seed;
    EXPECT_LE(patient.end_s, work.Connections() / 30 + longest_s + 1e-6) << seed;
    EXPECT_NEAR(patient.connections, work.Connections(), 1e-6 * work.Connections()) << seed;
    const JobTime hasty = TimeOfProbe(work, {.per_s = 30, .patience_s = 100});
    EXPECT_LE(hasty.end_s, hasty.list_s + 100 + 1e-6);
    EXPECT_NEAR(hasty.connections + hasty.left, work.Connections(), 1e-6 * work.Connections());
    // By the rate, no more than that can have been made.
    EXPECT_LE(hasty.connections, 30 * hasty.end_s * (1 + 1e-9)) << seed;
  }
}

TEST(TimeOfProbe, AFasterRateNeverTakesLongerAndMorePatienceNeverLeavesMore) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const ProbeWork work = DrawnWork(seed);
    double before_s = kForever, left = kForever;
    for (const double per_s : {5.0, 10.0, 50.0, 500.0, 5'000.0}) {
      const double end_s = TimeOfProbe(work, {.per_s = per_s, .patience_s = kForever}).end_s;
      EXPECT_LE(end_s, before_s * (1 + 1e-9)) << seed << " at " << per_s;
      before_s = end_s;
    }
    for (const double patience_s : {0.0, 10.0, 100.0, 1'000.0, kForever}) {
      const JobTime time = TimeOfProbe(work, {.per_s = 50, .patience_s = patience_s});
      EXPECT_LE(time.left, left * (1 + 1e-9)) << seed << " for " << patience_s;
      left = time.left;
    }
    EXPECT_NEAR(left, 0, 1e-6);
  }
}

TEST(PaceOfProbe, IsTheLeastOfRateCoresAndWhatMayBeOpen) {
  Inputs inputs;
  inputs.rate = 400;
  inputs.nodes = 4;
  EXPECT_DOUBLE_EQ(PaceOfProbe(inputs).per_s, 100);
  inputs.concurrency = 10;
  inputs.dead_share = 0;
  inputs.session_s = 2;
  EXPECT_DOUBLE_EQ(PaceOfProbe(inputs).per_s, 5);
  EXPECT_EQ(PaceOfProbe(inputs).bound, Bound::kOpen);
  inputs.rate = 0;
  inputs.concurrency = 1e9;
  inputs.cores = 2;
  inputs.session_cpu_ms = 0.5;
  EXPECT_DOUBLE_EQ(PaceOfProbe(inputs).per_s, 4'000);
  EXPECT_EQ(PaceOfProbe(inputs).bound, Bound::kCpu);
}

TEST(TimeOfResolve, IsBoundByQuestionsOpenQuestionsCoresOrTheList) {
  Inputs inputs;
  inputs.domains = 1e6;
  inputs.line_ns = 0;
  inputs.lame_share = 0;
  inputs.nodes = 2;
  inputs.dns_rate = 1'000;
  inputs.questions = 5;
  EXPECT_DOUBLE_EQ(TimeOfResolve(inputs, 1'000).end_s, 10);
  inputs.dns_rate = 0;
  inputs.dns_concurrency = 20;
  inputs.answer_s = 0.5;
  EXPECT_DOUBLE_EQ(TimeOfResolve(inputs, 800).end_s, 100);
  EXPECT_EQ(TimeOfResolve(inputs, 800).bound, Bound::kOpen);
  inputs.dns_concurrency = 1e9;
  inputs.cores = 2;
  inputs.name_cpu_ms = 1;
  EXPECT_DOUBLE_EQ(TimeOfResolve(inputs, 2'000).end_s, 1);
  inputs.line_ns = 3'000;
  EXPECT_DOUBLE_EQ(TimeOfResolve(inputs, 2'000).end_s, 3);
  EXPECT_EQ(TimeOfResolve(inputs, 2'000).bound, Bound::kCpu);
}

// The scanner's own gate, in virtual time, with a list in random order and as many slots as a job
// has: a target that has to wait in a crowd gives its slot back.
class GateRun {
 public:
  static constexpr int kSlots = 100;  // for what waits for the rate

  GateRun(const std::vector<std::vector<uint32_t>>& networks, double per_s, const Inputs& inputs,
          uint64_t seed)
      : gate_({.rate_per_s = per_s,
               .per_address_interval_ns = static_cast<int64_t>(inputs.address_interval_s * 1e9),
               .per_prefix_concurrency = static_cast<uint32_t>(inputs.prefix_concurrency),
               .per_prefix_rate_per_s = inputs.prefix_rate}),
        session_ns_(static_cast<int64_t>(inputs.session_s * 1e9)) {
    for (uint32_t n = 0; n < networks.size(); ++n) {
      for (uint32_t a = 0; a < networks[n].size(); ++a) {
        const uint32_t address = (10u << 24) + (n << 8) + a;
        for (uint32_t i = 0; i < networks[n][a]; ++i) list_.push_back(address);
      }
    }
    Random random(seed);
    for (size_t i = list_.size(); i > 1; --i) std::swap(list_[i - 1], list_[random.Below(i)]);
  }

  // The time until the last end, seconds.
  double Run() {
    while (next_ < list_.size() || gate_.queued() > 0 || gate_.in_flight() > 0) {
      Feed();
      while (const auto admitted = gate_.Poll(now_ns_)) {
        slots_taken_ -= !admitted->was_busy;
        Open(admitted->server);
      }
      now_ns_ = std::max(now_ns_ + 1, NextNs());
      while (!open_.empty() && open_.front().first <= now_ns_) {
        gate_.Release(open_.front().second, now_ns_, scanner::Gate::Outcome::kOk);
        open_.erase(open_.begin());
      }
    }
    return static_cast<double>(now_ns_) / 1e9;
  }

 private:
  void Feed() {
    while (next_ < list_.size() && slots_taken_ < kSlots) {
      const scanner::SocketAddress server{dns::IpAddress::FromV4(list_[next_++]), 25};
      switch (gate_.Request(server, next_, now_ns_)) {
        case scanner::Gate::Admission::kAdmitted:
          Open(server);
          break;
        case scanner::Gate::Admission::kQueued:
          ++slots_taken_;
          break;
        case scanner::Gate::Admission::kBusy:
          break;
      }
    }
  }
  void Open(const scanner::SocketAddress& server) {
    open_.emplace_back(now_ns_ + session_ns_, server);
  }
  int64_t NextNs() const {
    int64_t next_ns = gate_.NextEvent(now_ns_);
    if (!open_.empty()) next_ns = std::min(next_ns, open_.front().first);
    return next_ns;
  }

  scanner::Gate gate_;
  const int64_t session_ns_;
  std::vector<uint32_t> list_;
  size_t next_ = 0;
  int slots_taken_ = 0;
  int64_t now_ns_ = 0;
  std::vector<std::pair<int64_t, scanner::SocketAddress>> open_;  // by when they end
};

struct Compared {
  double gate_s = 0;
  JobTime plan;
};

Compared Compare(const std::vector<std::vector<uint32_t>>& networks, double per_s,
                 const Inputs& inputs) {
  std::vector<std::vector<double>> connections;
  for (const std::vector<uint32_t>& network : networks) {
    connections.emplace_back(network.begin(), network.end());
  }
  const ProbeWork work = WorkOf(connections, inputs, /*least_crowd_s=*/20);
  const Pace pace{.per_s = per_s,
                  .patience_s = kForever,
                  .queue = GateRun::kSlots,
                  .apart_s = std::max(inputs.address_interval_s, inputs.session_s)};
  return {GateRun(networks, per_s, inputs, 7).Run(), TimeOfProbe(work, pace)};
}

Inputs QuickSessions() {
  Inputs inputs;
  inputs.session_s = 0.3;
  inputs.dead_share = 0;
  return inputs;
}

// Of 300 networks with four servers of a few names each.
std::vector<std::vector<uint32_t>> Scattered() {
  Random random(3);
  std::vector<std::vector<uint32_t>> networks(300);
  for (auto& network : networks) {
    for (int i = 0; i < 4; ++i) network.push_back(static_cast<uint32_t>(1 + random.Below(4)));
  }
  return networks;
}

TEST(AgainstTheGate, WithoutCrowdsTheRateDecides) {
  const Compared times = Compare(Scattered(), 20, QuickSessions());
  EXPECT_NEAR(times.gate_s / times.plan.end_s, 1, 0.03);
}

TEST(AgainstTheGate, ACrowdAtAnAddressEndsLast) {
  auto networks = Scattered();
  networks.push_back({600, 3});
  const Compared times = Compare(networks, 40, QuickSessions());
  EXPECT_EQ(times.plan.bound, Bound::kAddress);
  EXPECT_NEAR(times.gate_s / times.plan.end_s, 1, 0.03);
}

// How its addresses come in bunches is not told that closely.
TEST(AgainstTheGate, ALargeNetworkEndsLast) {
  auto networks = Scattered();
  networks.push_back(std::vector<uint32_t>(100, 40));
  const Compared times = Compare(networks, 40, QuickSessions());
  EXPECT_EQ(times.plan.bound, Bound::kNetwork);
  EXPECT_NEAR(times.gate_s / times.plan.end_s, 1, 0.12);
}

}  // namespace
}  // namespace mxsweep::plan
