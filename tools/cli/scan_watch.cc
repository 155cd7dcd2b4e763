#include "tools/cli/scan_watch.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "tools/cli/metrics.h"
#include "tools/cli/status_file.h"

namespace mxsweep::tools {
namespace {

using scanner::LogLevel;
using scanner::ProgressMode;
using scanner::ProgressState;

int TerminalColumns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

ProgressState StateOf(const absl::StatusOr<scanner::ScanSummary>& summary) {
  if (summary.ok() && summary->complete) return ProgressState::kComplete;
  const bool failed =
      summary.ok() ? !summary->failure.empty() : !absl::IsCancelled(summary.status());
  return failed ? ProgressState::kFailed : ProgressState::kStopped;
}

}  // namespace

ScanWatch::ScanWatch(const scanner::ScanOptions& options)
    : options_(options),
      terminal_(isatty(STDERR_FILENO) == 1),
      colour_(terminal_ && std::getenv("NO_COLOR") == nullptr),
      progress_(stderr, {.mode = options.progress,
                         .is_terminal = terminal_,
                         .colour = colour_,
                         .columns = TerminalColumns()}),
      log_(options.log_level, [this] { progress_.Clear(); }) {}

absl::Status ScanWatch::Begin() {
  absl::Status status;
  if (!options_.status_file.empty()) {
    status = Add("the status file", StartStatusFile(options_.status_file));
  }
  if (status.ok() && options_.metrics_address) {
    status = Add("what Prometheus is told", StartMetrics(*options_.metrics_address));
  }
  return status;
}

scanner::ScanControl ScanWatch::Control() {
  scanner::ScanControl control;
  control.progress = &progress_;
  control.on_progress = [this](const scanner::ProgressSnapshot& now) { Note(now); };
  control.notice = [this](LogLevel level, const std::string& line) { log_.Say(level, line); };
  return control;
}

void ScanWatch::End(const absl::StatusOr<scanner::ScanSummary>& summary) {
  progress_.Clear();
  last_.state = StateOf(summary);
  last_.time_left.reset();
  TellSides();
  if (options_.progress == ProgressMode::kJson) {
    std::fprintf(stderr, "%s\n", scanner::RenderJson(last_).c_str());
  }
  if (!summary.ok()) return;
  // Rows of --format ndjson are on standard output: nothing else may be.
  if (options_.progress != ProgressMode::kNone && options_.progress != ProgressMode::kJson) {
    std::fputs(scanner::RenderSummary(*summary, colour_).c_str(), stderr);
  }
  if (!summary->failure.empty()) Complain(summary->failure);
  if (!summary->complete && !options_.output_dir.empty()) {
    log_.Say(LogLevel::kInfo, options_.part == scanner::ScanPart::kWhole
                                  ? "Go on with: mxsweep scan --resume " + options_.output_dir
                                  : "The same command goes on from here.");
  }
}

void ScanWatch::Complain(std::string_view message) {
  log_.Say(LogLevel::kError, JoinText("mxsweep: ", message));
}

absl::Status ScanWatch::Add(std::string_view what,
                            absl::StatusOr<std::unique_ptr<SideProcess>> process) {
  if (process.ok()) sides_.push_back({what, *std::move(process)});
  return process.status();
}

void ScanWatch::Note(const scanner::ProgressSnapshot& now) {
  last_ = now;
  TellSides();
}

void ScanWatch::TellSides() {
  const std::string line = scanner::RenderJson(last_);
  std::erase_if(sides_, [&](const Side& side) {
    if (side.process->Tell(line)) return false;
    log_.Say(LogLevel::kWarning,
             JoinText("WARNING: ", side.what, " is not kept up any more: its process has ended"));
    return true;
  });
}

}  // namespace mxsweep::tools
