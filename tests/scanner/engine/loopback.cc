#include "tests/scanner/engine/loopback.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace mxsweep::scanner::testing {
namespace {

// A ring that ends interrupts its thread a little later.
template <typename Call>
auto Uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

void Check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "loopback test: %s: %s\n", what, std::strerror(errno));
  std::abort();
}

void SetTimeouts(int fd) {
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  Check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0, "SO_RCVTIMEO");
  Check(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0, "SO_SNDTIMEO");
}

}  // namespace

TestSocket::TestSocket(TestSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

TestSocket& TestSocket::operator=(TestSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

void TestSocket::Write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent =
        Uninterrupted([&] { return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    Check(sent > 0, "send");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

std::string TestSocket::Read(size_t bytes) const {
  std::string read;
  char buffer[65536];
  while (read.size() < bytes) {
    const size_t wanted = std::min(sizeof(buffer), bytes - read.size());
    const ssize_t got = Uninterrupted([&] { return recv(fd_, buffer, wanted, 0); });
    if (got <= 0) break;
    read.append(buffer, static_cast<size_t>(got));
  }
  return read;
}

bool TestSocket::AtEnd() const {
  char byte = 0;
  const ssize_t got = Uninterrupted([&] { return recv(fd_, &byte, 1, 0); });
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

void TestSocket::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void TestSocket::Reset() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  Check(setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)) == 0, "SO_LINGER");
  Close();
}

std::string TestSocket::peer_address() const {
  sockaddr_in peer{};
  socklen_t length = sizeof(peer);
  Check(getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &length) == 0, "getpeername");
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &peer.sin_addr, text, sizeof(text));
  return text;
}

Listener::Listener(const std::string& address, int backlog)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  Check(socket_.fd() >= 0, "socket");
  sockaddr_in local{};
  local.sin_family = AF_INET;
  Check(inet_pton(AF_INET, address.c_str(), &local.sin_addr) == 1, "address");
  Check(bind(socket_.fd(), reinterpret_cast<sockaddr*>(&local), sizeof(local)) == 0, "bind");
  Check(listen(socket_.fd(), backlog) == 0, "listen");
  socklen_t length = sizeof(local);
  Check(getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&local), &length) == 0,
        "getsockname");
  address_ = {dns::IpAddress::Parse(address).value(), ntohs(local.sin_port)};
  SetTimeouts(socket_.fd());
}

TestSocket Listener::Accept() const {
  const int fd =
      Uninterrupted([&] { return accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC); });
  Check(fd >= 0, "accept");
  SetTimeouts(fd);
  return TestSocket(fd);
}

bool Listener::HasConnection(int wait_ms) const {
  pollfd polled{.fd = socket_.fd(), .events = POLLIN, .revents = 0};
  return Uninterrupted([&] { return poll(&polled, 1, wait_ms); }) == 1;
}

void Listener::DropEverything() const {
  sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &drop};
  Check(setsockopt(socket_.fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0,
        "SO_ATTACH_FILTER");
}

std::unique_ptr<UringLoop> MakeLoop(unsigned max_descriptors) {
  UringLoop::Options options;
  options.ring.max_descriptors = max_descriptors;
  options.ring.submission_entries = 256;
  options.ring.completion_entries = 1024;
  options.ring.receive_buffers = 64;
  options.ring.receive_buffer_bytes = 4096;
  absl::StatusOr<std::unique_ptr<UringLoop>> loop = UringLoop::Create(options);
  if (!loop.ok()) {
    std::fprintf(stderr, "loopback test: %s\n", std::string(loop.status().message()).c_str());
    std::abort();
  }
  return *std::move(loop);
}

bool RunUntil(UringLoop* loop, std::function<bool()> done) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  bool held = false;
  loop->SetIterationHook([&] {
    held = done();
    if (held || std::chrono::steady_clock::now() > limit) loop->Stop();
    return 0u;
  });
  loop->Run();
  loop->SetIterationHook(nullptr);
  return held;
}

void RunFor(UringLoop* loop, int64_t duration_ns) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(duration_ns);
  RunUntil(loop, [end] { return std::chrono::steady_clock::now() >= end; });
}

}  // namespace mxsweep::scanner::testing
