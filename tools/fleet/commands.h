#ifndef MXSWEEP_TOOLS_FLEET_COMMANDS_H_
#define MXSWEEP_TOOLS_FLEET_COMMANDS_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// A scan by many jobs (docs/fleet.md): `resolve` and `probe` are its two halves, `shards` says how
// far they are, `merge` makes one scan of them. Each sets `exit_code`.
void AddResolveCommand(CLI::App& app, int& exit_code);
void AddProbeCommand(CLI::App& app, int& exit_code);
void AddShardsCommand(CLI::App& app, int& exit_code);
void AddMergeCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_FLEET_COMMANDS_H_
