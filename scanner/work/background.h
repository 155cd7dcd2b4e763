#ifndef MXSWEEP_SCANNER_WORK_BACKGROUND_H_
#define MXSWEEP_SCANNER_WORK_BACKGROUND_H_

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "absl/functional/any_invocable.h"

namespace mxsweep::scanner {

// Where work goes that would hold an event loop for too long, with every session on it. A job that
// has something to tell posts it to its loop. Thread-safe.
class Background {
 public:
  virtual ~Background() = default;
  // Runs `job` once, later and elsewhere. What it borrows lives until it has run.
  virtual void Run(absl::AnyInvocable<void()> job) = 0;
};

// A thread, for all workers of a scan.
class BackgroundThread final : public Background {
 public:
  BackgroundThread();
  // Runs what was given before, and ends the thread.
  ~BackgroundThread() override;
  void Run(absl::AnyInvocable<void()> job) override;

 private:
  void Loop();

  std::mutex mutex_;  // guards the next two
  std::deque<absl::AnyInvocable<void()>> jobs_;
  bool ending_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_BACKGROUND_H_
