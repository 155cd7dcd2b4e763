// How long one job takes, and what bounds it: how the gate (scanner/pace/gate.h) shares a job's
// rate out among what is free to go and the crowds, as flows.
#ifndef MXSWEEP_TOOLS_PLAN_JOB_TIME_H_
#define MXSWEEP_TOOLS_PLAN_JOB_TIME_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tools/plan/inputs.h"

namespace mxsweep::plan {

// What holds the end of a job back.
enum class Bound : uint8_t {
  kNothing,   // there is nothing to do
  kRate,      // the job's part of the fleet's rate
  kCpu,       // the node's cores
  kOpen,      // connections or questions that may be open at once
  kAddress,   // the names of one address take turns there
  kNetwork,   // the limit of a /24
  kPatience,  // such a crowd, until patience ended
};
std::string_view BoundText(Bound bound);

// Connections that one address or one network has to bear, and the least time that they take there:
// `least_s` is their number by what the limits allow in a second.
struct Crowd {
  double connections = 0;
  double least_s = 0;
  bool of_network = false;
  double addresses = 1;  // that it is at
};

// The work of a probe job, or of one of its workers, to which networks belong as they do to shards.
// A crowd that is done long before the rest may as well be counted among
// the free.
struct ProbeWork {
  double free = 0;  // connections that no crowd has
  std::vector<Crowd> crowds;
  double revisits_per_s = 0;  // dead addresses that are asked anew whenever they were forgotten

  double Connections() const;
};

struct JobTime {
  double list_s = 0;  // until the list has been read, and only crowds are left
  double end_s = 0;
  double connections = 0;  // that were made
  double left = 0;         // that patience did not wait for
  Bound bound = Bound::kNothing;
};

// What a job may do.
struct Pace {
  double per_s = 0;  // connections begun
  Bound bound = Bound::kRate;
  double patience_s = 0;  // 0: waits for no crowd; infinity
  double time_out_s = 0;  // what the last dead server of the list takes
  // Endpoints of the list that may wait for the rate, all workers together: what is left of
  // --concurrency. They go in turn, and an address of a crowd, each time that it may go on, behind
  // them.
  double queue = 0;
  double apart_s = 0;  // between two connections to an address, if nothing else waits
};

// While the list is read, everything is taken from it at the same pace, whose name it may be. A
// crowd that comes in faster than it is served queues up; what is left of the rate goes to the
// others. So the list takes T with
//   free + Σ min(connections, served_per_s · T) = per_s · T,
// of each worker with its even part of per_s; the reader goes on with the slowest of them.
// A crowd is served once in (apart_s + w) for each of its addresses, where w is the queue's time,
// queue / per_s. A network's addresses come in bunches, of which its limit sends most to the end of
// the queue again: in runs of the gate it is served at six tenths of its limit, or once in
// (apart_s + 2 w) for each of its addresses.
// Afterwards each crowd goes on at its limit, or all of them at the rate, until it is done or
// patience ends.
JobTime TimeOfProbe(std::span<const ProbeWork> workers, const Pace& pace);
inline JobTime TimeOfProbe(const ProbeWork& work, const Pace& pace) {
  return TimeOfProbe(std::span(&work, 1), pace);
}

// The pace of a probe job of the fleet: the least of its share of the rate, of what its cores bear,
// and of what may be open at once (Little's law).
Pace PaceOfProbe(const Inputs& inputs);

// A resolve job with so many of the list's names.
JobTime TimeOfResolve(const Inputs& inputs, double names);

// The dwell of a connection, seconds: mean of live and dead ones.
double DwellS(const Inputs& inputs);
// What an address and a network with so many addresses may bear, connections a second, which take
// dwell_s each.
double AddressCap(const Inputs& inputs);
double NetworkCap(const Inputs& inputs, double addresses, double dwell_s);

}  // namespace mxsweep::plan

#endif  // MXSWEEP_TOOLS_PLAN_JOB_TIME_H_
