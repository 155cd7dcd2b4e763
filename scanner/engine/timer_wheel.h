#ifndef MXSWEEP_SCANNER_ENGINE_TIMER_WHEEL_H_
#define MXSWEEP_SCANNER_ENGINE_TIMER_WHEEL_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace mxsweep::scanner {

// Something that happens at a time. Derive, override OnTimer, start it on a TimerWheel. The object
// is borrowed by the wheel while it is scheduled and takes itself out when it is destroyed. Pinned.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Cancel(); }

  bool scheduled() const { return next_ != nullptr; }
  int64_t deadline_ns() const { return deadline_ns_; }
  void Cancel();

 protected:
  // Called once, with the timer no longer scheduled; it may start or destroy itself.
  virtual void OnTimer() = 0;

 private:
  friend class TimerWheel;
  Timer* prev_ = nullptr;
  Timer* next_ = nullptr;
  int64_t deadline_ns_ = 0;
};

// A hierarchical timer wheel (Varghese and Lauck, 1987): start and cancel are O(1) however many
// timers wait. Resolution is a tick of about a millisecond; a timer never fires early. Times are
// nanoseconds of whatever clock the owner passes in. One thread.
class TimerWheel {
 public:
  explicit TimerWheel(int64_t now_ns);
  // REQUIRES: no timer is scheduled any more, or none of them is touched again.
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Schedules `timer` (anew, if it was scheduled). A deadline in the past fires at the next
  // Advance.
  void Start(Timer* timer, int64_t deadline_ns);

  // Fires every timer that is due at `now_ns`, in order of ticks.
  void Advance(int64_t now_ns);

  // A time at or before which nothing fires: how long the loop may sleep.
  int64_t NextDeadlineNs() const;

 private:
  static constexpr int kTickShift = 20;  // 1.05 ms
  static constexpr int kSlotBits = 8;
  static constexpr int kSlots = 1 << kSlotBits;
  static constexpr int kLevels = 4;  // 2^32 ticks: 52 days; what is later waits in the last level

  // A list head: only its links are used.
  struct Head final : Timer {
    void OnTimer() override {}
  };

  static int64_t TickOf(int64_t time_ns) { return time_ns >> kTickShift; }
  void Link(Timer* timer);
  void Cascade(int level);
  void FireSlot(Head& head);

  int64_t current_tick_;
  std::array<std::array<Head, kSlots>, kLevels> slots_;
  // Which slots of the first level may have a timer: a cancelled one leaves its bit behind.
  mutable std::array<uint64_t, kSlots / 64> maybe_{};
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_TIMER_WHEEL_H_
