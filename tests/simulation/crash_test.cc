// Scans that crash and are gone on with, a few hundred of them: tests/simulation/simulate.cc runs
// as many as there is time for.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/output/memory_files.h"
#include "tests/simulation/crashing_scan.h"
#include "tests/simulation/expectations.h"
#include "tests/simulation/simulated_scan.h"

namespace mxsweep::scanner::simulation {
namespace {

constexpr uint64_t kSeeds = 200;

class Crashes : public ::testing::TestWithParam<uint64_t> {};

TEST_P(Crashes, CostNoRowAndAskNobodyTwice) {
  uint64_t crashes = 0;
  uint64_t other_ends = 0;
  for (uint64_t seed = GetParam(); seed < GetParam() + 20; ++seed) {
    const CrashReport report = ScanThroughCrashes(seed);
    for (const std::string& failure : report.failures) {
      ADD_FAILURE() << "simulate --seed " << seed << "\n" << report.story << failure;
    }
    if (HasFailure()) break;
    crashes += report.crashes;
    other_ends += report.other_ends;
  }
  EXPECT_GT(crashes, 5u);
  EXPECT_GT(other_ends, 2u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Crashes, ::testing::Range<uint64_t>(1, kSeeds + 1, 20));

TEST(CrashingScan, AreTheSameEveryTimeFromTheSameSeed) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const CrashReport first = ScanThroughCrashes(seed);
    const CrashReport again = ScanThroughCrashes(seed);
    EXPECT_EQ(first.story, again.story);
    EXPECT_EQ(first.sessions, again.sessions);
    EXPECT_FALSE(first.story.empty());
  }
}

// What a server does once it knows the name is said of that name only, by the rows of an earlier
// run, too.
TEST(GoingOn, TakesNoAddressForDeadThatClosedInTheHandshake) {
  World world = World::Uniform(Manner::kClosesInHandshake, 2);
  world.hosts[1].addresses = world.hosts[0].addresses;
  ServerNetwork network;
  world.FillNetwork(&network);
  output::MemoryFiles files;
  DirectoryRun run{.files = &files, .network = &network, .list = "d0.example\n"};
  ScanSettings settings;
  settings.directory = &run;
  const ScanResult first = Scan(world, settings);
  EXPECT_TRUE(first.complete) << first.status;
  run.list += "d1.example\n";
  run.began_ns = first.ended_ns + 10 * kSecond;
  const ScanResult second = Scan(world, settings);
  EXPECT_TRUE(second.complete) << second.status;
  size_t endpoints = 0;
  for (const Row& row : ReadCommittedRows(&files)) {
    const auto* endpoint = std::get_if<output::EndpointRow>(&row);
    if (endpoint == nullptr) continue;
    ++endpoints;
    ExpectTrue(world, settings, *endpoint);
  }
  EXPECT_EQ(endpoints, 2u);
  for (const std::string& complaint : network.complaints()) ADD_FAILURE() << complaint;
}

// Nor is a 421 forgotten: whoever has it next at that address comes after the back-off.
TEST(GoingOn, LeavesInPeaceWhoAnswered421) {
  for (const Manner manner : {Manner::kThrottled, Manner::kThrottledWithinTls}) {
    World world = World::Uniform(manner, 2);
    world.hosts[1].addresses = world.hosts[0].addresses;
    ServerNetwork network;
    world.FillNetwork(&network);
    output::MemoryFiles files;
    DirectoryRun run{.files = &files, .network = &network, .list = "d0.example\n"};
    ScanSettings settings;
    settings.directory = &run;
    const ScanResult first = Scan(world, settings);
    EXPECT_TRUE(first.complete) << first.status;
    run.list += "d1.example\n";
    run.began_ns = first.ended_ns + kSecond;
    const ScanResult second = Scan(world, settings);
    EXPECT_TRUE(second.complete) << second.status;
    EXPECT_GT(second.took_ns, settings.gate.backoff_initial_ns / 2);
    for (const std::string& complaint : network.complaints()) ADD_FAILURE() << complaint;
  }
}

}  // namespace
}  // namespace mxsweep::scanner::simulation
