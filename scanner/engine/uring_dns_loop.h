#ifndef MXSWEEP_SCANNER_ENGINE_URING_DNS_LOOP_H_
#define MXSWEEP_SCANNER_ENGINE_URING_DNS_LOOP_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "dns/event_loop.h"
#include "scanner/engine/timer_wheel.h"
#include "scanner/engine/uring_ring.h"

namespace mxsweep::scanner {

// The dns room's event loop over a UringLoop's ring and timer wheel. A watched descriptor has one
// poll at a time in the ring, asked for again after each event: level-triggered, as dns wants it.
class UringDnsLoop final : public dns::EventLoop {
 public:
  struct Watch;
  class OneShot;

  // `now_ns` is read whenever dns asks for the time. All are borrowed.
  UringDnsLoop(UringRing* ring, TimerWheel* wheel, const int64_t* now_ns);
  ~UringDnsLoop() override;

  int64_t NowNanos() const override { return *now_ns_; }
  void WatchSocket(int fd, bool readable, bool writable, SocketCallback callback) override;
  void UnwatchSocket(int fd) override;
  TimerId ScheduleAfter(std::chrono::nanoseconds delay, TimerCallback callback) override;
  void CancelTimer(TimerId id) override;

  // Fires the timers without a delay that were set before; called once an iteration, at its end.
  void FireSoon();
  // A timer without a delay is set.
  bool HasSoon() const { return !soon_.empty(); }

  // A poll of `watch` has completed with `result` (poll events, or a negative errno value).
  void OnPoll(Watch* watch, int result);

 private:
  void Arm(Watch* watch);
  void Interrupt(Watch* watch);
  void OnTimer(TimerId id);

  UringRing* ring_;
  TimerWheel* wheel_;
  const int64_t* now_ns_;
  absl::flat_hash_map<int, Watch*> watches_;
  absl::flat_hash_set<Watch*> ending_;  // no longer watched, their poll still in the ring
  absl::flat_hash_map<TimerId, std::unique_ptr<OneShot>> timers_;
  std::vector<TimerId> soon_;    // of timers without a delay, which take no place in the wheel
  std::vector<TimerId> firing_;  // being fired
  TimerId next_timer_ = 1;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_URING_DNS_LOOP_H_
