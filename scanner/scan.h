#ifndef MXSWEEP_SCANNER_SCAN_H_
#define MXSWEEP_SCANNER_SCAN_H_

#include <atomic>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "dns/resolver.h"
#include "scanner/log_level.h"
#include "scanner/progress.h"
#include "scanner/record/recorder.h"
#include "scanner/record/scan_summary.h"
#include "scanner/scan_options.h"

namespace mxsweep::scanner {

// How a scan talks to the program around it. All borrowed for the call.
struct ScanControl {
  // Set from outside (a signal handler): read no more targets, finish what is under way, commit.
  const std::atomic<bool>* stop = nullptr;
  // Set from outside: wait for nothing that is under way; commit what has been recorded, and
  // return. The scan's threads then go on until the program ends, which is to be by _exit.
  const std::atomic<bool>* stop_now = nullptr;
  ProgressWriter* progress = nullptr;
  // Set from outside (a signal handler): tell `progress` how things stand, and take this back.
  std::atomic<bool>* tell = nullptr;
  // How things stand: every second, and at the end.
  absl::AnyInvocable<void(const ProgressSnapshot&)> on_progress;
  // A line for the user: what was found out before the start, warnings.
  absl::AnyInvocable<void(LogLevel, const std::string&)> notice;
  // What was found out about the resolver, before the first target.
  absl::AnyInvocable<void(const dns::ResolverState&)> on_resolver;
  // The targets as text, one a line, instead of the file at options.targets_path.
  std::optional<std::string> targets;
  // Where rows go with OutputFormat::kCaller.
  RowSink* rows = nullptr;
};

// Runs a whole scan: targets → domains → hosts → endpoints → rows. Blocks until it is done.
//
// Everything that can be wrong beforehand (input, lists, trust store, resolver, io_uring, output
// directory) is found before anything is written. An error afterwards (disk full, damaged input)
// leaves what was committed whole, and says so in scan.json.
absl::StatusOr<ScanSummary> RunScan(const ScanOptions& options, ScanControl control);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SCAN_H_
