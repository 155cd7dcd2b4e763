#ifndef MXSWEEP_SCANNER_WORK_TARGET_FEEDER_H_
#define MXSWEEP_SCANNER_WORK_TARGET_FEEDER_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "scanner/targets/target_reader.h"
#include "scanner/work/scan_context.h"

namespace mxsweep::scanner {

// Reads the list of targets and starts them at the workers, as fast as there is room: while a slot
// (ScanContext::slots) is free, while few domains wait for their MX, and while few rows wait for
// the disk (docs/architecture.md, "Back-pressure"). It starts no thread and never sleeps: whoever
// steps it decides on what it runs.
//
// Next is for one thread; the rest is for any.
class TargetFeeder {
 public:
  struct Options {
    int64_t most_awaiting_mx = 1'000;    // domains whose MX hosts are not known yet
    uint64_t most_backlog_rows = 2'000;  // rows that wait for the disk
  };
  enum class Step : uint8_t {
    kStarted,     // a target was started, or an invalid one was written
    kNoSlot,      // all slots are taken, and stayed so for `patience`
    kAwaitingMx,  // enough domains wait for their MX: ask again soon
    kOutage,      // our own network is out: ask again soon
    kBacklog,     // enough rows wait for the disk: ask again soon
    kEnd,         // the list has been read, or given up
  };

  // What is borrowed outlives the feeder, and the feeder every target that it started. `clock` is
  // the time of the rows of invalid targets.
  TargetFeeder(TargetSource* source, ScanContext* context, const Options& options,
               absl::AnyInvocable<absl::Time()> clock);
  TargetFeeder(const TargetFeeder&) = delete;
  TargetFeeder& operator=(const TargetFeeder&) = delete;

  // Reads and starts a target, where there is room for one. `patience`: how long it may block for a
  // slot; 0: not at all. (Reading a list that trickles blocks as long as it takes.)
  Step Next(std::chrono::milliseconds patience);
  // No more targets are started.
  void Stop() { stopped_.store(true, std::memory_order_relaxed); }

  // Next has said kEnd.
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  // The list has been read, and every target that was started is done.
  bool all_done() const {
    return ended() && context_->targets_open.load(std::memory_order_acquire) == 0;
  }
  // The list has been read, and nothing is under way that can run: whatever is left waits for an
  // address that is busy, or is being asked there.
  bool only_crowds_left() const { return ended() && context_->slots.all_back(); }

  uint64_t started() const { return started_.load(std::memory_order_relaxed); }  // valid ones
  uint64_t invalid() const { return invalid_.load(std::memory_order_relaxed); }
  uint64_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }

 private:
  bool Read();
  void Start(Target target);

  TargetSource* source_;
  ScanContext* context_;
  const Options options_;
  absl::AnyInvocable<absl::Time()> clock_;
  Target target_;  // read, and not started
  bool has_target_ = false;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> ended_{false};
  std::atomic<uint64_t> started_{0};
  std::atomic<uint64_t> invalid_{0};
  std::atomic<uint64_t> bytes_read_{0};
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_TARGET_FEEDER_H_
