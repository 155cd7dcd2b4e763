#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "scanner/base/text.h"
#include "scanner/fleet/merge.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/scan_run.h"
#include "tools/cli/standard_output.h"
#include "tools/fleet/commands.h"

namespace mxsweep::tools {
namespace {

struct MergeFlags {
  std::string fleet;
  std::string output;
  bool quiet = false;
};

int RunMergeCommand(const MergeFlags& flags) {
  const auto summary =
      scanner::MergeFleet(flags.fleet, flags.output, absl::Now, [&](std::string_view table) {
        if (!flags.quiet) std::fprintf(stderr, "Merging %s ...\n", std::string(table).c_str());
      });
  if (!summary.ok()) return FailWith(summary.status());
  using scanner::FormatCount;
  return Print(
      JoinText("Merged into ", summary->output, ": ", FormatCount(summary->domains), " domains, ",
               FormatCount(summary->hosts), " MX hosts, ", FormatCount(summary->endpoints),
               " endpoints, ", FormatCount(summary->certificates), " certificates.\n"),
      kExitDone);
}

}  // namespace

void AddMergeCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "merge", "Makes one scan of a fleet's shards, as mxsweep scan would have written it");
  auto flags = std::make_shared<MergeFlags>();
  command
      ->add_option("FLEET", flags->fleet,
                   "Directory of the fleet, all of whose shards are\ncommitted")
      ->required();
  command
      ->add_option(
          "-o,--output", flags->output,
          "Directory of the results, which must not be there;\nit appears when all is done")
      ->type_name("DIR")
      ->required();
  command->add_flag("--quiet", flags->quiet, "Do not tell what is being merged");
  command->footer(
      "Exit code: 0 done; 1 failed: shards are missing or do not go together; 2 wrong usage.\n\n"
      "Example:\n"
      "  mxsweep merge fleet -o survey && mxsweep report survey -o survey.html");
  command->callback([flags, &exit_code] { exit_code = RunMergeCommand(*flags); });
}

}  // namespace mxsweep::tools
