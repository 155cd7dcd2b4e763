#include "scanner/engine/load_monitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace mxsweep::scanner {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(DurationHistogram, IsZeroWhenEmpty) {
  EXPECT_EQ(DurationHistogram().Quantile(0.5), 0);
  EXPECT_EQ(DurationHistogram().count(), 0u);
}

TEST(DurationHistogram, QuantileIsAtMostAQuarterTooHighAndNeverTooLow) {
  std::mt19937_64 random(3);
  std::vector<int64_t> values;
  DurationHistogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    // Spread over all magnitudes from 1 µs to an hour.
    const int64_t value = int64_t{4000} << (random() % 30);
    values.push_back(value + static_cast<int64_t>(random() % value));
    histogram.Add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (double quantile : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    const size_t rank = static_cast<size_t>(std::max(1.0, quantile * 20'000)) - 1;
    const int64_t exact = values[rank];
    EXPECT_GE(histogram.Quantile(quantile), exact) << quantile;
    EXPECT_LE(histogram.Quantile(quantile), exact + exact / 4 + 1000) << quantile;
  }
  EXPECT_EQ(histogram.max_ns(), values.back());
  EXPECT_EQ(histogram.Quantile(1.0), values.back());
}

TEST(DurationHistogram, TakesNegativeAndHugeDurations) {
  DurationHistogram histogram;
  histogram.Add(-5);
  histogram.Add(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_GT(histogram.Quantile(1), 3'600'000 * kMs);
}

TEST(DurationHistogram, MergesAsIfAllHadBeenAddedToOne) {
  DurationHistogram one, other, both;
  for (int i = 1; i < 100; ++i) {
    (i % 2 ? one : other).Add(i * kMs);
    both.Add(i * kMs);
  }
  one.Merge(other);
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.Quantile(0.5), both.Quantile(0.5));
  EXPECT_EQ(one.max_ns(), 99 * kMs);
}

TEST(LoadMonitor, HalvesAdmissionsAfterABusyIteration) {
  LoadMonitor monitor({.busy_limit_ns = 25 * kMs, .initial_admissions = 64, .max_admissions = 100});
  monitor.OnIteration(26 * kMs, 0);
  EXPECT_EQ(monitor.admissions(), 32u);
  EXPECT_EQ(monitor.overloaded_iterations(), 1u);
}

TEST(LoadMonitor, NeverStopsAdmitting) {
  LoadMonitor monitor;
  for (int i = 0; i < 100; ++i) monitor.OnIteration(1000 * kMs, 0);
  EXPECT_EQ(monitor.admissions(), 1u);
}

TEST(LoadMonitor, GrowsBackSlowlyWhileTheAllowanceIsUsed) {
  LoadMonitor monitor({.busy_limit_ns = 25 * kMs, .initial_admissions = 64, .max_admissions = 100});
  monitor.OnIteration(30 * kMs, 64);
  monitor.OnIteration(1 * kMs, 32);
  EXPECT_GT(monitor.admissions(), 32u);
  EXPECT_LT(monitor.admissions(), 64u);
  for (int i = 0; i < 100; ++i) monitor.OnIteration(1 * kMs, monitor.admissions());
  EXPECT_EQ(monitor.admissions(), 100u);
}

TEST(LoadMonitor, DoesNotGrowOnIdleOrHalfBusyIterations) {
  LoadMonitor monitor({.busy_limit_ns = 25 * kMs, .initial_admissions = 64, .max_admissions = 100});
  for (int i = 0; i < 100; ++i) monitor.OnIteration(1 * kMs, 0);
  EXPECT_EQ(monitor.admissions(), 64u);
  for (int i = 0; i < 100; ++i) monitor.OnIteration(20 * kMs, 64);
  EXPECT_EQ(monitor.admissions(), 64u);
}

TEST(LoadMonitor, AveragesBusyTime) {
  LoadMonitor monitor;
  for (int i = 0; i < 200; ++i) monitor.OnIteration(10 * kMs, 0);
  EXPECT_NEAR(static_cast<double>(monitor.ewma_ns()), 10.0 * kMs, 0.01 * kMs);
  EXPECT_EQ(monitor.busy().count(), 200u);
}

TEST(CreditedClock, BeginsAtZeroAndAdvancesWithRealTime) {
  CreditedClock clock(100 * kMs);
  EXPECT_EQ(clock.Observe(123'456 * kMs), 0);
  EXPECT_EQ(clock.Observe(123'506 * kMs), 50 * kMs);
  EXPECT_EQ(clock.Observe(123'606 * kMs), 150 * kMs);
  EXPECT_EQ(clock.lost_ns(), 0);
}

TEST(CreditedClock, CountsALongGapAsTheLargestCreditOnly) {
  CreditedClock clock(100 * kMs);
  clock.Observe(0);
  EXPECT_EQ(clock.Observe(3'600'000 * kMs), 100 * kMs);
  EXPECT_EQ(clock.lost_ns(), (3'600'000 - 100) * kMs);
  EXPECT_EQ(clock.Observe(3'600'010 * kMs), 110 * kMs);
}

TEST(CreditedClock, NeverGoesBack) {
  CreditedClock clock;
  clock.Observe(1000 * kMs);
  clock.Observe(1050 * kMs);
  EXPECT_EQ(clock.Observe(1000 * kMs), 50 * kMs);
  EXPECT_EQ(clock.Observe(1060 * kMs), 60 * kMs);
}

}  // namespace
}  // namespace mxsweep::scanner
