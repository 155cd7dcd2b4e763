#include "tools/fleet/shard_job.h"

#include <cstdio>
#include <optional>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/fleet/fleet_directory.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/scan_run.h"

namespace mxsweep::tools {
namespace {

using scanner::FleetJob;
using scanner::FleetPart;
using scanner::LogLevel;
using scanner::ScanOptions;
using scanner::ScanPart;
using scanner::ShardAttempt;

void Tell(const ScanOptions& options, const std::string& line) {
  if (options.log_level <= LogLevel::kInfo) std::fprintf(stderr, "%s\n", line.c_str());
}

absl::Status CommitResults(const ShardJob& job, ShardAttempt* attempt) {
  if (job.options.part == ScanPart::kResolve) {
    absl::Status laid_out = scanner::WriteAddressBuckets(attempt->directory(), job.buckets);
    if (!laid_out.ok()) return laid_out;
  }
  return attempt->Commit();
}

}  // namespace

int RunShardJob(const ShardJob& job) {
  const FleetPart part =
      job.options.part == ScanPart::kResolve ? FleetPart::kResolve : FleetPart::kProbe;
  const FleetJob place{.fleet = job.fleet, .part = part, .shard = job.options.shard};
  ScanOptions options = job.options;
  options.output_dir = place.Directory();  // as far as Validate is concerned
  if (absl::Status status = options.Validate(); !status.ok()) return FailWith(status);
  absl::StatusOr<std::optional<ShardAttempt>> begun = ShardAttempt::Begin(place);
  if (!begun.ok()) return FailWith(begun.status());
  if (!*begun) {
    Tell(options, JoinText(place.Directory(), " is committed already: nothing to do."));
    return kExitDone;
  }
  ShardAttempt attempt = **std::move(begun);
  options.output_dir = attempt.directory();
  options.resume = attempt.goes_on();
  options.also_writable = place.Folder();
  const int exit_code =
      RunScanInTheForeground(options, [&attempt] { return attempt.IsOvertaken(); });
  LeaveIfStoppedNow(exit_code);
  if (exit_code == kExitStopped && attempt.IsOvertaken()) {
    Tell(options, JoinText("A later job has taken over ", place.Directory(), ": this one ends."));
    return kExitOvertaken;
  }
  if (exit_code != kExitDone) return exit_code;
  const absl::Status committed = CommitResults(job, &attempt);
  if (absl::IsAlreadyExists(committed)) {
    Tell(options, JoinText(MessageOf(committed), "."));
    return kExitDone;
  }
  if (!committed.ok()) return FailWith(committed);
  Tell(options, JoinText("Committed: ", place.Directory()));
  return kExitDone;
}

}  // namespace mxsweep::tools
