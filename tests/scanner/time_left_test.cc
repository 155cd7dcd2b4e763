#include "scanner/time_left.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace mxsweep::scanner {
namespace {

constexpr TimeLeftEstimator::Limits kLimits = {.slowest_target_s = 300,
                                               .patience_s = 3'600,
                                               .address_interval_s = 1,
                                               .prefix_rate_per_s = 16,
                                               .rate_per_s = 100};

// A list of 100,000 of which `started` and `done` are the counts at a time.
std::optional<TimeLeft> After(double seconds, const std::function<uint64_t(double)>& started,
                              const std::function<uint64_t(double)>& done) {
  TimeLeftEstimator estimator(kLimits);
  std::optional<TimeLeft> left;
  for (double at_s = 0; at_s <= seconds; at_s += 0.25) {
    ProgressSnapshot now;
    now.elapsed_s = at_s;
    now.targets_total = 100'000;
    now.targets_started = std::min<uint64_t>(started(at_s), 100'000);
    now.targets_done = std::min<uint64_t>(done(at_s), now.targets_started);
    left = estimator.Note(now);
  }
  return left;
}

uint64_t Count(double value) { return static_cast<uint64_t>(std::max(value, 0.0)); }

TEST(TimeLeft, HoldsTheTruthWhereTheRateIsSteady) {
  const auto left = After(
      100, [](double s) { return Count(100 * s + 200); }, [](double s) { return Count(100 * s); });
  ASSERT_TRUE(left.has_value());
  EXPECT_GT(left->at_least_s, 600);
  EXPECT_LT(left->at_least_s, 900);  // the truth
  ASSERT_TRUE(left->at_most_s.has_value());
  EXPECT_GT(*left->at_most_s, 900);
  EXPECT_LT(*left->at_most_s, 900 / 0.75 + 300 + 10);
}

TEST(TimeLeft, GrowsAtOnceWhereTheRateFalls) {
  // 1,000 a second for a minute, then 50: what is left takes 39,100 s / 50.
  const auto left = After(
      80, [](double s) { return Count(s < 60 ? 1'000 * s + 500 : 60'500 + 50 * (s - 60)); },
      [](double s) { return Count(s < 60 ? 1'000 * s : 60'000 + 50 * (s - 60)); });
  ASSERT_TRUE(left.has_value() && left->at_most_s.has_value());
  EXPECT_LT(left->at_least_s, 780);
  EXPECT_GT(*left->at_most_s, 780);
}

TEST(TimeLeft, KnowsNoEndWhereNothingIsDoneAnyMore) {
  const auto left = After(
      120, [](double s) { return Count(100 * s + 50); },
      [](double s) { return Count(s < 60 ? 100 * s : 6'000); });
  ASSERT_TRUE(left.has_value());
  EXPECT_FALSE(left->at_most_s.has_value());
  EXPECT_THAT(FormatTimeLeft(*left), testing::StartsWith("over "));
}

TEST(TimeLeft, SaysNothingBeforeThereIsAnythingToGoBy) {
  EXPECT_FALSE(After(
                   1, [](double) { return 5'000; }, [](double) { return 0; })
                   .has_value());
  TimeLeftEstimator estimator(kLimits);
  ProgressSnapshot unknown;
  unknown.elapsed_s = 100;
  unknown.targets_started = unknown.targets_done = 5'000;
  EXPECT_FALSE(estimator.Note(unknown).has_value()) << "how many there are is not known";
}

TEST(TimeLeft, CountsTheTailDownOnceAllAreStarted) {
  TimeLeftEstimator estimator(kLimits);
  ProgressSnapshot now;
  now.targets_total = now.targets_started = 1'000;
  now.targets_done = 990;
  now.elapsed_s = 50;
  std::optional<TimeLeft> left = estimator.Note(now);
  ASSERT_TRUE(left.has_value());
  EXPECT_EQ(left->at_least_s, 0);
  EXPECT_EQ(left->at_most_s, 300);
  now.elapsed_s = 150;
  EXPECT_EQ(estimator.Note(now)->at_most_s, 200);
  // It takes longer than one slow server: then nobody knows.
  now.elapsed_s = 360;
  EXPECT_FALSE(estimator.Note(now)->at_most_s.has_value());
  EXPECT_EQ(FormatTimeLeft(*estimator.Note(now)), "unknown");
}

TEST(TimeLeft, CountsWhatACrowdTakesButNoMoreThanPatienceAllows) {
  TimeLeftEstimator estimator(kLimits);
  ProgressSnapshot now;
  now.targets_total = now.targets_started = 10'000;
  now.targets_done = 9'000;
  now.elapsed_s = 50;
  now.queued = now.waiting = now.largest_crowd = 1'000;
  EXPECT_EQ(estimator.Note(now)->at_most_s, 1'000 + 300);
  now.queued = now.waiting = now.largest_crowd = 90'000;
  EXPECT_EQ(estimator.Note(now)->at_most_s, 3'600 + 300);
  now.patience_left_s = 60;
  EXPECT_EQ(estimator.Note(now)->at_most_s, 60 + 300);
}

TEST(TimeLeft, IsNoneWhereAllIsDone) {
  TimeLeftEstimator estimator(kLimits);
  ProgressSnapshot now;
  now.targets_total = now.targets_started = now.targets_done = 88;
  now.elapsed_s = 2;
  ASSERT_TRUE(estimator.Note(now).has_value());
  EXPECT_EQ(FormatTimeLeft(*estimator.Note(now)), "0s");
  // An estimate that was too small is no end.
  now.total_is_estimate = true;
  EXPECT_FALSE(estimator.Note(now).has_value());
}

TEST(TimeLeft, IsNoShorterThanTheRateAllowsForWhatIsQueued) {
  TimeLeftEstimator estimator(kLimits);
  ProgressSnapshot now;
  now.targets_total = now.targets_started = 10'000;
  now.targets_done = 1'000;
  now.elapsed_s = 50;
  now.queued = 9'000;  // 90 s at 100 a second
  const auto left = estimator.Note(now);
  ASSERT_TRUE(left.has_value() && left->at_most_s.has_value());
  EXPECT_GT(left->at_least_s, 60);
  EXPECT_LT(left->at_least_s, 90);
  EXPECT_GT(*left->at_most_s, 90 + 300);
}

TEST(TimeLeft, EndsWithTheRuntimeThatIsAllowed) {
  TimeLeftEstimator::Limits limits = kLimits;
  limits.max_runtime_s = 600;
  TimeLeftEstimator estimator(limits);
  ProgressSnapshot now;
  now.targets_total = now.targets_started = 1'000'000;
  now.elapsed_s = 500;
  now.queued = 900'000;
  const auto left = estimator.Note(now);
  ASSERT_TRUE(left.has_value());
  EXPECT_EQ(left->at_least_s, 100);
  EXPECT_EQ(left->at_most_s, 100 + 300);
  // It stops: what is queued is not asked any more.
  now.state = ProgressState::kStopping;
  EXPECT_EQ(estimator.Note(now)->at_least_s, 0);
}

TEST(TimeLeft, IsRoundedAwayFromTheTruthAndNeverTowardsIt) {
  const std::pair<TimeLeft, std::string> cases[] = {
      {{0, 3.0}, "under 5s"},         {{12, 43.0}, "10s-45s"},
      {{161, 620.0}, "2m30s-11m"},    {{3'600, 7'300.0}, "1h-2h10m"},
      {{0, 7'200.0}, "under 2h"},     {{100'000, std::nullopt}, "over 1d03h"},
      {{3, std::nullopt}, "unknown"}, {{0, 0.0}, "0s"},
  };
  for (const auto& [left, text] : cases) EXPECT_EQ(FormatTimeLeft(left), text);
}

}  // namespace
}  // namespace mxsweep::scanner
