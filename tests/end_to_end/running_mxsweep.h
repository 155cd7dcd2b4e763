#ifndef MXSWEEP_TESTS_END_TO_END_RUNNING_MXSWEEP_H_
#define MXSWEEP_TESTS_END_TO_END_RUNNING_MXSWEEP_H_

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/interop/child_process.h"

namespace mxsweep::end_to_end {

// mxsweep in a process of its own, to be watched and sent signals. Its output is the test's. Killed
// with this object if it runs still.
class RunningMxsweep {
 public:
  struct Options {
    int standard_input = -1;               // -1: the test's
    std::vector<std::string> environment;  // "NAME=value", added to this process's
  };
  struct End {
    int exit_code = -1;     // -1: it was killed
    long peak_rss_kib = 0;  // the greatest resident size
  };

  explicit RunningMxsweep(const interop::Arguments& arguments);
  RunningMxsweep(const interop::Arguments& arguments, const Options& options);
  RunningMxsweep(RunningMxsweep&& other) noexcept;
  RunningMxsweep& operator=(RunningMxsweep&&) = delete;
  ~RunningMxsweep();

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  bool HasEnded();
  End Wait();
  // Its exit code; -1: it ran for so long still, and was killed.
  int ExitCodeWithin(std::chrono::milliseconds patience);

 private:
  bool Reap(int flags);

  pid_t pid_;
  std::optional<End> end_;
};

// Waits until the scan directory has its scan.json: then signals are caught. At most half a minute.
void AwaitScanJson(const std::string& scan);

}  // namespace mxsweep::end_to_end

#endif  // MXSWEEP_TESTS_END_TO_END_RUNNING_MXSWEEP_H_
