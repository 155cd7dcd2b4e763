#ifndef MXSWEEP_SCANNER_ENGINE_EVENT_LOOP_H_
#define MXSWEEP_SCANNER_ENGINE_EVENT_LOOP_H_

#include <coroutine>
#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "dns/event_loop.h"
#include "dns/ip_address.h"
#include "scanner/engine/stream.h"
#include "scanner/engine/timer_wheel.h"

namespace mxsweep::scanner {

// What a worker's tasks run on: time, timers, connections, and a mailbox. One thread runs it; all
// but Post and the stop functions are for that thread. The real one is UringLoop; tests put a
// simulated one in its place.
//
// Two clocks. now_ns() is the clock of every deadline: monotonic, but time in which this process
// did not look (overload, suspension) does not pass on it, so that it is never held against a
// server. real_now_ns() is for measuring.
class EventLoop {
 public:
  virtual ~EventLoop() = default;

  virtual int64_t now_ns() const = 0;
  virtual int64_t real_now_ns() const = 0;
  virtual absl::Time wall_now() const = 0;
  virtual TimerWheel& timers() = 0;

  // A connection yet to be made.
  virtual std::unique_ptr<Stream> NewStream() = 0;

  // The same loop as the dns room wants it.
  virtual dns::EventLoop& dns_loop() = 0;

  // Runs `message` on the loop's thread, after what is running now and after every message that was
  // posted before, whoever posted it. Thread-safe.
  virtual void Post(absl::AnyInvocable<void()> message) = 0;

  // Has this machine a way to `address`? Asked of the routing table, of nobody outside. Where that
  // is not to be learnt, true.
  virtual bool HasRouteTo(const dns::IpAddress& /*address*/) { return true; }

  // How many connections this loop can hold at once.
  virtual int max_streams() const = 0;

  // co_await loop.Sleep(…): resumes no earlier than `deadline_ns` of now_ns().
  auto SleepUntil(int64_t deadline_ns) {
    struct Awaiter final : Timer {
      Awaiter(TimerWheel* wheel, int64_t deadline) : wheel_(wheel), deadline_(deadline) {}
      bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> waiter) {
        waiter_ = waiter;
        wheel_->Start(this, deadline_);
      }
      void await_resume() const {}
      void OnTimer() override { waiter_.resume(); }

     private:
      TimerWheel* wheel_;
      int64_t deadline_;
      std::coroutine_handle<> waiter_;
    };
    return Awaiter(&timers(), deadline_ns);
  }
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_EVENT_LOOP_H_
