#include "tools/report/command.h"

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "output/scan_directory.h"
#include "scanner/base/text.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"
#include "tools/report/page.h"
#include "tools/report/picture.h"
#include "tools/report/tables.h"
#include "tools/survey/new_file.h"
#include "tools/survey/numbers.h"
#include "tools/survey/postures.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxTop = 1'000;

struct ReportFlags {
  std::string directory;
  std::string output;
  std::string csv;
  PictureOptions options;
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

int RunReportCommand(const ReportFlags& flags) {
  const auto scan = output::ScanDirectory::Open(flags.directory);
  if (!scan.ok()) return Fail(scan.status());
  const bool to_standard_output = flags.output == "-";
  // Before the work: a place that cannot be written to costs nothing.
  std::unique_ptr<NewFile> file;
  if (!to_standard_output) {
    auto created = NewFile::Create(flags.output);
    if (!created.ok()) return Fail(created.status());
    file = *std::move(created);
  }
  const auto postures = ScanPostures::Read(*scan);
  if (!postures.ok()) return Fail(postures.status());
  const auto picture = TakePicture(*scan, *postures, flags.options);
  if (!picture.ok()) return Fail(picture.status());
  const std::string page = RenderPage(*scan, *picture, flags.options);
  if (!flags.csv.empty()) {
    if (absl::Status status = WriteTables(*picture, flags.csv); !status.ok()) return Fail(status);
  }
  if (to_standard_output) return Print(page, kExitDone);
  absl::Status status = file->Append(page);
  if (status.ok()) status = file->Finish();
  if (!status.ok()) return Fail(status);
  return Print(JoinText(flags.output, ": ", Grouped(picture->domain_count), " domains, ",
                        Grouped(picture->server_count), " servers\n"),
               kExitDone);
}

}  // namespace

void AddReportCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("report", "Makes a page to look at of a scan");
  auto flags = std::make_shared<ReportFlags>();
  command->add_option("DIR", flags->directory, "Directory of the scan")->required();
  command->add_option("-o,--output", flags->output, "The page; -: standard output")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--top", flags->options.top, "Show so many of long lists; --csv has all labels")
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, kMaxTop))
      ->capture_default_str();
  const std::map<std::string, GroupBy> groups = {{"provider", GroupBy::kProvider},
                                                 {"tld", GroupBy::kTld}};
  command
      ->add_option("--by", flags->options.by,
                   "Group domains by provider (default: registrable\n"
                   "domain of the first MX host) or tld")
      ->transform(CLI::CheckedTransformer(groups, CLI::ignore_case).description(""))
      ->type_name("WHAT");
  command
      ->add_option("--csv", flags->csv,
                   "Write the numbers behind every chart to this\nfolder, a file each")
      ->type_name("DIR");
  command->footer(
      "The page needs no network and no scripts.\nWhat each number means: docs/report.md.\n\n"
      "Examples:\n"
      "  mxsweep report results -o report.html\n"
      "  mxsweep report results -o report.html --by tld --top 50 --csv numbers");
  command->callback([flags, &exit_code] { exit_code = RunReportCommand(*flags); });
}

}  // namespace mxsweep::tools
