#include "scanner/engine/timer_wheel.h"

#include <algorithm>
#include <bit>

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
  const int64_t slot = (placed >> (kSlotBits * level)) & (kSlots - 1);
  if (level == 0) maybe_[slot / 64] |= uint64_t{1} << (slot % 64);
  Head& head = slots_[level][slot];
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
  // At a multiple of kSlots a cascade may bring timers, so there is no need to look beyond.
  const int64_t first = current_tick_ + 1;
  const int64_t round = first & ~int64_t{kSlots - 1};
  int slot = static_cast<int>(first - round);
  if (slot == 0) return first << kTickShift;
  while (slot < kSlots) {
    uint64_t& word = maybe_[slot / 64];
    const uint64_t ahead = word >> (slot % 64);
    if (ahead == 0) {
      slot = (slot / 64 + 1) * 64;
      continue;
    }
    slot += std::countr_zero(ahead);
    const Head& head = slots_[0][slot];
    if (head.next_ != &head) return (round + slot) << kTickShift;
    word &= ~(uint64_t{1} << (slot % 64));
  }
  return (round + kSlots) << kTickShift;
}

}  // namespace mxsweep::scanner
