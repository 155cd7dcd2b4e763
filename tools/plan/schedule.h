// Jobs on nodes, as discrete events in virtual time: who runs what when, what nodes that die cost.
#ifndef MXSWEEP_TOOLS_PLAN_SCHEDULE_H_
#define MXSWEEP_TOOLS_PLAN_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mxsweep::plan {

// A node that dies, and is there again, or in another's place, later.
struct Loss {
  size_t node = 0;
  double at_s = 0;
  double back_s = 0;
};

struct Cluster {
  // A node runs one job at a time. Which kind each of them is: how long jobs take there.
  std::vector<size_t> node_kind;
  std::vector<Loss> losses;  // in any order
  double start_s = 0;        // every start of a job takes so long before it does its work
  // What a job had done at the last full epoch is kept: the next one goes on from there.
  double epoch_s = 0;   // 0: all of it is kept
  double notice_s = 0;  // until a dead node's job is in the queue again, in front of the others
};

struct JobRun {
  double first_start_s = 0;
  double last_start_s = 0;
  double end_s = 0;
  size_t node = 0;  // the last one
  uint32_t starts = 0;
  double ran_s = 0;   // on nodes, all starts together
  double lost_s = 0;  // of that, what had to be done again
};

struct Schedule {
  std::vector<JobRun> jobs;
  double begin_s = 0;
  double end_s = 0;         // of the last job
  double first_idle_s = 0;  // when a node first had nothing left to begin
  size_t last = 0;          // which one that was
  uint32_t restarts = 0;
  double busy_s = 0;  // nodes together
};

// Gives jobs, in their order, to whichever node is free, from begin_s on. `work[k]`: the seconds of
// each job on a node of kind k.
// REQUIRES: a node; work of all kinds that there are, of equally many jobs; losses of nodes that
// there are, each back after it died.
Schedule RunJobs(std::span<const std::vector<double>> work, const Cluster& cluster,
                 double begin_s = 0);

}  // namespace mxsweep::plan

#endif  // MXSWEEP_TOOLS_PLAN_SCHEDULE_H_
