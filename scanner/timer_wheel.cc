#include "scanner/timer_wheel.h"

#include <algorithm>

namespace mxsweep::scanner {

void Timer::Cancel() {
  if (next_ == nullptr) return;
  prev_->next_ = next_;
  next_->prev_ = prev_;
  prev_ = next_ = nullptr;
}

TimerWheel::TimerWheel(int64_t now_ns) : current_tick_(TickOf(now_ns)) {
  for (auto& level : slots_) {
    for (Head& head : level) head.prev_ = head.next_ = &head;
  }
}

TimerWheel::~TimerWheel() {
  for (auto& level : slots_) {
    for (Head& head : level) {
      while (head.next_ != &head) head.next_->Cancel();
      head.prev_ = head.next_ = nullptr;
    }
  }
}

void TimerWheel::Start(Timer* timer, int64_t deadline_ns) {
  timer->Cancel();
  timer->deadline_ns_ = deadline_ns;
  Link(timer);
}

void TimerWheel::Link(Timer* timer) {
  // Rounded up to the end of its tick: never early.
  const int64_t tick = std::max(TickOf(timer->deadline_ns_) + 1, current_tick_ + 1);
  const int64_t distance = tick - current_tick_;
  int level = 0;
  while (level + 1 < kLevels && distance >= (int64_t{1} << (kSlotBits * (level + 1)))) ++level;
  const int64_t farthest = (int64_t{1} << (kSlotBits * kLevels)) - 1;
  const int64_t placed = current_tick_ + std::min(distance, farthest);
  Head& head = slots_[level][(placed >> (kSlotBits * level)) & (kSlots - 1)];
  timer->prev_ = head.prev_;
  timer->next_ = &head;
  head.prev_->next_ = timer;
  head.prev_ = timer;
}

void TimerWheel::Advance(int64_t now_ns) {
  const int64_t target = TickOf(now_ns);
  while (current_tick_ < target) {
    ++current_tick_;
    for (int level = 1; level < kLevels; ++level) {
      if ((current_tick_ & ((int64_t{1} << (kSlotBits * level)) - 1)) != 0) break;
      Cascade(level);
    }
    FireSlot(slots_[0][current_tick_ & (kSlots - 1)]);
  }
}

void TimerWheel::Cascade(int level) {
  Head& head = slots_[level][(current_tick_ >> (kSlotBits * level)) & (kSlots - 1)];
  // What is linked again may land in this very slot (a time beyond the last level): take the list
  // off first.
  Head taken;
  if (head.next_ == &head) return;
  taken.next_ = head.next_;
  taken.prev_ = head.prev_;
  taken.next_->prev_ = &taken;
  taken.prev_->next_ = &taken;
  head.prev_ = head.next_ = &head;
  while (taken.next_ != &taken) {
    Timer* timer = taken.next_;
    timer->Cancel();
    const int64_t tick = TickOf(timer->deadline_ns_) + 1;
    if (tick <= current_tick_) {
      // Due in the tick that is being fired: into its slot, which FireSlot looks at next.
      Head& due = slots_[0][current_tick_ & (kSlots - 1)];
      timer->prev_ = due.prev_;
      timer->next_ = &due;
      due.prev_->next_ = timer;
      due.prev_ = timer;
    } else {
      Link(timer);
    }
  }
  taken.prev_ = taken.next_ = nullptr;
}

void TimerWheel::FireSlot(Head& head) {
  while (head.next_ != &head) {
    Timer* timer = head.next_;
    timer->Cancel();
    timer->OnTimer();  // may destroy the timer
  }
}

int64_t TimerWheel::NextDeadlineNs() const {
  for (int64_t ahead = 1; ahead <= kSlots; ++ahead) {
    const int64_t tick = current_tick_ + ahead;
    const Head& head = slots_[0][tick & (kSlots - 1)];
    // At a multiple of kSlots a cascade may bring timers into the slot.
    if (head.next_ != &head || (tick & (kSlots - 1)) == 0) return tick << kTickShift;
  }
  return (current_tick_ + kSlots) << kTickShift;
}

}  // namespace mxsweep::scanner
