#ifndef MXSWEEP_TOOLS_CLI_SCAN_WATCH_H_
#define MXSWEEP_TOOLS_CLI_SCAN_WATCH_H_

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "scanner/progress.h"
#include "scanner/scan.h"
#include "scanner/scan_options.h"
#include "tools/cli/log.h"
#include "tools/cli/side_process.h"

namespace mxsweep::tools {

// Whoever watches a scan: who looks at standard error, who reads the status file, and Prometheus.
// Used by the thread that runs the scan.
class ScanWatch {
 public:
  // Borrows the options.
  explicit ScanWatch(const scanner::ScanOptions& options);

  // Starts the processes beside the scan; before there are threads. InvalidArgument: a sentence.
  absl::Status Begin();

  // Of a scan that tells this object. It is borrowed for as long.
  scanner::ScanControl Control();

  // Tells how it ended: `summary`, or why there is none.
  void End(const absl::StatusOr<scanner::ScanSummary>& summary);

  // Why there is no scan, or no end to it.
  void Complain(std::string_view message);

 private:
  struct Side {
    std::string_view what;
    std::unique_ptr<SideProcess> process;
  };

  absl::Status Add(std::string_view what, absl::StatusOr<std::unique_ptr<SideProcess>> process);
  void Note(const scanner::ProgressSnapshot& now);
  void TellSides();

  const scanner::ScanOptions& options_;
  const bool terminal_;
  const bool colour_;
  scanner::ProgressWriter progress_;
  Log log_;
  std::vector<Side> sides_;
  scanner::ProgressSnapshot last_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_SCAN_WATCH_H_
