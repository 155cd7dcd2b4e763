#ifndef MXSWEEP_SCANNER_PACE_TARGET_SLOTS_H_
#define MXSWEEP_SCANNER_PACE_TARGET_SLOTS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace mxsweep::scanner {

// How many targets are under way at most. A counting semaphore whose waiter is woken for a number
// of slots, not for each: a target ends every few microseconds, and a thread that is woken as often
// costs more than looking up a name. Thread-safe; one thread at a time may wait.
class TargetSlots {
 public:
  explicit TargetSlots(uint32_t count);

  // Takes a slot. Where there is none, waits until some have come back, for `timeout` at most.
  // False: there is still none.
  bool TakeFor(std::chrono::milliseconds timeout);
  void Return();

  // Waits until all slots are back, for `timeout` at most. True: they are.
  bool AwaitAll(std::chrono::milliseconds timeout);

 private:
  // Until so many are free, or the time has come. Returns how many are.
  uint32_t AwaitFree(std::unique_lock<std::mutex>& lock, uint32_t wanted,
                     std::chrono::milliseconds timeout);

  const uint32_t count_;
  std::mutex mutex_;  // guards the rest
  std::condition_variable came_back_;
  uint32_t free_;
  uint32_t wanted_ = 0;  // by whoever waits; 0: nobody does
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PACE_TARGET_SLOTS_H_
