// An event loop in virtual time, for simulations and tests without sockets.
#ifndef MXSWEEP_TESTS_DNS_FAKE_EVENT_LOOP_H_
#define MXSWEEP_TESTS_DNS_FAKE_EVENT_LOOP_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <utility>

#include "dns/event_loop.h"

namespace mxsweep::dns {

// Time stands still but in Run and Advance, where it jumps from timer to timer. Timers that are due
// at the same moment fire in the order in which they were set. Sockets are not supported.
class FakeEventLoop : public EventLoop {
 public:
  int64_t NowNanos() const override { return now_ns_; }

  void WatchSocket(int, bool, bool, SocketCallback) override { std::abort(); }
  void UnwatchSocket(int) override { std::abort(); }

  TimerId ScheduleAfter(std::chrono::nanoseconds delay, TimerCallback callback) override {
    const TimerId id = next_id_++;
    const int64_t due_ns = now_ns_ + (delay.count() > 0 ? delay.count() : 0);
    timers_.emplace(std::pair(due_ns, id), std::move(callback));
    due_by_id_[id] = due_ns;
    return id;
  }
  void CancelTimer(TimerId id) override {
    const auto it = due_by_id_.find(id);
    if (it == due_by_id_.end()) return;
    timers_.erase({it->second, id});
    due_by_id_.erase(it);
  }

  // Until no timer is left. Returns how many fired.
  size_t Run() { return RunUntil(INT64_MAX); }
  // Until `duration` has passed.
  size_t Advance(std::chrono::nanoseconds duration) {
    const int64_t end_ns = now_ns_ + duration.count();
    const size_t fired = RunUntil(end_ns);
    now_ns_ = end_ns;
    return fired;
  }
  size_t pending_timers() const { return timers_.size(); }

 private:
  size_t RunUntil(int64_t end_ns) {
    size_t fired = 0;
    while (!timers_.empty() && timers_.begin()->first.first <= end_ns) {
      auto node = timers_.extract(timers_.begin());
      now_ns_ = node.key().first;
      due_by_id_.erase(node.key().second);
      node.mapped()();
      ++fired;
    }
    return fired;
  }

  int64_t now_ns_ = 1'000'000'000;
  TimerId next_id_ = 1;
  std::map<std::pair<int64_t, TimerId>, TimerCallback> timers_;
  std::map<TimerId, int64_t> due_by_id_;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_TESTS_DNS_FAKE_EVENT_LOOP_H_
