#ifndef MXSWEEP_SCANNER_PACE_PACER_H_
#define MXSWEEP_SCANNER_PACE_PACER_H_

#include <coroutine>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
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

  // A request that is no coroutine: what waits in a crowd takes no frame. At most 63 bits.
  using Parked = uint64_t;
  struct Turn {
    Parked parked = 0;
    SocketAddress server;
    // A connection may be made, and must be given back. False: whoever waits there is sent away.
    bool admitted = false;
    bool was_busy = false;  // it had come as Gate::Admission::kBusy
  };
  class TurnTaker {
   public:
    virtual void OnTurn(const Turn& turn) = 0;

   protected:
    ~TurnTaker() = default;
  };

  // Borrows `loop` and `taker` (null: nothing is ever parked). `seed`: for the spread of retries.
  Pacer(EventLoop* loop, const Gate::Options& gate, uint64_t seed, TurnTaker* taker = nullptr);
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  // Asks for a turn for `parked`: kAdmitted means now; else the taker is told, once. Nothing (and
  // the taker is told nothing) if whoever asks for the server is sent away.
  std::optional<Gate::Admission> Request(const SocketAddress& server, Gate::Provider provider,
                                         Parked parked);

  // co_await AskTurn(server): true once a connection to `server` may be made, which must be given
  // back; false, at once, if the scan is being stopped or the server is left alone.
  AwaitTurn AskTurn(const SocketAddress& server, Gate::Provider provider = Gate::kNoProvider);
  // True if a connection to `server` may be made at once, whatever else waits for the worker's
  // turn; it must be given back.
  bool TryTurn(const SocketAddress& server) { return gate_.AdmitNow(server, loop_->now_ns()); }
  // The connection that a parked request was admitted for (Turn::admitted) begins now. Until then
  // nothing else is let through to its server.
  void Begin(const SocketAddress& server, Gate::Provider provider) {
    gate_.Begin(server, loop_->now_ns(), provider);
  }
  // The connection is closed. `throttled`: the server asked to be left in peace (421, HTTP 429).
  void GiveBack(const SocketAddress& server, bool throttled,
                Gate::Provider provider = Gate::kNoProvider);

  // Of an earlier scan: `server` throttled the last `times` connections in a row, the last of them
  // `age_ns` ago. To be called before the first request.
  void RestoreThrottled(const SocketAddress& server, uint32_t times, int64_t age_ns);

  // co_await Sleep(delay): true after that time; false, at once, if the scan is being stopped.
  AwaitSleep Sleep(int64_t delay_ns);
  // `delay_ns`, spread over ± 25 %, so that those that failed together do not come back together.
  int64_t Spread(int64_t delay_ns);

  // Lets through what the gate admits now, at most `admissions`. To be called once an iteration of
  // the loop. Returns how many there were since the last call.
  uint32_t Admit(uint32_t admissions);

  // Sends away whoever waits for `server`.
  void SendAway(const SocketAddress& server);
  // Has `server` throttled so often in a row that it is left alone?
  bool IsLeftAlone(const SocketAddress& server) const;

  // Sends away whoever waits, and from now on whoever would have to wait for an address that is
  // busy: the time for crowds is over.
  void EndCrowds();
  bool crowds_ended() const { return crowds_ended_; }

  // Sends away whoever waits, now and from now on.
  void Drain();
  bool draining() const { return draining_; }

  // Connections that are open or being opened, and requests that wait at the gate.
  size_t in_flight() const { return gate_.in_flight(); }
  size_t queued() const { return gate_.queued(); }
  const Gate& gate() const { return gate_; }

 private:
  // A coroutine that waits at the gate.
  struct Waiter {
    SocketAddress server;
    Gate::Provider provider = Gate::kNoProvider;
    std::coroutine_handle<> handle;
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

  // A ticket is a Waiter, or what is parked with the lowest bit set.
  static Gate::Ticket TicketOf(Waiter* waiter) { return reinterpret_cast<Gate::Ticket>(waiter); }
  static Gate::Ticket TicketOf(Parked parked) { return parked << 1 | 1; }

  // Asks the gate. Nothing: sent away.
  std::optional<Gate::Admission> Ask(const SocketAddress& server, Gate::Provider provider,
                                     Gate::Ticket ticket, Gate::Start start);
  void Tell(const Gate::Queued& request, bool admitted);
  void SendAllAway();

  EventLoop* loop_;
  TurnTaker* taker_;
  Gate gate_;
  uint64_t random_;
  WakeUp gate_timer_;
  uint64_t last_admitted_ = 0;
  bool draining_ = false;
  bool crowds_ended_ = false;
  absl::flat_hash_set<Sleeper*> sleepers_;
  uint64_t next_sleep_ = 0;
};

class Pacer::AwaitTurn : Pacer::Waiter {
 public:
  AwaitTurn(Pacer* pacer, const SocketAddress& to, Gate::Provider whose)
      : Waiter{.server = to, .provider = whose}, pacer_(pacer) {}

  bool await_ready() {
    const std::optional<Gate::Admission> admission =
        pacer_->Ask(server, provider, TicketOf(static_cast<Waiter*>(this)), Gate::Start::kAtOnce);
    admitted = admission == Gate::Admission::kAdmitted;
    was_busy_ = admission == Gate::Admission::kBusy;
    if (was_busy_ && on_busy_) on_busy_();
    return admitted || !admission;
  }
  void await_suspend(std::coroutine_handle<> waiting) { handle = waiting; }
  bool await_resume() const { return admitted; }

  // `on_busy` is called if it has to wait at a busy address. REQUIRES: it was not awaited yet.
  void OnBusy(absl::AnyInvocable<void()> on_busy) { on_busy_ = std::move(on_busy); }
  bool was_busy() const { return was_busy_; }

 private:
  Pacer* pacer_;
  bool was_busy_ = false;
  absl::AnyInvocable<void()> on_busy_;
};

class Pacer::AwaitSleep final : Pacer::Sleeper {
 public:
  AwaitSleep(Pacer* pacer, int64_t deadline_ns) : pacer_(pacer), deadline_ns_(deadline_ns) {}

  bool await_ready() const { return pacer_->draining_; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    number = pacer_->next_sleep_++;
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

inline Pacer::AwaitTurn Pacer::AskTurn(const SocketAddress& server, Gate::Provider provider) {
  return {this, server, provider};
}
inline Pacer::AwaitSleep Pacer::Sleep(int64_t delay_ns) {
  return {this, loop_->now_ns() + delay_ns};
}

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PACE_PACER_H_
