#include "tools/cli/scan_run.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "scanner/base/text.h"
#include "scanner/scan.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/scan_watch.h"
#include "tools/cli/standard_output.h"

namespace mxsweep::tools {
namespace {

std::atomic<int> signals{0};
std::atomic<bool> stop_asked{false};
std::atomic<bool> stop_now_asked{false};
std::atomic<bool> tell_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // they are set by a signal handler
static_assert(std::atomic<int>::is_always_lock_free);

// The first signal asks for an orderly end, the second one to wait for nothing, and the third one
// takes no more time at all.
void OnSignal(int) {
  const int before = signals.fetch_add(1);
  stop_asked.store(true);
  if (before >= 1) stop_now_asked.store(true);
  if (before >= 2) _exit(kExitStopped);
}

void OnTellSignal(int) { tell_asked.store(true); }

void CatchSignals() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction tell {};
  tell.sa_handler = OnTellSignal;
  tell.sa_flags = SA_RESTART;
  sigemptyset(&tell.sa_mask);
  sigaction(SIGUSR1, &tell, nullptr);
  // A file that may not grow any more (ulimit -f) is an error of the disk, not our end.
  std::signal(SIGXFSZ, SIG_IGN);
  // The terminal has gone away. With nohup, that is not to matter.
  struct sigaction hangup {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
}

int ExitCodeOf(const absl::Status& status) {
  if (absl::IsCancelled(status)) return kExitStopped;
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

}  // namespace

int FailWith(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return ExitCodeOf(status);
}

int RunScanInTheForeground(const scanner::ScanOptions& options,
                           absl::AnyInvocable<bool()> give_up) {
  ScanWatch watch(options);
  const auto fail = [&watch](const absl::Status& status) {
    watch.Complain(MessageOf(status));
    return ExitCodeOf(status);
  };
  if (absl::Status status = options.Validate(); !status.ok()) return fail(status);
  CatchSignals();
  if (absl::Status status = watch.Begin(); !status.ok()) return fail(status);
  scanner::ScanControl control = watch.Control();
  control.stop = &stop_asked;
  control.stop_now = &stop_now_asked;
  control.tell = &tell_asked;
  if (give_up) {
    control.on_progress = [tell = std::move(control.on_progress),
                           &give_up](const scanner::ProgressSnapshot& now) mutable {
      if (tell) tell(now);
      if (give_up()) stop_asked.store(true);
    };
  }
  const absl::StatusOr<scanner::ScanSummary> summary =
      scanner::RunScan(options, std::move(control));
  watch.End(summary);
  if (!summary.ok()) return fail(summary.status());
  return summary->complete ? kExitDone : kExitStopped;
}

void LeaveIfStoppedNow(int exit_code) {
  if (stop_now_asked.load()) _exit(CloseStandardOutput(exit_code));
}

}  // namespace mxsweep::tools
