// What docs/fleet.md's plan says of probe jobs, against probe jobs in the lab.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/end_to_end/fleet.h"
#include "tests/end_to_end/lab.h"
#include "tests/end_to_end/running_mxsweep.h"
#include "tools/plan/inputs.h"
#include "tools/plan/internet.h"
#include "tools/plan/job_time.h"

namespace mxsweep::end_to_end {
namespace {

constexpr int kJobs = 2;

// "192.0.2" of "192.0.2.1": the lab has IPv4 addresses.
std::string NetworkOf(const std::string& address) { return address.substr(0, address.rfind('.')); }

absl::Time TimeOf(const json& row) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(
      absl::ParseTime(absl::RFC3339_full, row["started_at"].get<std::string>(), &time, &error))
      << error;
  return time;
}

// What one probe job did: from its first connection to the end of its last one.
struct Measured {
  double seconds = 0;
  std::vector<std::vector<double>> connections;  // of each address of each network
  size_t endpoints = 0;
  size_t left = 0;  // of these, told without a connection, since patience had ended
};

Measured Measure(const std::string& shard) {
  Measured measured;
  std::map<std::string, std::map<std::string, double>> networks;
  absl::Time first = absl::InfiniteFuture(), last = absl::InfinitePast();
  for (const json& row : Rows(shard, "endpoints")) {
    const std::string address = row["address"];
    networks[NetworkOf(address)][address] += 1;
    ++measured.endpoints;
    if (row["attempts"] == 0) {
      ++measured.left;
      continue;
    }
    EXPECT_EQ(row["outcome"], "tls_ok") << row.dump();
    EXPECT_EQ(row["attempts"], 1) << row.dump();
    first = std::min(first, TimeOf(row));
    last = std::max(last, TimeOf(row) + absl::Microseconds(row["elapsed_us"].get<int64_t>()));
  }
  for (const auto& [network, addresses] : networks) {
    measured.connections.emplace_back();
    for (const auto& [address, count] : addresses) measured.connections.back().push_back(count);
  }
  measured.seconds = absl::ToDoubleSeconds(last - first);
  return measured;
}

plan::Pace PaceOfJob(const plan::Inputs& inputs) {
  const double per_s = inputs.rate / kJobs;
  return {.per_s = per_s,
          .patience_s = inputs.patience_s,
          .queue = inputs.concurrency - per_s * inputs.session_s,
          .apart_s = std::max(inputs.address_interval_s, inputs.session_s)};
}

class FleetPlanTest : public testing::Test {
 protected:
  // Of the names, one in four has a host of its own in a pool of four addresses.
  FleetPlanTest()
      : lab_(folder_, {"--seed", "91", "--domains", "320", "--fixed", "none", "--mix",
                       "happy,crowd.none=75,crowd.pool=25", "--delay-scale", "0"}) {}

  // Both jobs at once, and what the plan says of each with the same limits; how far it is from what
  // was measured.
  void ExpectAsPlanned(const plan::Inputs& inputs, plan::Bound last_bound) {
    const std::string fleet = folder_.path("fleet");
    Arguments resolve = {"resolve", lab_.state("domains.txt"), "-o", fleet};
    for (const std::string& flag : HalfFlags(lab_, kNotOfResolve)) resolve.push_back(flag);
    ASSERT_EQ(Mxsweep(resolve).exit_code, 0);
    std::vector<RunningMxsweep> jobs;
    for (int i = 0; i < kJobs; ++i) jobs.emplace_back(Probe(fleet, i, inputs));
    for (RunningMxsweep& job : jobs) ASSERT_EQ(job.ExitCodeWithin(std::chrono::minutes(5)), 0);

    plan::Bound bound = plan::Bound::kNothing;
    double end_s = 0;
    for (int i = 0; i < kJobs; ++i) {
      const Measured measured =
          Measure(fleet + "/probe/" + std::to_string(i) + "-of-" + std::to_string(kJobs));
      const plan::JobTime planned = plan::TimeOfProbe(
          plan::WorkOf(measured.connections, inputs, /*least_crowd_s=*/4), PaceOfJob(inputs));
      std::printf(
          "job %d: %zu endpoints, planned %.1f s (%s) and %.0f left, measured %.1f s and %zu left: "
          "%+.1f %%\n",
          i, measured.endpoints, planned.end_s, std::string(plan::BoundText(planned.bound)).c_str(),
          planned.left, measured.seconds, measured.left,
          100 * (measured.seconds / planned.end_s - 1));
      EXPECT_GT(measured.endpoints, 40u);
      // A rate is never exceeded. How much is lost of it depends on how busy the machine is.
      EXPECT_GT(measured.seconds, 0.93 * planned.end_s);
      EXPECT_LT(measured.seconds, 1.25 * planned.end_s + 2);
      EXPECT_NEAR(static_cast<double>(measured.left), planned.left, 0.2 * planned.left + 1);
      if (planned.end_s > end_s) bound = planned.bound;
      end_s = std::max(end_s, planned.end_s);
    }
    EXPECT_EQ(bound, last_bound);
  }

 private:
  Arguments Probe(const std::string& fleet, int shard, const plan::Inputs& inputs) const {
    Arguments arguments = {"probe", fleet};
    const Arguments limits = {
        "--rate",
        std::to_string(inputs.rate),
        "--per-prefix-rate",
        std::to_string(inputs.prefix_rate),
        "--per-prefix-concurrency",
        std::to_string(static_cast<int>(inputs.prefix_concurrency)),
        "--per-address-interval",
        std::to_string(static_cast<int>(inputs.address_interval_s * 1e3)) + "ms",
        "--workers",
        "1",
        "--patience",
        std::to_string(static_cast<int>(inputs.patience_s)) + "s",
        "--concurrency",
        std::to_string(static_cast<int>(inputs.concurrency))};
    for (const std::string& flag : HalfFlags(lab_, kNotOfProbe, Lab::WithPatience(limits)))
      arguments.push_back(flag);
    arguments.insert(arguments.end(),
                     {"--shard", std::to_string(shard) + "/" + std::to_string(kJobs), "--jobs",
                      std::to_string(kJobs)});
    return arguments;
  }

  TemporaryFolder folder_;
  Lab lab_;
};

plan::Inputs Limits(double rate, double prefix_rate, double address_interval_s) {
  plan::Inputs inputs;
  inputs.rate = rate;
  inputs.prefix_rate = prefix_rate;
  inputs.prefix_concurrency = 0;
  inputs.address_interval_s = address_interval_s;
  inputs.session_s = 0.05;
  inputs.concurrency = 20;
  inputs.patience_s = 3'600;
  inputs.dead_share = 0;
  return inputs;
}

TEST_F(FleetPlanTest, ARateIsSharedOutAmongTheJobs) {
  ExpectAsPlanned(Limits(/*rate=*/12, /*prefix_rate=*/0, /*address_interval_s=*/0.1),
                  plan::Bound::kRate);
}

TEST_F(FleetPlanTest, ANetworkWithManyNamesEndsLast) {
  ExpectAsPlanned(Limits(/*rate=*/40, /*prefix_rate=*/5, /*address_interval_s=*/0.1),
                  plan::Bound::kNetwork);
}

TEST_F(FleetPlanTest, AnAddressWithManyNamesEndsLast) {
  ExpectAsPlanned(Limits(/*rate=*/40, /*prefix_rate=*/0, /*address_interval_s=*/0.8),
                  plan::Bound::kAddress);
}

TEST_F(FleetPlanTest, WhatPatienceLeavesIsToldWithoutAConnection) {
  plan::Inputs inputs = Limits(/*rate=*/40, /*prefix_rate=*/0, /*address_interval_s=*/0.8);
  inputs.patience_s = 10;
  ExpectAsPlanned(inputs, plan::Bound::kPatience);
}

}  // namespace
}  // namespace mxsweep::end_to_end
