#include "scanner/engine/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace mxsweep::scanner {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kTick = int64_t{1} << 20;

class CallTimer final : public Timer {
 public:
  explicit CallTimer(std::function<void()> call) : call_(std::move(call)) {}
  void OnTimer() override { call_(); }

 private:
  std::function<void()> call_;
};

TEST(TimerWheel, NeverFiresEarlyAndAtMostTwoTicksLate) {
  std::mt19937_64 random(1);
  int64_t now_ns = 123'456'789;
  TimerWheel wheel(now_ns);
  int fired = 0;
  std::vector<std::unique_ptr<CallTimer>> timers;
  for (int i = 0; i < 2000; ++i) {
    // From within the next tick to beyond the second level.
    const int64_t ahead_ns = static_cast<int64_t>(random() % (int64_t{1} << (10 + i % 28)));
    const int64_t deadline_ns = now_ns + ahead_ns;
    timers.push_back(std::make_unique<CallTimer>([&, deadline_ns] {
      EXPECT_GE(now_ns, deadline_ns);
      EXPECT_LE(now_ns, deadline_ns + 2 * kTick);
      ++fired;
    }));
    wheel.Start(timers.back().get(), deadline_ns);
  }
  while (fired < 2000 && now_ns < (int64_t{1} << 39)) {
    now_ns += kTick / 2;
    wheel.Advance(now_ns);
  }
  EXPECT_EQ(fired, 2000);
}

TEST(TimerWheel, FiresInOrderOfTicksHoweverFarTheJump) {
  std::mt19937_64 random(2);
  TimerWheel wheel(0);
  std::vector<int64_t> fired;
  std::vector<std::unique_ptr<CallTimer>> timers;
  for (int i = 0; i < 3000; ++i) {
    const int64_t deadline_ns = static_cast<int64_t>(random() % (70'000 * uint64_t{kTick}));
    timers.push_back(std::make_unique<CallTimer>(
        [&fired, deadline_ns] { fired.push_back(deadline_ns / kTick); }));
    wheel.Start(timers.back().get(), deadline_ns);
  }
  wheel.Advance(80'000 * kTick);
  EXPECT_EQ(fired.size(), 3000u);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
}

TEST(TimerWheel, DeadlinesOnEveryCascadeAreMetToTheTick) {
  // Around the borders of each level, from starting points that are themselves at borders. The
  // fourth level's are too far to walk there tick by tick.
  for (const int64_t start : {int64_t{0}, int64_t{1}, int64_t{255}, int64_t{256}, int64_t{65535}}) {
    for (const int64_t ahead : {1, 2, 254, 255, 256, 257, 511, 512, 65279, 65280, 65534, 65535,
                                65536, 65537, 131071, 131072, 200'000}) {
      TimerWheel wheel(start * kTick);
      int64_t now_ns = start * kTick;
      int64_t fired_ns = 0;
      CallTimer timer([&] { fired_ns = now_ns; });
      const int64_t deadline_ns = (start + ahead) * kTick - 1;  // the last moment of a tick
      wheel.Start(&timer, deadline_ns);
      while (fired_ns == 0 && now_ns < deadline_ns + 10 * kTick) {
        now_ns += kTick;
        wheel.Advance(now_ns);
      }
      EXPECT_EQ(fired_ns, (start + ahead) * kTick) << start << " + " << ahead;
    }
  }
}

TEST(TimerWheel, HoldsDeadlinesOfDaysAndOfNever) {
  TimerWheel wheel(0);
  bool fired = false;
  bool never = false;
  CallTimer day([&] { fired = true; });
  CallTimer last([&] { never = true; });
  constexpr int64_t kFarTick = (int64_t{1} << 25) + 12'345;  // in the fourth level: 9.8 hours
  wheel.Start(&day, kFarTick * kTick - 1);
  wheel.Start(&last, INT64_MAX);
  wheel.Advance((kFarTick - 1) * kTick);
  EXPECT_FALSE(fired);
  wheel.Advance(kFarTick * kTick);
  EXPECT_TRUE(fired);
  EXPECT_FALSE(never);
  EXPECT_TRUE(last.scheduled());
}

TEST(TimerWheel, StartingAgainMovesTheDeadlineBothWays) {
  TimerWheel wheel(0);
  int fired = 0;
  CallTimer timer([&] { ++fired; });
  wheel.Start(&timer, 10 * kMs);
  wheel.Start(&timer, 100 * kMs);
  wheel.Advance(50 * kMs);
  EXPECT_EQ(fired, 0);
  wheel.Start(&timer, 60 * kMs);
  wheel.Advance(70 * kMs);
  EXPECT_EQ(fired, 1);
  wheel.Advance(200 * kMs);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, ADeadlineInThePastFiresAtTheNextTick) {
  TimerWheel wheel(1000 * kMs);
  bool fired = false;
  CallTimer timer([&] { fired = true; });
  wheel.Start(&timer, 5);
  EXPECT_FALSE(fired);
  wheel.Advance(1000 * kMs + 2 * kTick);
  EXPECT_TRUE(fired);
}

TEST(TimerWheel, ACallbackMayCancelRestartAndDestroyTimersOfItsOwnTick) {
  TimerWheel wheel(0);
  std::vector<int> order;
  auto second = std::make_unique<CallTimer>([&] { order.push_back(2); });
  CallTimer third([&] { order.push_back(3); });
  CallTimer first([&] {
    order.push_back(1);
    second.reset();
    third.Cancel();
    wheel.Start(&first, 0);  // not within this tick again
  });
  std::unique_ptr<CallTimer> self = std::make_unique<CallTimer>([&] {
    order.push_back(4);
    self.reset();
  });
  for (Timer* timer : {static_cast<Timer*>(&first), static_cast<Timer*>(second.get()),
                       static_cast<Timer*>(&third), static_cast<Timer*>(self.get())}) {
    wheel.Start(timer, 10 * kMs);
  }
  wheel.Advance(11 * kMs);
  EXPECT_EQ(order, (std::vector<int>{1, 4}));
  EXPECT_TRUE(first.scheduled());
  EXPECT_FALSE(third.scheduled());
  first.Cancel();
}

TEST(TimerWheel, SaysHowLongNothingFires) {
  std::mt19937_64 random(3);
  int64_t now_ns = 0;
  TimerWheel wheel(now_ns);
  for (int i = 0; i < 300; ++i) {
    int64_t fired_ns = 0;
    CallTimer timer([&] { fired_ns = now_ns; });
    const int64_t deadline_ns = now_ns + static_cast<int64_t>(random() % (3000 * uint64_t{kTick}));
    wheel.Start(&timer, deadline_ns);
    int steps = 0;
    while (fired_ns == 0) {
      // Going from one such time to the next is never late: at the very tick.
      const int64_t next_ns = wheel.NextDeadlineNs();
      ASSERT_GT(next_ns, now_ns);
      now_ns = next_ns;
      wheel.Advance(now_ns);
      ASSERT_LT(++steps, 100);
    }
    EXPECT_GE(fired_ns, deadline_ns);
    EXPECT_LE(fired_ns, deadline_ns + kTick);
  }
}

TEST(TimerWheel, MayGoBeforeItsTimersAndTheyMayGoBeforeIt) {
  CallTimer outlives([] {});
  auto wheel = std::make_unique<TimerWheel>(0);
  {
    CallTimer gone([] { ADD_FAILURE(); });
    wheel->Start(&gone, 10 * kMs);
  }
  wheel->Start(&outlives, 20 * kMs);
  wheel->Advance(15 * kMs);
  wheel.reset();
  EXPECT_FALSE(outlives.scheduled());
}

}  // namespace
}  // namespace mxsweep::scanner
