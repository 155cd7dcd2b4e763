#include "scanner/pace/slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace mxsweep::scanner {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kShort{20};
constexpr milliseconds kLong{60'000};

TEST(Slots, AreNoMoreThanThereAre) {
  Slots slots(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(slots.TakeFor(kShort));
  EXPECT_FALSE(slots.TakeFor(kShort));
  EXPECT_FALSE(slots.TakeFor(milliseconds(0)));
  slots.Return();
  EXPECT_TRUE(slots.TakeFor(milliseconds(0)));
  EXPECT_FALSE(slots.TakeFor(milliseconds(0)));
}

TEST(Slots, AreAllBackOnceEachIs) {
  Slots slots(2);
  EXPECT_TRUE(slots.all_back());
  ASSERT_TRUE(slots.TakeFor(kShort));
  ASSERT_TRUE(slots.TakeFor(kShort));
  EXPECT_FALSE(slots.all_back());
  slots.Return();
  EXPECT_FALSE(slots.all_back());
  slots.Return();
  EXPECT_TRUE(slots.all_back());
}

// Most of them may be held for long by servers that never answer.
TEST(Slots, OneThatComesBackAloneIsGivenOutSoon) {
  Slots slots(1000);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(slots.TakeFor(kShort));
  const auto start = steady_clock::now();
  std::thread other([&] {
    std::this_thread::sleep_for(kShort);
    slots.Return();
  });
  EXPECT_TRUE(slots.TakeFor(kLong));
  EXPECT_LT(steady_clock::now() - start, kLong / 2);
  other.join();
}

// What a target leads to runs, be there slots or not; no further target does meanwhile.
TEST(Slots, AreOverdrawnOnlyByWhatIsUnderWay) {
  Slots slots(2);
  ASSERT_TRUE(slots.TakeFor(kShort));
  for (int i = 0; i < 3; ++i) slots.Take();
  slots.Return();
  slots.Return();
  EXPECT_FALSE(slots.TakeFor(milliseconds(0)));
  slots.Return();
  EXPECT_TRUE(slots.TakeFor(milliseconds(0)));
  slots.Return();
  slots.Return();
  EXPECT_TRUE(slots.all_back());
}

TEST(Slots, AreNeverOverdrawnByManyThreads) {
  constexpr int kSlots = 100, kTargets = 200'000, kThreads = 3;
  Slots slots(kSlots);
  std::atomic<int> handed{0}, under_way{0}, most{0};
  std::vector<std::thread> workers;
  for (int i = 0; i < kThreads; ++i) {
    workers.emplace_back([&] {
      for (;;) {
        int waiting = handed.load();
        if (waiting < 0) return;
        if (waiting == 0 || !handed.compare_exchange_weak(waiting, waiting - 1)) continue;
        under_way.fetch_sub(1);
        slots.Return();
      }
    });
  }
  for (int i = 0; i < kTargets; ++i) {
    ASSERT_TRUE(slots.TakeFor(kLong));
    most = std::max(most.load(), under_way.fetch_add(1) + 1);
    handed.fetch_add(1);
  }
  while (!slots.all_back()) std::this_thread::yield();
  handed = -1;
  for (std::thread& worker : workers) worker.join();
  EXPECT_LE(most.load(), kSlots);
  EXPECT_EQ(under_way.load(), 0);
}

}  // namespace
}  // namespace mxsweep::scanner
