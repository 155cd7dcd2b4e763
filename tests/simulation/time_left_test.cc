// What a scan says of the time that is left, held against what came true, in worlds that are even
// and in worlds that are skewed.
#include "scanner/time_left.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/simulated_scan.h"

namespace mxsweep::scanner::simulation {
namespace {

struct Said {
  double at_s = 0;
  TimeLeft left;
  double by_rate_s = 0;  // what is left divided by the rate so far: what is usually shown
};

struct Record {
  std::vector<Said> said;
  double took_s = 0;

  double Truth(const Said& said_then) const { return took_s - said_then.at_s; }
  // The share of what was said that came true.
  double ShareTrue() const {
    const auto came_true = std::ranges::count_if(said, [this](const Said& then) {
      const double truth_s = Truth(then);
      return then.left.at_least_s <= truth_s + 1 &&
             (!then.left.at_most_s || truth_s <= *then.left.at_most_s + 1);
    });
    return static_cast<double>(came_true) / static_cast<double>(said.size());
  }
  // The share of what the rate alone says that is wrong by more than half.
  double ShareWrongByRate() const {
    const auto wrong = std::ranges::count_if(said, [this](const Said& then) {
      const double truth_s = Truth(then);
      return truth_s > 5 && (then.by_rate_s < truth_s / 2 || then.by_rate_s > truth_s * 2);
    });
    return static_cast<double>(wrong) / static_cast<double>(said.size());
  }
  double ShareBounded() const {
    const auto bounded = std::ranges::count_if(
        said, [](const Said& then) { return then.left.at_most_s.has_value(); });
    return static_cast<double>(bounded) / static_cast<double>(said.size());
  }
};

Record Watch(const World& world, ScanSettings settings) {
  Record record;
  TimeLeftEstimator estimator(
      {.slowest_target_s = 300,
       .patience_s = static_cast<double>(settings.patience_ns) / 1e9,
       .address_interval_s = static_cast<double>(settings.gate.per_address_interval_ns) / 1e9,
       .prefix_rate_per_s = settings.gate.per_prefix_rate_per_s,
       .rate_per_s = settings.gate.rate_per_s});
  settings.on_watch = [&](const ProgressSnapshot& now) {
    const std::optional<TimeLeft> left = estimator.Note(now);
    if (!left) return;
    const double rate = static_cast<double>(now.targets_done) / now.elapsed_s;
    const double by_rate_s =
        static_cast<double>(*now.targets_total - now.targets_done) / std::max(rate, 1e-9);
    record.said.push_back({now.elapsed_s, *left, by_rate_s});
  };
  const ScanResult result = Scan(world, settings);
  EXPECT_TRUE(result.ended);
  record.took_s = static_cast<double>(result.took_ns) / 1e9;
  return record;
}

// `world` with every n-th server of another manner.
World Mixed(World world, Manner manner, size_t every) {
  const World others = World::Uniform(manner, 1);
  size_t i = 0;
  for (auto& [address, server] : world.servers) {
    if (i++ % every == 0) server = others.servers.begin()->second;
  }
  return world;
}

ScanSettings Slowly() {
  ScanSettings settings;
  settings.slots = 50;
  settings.gate.rate_per_s = 20;
  return settings;
}

void ExpectHonest(const Record& record, const std::string& of) {
  ASSERT_GT(record.said.size(), 20u) << of;
  EXPECT_GE(record.ShareTrue(), 0.97) << of;
  // And it says something.
  EXPECT_GE(record.ShareBounded(), 0.8) << of;
}

TEST(TimeLeft, IsTrueAndNarrowInAnEvenWorld) {
  const Record record = Watch(World::Uniform(Manner::kGood, 2'000), Slowly());
  ExpectHonest(record, "even");
  const Said& halfway = record.said[record.said.size() / 2];
  EXPECT_GT(halfway.left.at_least_s, record.Truth(halfway) / 2);
  EXPECT_LT(halfway.left.at_most_s, 2 * record.Truth(halfway) + 300);
}

TEST(TimeLeft, IsTrueWhereTheLastServersAreSilent) {
  const Record record =
      Watch(Mixed(World::Uniform(Manner::kGood, 2'000), Manner::kSilent, 50), Slowly());
  ExpectHonest(record, "silent");
}

// Many slots: all targets are started long before they are asked.
TEST(TimeLeft, HasALowerEndWhereEverythingIsQueuedAtTheGate) {
  ScanSettings settings = Slowly();
  settings.slots = 5'000;
  const Record record = Watch(World::Uniform(Manner::kGood, 2'000), settings);
  ExpectHonest(record, "queued");
  const Said& halfway = record.said[record.said.size() / 2];
  EXPECT_GT(halfway.left.at_least_s, record.Truth(halfway) / 2);
}

// One address with many names: the usual figure says that the scan is nearly over, for most of it.
TEST(TimeLeft, IsTrueWhereACrowdIsLeftAndTheUsualFigureIsNot) {
  World world = World::Uniform(Manner::kGood, 2'000);
  const std::string crowded = world.hosts.front().addresses.front();
  for (size_t i = 0; i < world.hosts.size(); i += 4) world.hosts[i].addresses = {crowded};
  ScanSettings settings = Slowly();
  settings.slots = 1'000;
  settings.gate.rate_per_s = 100;
  settings.gate.per_address_interval_ns = kSecond;
  const Record record = Watch(world, settings);
  EXPECT_GT(record.took_s, 400);
  ExpectHonest(record, "crowd");
  EXPECT_GT(record.ShareWrongByRate(), 0.2);
}

// What a list holds is not known: the second half may be another world.
TEST(TimeLeft, IsNeverTooShortForLongWhereTheSecondHalfIsSlow) {
  World world = World::Uniform(Manner::kGood, 1'500);
  const World slow = World::Uniform(Manner::kIgnoresConnect, 1);
  for (size_t i = 1'000; i < world.hosts.size(); ++i) {
    world.servers[world.hosts[i].addresses.front()] = slow.servers.begin()->second;
  }
  ScanSettings settings = Slowly();
  const Record record = Watch(world, settings);
  size_t too_short_late = 0;
  for (const Said& then : record.said) {
    const bool late = then.at_s > record.took_s / 2;
    if (late && then.left.at_most_s && *then.left.at_most_s + 1 < record.Truth(then)) {
      ++too_short_late;
    }
    EXPECT_LE(then.left.at_least_s, record.Truth(then) + 1) << "at " << then.at_s << " s";
  }
  EXPECT_LE(too_short_late, record.said.size() / 50);
}

}  // namespace
}  // namespace mxsweep::scanner::simulation
