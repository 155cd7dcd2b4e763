// A real event loop over poll(), for tests with sockets.
#ifndef MXSWEEP_TESTS_DNS_POLL_EVENT_LOOP_H_
#define MXSWEEP_TESTS_DNS_POLL_EVENT_LOOP_H_

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "dns/event_loop.h"

namespace mxsweep::dns {

class PollEventLoop : public EventLoop {
 public:
  int64_t NowNanos() const override {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }

  void WatchSocket(int fd, bool readable, bool writable, SocketCallback callback) override {
    watches_[fd] =
        std::make_shared<Watch>(Watch{readable, writable, std::move(callback), next_generation_++});
  }
  void UnwatchSocket(int fd) override { watches_.erase(fd); }

  TimerId ScheduleAfter(std::chrono::nanoseconds delay, TimerCallback callback) override {
    const TimerId id = next_id_++;
    timers_.emplace(id, std::pair(NowNanos() + delay.count(), std::move(callback)));
    return id;
  }
  void CancelTimer(TimerId id) override { timers_.erase(id); }

  // Until `done` holds, or `limit` has passed. Returns whether it holds.
  bool RunUntil(const std::function<bool()>& done, std::chrono::milliseconds limit) {
    const int64_t end_ns = NowNanos() + std::chrono::nanoseconds(limit).count();
    while (!done()) {
      if (NowNanos() >= end_ns) return false;
      Turn();
    }
    return true;
  }
  size_t watched() const { return watches_.size(); }
  size_t pending_timers() const { return timers_.size(); }

 private:
  struct Watch {
    bool readable;
    bool writable;
    SocketCallback callback;
    uint64_t generation;
  };

  void Turn() {
    std::vector<pollfd> polled;
    std::vector<std::shared_ptr<Watch>> watches;
    for (const auto& [fd, watch] : watches_) {
      polled.push_back(
          {fd, static_cast<short>((watch->readable ? POLLIN : 0) | (watch->writable ? POLLOUT : 0)),
           0});
      watches.push_back(watch);
    }
    poll(polled.data(), polled.size(), 5);
    for (size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      // A callback before may have ended or replaced this watch.
      const auto it = watches_.find(polled[i].fd);
      if (it == watches_.end() || it->second->generation != watches[i]->generation) continue;
      const bool error = (polled[i].revents & (POLLERR | POLLHUP)) != 0;
      watches[i]->callback(watches[i]->readable && (error || (polled[i].revents & POLLIN) != 0),
                           watches[i]->writable && (error || (polled[i].revents & POLLOUT) != 0));
    }
    FireTimers();
  }

  void FireTimers() {
    const int64_t now_ns = NowNanos();
    std::vector<std::pair<int64_t, TimerId>> due;
    for (const auto& [id, timer] : timers_) {
      if (timer.first <= now_ns) due.emplace_back(timer.first, id);
    }
    std::sort(due.begin(), due.end());
    for (const auto& [due_ns, id] : due) {
      auto node = timers_.extract(id);
      if (!node.empty()) node.mapped().second();
    }
  }

  std::map<int, std::shared_ptr<Watch>> watches_;
  std::map<TimerId, std::pair<int64_t, TimerCallback>> timers_;
  TimerId next_id_ = 1;
  uint64_t next_generation_ = 1;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_TESTS_DNS_POLL_EVENT_LOOP_H_
