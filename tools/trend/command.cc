#include "tools/trend/command.h"

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "scanner/base/text.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"
#include "tools/survey/new_file.h"
#include "tools/trend/series.h"

namespace mxsweep::tools {
namespace {

struct TrendFlags {
  std::vector<std::string> directories;
  std::string page;
  bool json = false;
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

int RunTrendCommand(const TrendFlags& flags) {
  if (flags.directories.size() < 2) {
    return Fail(InvalidArgument("a trend takes two scans or more"));
  }
  // Before the work: a place that cannot be written to costs nothing.
  std::unique_ptr<NewFile> page;
  if (!flags.page.empty()) {
    auto created = NewFile::Create(flags.page);
    if (!created.ok()) return Fail(created.status());
    page = *std::move(created);
  }
  const auto trend = ReadTrend(flags.directories);
  if (!trend.ok()) return Fail(trend.status());
  if (page != nullptr) {
    absl::Status status = page->Append(RenderTrendPage(*trend));
    if (status.ok()) status = page->Finish();
    if (!status.ok()) return Fail(status);
  }
  return Print(flags.json ? RenderTrendJson(*trend) : RenderTrend(*trend), kExitDone);
}

}  // namespace

void AddTrendCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("trend", "Draws shares over many scans");
  auto flags = std::make_shared<TrendFlags>();
  command->add_option("DIR", flags->directories, "Directories of two scans or more")->required();
  command->add_option("-o,--output", flags->page, "Write a page to look at to this file")
      ->type_name("FILE");
  command->add_flag("--json", flags->json, "Print one JSON object");
  command->footer(
      "Up or down is said only of what chance does not explain: docs/diff.md.\n\n"
      "Examples:\n"
      "  mxsweep trend scans/*\n"
      "  mxsweep trend june july august -o trend.html --json");
  command->callback([flags, &exit_code] { exit_code = RunTrendCommand(*flags); });
}

}  // namespace mxsweep::tools
