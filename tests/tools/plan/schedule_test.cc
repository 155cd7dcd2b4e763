#include "tools/plan/schedule.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"
#include "tools/plan/random.h"

namespace mxsweep::plan {
namespace {

using Work = std::vector<std::vector<double>>;

Cluster Nodes(size_t count) {
  Cluster cluster;
  cluster.node_kind.assign(count, 0);
  return cluster;
}

std::vector<double> DrawnJobs(uint64_t seed, size_t count) {
  Random random(seed);
  std::vector<double> jobs;
  for (size_t i = 0; i < count; ++i) jobs.push_back(random.Exponential(100));
  return jobs;
}

double Sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST(RunJobs, OneNodeTakesTheSumOfAllWorkAndStarts) {
  Cluster cluster = Nodes(1);
  cluster.start_s = 5;
  const Schedule schedule = RunJobs(Work{{10, 20, 30}}, cluster, /*begin_s=*/100);
  EXPECT_DOUBLE_EQ(schedule.end_s, 100 + 60 + 3 * 5);
  EXPECT_DOUBLE_EQ(schedule.busy_s, 75);
  EXPECT_EQ(schedule.last, 2u);
  EXPECT_DOUBLE_EQ(schedule.jobs[1].first_start_s, 115);
  EXPECT_DOUBLE_EQ(schedule.jobs[1].end_s, 140);
}

TEST(RunJobs, AsManyNodesAsJobsTakeTheLongest) {
  const Schedule schedule = RunJobs(Work{{10, 70, 30}}, Nodes(3));
  EXPECT_DOUBLE_EQ(schedule.end_s, 70);
  EXPECT_DOUBLE_EQ(schedule.first_idle_s, 10);
}

// Worked out by hand: 7 and 5 begin, 5's node takes the 6 (until 11), 7's the 4 (until 11), then
// one of them the 2.
TEST(RunJobs, JobsGoToWhicheverNodeIsFree) {
  const Schedule schedule = RunJobs(Work{{7, 5, 6, 4, 2}}, Nodes(2));
  EXPECT_DOUBLE_EQ(schedule.end_s, 13);
  EXPECT_DOUBLE_EQ(schedule.jobs[2].first_start_s, 5);
  EXPECT_DOUBLE_EQ(schedule.jobs[3].first_start_s, 7);
  EXPECT_DOUBLE_EQ(schedule.first_idle_s, 11);
}

TEST(RunJobs, NothingToDoTakesNoTime) {
  EXPECT_DOUBLE_EQ(RunJobs(Work{{}}, Nodes(2), 40).end_s, 40);
}

TEST(RunJobs, ANodeOfAnotherKindTakesItsOwnTime) {
  Cluster cluster = Nodes(2);
  cluster.node_kind[0] = 1;
  const Schedule schedule = RunJobs(Work{{10, 10, 10}, {25, 25, 25}}, cluster);
  EXPECT_DOUBLE_EQ(schedule.jobs[0].end_s, 25);
  EXPECT_DOUBLE_EQ(schedule.end_s, 25);
  EXPECT_DOUBLE_EQ(schedule.jobs[2].end_s, 20);
}

// Dies after 95 s: 5 s of starting, 90 of work, of which 80 are kept (epochs of 40 s); noticed at
// 125. The node is back at 200, and starts for 5 s.
TEST(RunJobs, ADeathCostsWhatWasNotCommittedAndAStart) {
  Cluster cluster = Nodes(1);
  cluster.start_s = 5;
  cluster.epoch_s = 40;
  cluster.notice_s = 30;
  cluster.losses = {{0, 95, 200}};
  const Schedule schedule = RunJobs(Work{{100}}, cluster);
  EXPECT_DOUBLE_EQ(schedule.end_s, 200 + 5 + 20);
  EXPECT_EQ(schedule.restarts, 1u);
  EXPECT_DOUBLE_EQ(schedule.jobs[0].lost_s, 15);
  EXPECT_DOUBLE_EQ(schedule.jobs[0].ran_s, 95 + 25);
}

// The other node is free at 50, and takes what is left once the death is noticed at 60; the job
// that has not begun comes after it.
TEST(RunJobs, AnotherNodeGoesOnWithADeadOnesJobInFrontOfTheQueue) {
  Cluster cluster = Nodes(2);
  cluster.notice_s = 30;
  cluster.losses = {{0, 30, 10'000}};
  const Schedule schedule = RunJobs(Work{{100, 61, 10}}, cluster);
  EXPECT_DOUBLE_EQ(schedule.jobs[0].last_start_s, 61);
  EXPECT_EQ(schedule.jobs[0].node, 1u);
  EXPECT_DOUBLE_EQ(schedule.jobs[0].end_s, 61 + 70);
  EXPECT_DOUBLE_EQ(schedule.jobs[2].first_start_s, 131);
}

// Half of it was done on the fast node.
TEST(RunJobs, WhatWasDoneCountsOnANodeOfAnotherKind) {
  Cluster cluster = Nodes(2);
  cluster.node_kind[1] = 1;
  cluster.losses = {{0, 50, 10'000}};
  const Schedule schedule = RunJobs(Work{{100, 1}, {300, 3}}, cluster);
  EXPECT_DOUBLE_EQ(schedule.jobs[0].end_s, 50 + 150);
}

TEST(RunJobs, ANodeThatIsDeadAtTheBeginningJoinsLater) {
  Cluster cluster = Nodes(2);
  cluster.losses = {{0, 10, 130}, {1, 1, 2}};  // the other was back before
  const Schedule schedule = RunJobs(Work{{50, 50}}, cluster, /*begin_s=*/100);
  EXPECT_DOUBLE_EQ(schedule.jobs[0].end_s, 150);
  EXPECT_DOUBLE_EQ(schedule.jobs[1].first_start_s, 130);
  EXPECT_DOUBLE_EQ(schedule.end_s, 180);
}

TEST(RunJobs, ANodeThatDiesWhileItIsDeadIsBackWithTheLater) {
  Cluster cluster = Nodes(1);
  cluster.losses = {{0, 10, 100}, {0, 50, 300}};
  EXPECT_DOUBLE_EQ(RunJobs(Work{{20}}, cluster).end_s, 300 + 10);
}

// R. L. Graham, Bounds on multiprocessing timing anomalies, 1969: whatever the order, list
// scheduling ends within 2 - 1/m of the best possible, which is no less than either bound below.
TEST(RunJobs, EndsWithinGrahamsBound) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const size_t nodes = 1 + seed % 9;
    const std::vector<double> jobs = DrawnJobs(seed, 1 + seed % 40);
    const auto m = static_cast<double>(nodes);
    const double longest = *std::ranges::max_element(jobs);
    const double least = std::max(Sum(jobs) / m, longest);
    const double end_s = RunJobs(Work{jobs}, Nodes(nodes)).end_s;
    EXPECT_GE(end_s, least * (1 - 1e-9)) << seed;
    EXPECT_LE(end_s, (2 - 1 / m) * least * (1 + 1e-9)) << seed;
    EXPECT_LE(end_s, Sum(jobs) / m + (1 - 1 / m) * longest + 1e-6) << seed;
  }
}

TEST(RunJobs, MoreNodesAndShorterJobsNeverTakeLonger) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    std::vector<double> jobs = DrawnJobs(seed, 30);
    double before = RunJobs(Work{jobs}, Nodes(1)).end_s;
    for (size_t nodes = 2; nodes <= 12; ++nodes) {
      const double end_s = RunJobs(Work{jobs}, Nodes(nodes)).end_s;
      EXPECT_LE(end_s, before * (1 + 1e-9)) << seed << ", " << nodes << " nodes";
      before = end_s;
    }
    const double with_all = RunJobs(Work{jobs}, Nodes(4)).end_s;
    jobs[seed % jobs.size()] /= 2;
    EXPECT_LE(RunJobs(Work{jobs}, Nodes(4)).end_s, with_all * (1 + 1e-9)) << seed;
  }
}

TEST(RunJobs, DeathsCostTimeOnAverageAndWorkIsNeverLeft) {
  double undisturbed = 0, disturbed = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const std::vector<double> jobs = DrawnJobs(seed, 40);
    Cluster cluster = Nodes(4);
    cluster.start_s = 1;
    cluster.epoch_s = 10;
    cluster.notice_s = 20;
    undisturbed += RunJobs(Work{jobs}, cluster).end_s;
    Random random(seed + 1'000);
    for (int i = 0; i < 12; ++i) {
      const double at_s = random.Unit() * 900;
      cluster.losses.push_back({random.Below(4), at_s, at_s + 60});
    }
    const Schedule schedule = RunJobs(Work{jobs}, cluster);
    disturbed += schedule.end_s;
    uint32_t starts = 0;
    for (size_t i = 0; i < jobs.size(); ++i) {
      const JobRun& run = schedule.jobs[i];
      starts += run.starts;
      // What it ran is its work, what was lost of it, and a start for each run that came to an end.
      EXPECT_NEAR(run.ran_s - run.lost_s, jobs[i] + 1, 1e-6) << seed;
      EXPECT_LE(run.lost_s, (run.starts - 1) * (1 + 10 + 1e-9)) << seed;
    }
    EXPECT_EQ(starts, jobs.size() + schedule.restarts);
  }
  EXPECT_GT(disturbed, undisturbed);
}

}  // namespace
}  // namespace mxsweep::plan
