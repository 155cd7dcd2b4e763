#ifndef MXSWEEP_SCANNER_WORK_FETCH_TASK_H_
#define MXSWEEP_SCANNER_WORK_FETCH_TASK_H_

#include <memory>

#include "scanner/engine/task.h"
#include "scanner/http/fetch.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// Fetches a document from the addresses of `request->host`, in their order, until somebody is met
// at one; each address is asked by its owner, when the gate lets it. With TLS, the chain that was
// shown is judged, and then dropped. kCancelled if the scan is being stopped. `worker` outlives the
// task.
Task<FetchFacts> Fetch(Worker* worker, std::shared_ptr<const HttpRequest> request);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_FETCH_TASK_H_
