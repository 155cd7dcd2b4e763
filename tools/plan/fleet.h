// A whole run of a fleet: resolve shards on nodes, then probe shards, and what came of it.
#ifndef MXSWEEP_TOOLS_PLAN_FLEET_H_
#define MXSWEEP_TOOLS_PLAN_FLEET_H_

#include <string>
#include <vector>

#include "tools/plan/inputs.h"
#include "tools/plan/internet.h"
#include "tools/plan/job_time.h"
#include "tools/plan/schedule.h"

namespace mxsweep::plan {

// One half.
struct Half {
  std::vector<JobTime> alone;  // each job on a plain node, undisturbed
  Schedule schedule;
  size_t slow_nodes = 0;  // the first ones
  double bound_s = 0;     // no order of these jobs on these nodes, undisturbed, is done sooner

  double seconds() const { return schedule.end_s - schedule.begin_s; }
  bool node_is_slow(size_t node) const { return node < slow_nodes; }
  double Longest() const;
  double Sum() const;
};

struct FleetRun {
  Half resolve;
  Half probe;
  double connections = 0;
  double left = 0;        // endpoints that patience did not wait for
  double most_per_s = 0;  // connections begun, all jobs that run at once

  double seconds() const { return resolve.seconds() + probe.seconds(); }
};

// The nodes and their deaths over `days`, from the seed. A node that has room for several jobs is
// as many of the cluster's, which die together.
Cluster MakeCluster(const Inputs& inputs, double jobs_of_node, double days);

// The resolve half, and the probe half that begins when all of it is committed. `internet` was
// drawn from the same inputs.
FleetRun RunFleet(const Inputs& inputs, const Internet& internet);

// What the end of a half was waiting for, in words.
std::string LastShardText(const Half& half);

}  // namespace mxsweep::plan

#endif  // MXSWEEP_TOOLS_PLAN_FLEET_H_
