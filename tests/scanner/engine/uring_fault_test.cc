// An io_uring that fails below the loop, at random, under real sockets: sends that are cut short or
// cancelled, connects and receives that are cancelled, no descriptor for a socket, no buffer for
// what comes, completion queues that overflow. liburing's own functions are stood in for, so this
// is a program of its own.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <liburing.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "scanner/engine/stream.h"
#include "scanner/engine/uring_socket.h"
#include "scanner/smtp/outcome.h"
#include "tests/scanner/engine/loopback.h"

namespace mxsweep::scanner {
namespace {

// What is done to the requests of a ring, by the thread that submits them.
struct Faults {
  std::mt19937_64 random;
  bool on = true;
  uint64_t cut_sends = 0;
  uint64_t without_buffer = 0;  // receives; the kernel's own word
  std::map<UringOp, uint64_t> failed;
  // By user data: what the kernel cannot do fails with what it is told here.
  std::map<uint64_t, int> planned;

  bool OneIn(uint64_t n) { return random() % n == 0; }
};
Faults* faults = nullptr;

UringOp OpOf(uint64_t user_data) { return static_cast<UringOp>(user_data & kUringOpMask); }

void Disturb(io_uring_sqe* sqe) {
  const UringOp op = OpOf(sqe->user_data);
  if (op == UringOp::kSend && sqe->len > 1 && faults->OneIn(3)) {
    sqe->len = static_cast<unsigned>(1 + faults->random() % (sqe->len - 1));
    ++faults->cut_sends;
  }
  const bool may_fail = op == UringOp::kSend || op == UringOp::kSocket || op == UringOp::kConnect ||
                        op == UringOp::kReceive;
  if (!may_fail || !faults->OneIn(25)) return;
  // A family, or a slot, that there is not.
  sqe->fd = 1 << 20;
  faults->planned[sqe->user_data] = op == UringOp::kSocket ? -EMFILE : -ECANCELED;
  ++faults->failed[op];
}

void DisturbQueued(io_uring* ring) {
  if (faults == nullptr || !faults->on) return;
  for (unsigned i = ring->sq.sqe_head; i != ring->sq.sqe_tail; ++i) {
    Disturb(&ring->sq.sqes[i & *ring->sq.kring_mask]);
  }
}

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace
}  // namespace mxsweep::scanner

extern "C" int io_uring_submit(io_uring* ring) {
  static const auto real = mxsweep::scanner::Real<decltype(&io_uring_submit)>("io_uring_submit");
  mxsweep::scanner::DisturbQueued(ring);
  return real(ring);
}

extern "C" int io_uring_submit_and_get_events(io_uring* ring) {
  static const auto real = mxsweep::scanner::Real<decltype(&io_uring_submit_and_get_events)>(
      "io_uring_submit_and_get_events");
  mxsweep::scanner::DisturbQueued(ring);
  return real(ring);
}

extern "C" int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** cqe, unsigned count,
                                                __kernel_timespec* timeout, sigset_t* mask) {
  static const auto real = mxsweep::scanner::Real<decltype(&io_uring_submit_and_wait_timeout)>(
      "io_uring_submit_and_wait_timeout");
  mxsweep::scanner::DisturbQueued(ring);
  return real(ring, cqe, count, timeout, mask);
}

extern "C" unsigned io_uring_peek_batch_cqe(io_uring* ring, io_uring_cqe** cqes, unsigned count) {
  static const auto real =
      mxsweep::scanner::Real<decltype(&io_uring_peek_batch_cqe)>("io_uring_peek_batch_cqe");
  const unsigned found = real(ring, cqes, count);
  using mxsweep::scanner::faults;
  if (faults == nullptr) return found;
  for (unsigned i = 0; i < found; ++i) {
    using mxsweep::scanner::UringOp;
    if (mxsweep::scanner::OpOf(cqes[i]->user_data) == UringOp::kReceive &&
        cqes[i]->res == -ENOBUFS) {
      ++faults->without_buffer;
    }
    const auto planned = faults->planned.find(cqes[i]->user_data);
    if (planned == faults->planned.end()) continue;
    if (cqes[i]->res != -EBADF && cqes[i]->res != -EAFNOSUPPORT) continue;
    cqes[i]->res = planned->second;
    faults->planned.erase(planned);
  }
  return found;
}

namespace mxsweep::scanner {
namespace {

using namespace testing;

constexpr int kSessions = 400;
constexpr size_t kAtOnce = 12;
constexpr int kRounds = 4;

// Sends back what it is sent, to any number of clients.
class EchoServer {
 public:
  EchoServer() : acceptor_([this] { Serve(); }) {}
  ~EchoServer() {
    ending_ = true;
    acceptor_.join();
    for (std::thread& client : clients_) client.join();
  }
  SocketAddress address() const { return listener_.address(); }

 private:
  void Serve() {
    while (!ending_) {
      if (!listener_.HasConnection(50)) continue;
      clients_.emplace_back([peer = listener_.Accept()] {
        for (;;) {
          const std::string byte = peer.Read(1);
          if (byte.empty()) return;
          std::string rest(4096, '\0');
          const ssize_t more = recv(peer.fd(), rest.data(), rest.size(), MSG_DONTWAIT);
          rest.resize(more > 0 ? static_cast<size_t>(more) : 0);
          const std::string echo = byte + rest;
          if (send(peer.fd(), echo.data(), echo.size(), MSG_NOSIGNAL) < 0) return;
        }
      });
    }
  }

  Listener listener_;
  std::atomic<bool> ending_{false};
  std::vector<std::thread> clients_;
  std::thread acceptor_;
};

struct Session {
  std::unique_ptr<Stream> stream;
  std::optional<IoError> error;  // that ended it
  bool done = false;
  std::optional<OwnedTask> task;
};

// Says something and waits for the echo, some times over.
OwnedTask Talk(UringLoop* loop, Session* session, SocketAddress to, uint64_t seed) {
  std::mt19937_64 random(seed);
  const IoError connected = co_await session->stream->Connect(to, loop->now_ns() + 9 * kSecond);
  if (connected != 0) session->error = connected;
  for (int round = 0; round < kRounds && !session->error; ++round) {
    std::string said(1 + random() % 9'000, '\0');
    for (char& c : said) c = static_cast<char>(random());
    session->stream->Send(said);
    std::string heard;
    while (heard.size() < said.size() && !session->error) {
      const Stream::Received in = co_await session->stream->Receive(loop->now_ns() + 9 * kSecond);
      if (in.bytes.empty()) session->error = in.error;
      heard.append(in.bytes.begin(), in.bytes.end());
    }
    if (!session->error) {
      EXPECT_TRUE(heard == said) << "other bytes than were sent";
    }
  }
  session->done = true;
}

std::unique_ptr<UringLoop> MakeTightLoop(bool overflows) {
  UringLoop::Options options;
  options.ring.max_descriptors = kAtOnce;
  options.ring.submission_entries = overflows ? 4 : 256;
  options.ring.completion_entries = overflows ? 8 : 1024;
  options.ring.receive_buffers = 2;  // fewer than there are sessions: ENOBUFS
  options.ring.receive_buffer_bytes = 1024;
  return UringLoop::Create(options).value();
}

class UringFaults : public ::testing::TestWithParam<bool> {};

TEST_P(UringFaults, EndASessionAsOurOwnTroubleOrNotAtAllAndLeaveNothingBehind) {
  const EchoServer server;
  Faults injected{.random = std::mt19937_64(GetParam() ? 2 : 1)};
  auto loop = MakeTightLoop(GetParam());
  faults = &injected;
  int succeeded = 0;
  int failed = 0;
  const auto run = [&](int sessions) {
    std::vector<std::unique_ptr<Session>> open;
    for (int started = 0; started < sessions || !open.empty();) {
      while (started < sessions && open.size() < kAtOnce) {
        Session& session = *open.emplace_back(std::make_unique<Session>());
        session.stream = loop->NewStream();
        session.task.emplace(
            Talk(loop.get(), &session, server.address(), static_cast<uint64_t>(started++)));
      }
      ASSERT_TRUE(RunUntil(loop.get(), [&] {
        return std::ranges::any_of(open, [](const auto& session) { return session->done; });
      }));
      std::erase_if(open, [&](const auto& session) {
        if (!session->done) return false;
        if (!session->error) {
          ++succeeded;
        } else {
          ++failed;
          EXPECT_TRUE(IsLocal(OutcomeOfIo(Stage::kGreeting, *session->error)))
              << "error " << *session->error;
        }
        return true;
      });
    }
  };
  run(kSessions);
  EXPECT_GT(succeeded, kSessions / 4);
  EXPECT_GT(failed, kSessions / 10);
  EXPECT_GT(injected.cut_sends, 100u);
  EXPECT_GT(injected.without_buffer, 10u);
  for (const UringOp op :
       {UringOp::kSend, UringOp::kSocket, UringOp::kConnect, UringOp::kReceive}) {
    EXPECT_GT(injected.failed[op], 3u) << static_cast<int>(op);
  }
  // Every slot and every buffer is there again.
  injected.on = false;
  RunFor(loop.get(), 100 * kMs);
  succeeded = 0;
  failed = 0;
  run(2 * kAtOnce);
  EXPECT_EQ(succeeded, 2 * static_cast<int>(kAtOnce));
  EXPECT_EQ(failed, 0);
  loop.reset();
  faults = nullptr;
}

INSTANTIATE_TEST_SUITE_P(Queues, UringFaults, ::testing::Bool(), [](const auto& queue) {
  return std::string(queue.param ? "ThatOverflow" : "ThatHold");
});

}  // namespace
}  // namespace mxsweep::scanner
