#ifndef MXSWEEP_SCANNER_WORK_ENDPOINT_TASK_H_
#define MXSWEEP_SCANNER_WORK_ENDPOINT_TASK_H_

#include <memory>

#include "dns/ip_address.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// What the address's owner finds at `address` for `host`. `done` is called on `worker`'s thread,
// when the endpoint's rows are with the recorder.
void AskForEndpoint(Worker* worker, std::shared_ptr<const HostContext> host,
                    const dns::IpAddress& address, HostTable::Callback done);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_ENDPOINT_TASK_H_
