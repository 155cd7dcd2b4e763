#include "scanner/pace/slots.h"

#include <algorithm>

#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

// Slots that come back before their waiter is woken, where they do so quickly: a fraction of all,
// so that the workers do not run dry, and not so many that starting them keeps a worker busy.
constexpr int64_t kFractionToWakeFor = 8;
constexpr int64_t kMostToWakeFor = 256;
// Where they come back slowly: those there are after this time will do.
constexpr std::chrono::milliseconds kMostPatience{10};

}  // namespace

Slots::Slots(uint32_t count) : count_(count), free_(count) { MXSWEEP_CHECK(count > 0); }

bool Slots::TakeFor(std::chrono::milliseconds timeout) {
  const int64_t wanted = std::clamp<int64_t>(count_ / kFractionToWakeFor, 1, kMostToWakeFor);
  const auto end = std::chrono::steady_clock::now() + timeout;
  // Only one thread takes what it has found to be there.
  while (free_.load(std::memory_order_acquire) <= 0) {
    std::unique_lock lock(mutex_);
    wanted_.store(wanted);
    came_back_.wait_for(lock, std::min(timeout, kMostPatience),
                        [&] { return free_.load() >= wanted; });
    wanted_.store(0);
    if (free_.load(std::memory_order_acquire) <= 0 && std::chrono::steady_clock::now() >= end) {
      return false;
    }
  }
  Take();
  return true;
}

void Slots::Return() {
  const int64_t free = free_.fetch_add(1) + 1;
  MXSWEEP_CHECK(free <= count_);
  if (free != wanted_.load()) return;
  // The waiter has looked for what there is, or waits by now.
  { const std::lock_guard lock(mutex_); }
  came_back_.notify_one();
}

}  // namespace mxsweep::scanner
