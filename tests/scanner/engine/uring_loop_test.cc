// The loop itself: messages, timers, and time that is not held against servers.
#include "scanner/engine/uring_loop.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/scanner/engine/loopback.h"

namespace mxsweep::scanner {
namespace {

using namespace testing;

TEST(UringLoop, RunsMessagesOfOtherThreadsInTheOrderOfEach) {
  auto loop = MakeLoop();
  constexpr int kThreads = 4;
  constexpr int kMessages = 5000;
  std::vector<int> next(kThreads, 0);
  int handled = 0;
  bool in_order = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kMessages; ++i) {
        loop->Post([&, t, i] {
          in_order = in_order && next[t] == i;
          next[t] = i + 1;
          ++handled;
        });
        if (i % 512 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    });
  }
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return handled == kThreads * kMessages; }));
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(in_order);
}

TEST(UringLoop, WakesUpForAMessageWhileItSleeps) {
  auto loop = MakeLoop();
  std::atomic<int64_t> posted_ns{0};
  int64_t handled_ns = 0;
  std::thread poster([&] {
    for (int i = 0; i < 5; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      loop->Post([&] { handled_ns = loop->real_now_ns(); });
      posted_ns = loop->real_now_ns();
    }
  });
  // Nothing else wakes the loop before its longest sleep, 50 ms, is over.
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return handled_ns != 0; }));
  EXPECT_GT(handled_ns, 0);
  poster.join();
}

TEST(UringLoop, HandlesWhatAMessagePostsInALaterIteration) {
  auto loop = MakeLoop();
  std::vector<int> order;
  loop->Post([&] {
    order.push_back(1);
    loop->Post([&] { order.push_back(3); });
    order.push_back(2);
  });
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return order.size() == 3; }));
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(UringLoop, DropsMessagesThatNobodyHandlesAnyMore) {
  auto owned = std::make_shared<int>(1);
  auto loop = MakeLoop();
  loop->Post([owned] { ADD_FAILURE() << "handled"; });
  loop.reset();
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(UringLoop, MayGoAsSoonAsItsLastMessageIsHandled) {
  // Whoever posted it may still be on the way out of Post.
  for (int round = 0; round < 200; ++round) {
    auto loop = MakeLoop(4);
    bool handled = false;
    std::thread poster(
        [target = loop.get(), &handled] { target->Post([&handled] { handled = true; }); });
    // Awake all the time, so that it does not wait to be woken.
    EXPECT_TRUE(RunUntil(loop.get(), [&] {
      if (!handled) loop->Post([] {});
      return handled;
    }));
    loop.reset();
    poster.join();
  }
}

TEST(UringLoop, SleepsNoShorterThanAsked) {
  auto loop = MakeLoop();
  RunFor(loop.get(), 5 * kMs);
  std::vector<int64_t> late_ns;
  const auto sleep = [](UringLoop* l, int64_t duration_ns,
                        std::vector<int64_t>* out) -> Task<void> {
    const int64_t started_ns = l->real_now_ns();
    co_await l->SleepUntil(l->now_ns() + duration_ns);
    out->push_back(l->real_now_ns() - started_ns - duration_ns);
  };
  for (int i = 0; i < 20; ++i) Spawn(sleep(loop.get(), (5 + 7 * i) * kMs, &late_ns));
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return late_ns.size() == 20; }));
  for (const int64_t late : late_ns) {
    // now_ns() is as of the beginning of the iteration, a little before the task looked at the
    // clock.
    EXPECT_GE(late, -2 * kMs);
    EXPECT_LT(late, kSecond);
  }
}

TEST(UringLoop, RefusesToComeUpWithoutDescriptors) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto loop = UringLoop::Create({});
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(loop.ok());
  EXPECT_EQ(loop.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(loop.status().message().find("ulimit -n"), absl::string_view::npos);
}

struct Heard {
  bool connected = false;
  Event listen;
  std::optional<IoError> error;
};

OwnedTask Listen(UringLoop* loop, Stream* stream, SocketAddress to, int64_t deadline_ns,
                 Heard* out) {
  const IoError error = co_await stream->Connect(to, loop->now_ns() + 5 * kSecond);
  EXPECT_EQ(error, 0);
  out->connected = true;
  co_await out->listen;
  const Stream::Received in = co_await stream->Receive(loop->now_ns() + deadline_ns);
  out->error = in.error;
}

// Connects `count` streams, lets them listen for `deadline_ns` and, in the next iteration, every
// server speak while the loop's thread is blocked for a second; returns how many were told of a
// deadline.
int TimeoutsAfterBlocking(size_t count, int64_t deadline_ns) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const Listener listener("127.0.0.1", 4096);
  auto loop = MakeLoop(static_cast<unsigned>(count) + 8);
  std::vector<Heard> heard(count);
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<OwnedTask> tasks;
  for (Heard& h : heard) {
    streams.push_back(loop->NewStream());
    tasks.push_back(Listen(loop.get(), streams.back().get(), listener.address(), deadline_ns, &h));
  }
  EXPECT_TRUE(RunUntil(loop.get(), [&] {
    return std::all_of(heard.begin(), heard.end(), [](const Heard& h) { return h.connected; });
  }));
  std::vector<TestSocket> peers;
  for (size_t i = 0; i < count; ++i) peers.push_back(listener.Accept());
  loop->Post([&] {
    for (Heard& h : heard) h.listen.Set();
    loop->Post([&] {
      for (const TestSocket& peer : peers) peer.Write("220 in time\r\n");
      std::this_thread::sleep_for(std::chrono::seconds(1));
    });
  });
  EXPECT_TRUE(RunUntil(loop.get(), [&] {
    return std::all_of(heard.begin(), heard.end(), [](const Heard& h) { return h.error; });
  }));
  return static_cast<int>(std::count_if(heard.begin(), heard.end(),
                                        [](const Heard& h) { return h.error == kDeadline; }));
}

TEST(UringLoop, TimeInWhichItDidNotLookIsNotHeldAgainstAServer) {
  EXPECT_EQ(TimeoutsAfterBlocking(1, 300 * kMs), 0);
}

TEST(UringLoop, ReadsEverythingThatHasArrivedBeforeItLooksAtDeadlines) {
  // A deadline within the time that is credited for the pause: only bytes that are there and read
  // first save the connection, on every one of many.
  EXPECT_EQ(TimeoutsAfterBlocking(600, 90 * kMs), 0);
}

TEST(UringLoop, SaysHowMuchTimeItLost) {
  auto loop = MakeLoop();
  RunFor(loop.get(), 20 * kMs);
  const int64_t lost_before = loop->lost_ns();
  const int64_t now_before = loop->now_ns();
  loop->Post([] { std::this_thread::sleep_for(std::chrono::milliseconds(600)); });
  RunFor(loop.get(), 20 * kMs);
  EXPECT_GE(loop->lost_ns() - lost_before, 400 * kMs);
  EXPECT_LT(loop->now_ns() - now_before, 300 * kMs);
}

}  // namespace
}  // namespace mxsweep::scanner
