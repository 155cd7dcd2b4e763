#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "scanner/base/text.h"
#include "scanner/fleet/fleet_directory.h"
#include "scanner/record/scan_summary.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/scan_run.h"
#include "tools/cli/standard_output.h"
#include "tools/fleet/commands.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;
using scanner::FleetPart;
using scanner::FleetSet;
using scanner::ShardState;

struct ShardsFlags {
  std::string fleet;
  std::array<uint32_t, 2> counts{};  // of resolve, probe; 0: as many as are there
  std::string missing;               // "resolve", "probe"; empty: all is told
  bool json = false;
};

constexpr std::array kParts = {FleetPart::kResolve, FleetPart::kProbe};

std::string_view StateWord(const ShardState& shard) {
  if (shard.committed) return "committed";
  if (shard.at_work) return "at work";
  return shard.attempts > 0 ? "stopped" : "missing";
}

std::string TextOf(const FleetSet& set, FleetPart part) {
  const std::string name(scanner::FleetPartWord(part));
  if (set.count == 0) return JoinText(name, ": nothing so far\n");
  const size_t missing = set.Missing().size();
  std::string text =
      absl::StrFormat("%s: %d of %d committed\n", name, set.count - missing, set.count);
  for (const ShardState& shard : set.shards) {
    text += absl::StrFormat("  %-10s %-10s %15s rows\n", ShardText(shard.shard),
                            std::string(StateWord(shard)), scanner::FormatCount(shard.rows));
  }
  return text;
}

json JsonOf(const FleetSet& set) {
  json shards = json::array();
  for (const ShardState& shard : set.shards) {
    shards.push_back({{"shard", ShardText(shard.shard)},
                      {"state", StateWord(shard)},
                      {"attempts", shard.attempts},
                      {"rows", shard.rows}});
  }
  return {{"count", set.count}, {"missing", set.Missing()}, {"shards", std::move(shards)}};
}

// A half of which nothing has been begun, or less than is wanted.
absl::StatusOr<FleetSet> LookAt(const ShardsFlags& flags, FleetPart part) {
  absl::StatusOr<FleetSet> set = scanner::LookAtFleet(flags.fleet, part);
  const uint32_t wanted = flags.counts[part == FleetPart::kProbe];
  if (!set.ok() || wanted == 0 || set->count == wanted) return set;
  if (set->count != 0) {
    return absl::FailedPreconditionError(JoinText(
        "the ", scanner::FleetPartWord(part), " shards are of ", set->count, ", not of ", wanted));
  }
  set->count = wanted;
  for (uint32_t i = 0; i < wanted; ++i) set->shards.push_back({.shard = {i, wanted}});
  return set;
}

int RunShardsCommand(const ShardsFlags& flags) {
  std::error_code error;
  if (flags.counts == std::array<uint32_t, 2>() && !std::filesystem::exists(flags.fleet, error)) {
    return FailWith(absl::NotFoundError(JoinText("there is no ", flags.fleet)));
  }
  std::string text;
  json all = json::object();
  bool complete = true;
  for (const FleetPart part : kParts) {
    const std::string word(scanner::FleetPartWord(part));
    if (!flags.missing.empty() && flags.missing != word) continue;
    const absl::StatusOr<FleetSet> set = LookAt(flags, part);
    if (!set.ok()) return FailWith(set.status());
    complete = complete && set->count > 0 && set->Missing().empty();
    text += flags.missing.empty() ? TextOf(*set, part)
                                  : JoinText(scanner::IndexText(set->Missing()), "\n");
    all[word] = JsonOf(*set);
  }
  return Print(flags.json ? all.dump(2) + "\n" : text, complete ? kExitDone : kExitStopped);
}

}  // namespace

void AddShardsCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "shards", "Says which shards of a fleet are committed, and which are missing");
  auto flags = std::make_shared<ShardsFlags>();
  command->add_option("FLEET", flags->fleet, "Directory of the fleet")->required();
  command
      ->add_option("--resolve", flags->counts[0],
                   "Shards that there are to be, where none has been\nbegun yet")
      ->type_name("N");
  command->add_option("--probe", flags->counts[1], "The same of the other half")->type_name("N");
  command
      ->add_option("--missing", flags->missing,
                   "Print the indexes of those that are not committed,\n"
                   "as a job array takes them (\"0-2,5\"): resolve or probe")
      ->check(CLI::IsMember({"resolve", "probe"}))
      ->type_name("PART");
  command->add_flag("--json", flags->json, "Print one JSON object");
  command->footer(
      "Exit code: 0 all are committed; 1 failed; 2 wrong usage; 3 some are not.\n\n"
      "Examples:\n"
      "  mxsweep shards fleet\n"
      "  sbatch --array=$(mxsweep shards fleet --missing probe --probe 16) probe.sbatch");
  command->callback([flags, &exit_code] { exit_code = RunShardsCommand(*flags); });
}

}  // namespace mxsweep::tools
