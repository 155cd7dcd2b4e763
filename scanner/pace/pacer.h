#ifndef MXSWEEP_SCANNER_PACE_PACER_H_
#define MXSWEEP_SCANNER_PACE_PACER_H_

#include <coroutine>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "scanner/engine/event_loop.h"
#include "scanner/engine/stream.h"
#include "scanner/engine/timer_wheel.h"
#include "scanner/pace/gate.h"

namespace mxsweep::scanner {

// When a worker's tasks go on: it lets them wait for their turn at an address (Gate) and for the
// time of their next attempt, and sends all of them away when the scan is to be stopped. One
// thread: the loop's.
class Pacer {
 public:
  class AwaitTurn;
  class AwaitSleep;

  // Borrows `loop`. `seed`: for the spread of retries.
  Pacer(EventLoop* loop, const Gate::Options& gate, uint64_t seed);
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  // co_await Turn(server): true once a connection to `server` may be made, which must be given
  // back; false, at once, if the scan is being stopped or the server is left alone.
  AwaitTurn Turn(const SocketAddress& server);
  // The connection is closed. `throttled`: the server asked to be left in peace (421, HTTP 429).
  void GiveBack(const SocketAddress& server, bool throttled);

  // co_await Sleep(delay): true after that time; false, at once, if the scan is being stopped.
  AwaitSleep Sleep(int64_t delay_ns);
  // `delay_ns`, spread over ± 25 %, so that those that failed together do not come back together.
  int64_t Spread(int64_t delay_ns);

  // Lets through what the gate admits now, at most `admissions`. To be called once an iteration of
  // the loop. Returns how many there were since the last call.
  uint32_t Admit(uint32_t admissions);

  // Sends away whoever waits, now and from now on.
  void Drain();
  bool draining() const { return draining_; }

  // Connections that are open or being opened, and requests that wait at the gate.
  size_t in_flight() const { return gate_.in_flight(); }
  size_t queued() const { return gate_.queued(); }

 private:
  // A request that waits at the gate.
  struct Waiter {
    SocketAddress server;
    std::coroutine_handle<> handle;
    uint64_t number = 0;  // in the order of coming
    bool admitted = false;
  };
  struct Sleeper : Timer {
    virtual void Interrupt() = 0;
    uint64_t number = 0;  // in the order of coming
  };
  // Wakes the loop when the gate may let something through.
  struct WakeUp final : Timer {
    void OnTimer() override {}
  };

  // Has `server` throttled so often in a row that it is left alone?
  bool IsLeftAlone(const SocketAddress& server) const;
  // Whoever waits for `server`, or for any.
  void SendAway(const SocketAddress* server);

  EventLoop* loop_;
  Gate gate_;
  uint64_t random_;
  WakeUp gate_timer_;
  uint64_t last_admitted_ = 0;
  bool draining_ = false;
  absl::flat_hash_set<Waiter*> waiters_;
  absl::flat_hash_set<Sleeper*> sleepers_;
  uint64_t next_wait_ = 0;
};

class Pacer::AwaitTurn : Pacer::Waiter {
 public:
  AwaitTurn(Pacer* pacer, const SocketAddress& to) : Waiter{.server = to}, pacer_(pacer) {}

  bool await_ready() {
    if (pacer_->draining_ || pacer_->IsLeftAlone(server)) return true;
    const auto ticket = reinterpret_cast<Gate::Ticket>(static_cast<Waiter*>(this));
    admitted = pacer_->gate_.Request(server, ticket, pacer_->loop_->now_ns()) ==
               Gate::Admission::kAdmitted;
    return admitted;
  }
  void await_suspend(std::coroutine_handle<> waiting) {
    handle = waiting;
    number = pacer_->next_wait_++;
    pacer_->waiters_.insert(static_cast<Waiter*>(this));
  }
  bool await_resume() const { return admitted; }

 private:
  Pacer* pacer_;
};

class Pacer::AwaitSleep final : Pacer::Sleeper {
 public:
  AwaitSleep(Pacer* pacer, int64_t deadline_ns) : pacer_(pacer), deadline_ns_(deadline_ns) {}

  bool await_ready() const { return pacer_->draining_; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    number = pacer_->next_wait_++;
    pacer_->sleepers_.insert(static_cast<Sleeper*>(this));
    pacer_->loop_->timers().Start(this, deadline_ns_);
  }
  bool await_resume() const { return slept_; }

  void OnTimer() override {
    pacer_->sleepers_.erase(static_cast<Sleeper*>(this));
    slept_ = true;
    waiter_.resume();
  }
  // The pacer has taken it off its list.
  void Interrupt() override {
    Cancel();
    waiter_.resume();
  }

 private:
  Pacer* pacer_;
  int64_t deadline_ns_;
  std::coroutine_handle<> waiter_;
  bool slept_ = false;
};

inline Pacer::AwaitTurn Pacer::Turn(const SocketAddress& server) { return {this, server}; }
inline Pacer::AwaitSleep Pacer::Sleep(int64_t delay_ns) {
  return {this, loop_->now_ns() + delay_ns};
}

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PACE_PACER_H_
