// Streams over a real io_uring and real sockets on loopback.
#include <gtest/gtest.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "scanner/engine/stream.h"
#include "scanner/smtp/outcome.h"
#include "tests/scanner/engine/loopback.h"

namespace mxsweep::scanner {
namespace {

using namespace testing;

// What a stream's coroutine found.
struct Log {
  std::optional<IoError> connected;
  std::string bytes;
  std::optional<IoError> ended;  // 0: closed by the peer
  size_t receives = 0;
  bool done = false;
};

// Connects, and reads to the end. `log`, `stream` and `loop` outlive it.
OwnedTask ReadToEnd(UringLoop* loop, Stream* stream, SocketAddress to, Log* log,
                    int64_t connect_ns = 5 * kSecond, int64_t receive_ns = 5 * kSecond,
                    std::string greeting = {}) {
  log->connected = co_await stream->Connect(to, loop->now_ns() + connect_ns);
  if (*log->connected == 0) {
    stream->Send(greeting);
    while (!log->ended) {
      const Stream::Received in = co_await stream->Receive(loop->now_ns() + receive_ns);
      if (in.bytes.empty()) {
        log->ended = in.error;
      } else {
        ++log->receives;
        log->bytes.append(in.bytes.begin(), in.bytes.end());
      }
    }
  }
  log->done = true;
}

TEST(UringStream, ConnectsSendsReceivesAndSeesTheEnd) {
  const Listener listener;
  std::thread server([&listener] {
    const TestSocket peer = listener.Accept();
    EXPECT_EQ(peer.Read(5), "hello");
    peer.Write("welcome");
  });
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), listener.address(), &log, 5 * kSecond,
                                   5 * kSecond, "hello");
  EXPECT_TRUE(RunUntil(loop.get(), [&log] { return log.done; }));
  server.join();
  EXPECT_EQ(log.connected, 0);
  EXPECT_EQ(log.bytes, "welcome");
  EXPECT_EQ(log.ended, 0);
}

TEST(UringStream, TellsARefusedConnection) {
  Listener listener;
  const SocketAddress nobody = listener.address();
  listener.Close();
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), nobody, &log);
  EXPECT_TRUE(RunUntil(loop.get(), [&log] { return log.done; }));
  EXPECT_EQ(log.connected, ECONNREFUSED);
}

TEST(UringStream, TellsAResetBehindTheBytesBeforeIt) {
  const Listener listener;
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), listener.address(), &log);
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return log.connected == 0; }));
  TestSocket peer = listener.Accept();
  peer.Write("220 hello");
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return log.bytes == "220 hello"; }));
  peer.Reset();
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return log.done; }));
  EXPECT_EQ(log.bytes, "220 hello");
  EXPECT_EQ(log.ended, ECONNRESET);
}

// The kernel tells of it once: here, the send.
TEST(UringStream, TellsAResetThatASendMeetsFirst) {
  const Listener listener;
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), listener.address(), &log);
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return log.connected == 0; }));
  TestSocket peer = listener.Accept();
  peer.Write("220 hello");
  peer.Reset();
  stream->Send("EHLO");
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return log.done; }));
  EXPECT_EQ(log.bytes, "220 hello");
  EXPECT_EQ(log.ended, ECONNRESET);
}

TEST(UringStream, ReceivesWhatComesInManySmallPieces) {
  const Listener listener;
  std::string sent;
  for (int i = 0; i < 400; ++i) sent += static_cast<char>('a' + i % 26);
  std::thread server([&] {
    const TestSocket peer = listener.Accept();
    for (const char c : sent) {
      peer.Write(std::string(1, c));
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), listener.address(), &log);
  EXPECT_TRUE(RunUntil(loop.get(), [&log] { return log.done; }));
  server.join();
  EXPECT_EQ(log.bytes, sent);
  EXPECT_EQ(log.ended, 0);
}

TEST(UringStream, ReceivesMoreThanAllBuffersHold) {
  const Listener listener;
  const std::string sent(3'000'000, 'x');  // the ring has 64 × 4 KiB
  std::thread server([&] {
    const TestSocket peer = listener.Accept();
    peer.Write(sent);
  });
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), listener.address(), &log);
  EXPECT_TRUE(RunUntil(loop.get(), [&log] { return log.done; }));
  server.join();
  EXPECT_EQ(log.bytes, sent);
}

TEST(UringStream, SendsMoreThanTheKernelTakesAtOnceAndInOrder) {
  const Listener listener;
  std::string expected;
  std::string received;
  std::thread server([&] {
    const TestSocket peer = listener.Accept();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    received = peer.Read(8'000'000);
  });
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), listener.address(), &log);
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return log.connected == 0; }));
  for (int i = 0; i < 8; ++i) {
    const std::string piece(1'000'000, static_cast<char>('0' + i));
    expected += piece;
    stream->Send(piece);
  }
  EXPECT_TRUE(RunUntil(loop.get(), [&log] { return log.done; }));
  server.join();
  EXPECT_TRUE(received == expected);
}

// A command in clear and the first of TLS behind it, say, or the client's Finished and its EHLO.
TEST(UringStream, WhatIsSentInOneIterationLeavesAsOneSegment) {
  const Listener listener;
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), listener.address(), &log);
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return log.connected == 0; }));
  const TestSocket peer = listener.Accept();
  for (const char* piece : {"one ", "two ", "three"}) stream->Send(piece);
  RunFor(loop.get(), 5 * kMs);
  EXPECT_EQ(peer.Read(13), "one two three");
  tcp_info info{};
  socklen_t size = sizeof(info);
  ASSERT_EQ(getsockopt(peer.fd(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  EXPECT_EQ(info.tcpi_data_segs_in, 1u);
}

TEST(UringStream, TheLastWordsOfADestroyedStreamLeave) {
  const Listener listener;
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  auto task =
      std::make_unique<OwnedTask>(ReadToEnd(loop.get(), stream.get(), listener.address(), &log));
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return log.connected == 0; }));
  const TestSocket peer = listener.Accept();
  stream->Send("QUIT");
  task.reset();
  stream.reset();
  RunFor(loop.get(), 5 * kMs);
  EXPECT_EQ(peer.Read(4), "QUIT");
  EXPECT_TRUE(peer.AtEnd());
}

// Has the coroutine go on with the first full stop, an error or the end.
struct Sentence final : Stream::Receiver {
  std::string text;
  size_t pieces = 0;
  std::optional<IoError> ended;
  bool OnReceived(const Stream::Received& received) override {
    if (received.bytes.empty()) {
      ended = received.error;
      return true;
    }
    ++pieces;
    text.append(received.bytes.begin(), received.bytes.end());
    return text.ends_with('.');
  }
};

struct SentenceAwaiter {
  Stream* stream;
  Sentence* sentence;
  int64_t deadline_ns;
  bool await_ready() const { return stream->TakeReceived(sentence); }
  void await_suspend(std::coroutine_handle<> waiter) const {
    stream->AwaitReceived(sentence, waiter, deadline_ns);
  }
  void await_resume() const {}
};

// A sentence at a time; the second is waited for `late_ns` after the first.
OwnedTask ReadSentences(UringLoop* loop, Stream* stream, SocketAddress to,
                        std::vector<Sentence>* sentences, int64_t patience_ns, int64_t late_ns,
                        bool* done) {
  const IoError error = co_await stream->Connect(to, loop->now_ns() + kSecond);
  EXPECT_EQ(error, 0);
  for (Sentence& sentence : *sentences) {
    co_await SentenceAwaiter{stream, &sentence, loop->now_ns() + patience_ns};
    co_await loop->SleepUntil(loop->now_ns() + late_ns);
  }
  *done = true;
}

TEST(UringStream, AReceiverTakesEveryPieceAndSaysWhenTheCoroutineGoesOn) {
  const Listener listener;
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  std::vector<Sentence> sentences(3);
  bool done = false;
  const OwnedTask task = ReadSentences(loop.get(), stream.get(), listener.address(), &sentences,
                                       5 * kSecond, 50 * kMs, &done);
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return listener.HasConnection(0); }));
  TestSocket peer = listener.Accept();
  std::string said;
  for (const char* piece : {"It", " is", " so."}) {
    peer.Write(piece);
    said += piece;
    EXPECT_TRUE(RunUntil(loop.get(), [&] { return sentences[0].text == said; }));
  }
  EXPECT_EQ(sentences[0].pieces, 3u);
  // While nobody waits.
  peer.Write("And here is the rest");
  peer.Write(", all of it.");
  peer.Close();
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return done; }));
  EXPECT_EQ(sentences[1].text, "And here is the rest, all of it.");
  EXPECT_EQ(sentences[1].ended, std::nullopt);
  EXPECT_EQ(sentences[2].ended, 0);
}

// A tarpit that drips is given no more time than one that is silent.
TEST(UringStream, AReceiversDeadlineStandsWhileItIsGivenPieces) {
  const Listener listener;
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  std::vector<Sentence> sentences(1);
  bool done = false;
  const OwnedTask task =
      ReadSentences(loop.get(), stream.get(), listener.address(), &sentences, 120 * kMs, 0, &done);
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return listener.HasConnection(0); }));
  const TestSocket peer = listener.Accept();
  size_t said = 0;
  EXPECT_TRUE(RunUntil(loop.get(), [&] {
    if (!done && sentences[0].text.size() == said) {
      peer.Write("x");
      ++said;
    }
    return done;
  }));
  EXPECT_EQ(sentences[0].ended, kDeadline);
  EXPECT_GE(sentences[0].pieces, 2u);
}

TEST(UringStream, GivesUpConnectingAtTheDeadlineAndNotBefore) {
  const Listener listener;
  listener.DropEverything();
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  const int64_t started_ns = loop->real_now_ns();
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), listener.address(), &log, 120 * kMs);
  EXPECT_TRUE(RunUntil(loop.get(), [&log] { return log.done; }));
  const int64_t took_ns = loop->real_now_ns() - started_ns;
  EXPECT_EQ(log.connected, kDeadline);
  EXPECT_GE(took_ns, 119 * kMs);
  EXPECT_LT(took_ns, 2 * kSecond);
}

TEST(UringStream, GivesUpReceivingAtTheDeadlineAndTheStreamStaysUsable) {
  const Listener listener;
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  std::vector<Stream::Received> seen;
  const auto talk = [](UringLoop* l, Stream* s, SocketAddress to,
                       std::vector<Stream::Received>* out) -> OwnedTask {
    const IoError error = co_await s->Connect(to, l->now_ns() + kSecond);
    EXPECT_EQ(error, 0);
    const Stream::Received nothing = co_await s->Receive(l->now_ns() + 80 * kMs);
    out->push_back(nothing);
    const Stream::Received late = co_await s->Receive(l->now_ns() + 5 * kSecond);
    out->push_back(late);
  };
  const OwnedTask task = talk(loop.get(), stream.get(), listener.address(), &seen);
  TestSocket peer;
  EXPECT_TRUE(RunUntil(loop.get(), [&] {
    if (seen.size() == 1 && peer.fd() < 0) {
      peer = listener.Accept();
      peer.Write("late");
    }
    return seen.size() == 2;
  }));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].error, kDeadline);
  EXPECT_EQ(seen[1].error, 0);
  EXPECT_EQ(seen[1].bytes.size(), 4u);
}

TEST(UringStream, KeepsWhatComesWhileNobodyReadsUpToACap) {
  const Listener listener;
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  Log log;
  bool read = false;
  const auto talk = [](UringLoop* l, Stream* s, SocketAddress to, Log* out,
                       bool* may_read) -> OwnedTask {
    out->connected = co_await s->Connect(to, l->now_ns() + kSecond);
    while (!*may_read) co_await l->SleepUntil(l->now_ns() + 5 * kMs);
    while (!out->ended) {
      const Stream::Received in = co_await s->Receive(l->now_ns() + 5 * kSecond);
      if (in.bytes.empty()) out->ended = in.error;
      out->bytes.append(in.bytes.begin(), in.bytes.end());
    }
    out->done = true;
  };
  const OwnedTask task = talk(loop.get(), stream.get(), listener.address(), &log, &read);
  std::thread server([&listener] {
    const TestSocket peer = listener.Accept();
    peer.Write(std::string(1'000'000, 'f'));
  });
  RunFor(loop.get(), 200 * kMs);
  read = true;
  EXPECT_TRUE(RunUntil(loop.get(), [&log] { return log.done; }));
  server.join();
  EXPECT_EQ(log.ended, kInboxFull);
  EXPECT_GT(log.bytes.size(), 200'000u);
  EXPECT_LE(log.bytes.size(), 256u * 1024);
}

TEST(UringStream, TellsALocalErrorWhereTheDescriptorTableIsFull) {
  const Listener listener;
  auto loop = MakeLoop(4);
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<OwnedTask> tasks;
  std::vector<Log> logs(6);
  for (Log& log : logs) {
    streams.push_back(loop->NewStream());
    tasks.push_back(ReadToEnd(loop.get(), streams.back().get(), listener.address(), &log));
  }
  EXPECT_TRUE(RunUntil(loop.get(), [&] {
    return std::all_of(logs.begin(), logs.end(),
                       [](const Log& l) { return l.connected.has_value(); });
  }));
  for (size_t i = 0; i < logs.size(); ++i) {
    EXPECT_EQ(logs[i].connected, i < 4 ? 0 : ENFILE) << i;
  }
  EXPECT_EQ(OutcomeOfIo(Stage::kConnect, ENFILE), Outcome::kLocalNoDescriptors);
  // A slot that is given back serves the next.
  tasks.clear();
  streams.clear();
  Log log;
  auto stream = loop->NewStream();
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), listener.address(), &log);
  EXPECT_TRUE(RunUntil(loop.get(), [&log] { return log.connected.has_value(); }));
  EXPECT_EQ(log.connected, 0);
}

std::unique_ptr<UringLoop> MakeBoundLoop(const std::vector<std::string>& sources) {
  UringLoop::Options options;
  options.ring.max_descriptors = 16;
  for (const std::string& source : sources) {
    options.source_addresses.push_back(dns::IpAddress::Parse(source).value());
  }
  return UringLoop::Create(options).value();
}

TEST(UringStream, ConnectsFromTheSourceAddressesInTurn) {
  const Listener listener;
  auto loop = MakeBoundLoop({"127.0.0.7", "::1", "127.0.0.9"});
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<OwnedTask> tasks;
  std::vector<Log> logs(4);
  for (Log& log : logs) {
    streams.push_back(loop->NewStream());
    tasks.push_back(ReadToEnd(loop.get(), streams.back().get(), listener.address(), &log));
  }
  EXPECT_TRUE(RunUntil(loop.get(), [&] {
    return std::all_of(logs.begin(), logs.end(), [](const Log& l) { return l.connected == 0; });
  }));
  std::multiset<std::string> sources;
  for (size_t i = 0; i < logs.size(); ++i) sources.insert(listener.Accept().peer_address());
  EXPECT_EQ(sources.count("127.0.0.7"), 2u);
  EXPECT_EQ(sources.count("127.0.0.9"), 2u);
}

TEST(UringStream, HasNoRouteWithoutASourceAddressOfTheFamily) {
  const Listener listener;
  auto loop = MakeBoundLoop({"::1"});
  auto stream = loop->NewStream();
  Log log;
  const OwnedTask task = ReadToEnd(loop.get(), stream.get(), listener.address(), &log);
  EXPECT_TRUE(RunUntil(loop.get(), [&log] { return log.done; }));
  EXPECT_EQ(log.connected, kNoRoute);
}

// What a connection to `address` came to, in a network where there is nothing.
IoError ConnectFromNowhere(const char* address, bool without_descriptors) {
  auto loop = MakeLoop();
  auto stream = loop->NewStream();
  rlimit limit = {};
  if (without_descriptors) setrlimit(RLIMIT_NOFILE, &limit);
  Log log;
  const OwnedTask task =
      ReadToEnd(loop.get(), stream.get(), {dns::IpAddress::Parse(address).value(), 25}, &log);
  RunUntil(loop.get(), [&log] { return log.done; });
  return log.connected.value_or(-1);
}

// In a process of its own.
[[noreturn]] void ExitWithConnectResult(const char* address, bool switch_ipv6_off,
                                        bool without_descriptors) {
  if (unshare(CLONE_NEWNET) != 0) std::exit(1);
  if (switch_ipv6_off) {
    std::ofstream("/proc/sys/net/ipv6/conf/all/disable_ipv6") << "1\n";
    std::ofstream("/proc/sys/net/ipv6/conf/lo/disable_ipv6") << "1\n";
  }
  auto loop = MakeLoop();
  if (!without_descriptors && loop->HasRouteTo(dns::IpAddress::Parse(address).value())) {
    std::exit(2);
  }
  std::exit(ConnectFromNowhere(address, without_descriptors));
}

bool MayHaveANetworkOfItsOwn() {
  const pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWNET) == 0 ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(UringStream, TellsItsOwnLackOfARouteFromTheNetworksWord) {
  if (!MayHaveANetworkOfItsOwn()) GTEST_SKIP() << "needs the right to make a network namespace";
  using ::testing::ExitedWithCode;
  for (const char* address : {"2001:db8::1", "192.0.2.1"}) {
    EXPECT_EXIT(ExitWithConnectResult(address, false, false), ExitedWithCode(kNoRoute), "");
  }
  // Where IPv6 is switched off there is no address to come from.
  for (const char* address : {"2001:db8::1", "::1"}) {
    EXPECT_EXIT(ExitWithConnectResult(address, true, false), ExitedWithCode(kNoRoute), "");
  }
  // Without a descriptor we cannot ask: that is our own trouble, and not the server's.
  EXPECT_EXIT(ExitWithConnectResult("192.0.2.1", false, true), ExitedWithCode(EMFILE), "");
}

TEST(UringStream, HasARouteToLoopback) {
  auto loop = MakeLoop();
  EXPECT_TRUE(loop->HasRouteTo(dns::IpAddress::Parse("127.0.0.1").value()));
  auto bound = MakeBoundLoop({"127.0.0.1"});
  EXPECT_TRUE(bound->HasRouteTo(dns::IpAddress::Parse("127.0.0.1").value()));
  EXPECT_FALSE(bound->HasRouteTo(dns::IpAddress::Parse("::1").value()));
}

TEST(UringStream, BoundSocketTakesASlotThatIsBeingClosedInTheSameIteration) {
  const Listener listener;
  auto loop = MakeBoundLoop({"127.0.0.7"});
  auto first = loop->NewStream();
  Log log;
  OwnedTask first_task = ReadToEnd(loop.get(), first.get(), listener.address(), &log);
  EXPECT_TRUE(RunUntil(loop.get(), [&log] { return log.connected == 0; }));
  // Closing is queued, and the slot is taken again before the kernel has heard of it.
  first.reset();
  auto second = loop->NewStream();
  Log second_log;
  const OwnedTask task = ReadToEnd(loop.get(), second.get(), listener.address(), &second_log);
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return second_log.connected.has_value(); }));
  EXPECT_EQ(second_log.connected, 0);
  EXPECT_TRUE(listener.Accept().AtEnd());
  listener.Accept().Write("second");
  EXPECT_TRUE(RunUntil(loop.get(), [&] { return second_log.done; }));
  EXPECT_EQ(second_log.bytes, "second");
}

TEST(UringStream, ASlotThatIsUsedAgainAtOnceNeverGetsTheConnectionOfTheOneBefore) {
  const Listener wrong;
  const Listener right;
  auto loop = MakeLoop(32);
  for (int round = 0; round < 10; ++round) {
    std::vector<std::unique_ptr<Stream>> gone;
    std::vector<OwnedTask> gone_tasks;
    std::vector<Log> gone_logs(32);
    for (Log& log : gone_logs) {
      gone.push_back(loop->NewStream());
      gone_tasks.push_back(ReadToEnd(loop.get(), gone.back().get(), wrong.address(), &log));
    }
    gone_tasks.clear();
    gone.clear();
    std::vector<std::unique_ptr<Stream>> streams;
    std::vector<OwnedTask> tasks;
    std::vector<Log> logs(32);
    for (Log& log : logs) {
      streams.push_back(loop->NewStream());
      tasks.push_back(ReadToEnd(loop.get(), streams.back().get(), right.address(), &log));
    }
    EXPECT_TRUE(RunUntil(loop.get(), [&] {
      return std::all_of(logs.begin(), logs.end(),
                         [](const Log& l) { return l.connected.has_value(); });
    }));
    for (const Log& log : logs) ASSERT_EQ(log.connected, 0);
    for (size_t i = 0; i < logs.size(); ++i) {
      ASSERT_TRUE(right.HasConnection(1000)) << "a connection went elsewhere";
      right.Accept().Write("right");
    }
    EXPECT_TRUE(RunUntil(loop.get(), [&] {
      return std::all_of(logs.begin(), logs.end(), [](const Log& l) { return l.done; });
    }));
    for (const Log& log : logs) ASSERT_EQ(log.bytes, "right");
  }
}

// The loop's destructor ends the program if a socket outlives it.
TEST(UringStream, MayBeDestroyedWhileItConnectsReceivesOrSends) {
  const Listener listener;
  const Listener deaf;
  deaf.DropEverything();
  auto loop = MakeLoop(64);
  std::vector<Log> logs(48);
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<OwnedTask> tasks;
  for (size_t i = 0; i < logs.size(); ++i) {
    streams.push_back(loop->NewStream());
    const SocketAddress to = i % 3 == 0 ? deaf.address() : listener.address();
    tasks.push_back(ReadToEnd(loop.get(), streams.back().get(), to, &logs[i], 5 * kSecond,
                              5 * kSecond, std::string(i % 3 == 1 ? 4'000'000 : 1, 'x')));
  }
  RunFor(loop.get(), 50 * kMs);
  std::vector<TestSocket> peers;
  for (int i = 0; i < 32; ++i) peers.push_back(listener.Accept());
  for (size_t i = 0; i < peers.size(); i += 2) peers[i].Write("220 ready");
  // Now: connecting, sending with the kernel's buffers full, idle, or with bytes on the way.
  tasks.clear();
  streams.clear();
  loop.reset();
  for (TestSocket& peer : peers) {
    while (!peer.Read(1 << 20).empty()) {
    }
    EXPECT_TRUE(peer.AtEnd());
  }
}

TEST(UringStream, MayBeDestroyedBeforeItsFailedConnectIsTold) {
  const Listener listener;
  auto loop = MakeLoop(1);
  Log first_log;
  Log second_log;
  auto first = loop->NewStream();
  auto second = loop->NewStream();
  {
    const OwnedTask a = ReadToEnd(loop.get(), first.get(), listener.address(), &first_log);
    const OwnedTask b = ReadToEnd(loop.get(), second.get(), listener.address(), &second_log);
  }
  second.reset();
  first.reset();
  loop.reset();
  EXPECT_FALSE(second_log.connected.has_value());
}

TEST(UringStream, MayBeDestroyedByTheCoroutineThatIsBeingTold) {
  const Listener listener;
  auto loop = MakeLoop();
  int ended = 0;
  const auto talk = [](UringLoop* l, SocketAddress to, bool after_bytes, int* count) -> Task<void> {
    auto stream = l->NewStream();
    const IoError error = co_await stream->Connect(to, l->now_ns() + 5 * kSecond);
    EXPECT_EQ(error, 0);
    if (after_bytes) {
      const Stream::Received in = co_await stream->Receive(l->now_ns() + 5 * kSecond);
      EXPECT_FALSE(in.bytes.empty());
    }
    stream.reset();
    ++*count;
  };
  for (int i = 0; i < 20; ++i) {
    Spawn(talk(loop.get(), listener.address(), i % 2 == 0, &ended));
  }
  std::thread server([&listener] {
    for (int i = 0; i < 20; ++i) {
      const TestSocket peer = listener.Accept();
      send(peer.fd(), "220 ready", 9, MSG_NOSIGNAL);
      peer.AtEnd();
    }
  });
  EXPECT_TRUE(RunUntil(loop.get(), [&ended] { return ended == 20; }));
  loop.reset();
  server.join();
}

}  // namespace
}  // namespace mxsweep::scanner
