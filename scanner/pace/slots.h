#ifndef MXSWEEP_SCANNER_PACE_SLOTS_H_
#define MXSWEEP_SCANNER_PACE_SLOTS_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace mxsweep::scanner {

// How much of a scan is under way that can run: a slot for each target, host and policy that is
// being looked up, and for each endpoint that is being asked or could be, were it not for the rate.
// What waits for a busy address holds none.
//
// A counting semaphore. Whoever starts targets takes a slot where there is one; what a target then
// leads to takes its own in any case, so that there may be fewer than none for a while. The waiter
// is woken for a number of slots, not for each: one comes back every few microseconds, and a thread
// that is woken as often costs more than looking up a name. Thread-safe; one thread at a time may
// wait.
class Slots {
 public:
  explicit Slots(uint32_t count);

  // Takes a slot. Where there is none, waits until some have come back, for `timeout` at most.
  // False: there is still none.
  bool TakeFor(std::chrono::milliseconds timeout);
  // Takes one, be there any or not.
  void Take() { free_.fetch_sub(1, std::memory_order_relaxed); }
  void Return();

  // All slots are back: nothing is under way that can run.
  bool all_back() const { return free_.load(std::memory_order_acquire) == count_; }

 private:
  const int64_t count_;
  std::atomic<int64_t> free_;
  std::atomic<int64_t> wanted_{0};  // by whoever waits; 0: nobody does
  std::mutex mutex_;                // of the waiting
  std::condition_variable came_back_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PACE_SLOTS_H_
