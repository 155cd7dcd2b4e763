// Falls of shares that were made, and none where nothing was made to fall.
#include "tools/dashboard/drops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace mxsweep::tools {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kLeast = 0.5;

std::vector<Split> Level(size_t buckets, uint64_t yes, uint64_t no) {
  return std::vector<Split>(buckets, Split{yes, no});
}

void Append(const std::vector<Split>& more, std::vector<Split>* buckets) {
  buckets->insert(buckets->end(), more.begin(), more.end());
}

// Deliveries each encrypted by itself with this chance.
Split Draw(std::mt19937_64& random, uint64_t whole, double chance) {
  std::binomial_distribution<uint64_t> yes(whole, chance);
  const uint64_t encrypted = yes(random);
  return {encrypted, whole - encrypted};
}

TEST(Drops, FindsAFallThatLasts) {
  std::vector<Split> buckets = Level(20, 95, 5);
  Append(Level(10, 80, 20), &buckets);
  const std::vector<Drop> drops = FindDrops(buckets, kLeast);
  ASSERT_THAT(drops, SizeIs(1));
  EXPECT_EQ(drops[0].before, 0u);
  EXPECT_EQ(drops[0].begin, 20u);
  EXPECT_EQ(drops[0].end, 30u);
  EXPECT_DOUBLE_EQ(drops[0].points, -15);
  EXPECT_EQ(drops[0].was.whole(), 2000u);
  EXPECT_EQ(drops[0].is.yes, 800u);
  EXPECT_LT(drops[0].interval.high, 0);
}

TEST(Drops, FindsEachOfTwoOutagesAndTheirEnds) {
  std::vector<Split> buckets = Level(10, 96, 4);
  Append(Level(3, 50, 50), &buckets);
  Append(Level(10, 96, 4), &buckets);
  Append(Level(3, 55, 45), &buckets);
  Append(Level(10, 96, 4), &buckets);
  const std::vector<Drop> drops = FindDrops(buckets, kLeast);
  ASSERT_THAT(drops, SizeIs(2));
  EXPECT_EQ(drops[0].begin, 10u);
  EXPECT_EQ(drops[0].end, 13u);
  EXPECT_EQ(drops[1].before, 13u);
  EXPECT_EQ(drops[1].begin, 23u);
  EXPECT_EQ(drops[1].end, 26u);
}

TEST(Drops, FindsAFallOnTopOfAnother) {
  std::vector<Split> buckets = Level(10, 990, 10);
  Append(Level(10, 900, 100), &buckets);
  Append(Level(10, 700, 300), &buckets);
  const std::vector<Drop> drops = FindDrops(buckets, kLeast);
  ASSERT_THAT(drops, SizeIs(2));
  EXPECT_EQ(drops[0].begin, 10u);
  EXPECT_EQ(drops[1].before, 10u);
  EXPECT_EQ(drops[1].begin, 20u);
}

TEST(Drops, CallsNoHandfulAFall) {
  std::vector<Split> buckets = Level(20, 95, 5);
  buckets.push_back({2, 1});
  EXPECT_THAT(FindDrops(buckets, kLeast), IsEmpty());
  // Where nearly all is encrypted, one in clear among few is little, and was to be expected once.
  buckets = Level(100, 999, 1);
  buckets.push_back({9, 1});
  EXPECT_THAT(FindDrops(buckets, kLeast), IsEmpty());
}

TEST(Drops, CallsNeitherARiseNorTheReturnFromAShortOneAFall) {
  std::vector<Split> buckets = Level(20, 80, 20);
  Append(Level(2, 100, 0), &buckets);
  Append(Level(20, 80, 20), &buckets);
  EXPECT_THAT(FindDrops(buckets, kLeast), IsEmpty());
}

TEST(Drops, LeavesGapsOutOfItsCountOfBuckets) {
  std::vector<Split> buckets = Level(6, 95, 5);
  Append(Level(5, 0, 0), &buckets);
  Append(Level(6, 40, 60), &buckets);
  const std::vector<Drop> drops = FindDrops(buckets, kLeast);
  ASSERT_THAT(drops, SizeIs(1));
  EXPECT_EQ(drops[0].begin, 11u);
  EXPECT_EQ(drops[0].end, 17u);
}

TEST(Drops, TellsOfNoFallThatIsLessThanAsked) {
  std::vector<Split> buckets = Level(10, 990'000, 10'000);
  Append(Level(10, 987'000, 13'000), &buckets);
  EXPECT_THAT(FindDrops(buckets, 0.5), IsEmpty());
  EXPECT_THAT(FindDrops(buckets, 0.2), SizeIs(1));
}

TEST(Drops, SaysNothingOfNothing) {
  EXPECT_THAT(FindDrops({}, kLeast), IsEmpty());
  EXPECT_THAT(FindDrops(Level(5, 0, 0), kLeast), IsEmpty());
  EXPECT_THAT(FindDrops(Level(1, 5, 5), kLeast), IsEmpty());
}

// Series in which nothing changes: how many of them have a drop. `batch`: so many deliveries go
// one way together.
int FalseAlarms(int series, size_t buckets, uint64_t per_bucket, double chance, uint64_t batch) {
  std::mt19937_64 random(7 * buckets + per_bucket + batch);
  std::poisson_distribution<uint64_t> volume(static_cast<double>(per_bucket / batch));
  int alarms = 0;
  for (int i = 0; i < series; ++i) {
    std::vector<Split> drawn;
    for (size_t b = 0; b < buckets; ++b) {
      Split split = Draw(random, volume(random), chance);
      drawn.push_back({split.yes * batch, split.no * batch});
    }
    alarms += FindDrops(drawn, 0).empty() ? 0 : 1;
  }
  return alarms;
}

// At 5 % of 300 series 15 are to be expected at most; in 99.9 of 100 runs not more than 28.
TEST(Drops, CallsNoMoreFallsThanSaidWhereNothingChanges) {
  constexpr int kSeries = 300, kMost = 28;
  for (const double chance : {0.5, 0.9, 0.99, 0.999}) {
    EXPECT_LE(FalseAlarms(kSeries, 24, 1000, chance, 1), kMost) << chance;
    EXPECT_LE(FalseAlarms(kSeries, 72, 20, chance, 1), kMost) << chance;
  }
  // Bulk mail, of which many at once are so or so.
  EXPECT_LE(FalseAlarms(kSeries, 48, 1000, 0.9, 10), kMost);
  EXPECT_LE(FalseAlarms(kSeries, 24, 1000, 0.7, 25), kMost);
}

// What it is worth: a fall that is there is found.
TEST(Drops, FindsFallsAmongChance) {
  std::mt19937_64 random(11);
  int found = 0;
  for (int i = 0; i < 100; ++i) {
    std::vector<Split> buckets;
    for (int b = 0; b < 48; ++b) {
      const bool low = b >= 30 && b < 36;
      buckets.push_back(Draw(random, 200, low ? 0.85 : 0.95));
    }
    const std::vector<Drop> drops = FindDrops(buckets, kLeast);
    found += std::ranges::any_of(drops, [](const Drop& drop) {
      return drop.begin >= 29 && drop.begin <= 31 && drop.end >= 35 && drop.end <= 37;
    });
  }
  EXPECT_GE(found, 95);
}

TEST(Drops, MeasuresHowMuchMoreBucketsDifferThanDeliveries) {
  std::mt19937_64 random(3);
  std::vector<Split> alone, batches;
  for (int b = 0; b < 1000; ++b) {
    alone.push_back(Draw(random, 500, 0.9));
    const Split batch = Draw(random, 50, 0.9);
    batches.push_back({batch.yes * 10, batch.no * 10});
  }
  EXPECT_NEAR(ExcessVariance(alone), 1, 0.15);
  EXPECT_NEAR(ExcessVariance(batches), 10, 1.5);
  EXPECT_EQ(ExcessVariance({}), 1);
}

}  // namespace
}  // namespace mxsweep::tools
