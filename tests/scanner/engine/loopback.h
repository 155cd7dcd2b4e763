// Real sockets on loopback for tests of the io_uring loop: servers by hand, and a loop to run.
#ifndef MXSWEEP_TESTS_SCANNER_ENGINE_LOOPBACK_H_
#define MXSWEEP_TESTS_SCANNER_ENGINE_LOOPBACK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "scanner/engine/task.h"
#include "scanner/engine/uring_loop.h"

namespace mxsweep::scanner::testing {

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kSecond = 1'000'000'000;

// An ordinary blocking socket with a time-out of ten seconds on everything; closed with the object.
// Every failure of the system that a test did not ask for ends the program.
class TestSocket {
 public:
  TestSocket() = default;
  explicit TestSocket(int fd) : fd_(fd) {}
  TestSocket(TestSocket&& other) noexcept;
  TestSocket& operator=(TestSocket&& other) noexcept;
  ~TestSocket() { Close(); }

  int fd() const { return fd_; }
  void Write(std::string_view bytes) const;
  // Until `bytes` have come, or the end of the stream.
  std::string Read(size_t bytes) const;
  // True once the peer has closed or reset.
  bool AtEnd() const;
  void Close();
  // Closes with RST.
  void Reset();
  std::string peer_address() const;

 private:
  int fd_ = -1;
};

// A listener on an address of its own choosing in 127/8, at a free port.
class Listener {
 public:
  explicit Listener(const std::string& address = "127.0.0.1", int backlog = 512);

  SocketAddress address() const { return address_; }
  TestSocket Accept() const;
  bool HasConnection(int wait_ms) const;
  // From now on the kernel throws away what arrives: a connection is neither made nor refused.
  void DropEverything() const;
  void Close() { socket_.Close(); }

 private:
  TestSocket socket_;
  SocketAddress address_;
};

// A loop with small tables.
std::unique_ptr<UringLoop> MakeLoop(unsigned max_descriptors = 64);

// Runs the loop until `done` holds, which is looked at once an iteration; false after ten seconds.
bool RunUntil(UringLoop* loop, std::function<bool()> done);
// For so long at least.
void RunFor(UringLoop* loop, int64_t duration_ns);

// A coroutine that starts at once and belongs to a variable: destroying it destroys the frame,
// wherever it is suspended.
class OwnedTask {
 public:
  struct promise_type {
    OwnedTask get_return_object() {
      return OwnedTask(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::abort(); }
  };

  explicit OwnedTask(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  OwnedTask(OwnedTask&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  OwnedTask& operator=(OwnedTask&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~OwnedTask() {
    if (handle_) handle_.destroy();
  }
  bool done() const { return handle_.done(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace mxsweep::scanner::testing

#endif  // MXSWEEP_TESTS_SCANNER_ENGINE_LOOPBACK_H_
