#include "scanner/engine/task.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "scanner/engine/frame_pool.h"

namespace mxsweep::scanner {
namespace {

Task<int> Later(Event* event, int value) {
  co_await *event;
  co_return value;
}

Task<std::unique_ptr<std::string>> Owned(std::string text) {
  co_return std::make_unique<std::string>(std::move(text));
}

Task<void> AddUp(Event* first, Event* second, int* sum) {
  const int a = co_await Later(first, 40);
  *sum += a;
  const int b = co_await Later(second, 2);
  *sum += b;
}

TEST(Task, RunsUntilItWaitsAndGoesOnWhereItWas) {
  Event first;
  Event second;
  int sum = 0;
  Spawn(AddUp(&first, &second, &sum));
  EXPECT_EQ(sum, 0);
  first.Set();
  EXPECT_EQ(sum, 40);
  second.Set();
  EXPECT_EQ(sum, 42);
}

TEST(Task, DoesNotStartUnlessItIsAwaited) {
  Event set;
  set.Set();
  int sum = 0;
  { const Task<void> unused = AddUp(&set, &set, &sum); }
  EXPECT_EQ(sum, 0);
}

Task<void> KeepText(std::string* out) {
  const std::unique_ptr<std::string> text = co_await Owned("moved");
  *out = *text;
}

TEST(Task, GivesWhatCanOnlyBeMoved) {
  std::string out;
  Spawn(KeepText(&out));
  EXPECT_EQ(out, "moved");
}

Task<int> Countdown(int depth) {
  if (depth == 0) co_return 0;
  const int below = co_await Countdown(depth - 1);
  co_return below + 1;
}

Task<void> RunCountdown(int depth, int* out) { *out = co_await Countdown(depth); }

TEST(Task, NestsDeepWithoutLosingItsWay) {
  int out = 0;
  Spawn(RunCountdown(1000, &out));
  EXPECT_EQ(out, 1000);
}

Task<void> HoldWitness(std::shared_ptr<int> witness, Event* event) {
  co_await *event;
  EXPECT_EQ(*witness, 1);
}

TEST(Task, FreesItsFrameAndWhatItHoldsAtItsEnd) {
  auto witness = std::make_shared<int>(1);
  Event event;
  Spawn(HoldWitness(witness, &event));
  EXPECT_EQ(witness.use_count(), 2);
  event.Set();
  EXPECT_EQ(witness.use_count(), 1);
}

Task<void> WaitFor(Join* join, bool* done) {
  co_await *join;
  *done = true;
}

TEST(Join, WaitsUntilEverythingIsDone) {
  Join join;
  bool done = false;
  join.Add();
  join.Add();
  Spawn(WaitFor(&join, &done));
  join.Done();
  EXPECT_FALSE(done);
  join.Add();
  join.Done();
  EXPECT_FALSE(done);
  join.Done();
  EXPECT_TRUE(done);
}

TEST(Join, DoesNotWaitWhereNothingIsUnderWay) {
  Join never_used;
  bool done = false;
  Spawn(WaitFor(&never_used, &done));
  EXPECT_TRUE(done);
  // Everything answered at once, before anybody waits.
  Join join;
  join.Add();
  join.Done();
  join.Add();
  join.Done();
  done = false;
  Spawn(WaitFor(&join, &done));
  EXPECT_TRUE(done);
}

TEST(FramePool, GivesBackWhatWasReleasedAndNeverTheSameTwice) {
  std::set<void*> live;
  std::vector<std::pair<void*, size_t>> frames;
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < 500; ++i) {
      const size_t size = 1 + i * 37 % 9000;  // beyond the largest class too
      void* frame = FramePool::Allocate(size);
      ASSERT_TRUE(live.insert(frame).second);
      ASSERT_EQ(reinterpret_cast<uintptr_t>(frame) % alignof(std::max_align_t), 0u);
      std::fill_n(static_cast<char*>(frame), size, static_cast<char>(i));
      frames.emplace_back(frame, size);
    }
    for (size_t i = 0; i < frames.size(); ++i) {
      const auto& [frame, size] = frames[i];
      ASSERT_EQ(static_cast<char*>(frame)[size - 1], static_cast<char>(i));
      FramePool::Release(frame, size);
    }
    frames.clear();
    live.clear();
  }
}

TEST(FramePool, TakesFramesOfOtherThreads) {
  std::vector<void*> frames;
  std::thread([&frames] {
    for (int i = 0; i < 6000; ++i) frames.push_back(FramePool::Allocate(300));
  }).join();
  std::thread([&frames] {
    for (void* frame : frames) FramePool::Release(frame, 300);
    FramePool::Release(FramePool::Allocate(300), 300);
  }).join();
}

}  // namespace
}  // namespace mxsweep::scanner
