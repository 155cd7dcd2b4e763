#include "tools/scan_command.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "nlohmann/json.hpp"
#include "output/scan_directory.h"
#include "scanner/base/text.h"
#include "scanner/scan_options.h"
#include "tools/cli/scan_flags.h"
#include "tools/cli/scan_run.h"

namespace mxsweep::tools {
namespace {

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
  const int exit_code = RunScanInTheForeground(options);
  LeaveIfStoppedNow(exit_code);
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
