#include "tools/scan_command.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "nlohmann/json.hpp"
#include "output/scan_directory.h"
#include "scanner/base/text.h"
#include "scanner/scan.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/scan_flags.h"
#include "tools/cli/standard_output.h"
#include "tools/scan_watch.h"

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

int FailWith(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return ExitCodeOf(status);
}

int RunScan(const scanner::ScanOptions& options) {
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
  const absl::StatusOr<scanner::ScanSummary> summary =
      scanner::RunScan(options, std::move(control));
  watch.End(summary);
  if (!summary.ok()) return fail(summary.status());
  return summary->complete ? kExitDone : kExitStopped;
}

// What the scan was begun with, and then what is given now.
absl::StatusOr<scanner::ScanOptions> OptionsOfResumed(const scanner::ScanOptions& given) {
  const auto directory = output::ScanDirectory::Open(given.output_dir);
  if (!directory.ok()) return directory.status();
  const nlohmann::json& scan = directory->scan();
  const auto flags = scan.find("flags");
  const auto options = scan.find("options");
  if (flags == scan.end() || !flags->is_array() || options == scan.end() || !options->is_object()) {
    return absl::FailedPreconditionError(given.output_dir +
                                         "/scan.json does not say how the scan was begun");
  }
  std::vector<std::string> words;
  for (const nlohmann::json& flag : *flags) {
    if (flag.is_string()) words.push_back(flag.get<std::string>());
  }
  scanner::ScanOptions merged;
  merged.targets_path = options->value("targets", merged.targets_path);
  if (absl::Status status = TakeFlags(words, &merged); !status.ok()) return status;
  if (absl::Status status = TakeFlags(given.flags, &merged); !status.ok()) return status;
  // For the next time: what is given now stands instead of what was.
  const auto name_of = [](const std::string& word) { return word.substr(0, word.find('=')); };
  std::erase_if(words, [&](const std::string& word) {
    return std::ranges::any_of(
        given.flags, [&](const std::string& now) { return name_of(now) == name_of(word); });
  });
  words.insert(words.end(), given.flags.begin(), given.flags.end());
  merged.flags = std::move(words);
  merged.output_dir = given.output_dir;
  merged.resume = true;
  merged.max_runtime_ms = given.max_runtime_ms;
  merged.progress = given.progress;
  merged.log_level = given.log_level;
  merged.status_file = given.status_file;
  merged.metrics_address = given.metrics_address;
  if (given.targets_given) merged.targets_path = given.targets_path;
  if (merged.targets_path == "-" && isatty(STDIN_FILENO) == 1) {
    return absl::InvalidArgumentError(
        "the list of this scan came from standard input: give it again (< FILE), or name a file");
  }
  return merged;
}

int RunScanCommand(const scanner::ScanOptions& given) {
  scanner::ScanOptions options = given;
  if (given.resume) {
    const absl::StatusOr<scanner::ScanOptions> resumed = OptionsOfResumed(given);
    if (!resumed.ok()) return FailWith(resumed.status());
    options = *resumed;
  }
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
  command->callback([command, options, &exit_code] {
    options->flags = GivenFlags(*command);
    options->targets_given = command->get_option("targets")->count() > 0;
    exit_code = RunScanCommand(*options);
  });
}

}  // namespace mxsweep::tools
