#include "tools/plan/internet.h"

#include <cmath>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "tools/plan/fleet.h"

namespace mxsweep::plan {
namespace {

// A thousandth of the plan's.
Inputs Small() {
  Inputs inputs;
  inputs.domains = 300e3;
  inputs.addresses = 5e3;
  inputs.provider_endpoints = 20;
  inputs.pool_addresses = 40;
  inputs.pool_networks = 4;
  inputs.parked_addresses = 5;
  inputs.largest_crowd = 5e3;
  return inputs;
}

TEST(SkewFor, DrawsTheMeanThatWasAskedFor) {
  for (const double mean : {1.5, 9.5, 40.0}) {
    // E(K) is the sum over k of P(K >= k), and K >= k where u <= k^-a.
    const double a = SkewFor(mean, 2'000);
    double sum = 0;
    for (int u = 0; u < 400'000; ++u) {
      sum += std::min(std::floor(std::pow((u + 0.5) / 400'000, -1 / a)), 2'000.0);
    }
    EXPECT_NEAR(sum / 400'000 / mean, 1, 0.02) << mean;
  }
}

TEST(DrawInternet, HasTheServersAndConnectionsOfItsInputs) {
  Inputs inputs = Small();
  inputs.dead_share = 0;
  inputs.tried_again = 0;
  const Internet internet = DrawInternet(inputs);
  EXPECT_EQ(internet.live_addresses, 5e3 - 5);  // all but those of parking services
  const double own = 300e3 * inputs.own_share * inputs.endpoints_of_own_name;
  const double pool = 300e3 * inputs.pool_share * inputs.endpoints_of_pool_name;
  EXPECT_NEAR(internet.connections, own + pool + 20, 0.25 * own);  // a few crowds are most of it
  double in_networks = 0, addresses = 0;
  for (const Network& network : internet.networks) in_networks += network.connections;
  for (const double count : internet.bear) addresses += count;
  EXPECT_NEAR(in_networks, internet.connections, 1e-6 * in_networks);
  EXPECT_EQ(addresses, internet.live_addresses);
}

TEST(DrawInternet, ADeadAddressHasTwoConnectionsAndTellsTheOtherNames) {
  Inputs inputs = Small();
  inputs.pool_share = inputs.provider_endpoints = 0;
  inputs.dead_share = 1;
  const Internet internet = DrawInternet(inputs);
  EXPECT_EQ(internet.live_addresses, 40 * inputs.pool_share);
  EXPECT_GT(internet.dead_addresses, 4'000);
  EXPECT_DOUBLE_EQ(internet.connections, 2 * internet.dead_addresses);
  EXPECT_GT(internet.concluded, internet.dead_addresses);
}

TEST(ShareOut, GivesEachNetworkToOneShard) {
  const Inputs inputs = Small();
  const Internet internet = DrawInternet(inputs);
  for (const size_t shards : {1, 3, 16}) {
    const std::vector<std::vector<ProbeWork>> works = ShareOut(internet, inputs, shards);
    ASSERT_EQ(works.size(), shards);
    double connections = 0, revisits_per_s = 0;
    size_t crowds = 0;
    for (const std::vector<ProbeWork>& workers : works) {
      EXPECT_EQ(workers.size(), inputs.workers);
      for (const ProbeWork& work : workers) {
        connections += work.Connections();
        revisits_per_s += work.revisits_per_s;
        crowds += work.crowds.size();
      }
    }
    EXPECT_NEAR(connections, internet.connections, 1e-6 * connections);
    EXPECT_EQ(crowds, internet.crowds.size());
    EXPECT_NEAR(revisits_per_s, 5 * 2 / 300.0, 1e-9);
  }
}

// By hand: an address of 200 connections with one each 1.5 s takes 300 s; the network of 32 such
// addresses takes 6,400 / 16 = 400 s, which is longer.
TEST(WorkOf, ANetworkIsACrowdWhereItsOwnLimitTakesLonger) {
  Inputs inputs;
  const ProbeWork few = WorkOf({{200, 1}}, inputs);
  ASSERT_EQ(few.crowds.size(), 1u);
  EXPECT_DOUBLE_EQ(few.crowds[0].least_s, 300);
  EXPECT_FALSE(few.crowds[0].of_network);
  EXPECT_DOUBLE_EQ(few.free, 1);
  const ProbeWork many = WorkOf({std::vector<double>(32, 200)}, inputs);
  ASSERT_EQ(many.crowds.size(), 1u);
  EXPECT_DOUBLE_EQ(many.crowds[0].least_s, 400);
  EXPECT_TRUE(many.crowds[0].of_network);
  EXPECT_DOUBLE_EQ(many.free, 0);
}

TEST(RunFleet, IsTheSameOfASeedAndAnotherOfAnother) {
  Inputs inputs = Small();
  const Internet internet = DrawInternet(inputs);
  const FleetRun one = RunFleet(inputs, internet), same = RunFleet(inputs, internet);
  EXPECT_EQ(one.seconds(), same.seconds());
  inputs.seed = 2;
  EXPECT_NE(RunFleet(inputs, internet).probe.seconds(), one.probe.seconds());
}

TEST(RunFleet, ProbeBeginsOnceAllOfResolveIsDoneAndKeepsItsBounds) {
  for (double seed = 1; seed <= 20; ++seed) {
    Inputs inputs = Small();
    inputs.seed = seed;
    inputs.probe_shards = 12;
    const FleetRun run = RunFleet(inputs, DrawInternet(inputs));
    for (const JobRun& job : run.probe.schedule.jobs) {
      EXPECT_GE(job.first_start_s, run.resolve.schedule.end_s);
    }
    for (const Half* half : {&run.resolve, &run.probe}) {
      EXPECT_GE(half->seconds() * (1 + 1e-9), half->bound_s);
      EXPECT_GE(half->bound_s * (1 + 1e-9), half->Longest());
      EXPECT_GE(half->bound_s * inputs.nodes * (1 + 1e-9), half->Sum());
    }
    EXPECT_LE(run.most_per_s, inputs.rate * (1 + 1e-9));
    EXPECT_LE(run.connections / run.probe.seconds(), inputs.rate * (1 + 1e-9));
  }
}

// One node, one shard, no crowds, no losses: connections by the rate, and names by theirs.
TEST(RunFleet, OneJobWithoutTroubleIsWorkByTheRate) {
  Inputs inputs = Small();
  inputs.nodes = inputs.resolve_shards = inputs.probe_shards = inputs.workers = 1;
  inputs.address_interval_s = inputs.prefix_rate = inputs.prefix_concurrency = 0;
  inputs.session_s = 0.001;
  inputs.dead_share = inputs.lame_share = inputs.parked_addresses = inputs.nodes_lost_a_day = 0;
  inputs.slow_nodes = inputs.spread = 0;
  inputs.rate = 100;
  inputs.dns_rate = 433;
  const Internet internet = DrawInternet(inputs);
  const FleetRun run = RunFleet(inputs, internet);
  EXPECT_NEAR(run.resolve.seconds(), 300e3 / 100 + inputs.start_s, 1);
  EXPECT_NEAR(run.probe.seconds(), internet.connections / 100 + inputs.start_s, 1);
  EXPECT_EQ(run.left, 0);
}

TEST(RunFleet, MoreDeathsCostMoreOnAverage) {
  Inputs inputs = Small();
  inputs.rate = 10;
  const Internet internet = DrawInternet(inputs);
  double before = 0;
  for (const double lost : {0.0, 20.0, 200.0}) {
    inputs.nodes_lost_a_day = lost;
    double sum = 0;
    for (inputs.seed = 1; inputs.seed <= 20; ++inputs.seed)
      sum += RunFleet(inputs, internet).seconds();
    EXPECT_GT(sum, before) << lost;
    before = sum;
  }
}

TEST(MakeCluster, JobsOfANodeDieTogether) {
  Inputs inputs;
  inputs.nodes = 3;
  inputs.nodes_lost_a_day = 5;
  const Cluster cluster = MakeCluster(inputs, /*jobs_of_node=*/2, /*days=*/100);
  EXPECT_EQ(cluster.node_kind.size(), 6u);
  ASSERT_EQ(cluster.losses.size() % 2, 0u);
  EXPECT_NEAR(cluster.losses.size() / 2.0, 500, 100);
  std::set<size_t> nodes;
  for (size_t i = 0; i < cluster.losses.size(); i += 2) {
    EXPECT_EQ(cluster.losses[i].node + 1, cluster.losses[i + 1].node);
    EXPECT_EQ(cluster.losses[i].at_s, cluster.losses[i + 1].at_s);
    nodes.insert(cluster.losses[i].node);
  }
  EXPECT_EQ(nodes, (std::set<size_t>{0, 2, 4}));
}

TEST(LastShardText, SaysWhatTheEndWaitedFor) {
  Half half;
  half.alone.resize(2);
  half.alone[1].end_s = 7'200;
  half.alone[1].bound = Bound::kNetwork;
  half.schedule.jobs.resize(2);
  half.schedule.jobs[1] = {.first_start_s = 3'600, .node = 1, .starts = 2};
  half.schedule.last = 1;
  half.slow_nodes = 1;
  EXPECT_EQ(LastShardText(half),
            "shard 1 of 2: 1.0 h in the queue, 2.0 h of work; its end waits for the limit of a "
            "/24; begun 2 times, since nodes died");
  half.schedule.jobs[1].starts = 1;
  half.schedule.jobs[1].node = 0;
  EXPECT_TRUE(LastShardText(half).ends_with("; on a slow node"));
}

}  // namespace
}  // namespace mxsweep::plan
