#include "scanner/pace/target_slots.h"

#include <algorithm>

#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

// Slots that come back before their waiter is woken, where they do so quickly: a fraction of all,
// so that the workers do not run dry, and not so many that starting them keeps a worker busy.
constexpr uint32_t kFractionToWakeFor = 8;
constexpr uint32_t kMostToWakeFor = 256;
// Where they come back slowly: those there are after this time will do.
constexpr std::chrono::milliseconds kMostPatience{10};

}  // namespace

TargetSlots::TargetSlots(uint32_t count) : count_(count), free_(count) { MXSWEEP_CHECK(count > 0); }

uint32_t TargetSlots::AwaitFree(std::unique_lock<std::mutex>& lock, uint32_t wanted,
                                std::chrono::milliseconds timeout) {
  wanted_ = wanted;
  came_back_.wait_for(lock, timeout, [&] { return free_ >= wanted; });
  wanted_ = 0;
  return free_;
}

bool TargetSlots::TakeFor(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const uint32_t wanted = std::clamp<uint32_t>(count_ / kFractionToWakeFor, 1, kMostToWakeFor);
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (free_ == 0) {
    if (AwaitFree(lock, wanted, std::min(timeout, kMostPatience)) == 0 &&
        std::chrono::steady_clock::now() >= end) {
      return false;
    }
  }
  --free_;
  return true;
}

void TargetSlots::Return() {
  bool wake;
  {
    const std::lock_guard lock(mutex_);
    MXSWEEP_CHECK(free_ < count_);
    ++free_;
    wake = free_ == wanted_;
  }
  if (wake) came_back_.notify_one();
}

bool TargetSlots::AwaitAll(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return AwaitFree(lock, count_, timeout) == count_;
}

}  // namespace mxsweep::scanner
