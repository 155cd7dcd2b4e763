#ifndef MXSWEEP_SCANNER_WORK_DOMAIN_TASK_H_
#define MXSWEEP_SCANNER_WORK_DOMAIN_TASK_H_

#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// Works on a target of any kind until its rows are with the recorder; then calls `done`. REQUIRES:
// it is no kInvalid, which is written by whoever reads the list.
void WorkOn(Worker* worker, Target target, Worker::Done done);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_DOMAIN_TASK_H_
