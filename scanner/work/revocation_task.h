#ifndef MXSWEEP_SCANNER_WORK_REVOCATION_TASK_H_
#define MXSWEEP_SCANNER_WORK_REVOCATION_TASK_H_

#include <vector>

#include "scanner/engine/task.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/verdict/verdicts.h"
#include "scanner/work/chain_recorder.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// Asks the lists of the endpoint's path, completes its verdicts, and records the certificates. When
// it is done, the rows of all certificates of the chain are with the recorder. What is borrowed
// outlives the task.
Task<void> LookUpRevocations(Worker* worker, const EndpointFacts* facts, EndpointVerdicts* verdicts,
                             std::vector<NewCertificate>* new_certificates);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_REVOCATION_TASK_H_
