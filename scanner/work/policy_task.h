#ifndef MXSWEEP_SCANNER_WORK_POLICY_TASK_H_
#define MXSWEEP_SCANNER_WORK_POLICY_TASK_H_

#include <string>

#include "dns/policy_lookup.h"
#include "scanner/engine/task.h"
#include "scanner/verdict/mta_sts.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// A domain's TXT records. `worker` outlives the task.
Task<dns::PolicyRecords> LookUpPolicies(Worker* worker, std::string domain);

// The policy that a valid record of a domain announces: into `policies`, which outlives the task.
Task<void> FetchPolicy(Worker* worker, std::string domain, DomainPolicies* policies);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_POLICY_TASK_H_
