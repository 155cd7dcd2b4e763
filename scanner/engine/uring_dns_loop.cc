#include "scanner/engine/uring_dns_loop.h"

#include <poll.h>

#include <utility>

#include "scanner/engine/uring_socket.h"

namespace mxsweep::scanner {

struct alignas(16) UringDnsLoop::Watch {
  int fd = -1;
  unsigned events = 0;
  unsigned armed_events = 0;  // of the poll in the ring; 0: none
  SocketCallback callback;
};

class UringDnsLoop::OneShot final : public Timer {
 public:
  OneShot(UringDnsLoop* loop, TimerId id, TimerCallback callback)
      : loop_(loop), id_(id), callback_(std::move(callback)) {}
  void OnTimer() override { loop_->OnTimer(id_); }
  TimerCallback TakeCallback() { return std::move(callback_); }

 private:
  UringDnsLoop* loop_;
  TimerId id_;
  TimerCallback callback_;
};

UringDnsLoop::UringDnsLoop(UringRing* ring, TimerWheel* wheel, const int64_t* now_ns)
    : ring_(ring), wheel_(wheel), now_ns_(now_ns) {}

UringDnsLoop::~UringDnsLoop() {
  for (auto& [fd, watch] : watches_) delete watch;
  for (Watch* watch : ending_) delete watch;
}

void UringDnsLoop::WatchSocket(int fd, bool readable, bool writable, SocketCallback callback) {
  Watch*& watch = watches_[fd];
  if (watch == nullptr) {
    watch = new Watch;
    watch->fd = fd;
  }
  watch->events = (readable ? POLLIN : 0u) | (writable ? POLLOUT : 0u);
  watch->callback = std::move(callback);
  if (watch->armed_events == 0) {
    Arm(watch);
  } else if (watch->armed_events != watch->events) {
    Interrupt(watch);
  }
}

void UringDnsLoop::UnwatchSocket(int fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  Watch* watch = found->second;
  watches_.erase(found);
  if (watch->armed_events == 0) {
    delete watch;
    return;
  }
  ending_.insert(watch);
  Interrupt(watch);
  // The caller closes the descriptor next, and its number may come back: what is queued for it has
  // to be in the kernel before that.
  io_uring_submit(ring_->get());
}

void UringDnsLoop::Arm(Watch* watch) {
  io_uring_sqe* sqe = ring_->NextSqe();
  io_uring_prep_poll_add(sqe, watch->fd, watch->events);
  sqe->user_data = UringUserData(watch, UringOp::kWatch);
  watch->armed_events = watch->events;
}

void UringDnsLoop::Interrupt(Watch* watch) {
  io_uring_sqe* sqe = ring_->NextSqe();
  io_uring_prep_cancel64(sqe, UringUserData(watch, UringOp::kWatch), 0);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  sqe->user_data = UringUserData(nullptr, UringOp::kIgnored);
}

void UringDnsLoop::OnPoll(Watch* watch, int result) {
  watch->armed_events = 0;
  if (ending_.erase(watch) > 0) {
    delete watch;
    return;
  }
  const int fd = watch->fd;
  if (result > 0) {
    const bool trouble = (result & (POLLERR | POLLHUP)) != 0;
    // The callback may replace itself or end the watch: it is run from a place of its own.
    SocketCallback callback = std::move(watch->callback);
    callback(trouble || (result & POLLIN) != 0, trouble || (result & POLLOUT) != 0);
    const auto found = watches_.find(fd);
    if (found == watches_.end()) return;
    watch = found->second;
    if (!watch->callback) watch->callback = std::move(callback);
  }
  if (watch->armed_events == 0) Arm(watch);
}

UringDnsLoop::TimerId UringDnsLoop::ScheduleAfter(std::chrono::nanoseconds delay,
                                                  TimerCallback callback) {
  const TimerId id = next_timer_++;
  auto timer = std::make_unique<OneShot>(this, id, std::move(callback));
  if (delay.count() <= 0) {
    soon_.push_back(id);
  } else {
    wheel_->Start(timer.get(), *now_ns_ + delay.count());
  }
  timers_.emplace(id, std::move(timer));
  return id;
}

void UringDnsLoop::CancelTimer(TimerId id) { timers_.erase(id); }

void UringDnsLoop::FireSoon() {
  if (soon_.empty()) return;
  std::swap(soon_, firing_);
  for (const TimerId id : firing_) OnTimer(id);
  firing_.clear();
}

void UringDnsLoop::OnTimer(TimerId id) {
  const auto found = timers_.find(id);
  if (found == timers_.end()) return;  // cancelled
  TimerCallback callback = found->second->TakeCallback();
  timers_.erase(found);
  callback();
}

}  // namespace mxsweep::scanner
