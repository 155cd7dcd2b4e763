#ifndef MXSWEEP_TOOLS_FLEET_FLAGS_H_
#define MXSWEEP_TOOLS_FLEET_FLAGS_H_

#include "tools/fleet/shard_job.h"

namespace CLI {
class App;
}

namespace mxsweep::tools {

// The flags of a scan that mean something to the half, and those of a fleet's job. `job` must
// outlive the parsing.
void RegisterResolveFlags(CLI::App& app, ShardJob& job);
void RegisterProbeFlags(CLI::App& app, ShardJob& job);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_FLEET_FLAGS_H_
