// A program that a benchmark runs and measures. Thread-compatible.
#ifndef MXSWEEP_BENCH_MEASURED_PROCESS_H_
#define MXSWEEP_BENCH_MEASURED_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace mxsweep::bench {

class MeasuredProcess {
 public:
  struct Usage {
    int exit_code = -1;  // -1: ended by a signal
    double wall_s = 0;
    double user_s = 0;
    double system_s = 0;
    uint64_t peak_rss_bytes = 0;
    // Of all threads; nothing where the machine (a virtual one, mostly) or its settings let nobody
    // count (see perf_event_open(2)).
    std::optional<uint64_t> user_instructions;
  };

  // Starts the program arguments[0] (a path); input is empty, output and errors go to the file
  // `log`. It ends when this process does.
  static absl::StatusOr<MeasuredProcess> Start(const std::vector<std::string>& arguments,
                                               const std::string& log);
  MeasuredProcess(MeasuredProcess&& other) noexcept;
  MeasuredProcess& operator=(MeasuredProcess&&) = delete;
  // SIGTERM, and SIGKILL if that was not enough.
  ~MeasuredProcess();

  // Waits until it has ended. REQUIRES: was not called before.
  Usage Wait();

  // Ends it at once. REQUIRES: was not waited for.
  void Kill();

  // Of now; 0 once it has ended.
  uint64_t RssBytes() const;
  double CpuSeconds() const;

  bool HasEnded() const;

 private:
  MeasuredProcess(pid_t pid, int counter);

  pid_t pid_;    // -1: was waited for, or moved from
  int counter_;  // perf event, -1: none
  std::chrono::steady_clock::time_point started_;
};

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_MEASURED_PROCESS_H_
