#include "tools/cat_command.h"

#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "output/cat.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"

namespace mxsweep::tools {
namespace {

struct CatFlags {
  std::string directory;
  output::CatOptions options;
};

int RunCatCommand(const CatFlags& flags) {
  const absl::Status status = output::Cat(flags.directory, flags.options, WriteStandardOutput);
  if (status.ok() || absl::IsUnavailable(status)) return kExitDone;  // a closed pipe wants no more
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

}  // namespace

void AddCatCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("cat", "Prints the rows of a table of a scan");
  auto flags = std::make_shared<CatFlags>();
  command->add_option("DIR", flags->directory, "Directory of the scan")->required();
  command
      ->add_option("--table", flags->options.table,
                   "domains, mx_hosts, endpoints, probes or certificates")
      ->capture_default_str();
  const std::map<std::string, output::RowFormat> formats = {
      {"ndjson", output::RowFormat::kNdjson},
      {"csv", output::RowFormat::kCsv},
      {"spreadsheet", output::RowFormat::kSpreadsheet}};
  command
      ->add_option("--format", flags->options.format,
                   "ndjson (default), csv, or spreadsheet: CSV where what\n"
                   "a server wrote cannot become a formula")
      ->transform(CLI::CheckedTransformer(formats, CLI::ignore_case).description(""))
      ->type_name("FORMAT");
  command->add_option("--columns", flags->options.columns, "Only these columns, comma-separated")
      ->delimiter(',');
  command->add_option("--limit", flags->options.limit, "At most so many rows");
  command->footer(
      "Examples:\n"
      "  mxsweep cat results --table domains --limit 5\n"
      "  mxsweep cat results --format csv --columns host,address,outcome > endpoints.csv\n"
      "  mxsweep cat results --format spreadsheet --columns host,greeting > to-look-at.csv");
  command->callback([flags, &exit_code] { exit_code = RunCatCommand(*flags); });
}

}  // namespace mxsweep::tools
