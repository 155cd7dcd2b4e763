#ifndef MXSWEEP_SCANNER_WORK_TARGET_TASK_H_
#define MXSWEEP_SCANNER_WORK_TARGET_TASK_H_

#include <cstdint>

#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// Works on a target of any kind until its rows are with the recorder (Worker::Start). REQUIRES: it
// is no kInvalid, which is written by whoever reads the list.
void WorkOn(Worker* worker, Target target);

// What a host came to for a target.
struct HostResult {
  Findings findings;
  // The host was not asked: it has more addresses than there is room.
  bool over_budget = false;
};
// How many addresses of it are asked on the target's behalf: told where the target's room is
// limited, before OnHostDone, unless that comes at once.
void OnHostPlanned(Worker* worker, const HostWaiter& waiter, uint16_t addresses);
void OnHostDone(Worker* worker, const HostWaiter& waiter, const HostResult& result);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_TARGET_TASK_H_
