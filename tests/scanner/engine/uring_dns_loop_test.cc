// The adapter that gives the dns room its event loop, over a real ring.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "dns/event_loop.h"
#include "tests/scanner/engine/loopback.h"

namespace mxsweep::scanner {
namespace {

using namespace testing;
using std::chrono::milliseconds;

// Two ends of a datagram pair, non-blocking.
struct Pair {
  int mine = -1;
  int other = -1;

  Pair() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    mine = fds[0];
    other = fds[1];
  }
  Pair(const Pair&) = delete;
  ~Pair() {
    CloseMine();
    close(other);
  }
  void CloseMine() {
    if (mine >= 0) close(std::exchange(mine, -1));
  }
  void Say(const char* text) const { EXPECT_GT(send(other, text, strlen(text), 0), 0); }
  bool Take() const {
    char buffer[64];
    return recv(mine, buffer, sizeof(buffer), 0) > 0;
  }
};

TEST(UringDnsLoop, CallsAgainAsLongAsASocketIsReady) {
  auto loop = MakeLoop();
  const Pair pair;
  pair.Say("one");
  pair.Say("two");
  pair.Say("three");
  int calls = 0;
  int taken = 0;
  loop->dns_loop().WatchSocket(pair.mine, true, false, [&](bool readable, bool) {
    EXPECT_TRUE(readable);
    ++calls;
    // Every second time nothing is read: level-triggered, so it is told again.
    if (calls % 2 == 0 && pair.Take()) ++taken;
  });
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return taken == 3; }));
  EXPECT_EQ(calls, 6);
  RunFor(loop.get(), 30 * kMs);
  EXPECT_EQ(calls, 6);
  loop->dns_loop().UnwatchSocket(pair.mine);
}

// Else whoever has many sockets that are always ready keeps the clock from going on.
TEST(UringDnsLoop, TellsOfEachReadySocketOnceInAnIteration) {
  auto loop = MakeLoop();
  const Pair pairs[16];
  int calls = 0;
  int most_calls = 0;
  int iterations = 0;
  for (const Pair& pair : pairs) {
    pair.Say("nobody reads this");
    loop->dns_loop().WatchSocket(pair.mine, true, false, [&](bool, bool) { ++calls; });
  }
  EXPECT_TRUE(RunUntil(loop.get(), [&] {
    most_calls = std::max(most_calls, std::exchange(calls, 0));
    return ++iterations > 20;
  }));
  EXPECT_GE(most_calls, 16);
  EXPECT_LE(most_calls, 32);
  for (const Pair& pair : pairs) loop->dns_loop().UnwatchSocket(pair.mine);
}

TEST(UringDnsLoop, WatchingAgainReplacesWhatIsWatchedAndWhoIsTold) {
  auto loop = MakeLoop();
  const Pair pair;
  int old_calls = 0;
  int writable_calls = 0;
  loop->dns_loop().WatchSocket(pair.mine, true, false, [&](bool, bool) { ++old_calls; });
  RunFor(loop.get(), 10 * kMs);
  loop->dns_loop().WatchSocket(pair.mine, true, true, [&](bool readable, bool writable) {
    EXPECT_FALSE(readable);
    EXPECT_TRUE(writable);
    if (++writable_calls == 3) {
      // From within the callback: back to reading only.
      loop->dns_loop().WatchSocket(pair.mine, true, false, [&](bool r, bool) {
        EXPECT_TRUE(r);
        pair.Take();
        ++old_calls;
      });
    }
  });
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return writable_calls == 3; }));
  RunFor(loop.get(), 20 * kMs);
  EXPECT_EQ(writable_calls, 3);
  EXPECT_EQ(old_calls, 0);
  pair.Say("now");
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return old_calls == 1; }));
  loop->dns_loop().UnwatchSocket(pair.mine);
}

TEST(UringDnsLoop, TellsNothingAfterUnwatchThoughTheSocketIsReady) {
  auto loop = MakeLoop();
  const Pair pair;
  int calls = 0;
  loop->dns_loop().WatchSocket(pair.mine, true, false, [&](bool, bool) { ++calls; });
  RunFor(loop.get(), 10 * kMs);
  pair.Say("too late");  // its completion may be in the ring already
  loop->dns_loop().UnwatchSocket(pair.mine);
  RunFor(loop.get(), 30 * kMs);
  EXPECT_EQ(calls, 0);
}

TEST(UringDnsLoop, MayBeUnwatchedFromWithinItsCallback) {
  auto loop = MakeLoop();
  const Pair pair;
  int calls = 0;
  auto witness = std::make_shared<int>(0);
  loop->dns_loop().WatchSocket(pair.mine, true, false, [&, witness](bool, bool) {
    ++calls;
    loop->dns_loop().UnwatchSocket(pair.mine);
    *witness = 1;  // the callback is alive until it returns
  });
  pair.Say("hello");
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return calls == 1; }));
  RunFor(loop.get(), 20 * kMs);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(UringDnsLoop, ADescriptorNumberThatComesBackIsAnotherSocket) {
  auto loop = MakeLoop();
  for (int round = 0; round < 20; ++round) {
    Pair first;
    int first_calls = 0;
    loop->dns_loop().WatchSocket(first.mine, true, false, [&](bool, bool) { ++first_calls; });
    if (round % 2 == 0) RunFor(loop.get(), 2 * kMs);  // else the poll is still in the queue
    if (round % 3 == 0) first.Say("old");
    const int number = first.mine;
    loop->dns_loop().UnwatchSocket(number);
    first.CloseMine();
    const Pair second;
    ASSERT_EQ(second.mine, number);
    int second_calls = 0;
    loop->dns_loop().WatchSocket(number, true, false, [&](bool, bool) {
      EXPECT_TRUE(second.Take()) << "told of what was never sent";
      ++second_calls;
    });
    RunFor(loop.get(), 4 * kMs);
    EXPECT_EQ(second_calls, 0);
    second.Say("new");
    EXPECT_TRUE(RunUntil(loop.get(), [&] { return second_calls == 1; }));
    EXPECT_EQ(first_calls, 0);
    loop->dns_loop().UnwatchSocket(number);
  }
}

TEST(UringDnsLoop, AHangUpCountsAsReady) {
  auto loop = MakeLoop();
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  int calls = 0;
  loop->dns_loop().WatchSocket(fds[0], true, false, [&](bool readable, bool) {
    EXPECT_TRUE(readable);
    ++calls;
    loop->dns_loop().UnwatchSocket(fds[0]);
  });
  close(fds[1]);
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return calls == 1; }));
  close(fds[0]);
}

TEST(UringDnsLoop, MayGoWithWatchesInTheRing) {
  const Pair watched;
  const Pair ending;
  auto loop = MakeLoop();
  loop->dns_loop().WatchSocket(watched.mine, true, false, [](bool, bool) {});
  loop->dns_loop().WatchSocket(ending.mine, true, false, [](bool, bool) {});
  RunFor(loop.get(), 5 * kMs);
  loop->dns_loop().UnwatchSocket(ending.mine);
  loop.reset();
}

TEST(UringDnsLoop, TimersFireOnceInOrderAndNotWhenCancelled) {
  auto loop = MakeLoop();
  dns::EventLoop& dns = loop->dns_loop();
  std::vector<int> fired;
  const auto start = std::chrono::steady_clock::now();
  dns.ScheduleAfter(milliseconds(40), [&] { fired.push_back(40); });
  dns.ScheduleAfter(milliseconds(10), [&] { fired.push_back(10); });
  dns.ScheduleAfter(milliseconds(0), [&] { fired.push_back(0); });
  const auto cancelled = dns.ScheduleAfter(milliseconds(20), [&] { fired.push_back(-1); });
  dns.ScheduleAfter(milliseconds(15), [&] { dns.CancelTimer(cancelled); });
  EXPECT_TRUE(fired.empty());
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return fired.size() == 3; }));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(38));
  RunFor(loop.get(), 20 * kMs);
  EXPECT_EQ(fired, (std::vector<int>{0, 10, 40}));
  dns.CancelTimer(cancelled);  // no effect
}

TEST(UringDnsLoop, ATimerWithoutADelayFiresInTheSameRoundButNotFromWithinTheCall) {
  auto loop = MakeLoop();
  dns::EventLoop& dns = loop->dns_loop();
  const Pair pair;
  std::vector<std::string> events;
  dns.WatchSocket(pair.mine, true, false, [&](bool, bool) {
    pair.Take();
    dns.ScheduleAfter(milliseconds(0), [&] {
      events.push_back("first");
      // What is set now waits for the next round, which need not wait for anything.
      dns.ScheduleAfter(milliseconds(0), [&] { events.push_back("second"); });
    });
    const auto cancelled =
        dns.ScheduleAfter(milliseconds(0), [&] { events.push_back("cancelled"); });
    dns.CancelTimer(cancelled);
    EXPECT_TRUE(events.empty());
  });
  pair.Say("go");
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return events.size() == 2; }));
  EXPECT_EQ(events, (std::vector<std::string>{"first", "second"}));
  dns.UnwatchSocket(pair.mine);
}

TEST(UringDnsLoop, ATimersCallbackMaySetAndCancelTimersAndGoAwayWithItsOwner) {
  auto loop = MakeLoop();
  dns::EventLoop& dns = loop->dns_loop();
  auto owner = std::make_unique<dns::Timer>();
  int fired = 0;
  *owner = dns::Timer(dns, milliseconds(5), [&] {
    owner.reset();  // cancels the timer that is firing
    dns.ScheduleAfter(milliseconds(1), [&] { ++fired; });
  });
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return fired == 1; }));
}

}  // namespace
}  // namespace mxsweep::scanner
