#include "dns/send_window.h"

#include <gtest/gtest.h>

#include <chrono>

namespace mxsweep::dns {
namespace {

using std::chrono::seconds;

constexpr int64_t kMs = 1'000'000;

// As many queries as there is room for; returns how many.
size_t Fill(SendWindow& window) {
  size_t entered = 0;
  for (; window.HasRoom(); ++entered) window.Enter();
  return entered;
}

void AnswerAll(SendWindow& window, size_t count, int64_t took_ns) {
  for (size_t i = 0; i < count; ++i) {
    window.OnAnswer(took_ns, /*may_grow=*/true);
    window.Leave();
  }
}

TEST(SendWindow, HasRoomForItsSize) {
  SendWindow window(10, 1000, seconds(3));
  EXPECT_EQ(Fill(window), 10u);
  window.Leave();
  EXPECT_TRUE(window.HasRoom());
  EXPECT_EQ(Fill(window), 1u);
}

TEST(SendWindow, IsNeverLargerThanTheMost) {
  SendWindow window(100, 40, seconds(3));
  EXPECT_EQ(Fill(window), 40u);
  AnswerAll(window, 40, kMs);
  EXPECT_EQ(Fill(window), 40u);
}

TEST(SendWindow, GrowsWithAnswersWhileNothingIsLost) {
  SendWindow window(100, 10'000, seconds(3));
  size_t before = 100;
  for (int round = 0; round < 5; ++round) {
    const size_t count = Fill(window);
    EXPECT_EQ(count, before);
    AnswerAll(window, count, 20 * kMs);
    EXPECT_GT(window.size(), before + before / 3);
    before = window.size();
  }
}

TEST(SendWindow, DoesNotGrowWhereItIsNotUsed) {
  SendWindow window(100, 10'000, seconds(3));
  for (int i = 0; i < 1000; ++i) {
    window.Enter();
    AnswerAll(window, 1, kMs);
  }
  EXPECT_EQ(window.size(), 100u);
}

TEST(SendWindow, DoesNotGrowWhereItMayNot) {
  SendWindow window(100, 10'000, seconds(3));
  Fill(window);
  for (int i = 0; i < 1000; ++i) window.OnAnswer(kMs, /*may_grow=*/false);
  EXPECT_EQ(window.size(), 100u);
}

TEST(SendWindow, ShrinksOnceForAllThatWasLostTogether) {
  SendWindow window(1000, 10'000, seconds(3));
  for (int i = 0; i < 500; ++i) window.OnLoss(1 * kMs, 100 * kMs);
  EXPECT_EQ(window.size(), 750u);
  window.OnLoss(99 * kMs, 200 * kMs);  // sent before the cut
  EXPECT_EQ(window.size(), 750u);
  window.OnLoss(101 * kMs, 300 * kMs);
  EXPECT_EQ(window.size(), 563u);
}

TEST(SendWindow, GrowsSlowlyOnceSomethingWasLost) {
  SendWindow window(1000, 10'000, seconds(3));
  window.OnLoss(1 * kMs, 2 * kMs);
  AnswerAll(window, Fill(window), 20 * kMs);
  EXPECT_GT(window.size(), 750u);
  EXPECT_LT(window.size(), 800u);
}

TEST(SendWindow, KeepsRoomForAFewHoweverMuchIsLost) {
  SendWindow window(1000, 10'000, seconds(3));
  for (int i = 1; i < 100; ++i) window.OnLoss(i * kMs, i * kMs);
  EXPECT_EQ(window.size(), 64u);
}

TEST(SendWindow, WaitsTheMostUntilAnswersHaveCome) {
  const SendWindow window(10, 10, seconds(3));
  EXPECT_EQ(window.patience_ns(), 3000 * kMs);
}

// RFC 6298 §2.
TEST(SendWindow, WaitsAsLongAsAnswersTakeAndSomeMore) {
  SendWindow quick(10, 10, seconds(3));
  for (int i = 0; i < 200; ++i) quick.OnAnswer(1 * kMs, true);
  EXPECT_EQ(quick.patience_ns(), 500 * kMs) << "the least";
  SendWindow steady(10, 10, seconds(3));
  for (int i = 0; i < 200; ++i) steady.OnAnswer(400 * kMs, true);
  EXPECT_NEAR(static_cast<double>(steady.patience_ns()), 800.0 * kMs, 5.0 * kMs);
  SendWindow mixed(10, 10, seconds(3));
  for (int i = 0; i < 200; ++i) mixed.OnAnswer((i % 2 == 0 ? 100 : 500) * kMs, true);
  EXPECT_GT(mixed.patience_ns(), 1200 * kMs);
  EXPECT_LT(mixed.patience_ns(), 1600 * kMs);
  SendWindow slow(10, 10, seconds(3));
  for (int i = 0; i < 200; ++i) slow.OnAnswer(5000 * kMs, true);
  EXPECT_EQ(slow.patience_ns(), 3000 * kMs) << "the most";
}

TEST(SendWindow, KnowsAFastAnswerFromASlowOne) {
  SendWindow window(10, 10, seconds(3));
  EXPECT_FALSE(window.IsFast(1)) << "nothing is known yet";
  for (int i = 0; i < 100; ++i) window.OnAnswer(20 * kMs, true);
  EXPECT_TRUE(window.IsFast(10 * kMs));
  EXPECT_FALSE(window.IsFast(40 * kMs));
}

}  // namespace
}  // namespace mxsweep::dns
