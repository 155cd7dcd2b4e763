// What the event loop costs: connections and round trips over loopback, one at a time and many at
// once, with a thread that echoes what it receives. The CPU time is that of the loop's thread, in
// the kernel and out of it; the time is as the clock on the wall has it, and so holds the echo's
// part too.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "scanner/base/check.h"
#include "scanner/engine/stream.h"
#include "scanner/engine/task.h"
#include "scanner/engine/uring_loop.h"

namespace mxsweep::scanner {
namespace {

constexpr int64_t kPatienceNs = 10'000'000'000;
constexpr std::string_view kLine =
    "250-mx.example.org Hello scanner.example.org, pleased to meet\r\n";

// Echoes on 127.0.0.1 from a thread of its own. Ends a connection that the client has closed with a
// reset, so that no port is left waiting (TIME_WAIT) and a benchmark cannot run out of them.
class EchoServer {
 public:
  EchoServer()
      : listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
        stop_(eventfd(0, EFD_CLOEXEC)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(local);
    MXSWEEP_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&local), length) == 0);
    MXSWEEP_CHECK(listen(listener_, 4096) == 0);
    MXSWEEP_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&local), &length) == 0);
    address_ = {dns::IpAddress::FromV4(INADDR_LOOPBACK), ntohs(local.sin_port)};
    Watch(listener_);
    Watch(stop_);
    thread_ = std::thread([this] { Serve(); });
  }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;
  ~EchoServer() {
    eventfd_write(stop_, 1);
    thread_.join();
    for (const int fd : {listener_, stop_, epoll_}) close(fd);
  }

  SocketAddress address() const { return address_; }

 private:
  void Watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    MXSWEEP_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0);
  }

  void Serve() {
    std::array<epoll_event, 256> events;
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        if (fd == stop_) return;
        if (fd == listener_) {
          AcceptAll();
        } else {
          Echo(fd);
        }
      }
    }
  }

  void AcceptAll() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const linger hard{.l_onoff = 1, .l_linger = 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
      Watch(fd);
    }
  }

  static void Echo(int fd) {
    char buffer[4096];
    const ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
    // A line fits into a socket's buffer, which the client has always emptied before.
    const bool echoed = got > 0 && send(fd, buffer, static_cast<size_t>(got), MSG_NOSIGNAL) == got;
    if (!echoed) close(fd);
  }

  int listener_;
  int stop_;
  int epoll_;
  SocketAddress address_;
  std::thread thread_;
};

// Coroutines that are under way at once; the last of them stops the loop.
class Batch {
 public:
  explicit Batch(UringLoop* loop) : loop_(loop) {}

  UringLoop* loop() const { return loop_; }
  int64_t Deadline() const { return loop_->now_ns() + kPatienceNs; }
  bool failed() const { return failed_; }

  void Start(Task<void> task) {
    ++open_;
    Spawn(std::move(task));
  }
  void Done(bool succeeded) {
    failed_ |= !succeeded;
    if (--open_ == 0) loop_->Stop();
  }
  // REQUIRES: what was started waits for the loop.
  void Run() { loop_->Run(); }

 private:
  UringLoop* loop_;
  int open_ = 0;
  bool failed_ = false;
};

// Sends a line and waits until it is back. The pointers outlive the task, here and below.
Task<bool> Exchange(Batch* batch, Stream* stream) {
  stream->Send(kLine);
  size_t missing = kLine.size();
  while (missing > 0) {
    const Stream::Received in = co_await stream->Receive(batch->Deadline());
    if (in.bytes.empty()) break;
    missing -= std::min(missing, in.bytes.size());
  }
  co_return missing == 0;
}

Task<void> ConnectOnly(Batch* batch, Stream* stream, SocketAddress to) {
  const IoError error = co_await stream->Connect(to, batch->Deadline());
  batch->Done(error == 0);
}

Task<void> ExchangeOnly(Batch* batch, Stream* stream) {
  const bool succeeded = co_await Exchange(batch, stream);
  batch->Done(succeeded);
}

Task<void> WholeSession(Batch* batch, SocketAddress to, int exchanges) {
  std::unique_ptr<Stream> stream = batch->loop()->NewStream();
  const IoError error = co_await stream->Connect(to, batch->Deadline());
  bool succeeded = error == 0;
  for (int i = 0; succeeded && i < exchanges; ++i) {
    succeeded = co_await Exchange(batch, stream.get());
  }
  stream.reset();
  batch->Done(succeeded);
}

// Nothing, and the benchmark is over, where there is no io_uring.
std::unique_ptr<UringLoop> MakeLoop(benchmark::State& state) {
  UringLoop::Options options;
  options.ring.max_descriptors = 1024;
  absl::StatusOr<std::unique_ptr<UringLoop>> loop = UringLoop::Create(std::move(options));
  if (loop.ok()) return *std::move(loop);
  state.SkipWithError(std::string(loop.status().message()).c_str());
  return nullptr;
}

// A line there and back, on connections that stay open.
void BM_RingRoundTrip(benchmark::State& state) {
  const EchoServer server;
  const std::unique_ptr<UringLoop> loop = MakeLoop(state);
  if (loop == nullptr) return;
  Batch batch(loop.get());
  std::vector<std::unique_ptr<Stream>> streams(static_cast<size_t>(state.range(0)));
  for (auto& stream : streams) {
    stream = loop->NewStream();
    batch.Start(ConnectOnly(&batch, stream.get(), server.address()));
  }
  batch.Run();
  for (auto _ : state) {
    for (const auto& stream : streams) batch.Start(ExchangeOnly(&batch, stream.get()));
    batch.Run();
    if (batch.failed()) {
      state.SkipWithError("a line did not come back");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_RingRoundTrip)->ArgName("open")->Arg(1)->Arg(100)->UseRealTime();

// A session without what is said in it: connects, sends a line and waits for it so many times,
// closes. A dialogue with STARTTLS waits seven times or so.
void BM_RingSession(benchmark::State& state) {
  const EchoServer server;
  const std::unique_ptr<UringLoop> loop = MakeLoop(state);
  if (loop == nullptr) return;
  Batch batch(loop.get());
  for (auto _ : state) {
    for (int64_t i = 0; i < state.range(0); ++i) {
      batch.Start(WholeSession(&batch, server.address(), static_cast<int>(state.range(1))));
    }
    batch.Run();
    if (batch.failed()) {
      state.SkipWithError("a session failed");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_RingSession)
    ->ArgNames({"open", "exchanges"})
    ->ArgsProduct({{1, 100}, {0, 7}})
    ->UseRealTime();

}  // namespace
}  // namespace mxsweep::scanner
