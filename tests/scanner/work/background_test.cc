#include "scanner/work/background.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace mxsweep::scanner {
namespace {

TEST(BackgroundThread, RunsEveryJobInOrderElsewhere) {
  std::promise<std::thread::id> runs_on;
  std::vector<int> order;
  {
    BackgroundThread background;
    background.Run([&runs_on] { runs_on.set_value(std::this_thread::get_id()); });
    for (int i = 0; i < 100; ++i) background.Run([&order, i] { order.push_back(i); });
    EXPECT_NE(runs_on.get_future().get(), std::this_thread::get_id());
  }
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

// A job that takes long keeps nobody waiting who gives it.
TEST(BackgroundThread, DoesNotHoldWhoeverGivesItWork) {
  std::promise<void> go_on;
  std::atomic<bool> done{false};
  BackgroundThread background;
  background.Run([&done, wait = go_on.get_future().share()] {
    wait.wait();
    done = true;
  });
  EXPECT_FALSE(done);
  go_on.set_value();
}

}  // namespace
}  // namespace mxsweep::scanner
