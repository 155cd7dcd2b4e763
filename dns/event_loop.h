// What DNS needs of an event loop: watch these sockets, wake me then, and what time is it.
// `scanner` implements it over io_uring, the tests over poll() and over virtual time.
#ifndef MXSWEEP_DNS_EVENT_LOOP_H_
#define MXSWEEP_DNS_EVENT_LOOP_H_

#include <chrono>
#include <cstdint>
#include <utility>

#include "absl/functional/any_invocable.h"

namespace mxsweep::dns {

// One loop belongs to one thread: every function is called on it, and every callback runs on it.
// Callbacks run from the loop, never from inside the call that registered them, and may call any
// function of the loop, including the one that ends their own registration.
class EventLoop {
 public:
  using TimerId = uint64_t;  // 0 is never the id of a timer.
  using TimerCallback = absl::AnyInvocable<void()>;
  using SocketCallback = absl::AnyInvocable<void(bool readable, bool writable)>;

  virtual ~EventLoop() = default;

  // Monotonic, in nanoseconds from an arbitrary start.
  virtual int64_t NowNanos() const = 0;

  // Calls `callback` whenever `fd` (an ordinary, non-blocking descriptor) is ready for what is
  // asked, level-triggered: as long as it is ready, it is called again. An error or hang-up counts
  // as ready for whatever is watched. Watching an `fd` that is watched already replaces what was
  // said before; at least one of the two is true.
  virtual void WatchSocket(int fd, bool readable, bool writable, SocketCallback callback) = 0;
  // Ends the watch, if there is one. No callback for it comes afterwards, although the caller
  // closes `fd` next and the number may come back as another socket.
  virtual void UnwatchSocket(int fd) = 0;

  // Calls `callback` once, `delay` from now or a little later (within a few milliseconds). Zero
  // means as soon as the loop comes round. Prefer Timer below, which cancels itself.
  virtual TimerId ScheduleAfter(std::chrono::nanoseconds delay, TimerCallback callback) = 0;
  // No effect if the timer has fired or never was.
  virtual void CancelTimer(TimerId id) = 0;
};

// A timer that is cancelled when it goes out of scope. Move-only. The loop must outlive it.
class Timer {
 public:
  Timer() = default;
  Timer(EventLoop& loop, std::chrono::nanoseconds delay, EventLoop::TimerCallback callback)
      : loop_(&loop), id_(loop.ScheduleAfter(delay, std::move(callback))) {}
  Timer(Timer&& other) noexcept
      : loop_(std::exchange(other.loop_, nullptr)), id_(std::exchange(other.id_, 0)) {}
  Timer& operator=(Timer&& other) noexcept {
    if (this != &other) {
      Cancel();
      loop_ = std::exchange(other.loop_, nullptr);
      id_ = std::exchange(other.id_, 0);
    }
    return *this;
  }
  ~Timer() { Cancel(); }

  void Cancel() {
    if (loop_ != nullptr) loop_->CancelTimer(id_);
    loop_ = nullptr;
    id_ = 0;
  }

 private:
  EventLoop* loop_ = nullptr;
  EventLoop::TimerId id_ = 0;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_EVENT_LOOP_H_
