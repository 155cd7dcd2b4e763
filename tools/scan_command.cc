#include "tools/scan_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "scanner/scan.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/scan_flags.h"
#include "tools/cli/standard_output.h"

namespace mxsweep::tools {
namespace {

std::atomic<int> signals{0};
std::atomic<bool> stop_asked{false};
std::atomic<bool> stop_now_asked{false};
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

void CatchSignals() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // The terminal has gone away. With nohup, that is not to matter.
  struct sigaction hangup {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
}

int TerminalColumns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

int FailWith(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  if (absl::IsCancelled(status)) return kExitStopped;
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

int RunScan(const scanner::ScanOptions& options) {
  if (absl::Status status = options.Validate(); !status.ok()) return FailWith(status);
  CatchSignals();
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const bool colour = terminal && std::getenv("NO_COLOR") == nullptr;
  scanner::ProgressWriter progress(stderr, {.mode = options.progress,
                                            .is_terminal = terminal,
                                            .colour = colour,
                                            .columns = TerminalColumns()});
  scanner::ScanControl control;
  control.stop = &stop_asked;
  control.stop_now = &stop_now_asked;
  control.progress = &progress;
  control.notice = [&progress](const std::string& line) {
    progress.Clear();
    std::fprintf(stderr, "%s\n", line.c_str());
  };
  const absl::StatusOr<scanner::ScanSummary> summary =
      scanner::RunScan(options, std::move(control));
  if (!summary.ok()) {
    progress.Clear();
    return FailWith(summary.status());
  }
  // Rows of --format ndjson are on standard output: nothing else may be.
  if (options.progress != scanner::ProgressMode::kNone &&
      options.progress != scanner::ProgressMode::kJson) {
    std::fputs(scanner::RenderSummary(*summary, colour).c_str(), stderr);
  }
  return summary->complete ? kExitDone : kExitStopped;
}

int RunScanCommand(const scanner::ScanOptions& options) {
  const int exit_code = RunScan(options);
  // The scan's threads may still be at work: nothing is taken down below them.
  if (stop_now_asked.load()) _exit(CloseStandardOutput(exit_code));
  return exit_code;
}

}  // namespace

void AddScanCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "scan", "Scans the mail servers of a list of domains, into Parquet tables");
  auto options = std::make_shared<scanner::ScanOptions>();
  RegisterScanFlags(*command, *options);
  command->callback([options, &exit_code] { exit_code = RunScanCommand(*options); });
}

}  // namespace mxsweep::tools
