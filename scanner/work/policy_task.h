#ifndef MXSWEEP_SCANNER_WORK_POLICY_TASK_H_
#define MXSWEEP_SCANNER_WORK_POLICY_TASK_H_

#include <string>

#include "scanner/engine/task.h"
#include "scanner/verdict/mta_sts.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// A domain's TXT records and, as far as Settings::mta_sts says, its policy: into `policies`, which
// lives until `under_way` is told, as does all that is borrowed.
Task<void> FindPolicies(Worker* worker, std::string domain, DomainPolicies* policies,
                        Join* under_way);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_POLICY_TASK_H_
