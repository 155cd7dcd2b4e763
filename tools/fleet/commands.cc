#include "tools/fleet/commands.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "tools/cli/scan_flags.h"
#include "tools/fleet/flags.h"
#include "tools/fleet/shard_job.h"

namespace mxsweep::tools {

void AddResolveCommand(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("resolve", "The first half of a scan by many jobs: domains into MX hosts");
  auto job = std::make_shared<ShardJob>();
  RegisterResolveFlags(*command, *job);
  command->callback([command, job, &exit_code] {
    job->options.flags = GivenFlags(*command);
    exit_code = RunShardJob(*job);
  });
}

void AddProbeCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "probe", "The second half: MX hosts into endpoints, each address by one job");
  auto job = std::make_shared<ShardJob>();
  RegisterProbeFlags(*command, *job);
  command->callback([command, job, &exit_code] {
    job->options.flags = GivenFlags(*command);
    job->options.resolved_dir = job->fleet;
    exit_code = RunShardJob(*job);
  });
}

}  // namespace mxsweep::tools
