#include "tools/dashboard/command.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "scanner/base/text.h"
#include "scanner/targets/input_source.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"
#include "tools/dashboard/dashboard.h"
#include "tools/survey/new_file.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxTop = 1'000;

struct DashboardFlags {
  std::vector<std::string> inputs;
  std::string page;
  size_t top = 10;
  double least_points = 0.5;
  bool json = false;
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

absl::Status ReadFile(const std::string& path, int64_t now_s, Dashboard* dashboard) {
  auto source = scanner::OpenFile(path);
  if (!source.ok()) return source.status();
  const absl::Status read =
      ReadInput(*std::move(source), now_s, dashboard->tally.get(), &dashboard->totals);
  dashboard->tally->EndInput();
  return read.ok() ? read : InvalidArgument(JoinText(path, ": ", MessageOf(read)));
}

absl::Status WritePage(const Dashboard& dashboard, const DashboardView& view, NewFile* page) {
  const absl::Status status = page->Append(RenderDashboardPage(dashboard, view));
  return status.ok() ? page->Finish() : status;
}

int RunDashboardCommand(const DashboardFlags& flags) {
  // Before the work: a place that cannot be written to costs nothing.
  std::unique_ptr<NewFile> page;
  if (!flags.page.empty()) {
    auto created = NewFile::Create(flags.page);
    if (!created.ok()) return Fail(created.status());
    page = *std::move(created);
  }
  const int64_t now_s = absl::ToUnixSeconds(absl::Now());
  Dashboard dashboard{.tally = std::make_unique<Tally>()};
  std::vector<std::string> scans;
  for (const std::string& input : flags.inputs) {
    std::error_code error;
    if (std::filesystem::is_directory(input, error)) {
      scans.push_back(input);
      continue;
    }
    const absl::Status status = ReadFile(input, now_s, &dashboard);
    if (status.ok()) continue;
    dashboard.failed.emplace_back(status.message());
    std::fprintf(stderr, "mxsweep: %s\n", dashboard.failed.back().c_str());
  }
  if (scans.empty() && dashboard.totals.inputs == 0) return kExitFailed;
  if (absl::Status status = CompleteDashboard(scans, flags.least_points, &dashboard);
      !status.ok()) {
    return Fail(status);
  }
  const DashboardView view{.top = flags.top};
  if (page != nullptr) {
    if (absl::Status status = WritePage(dashboard, view, page.get()); !status.ok()) {
      return Fail(status);
    }
  }
  return Print(flags.json ? RenderDashboardJson(dashboard) : RenderDashboard(dashboard, view),
               dashboard.failed.empty() ? kExitDone : kExitFailed);
}

}  // namespace

void AddDashboardCommand(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("dashboard", "Draws TLS shares of mail over time, and says why they fell");
  auto flags = std::make_shared<DashboardFlags>();
  command
      ->add_option("FILE", flags->inputs,
                   "Mail logs, bounces, TLS reports, plain or packed\n"
                   "with gzip, zstd, xz or bzip2 (- is standard input),\n"
                   "and directories of scans, in any order")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", flags->page, "Write a page to look at to this file")
      ->type_name("FILE");
  command
      ->add_option("--least", flags->least_points,
                   "Tell of no fall by fewer percentage points, even\nwhere it is no chance")
      ->type_name("POINTS")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command->add_option("--top", flags->top, "Show so many providers and domains of a fall")
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, kMaxTop))
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print one JSON object");
  command->footer(
      "\nExit code: 0 read, whatever was found; 1 an input could not be read to its\n"
      "end; 2 wrong usage.\n\n"
      "A fall is told of what chance does not explain: docs/dashboard.md.\n\n"
      "Examples:\n"
      "  mxsweep dashboard /var/log/mail.log* -o dashboard.html\n"
      "      shares of outbound and inbound mail, hour by hour or day by day\n"
      "  mxsweep dashboard mail.log* reports/*.json.gz scans/* -o dashboard.html\n"
      "      what senders reported, and what scans say of the same domains");
  command->callback([flags, &exit_code] { exit_code = RunDashboardCommand(*flags); });
}

}  // namespace mxsweep::tools
