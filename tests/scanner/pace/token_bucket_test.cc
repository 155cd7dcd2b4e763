#include "scanner/pace/token_bucket.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace mxsweep::scanner {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1'000'000'000;

TEST(TokenBucket, GivesWithoutLimitAtRateZero) {
  TokenBucket bucket(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(bucket.TryTake(0));
  EXPECT_EQ(bucket.NextTokenNs(5), 5);
}

TEST(TokenBucket, ReachesItsRateWithASlowLoop) {
  TokenBucket bucket(1000);
  int taken = 0;
  for (int64_t now = 0; now <= 10 * kSecond; now += 40 * kMs) {
    while (bucket.TryTake(now)) ++taken;
  }
  EXPECT_NEAR(taken, 10'000, 50);
}

TEST(TokenBucket, IsReadyWhenItSaid) {
  for (double rate : {0.1, 3.0, 7.7, 999.0, 123456.7}) {
    TokenBucket bucket(rate);
    int64_t now = 12345;
    for (int i = 0; i < 1000; ++i) {
      while (bucket.TryTake(now)) {
      }
      const int64_t next = bucket.NextTokenNs(now);
      ASSERT_GT(next, now);
      ASSERT_GE(bucket.NextTokenNs(next), next);
      ASSERT_LE(bucket.NextTokenNs(next), next + 1);
      now = next + 1;
      ASSERT_TRUE(bucket.TryTake(now)) << rate;
    }
  }
}

TEST(TokenBucket, HoldsFiftyMillisecondsWorthAfterAnyGap) {
  TokenBucket bucket(1000);
  int taken = 0;
  while (bucket.TryTake(0)) ++taken;
  EXPECT_EQ(taken, 1) << "a scan begins gently";
  while (bucket.TryTake(86'400 * kSecond)) ++taken;
  EXPECT_EQ(taken, 51);
}

}  // namespace
}  // namespace mxsweep::scanner
