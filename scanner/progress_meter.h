#ifndef MXSWEEP_SCANNER_PROGRESS_METER_H_
#define MXSWEEP_SCANNER_PROGRESS_METER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "scanner/pace/patience.h"
#include "scanner/progress.h"
#include "scanner/record/recorder.h"
#include "scanner/resume/resumed_source.h"
#include "scanner/time_left.h"
#include "scanner/work/target_feeder.h"
#include "scanner/work/worker_thread.h"

namespace mxsweep::scanner {

// Takes the snapshots of a scan: totals from its parts, rates and the time left from one snapshot
// to the next. Thread-compatible; what the parts count may go on meanwhile.
class ProgressMeter {
 public:
  // Borrowed: they outlive the meter's last snapshot.
  struct Parts {
    const std::vector<std::unique_ptr<WorkerThread>>* threads;
    const Recorder* recorder;
    const TargetFeeder* feeder;
    const TargetList* list;
    const ResumedSource* resumed;  // null: this is the scan's first run
    const Patience* patience;
  };

  // `targets`: what the list holds.
  ProgressMeter(const Parts& parts, TargetsKind targets, absl::Time started_at,
                const TimeLeftEstimator::Limits& limits)
      : parts_(parts), targets_(targets), started_at_(started_at), time_left_(limits) {}

  // `now` never goes back. `stopping`: no target is started any more.
  ProgressSnapshot Take(absl::Time now, bool stopping);
  const ProgressSnapshot& last() const { return last_; }

 private:
  void CountWork(ProgressSnapshot* now, uint64_t* connections) const;
  void CountTargets(ProgressSnapshot* now) const;
  void FindCrowds(ProgressSnapshot* now) const;

  Parts parts_;
  TargetsKind targets_;
  absl::Time started_at_;
  TimeLeftEstimator time_left_;
  ProgressSnapshot last_;
  uint64_t last_connections_ = 0;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PROGRESS_METER_H_
