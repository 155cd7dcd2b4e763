// Intervals against the tables of those who proposed or compared them.
#include "tools/diff/interval.h"

#include <gtest/gtest.h>

#include <utility>

namespace mxsweep::tools {
namespace {

void ExpectNear(const Interval& interval, double low, double high) {
  EXPECT_NEAR(interval.low, low, 5e-5);
  EXPECT_NEAR(interval.high, high, 5e-5);
}

// Newcombe, Statistics in Medicine 17 (1998), 857–872, table I, method 3 (Wilson's score).
TEST(IntervalTest, WilsonIsAsInNewcombesTable) {
  ExpectNear(WilsonInterval(81, 263), 0.2553, 0.3662);
  ExpectNear(WilsonInterval(15, 148), 0.0624, 0.1605);
  ExpectNear(WilsonInterval(0, 20), 0.0000, 0.1611);
  ExpectNear(WilsonInterval(1, 29), 0.0061, 0.1718);
}

// The same volume, 873–890, table II, method 10.
TEST(IntervalTest, DifferenceIsAsInNewcombesTable) {
  ExpectNear(DifferenceInterval(56, 70, 48, 80), 0.0524, 0.3339);
  ExpectNear(DifferenceInterval(9, 10, 3, 10), 0.1705, 0.8090);
}

// The same volume, 2635–2650, method 10.
TEST(IntervalTest, PairedIsAsInNewcombesTable) {
  ExpectNear(PairedInterval({36, 2, 12, 0}, 1), 0.0569, 0.3404);
  ExpectNear(PairedInterval({20, 2, 12, 16}, 1), 0.0562, 0.3292);
}

TEST(IntervalTest, SaysNothingOfNothing) {
  EXPECT_FALSE(PairedInterval({}, 1).excludes_zero());
  EXPECT_FALSE(DifferenceInterval(1, 1, 0, 0).excludes_zero());
  ExpectNear(WilsonInterval(0, 0), 0, 1);
}

// A few of few are no trend; the same share of many is.
TEST(IntervalTest, WantsMoreThanAHandful) {
  EXPECT_FALSE(PairedInterval({7, 3, 0, 0}, 1).excludes_zero());
  EXPECT_TRUE(PairedInterval({700, 300, 0, 0}, 1).excludes_zero());
  EXPECT_FALSE(PairedInterval({900, 50, 50, 0}, 1).excludes_zero());
}

// Critical values of the two-sided sign test at 5 %, as tables have them: of 6 changes 0, of 9 one,
// of 12 two, of 15 three, of 17 four, of 20 five, of 25 seven may be the other way.
TEST(IntervalTest, SignTestIsAsInTables) {
  constexpr std::pair<int, int> kCritical[] = {{6, 0},  {9, 1},  {12, 2}, {15, 3},
                                               {17, 4}, {20, 5}, {25, 7}};
  for (const auto& [changes, fewer] : kCritical) {
    EXPECT_TRUE(SignTestTells(changes - fewer, fewer)) << changes;
    EXPECT_TRUE(SignTestTells(fewer, changes - fewer)) << changes;
    EXPECT_FALSE(SignTestTells(changes - fewer - 1, fewer + 1)) << changes;
    EXPECT_FALSE(SignTestTells(changes - fewer - 1, fewer)) << changes;
  }
  EXPECT_FALSE(SignTestTells(0, 0));
}

// A thousand domains that changed with their one provider are one change.
// Tables of the normal distribution.
TEST(IntervalTest, DeviationsAreAsInTables) {
  EXPECT_NEAR(DeviationsBut(0.05), 1.959964, 1e-6);
  EXPECT_NEAR(DeviationsBut(0.01), 2.575829, 1e-6);
  EXPECT_NEAR(DeviationsBut(1e-6), 4.891638, 1e-6);
}

// The lady who tastes tea: three of four right come by chance 17 times of 70, all four once.
TEST(IntervalTest, ChanceOfDivisionIsFishers) {
  EXPECT_NEAR(ChanceOfDivision(3, 4, 1, 4), 2 * 17.0 / 70, 1e-12);
  EXPECT_NEAR(ChanceOfDivision(1, 4, 3, 4), 2 * 17.0 / 70, 1e-12);
  EXPECT_NEAR(ChanceOfDivision(4, 4, 0, 4), 2 * 1.0 / 70, 1e-12);
  EXPECT_EQ(ChanceOfDivision(2, 4, 2, 4), 1);
  EXPECT_EQ(ChanceOfDivision(0, 0, 2, 4), 1);
  // One in clear among ten, where of 100,000 a hundred are: 1 - (1 - 0.001)^10, about.
  EXPECT_NEAR(ChanceOfDivision(9, 10, 99'900, 100'000), 2 * 0.01, 0.0005);
  EXPECT_EQ(ChanceOfDivision(1e6, 1e6, 0, 1e6), 0);
}

TEST(IntervalTest, CountsAClusterOnce) {
  const PairedCounts counts = {.yes_yes = 9000, .yes_no = 1000};
  DesignEffect one;
  one.Add(1000, -1000);
  for (int i = 0; i < 9; ++i) one.Add(1000, 0);
  EXPECT_GT(one.Of(counts), 900);
  EXPECT_FALSE(PairedInterval(counts, one.Of(counts)).excludes_zero());
  // Two of ten, of which one lost five: (2.5² + 2.5²) · 2 / (5 - 20 · 0.25²).
  DesignEffect two;
  two.Add(10, -5);
  two.Add(10, 0);
  EXPECT_NEAR(two.Of({.yes_yes = 15, .yes_no = 5}), 25 / 3.75, 1e-9);
  // As many, each by itself.
  DesignEffect many;
  for (int i = 0; i < 1000; ++i) many.Add(1, -1);
  for (int i = 0; i < 9000; ++i) many.Add(1, 0);
  EXPECT_NEAR(many.Of(counts), 1, 0.01);
  EXPECT_TRUE(PairedInterval(counts, many.Of(counts)).excludes_zero());
}

}  // namespace
}  // namespace mxsweep::tools
