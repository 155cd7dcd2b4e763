#ifndef MXSWEEP_SCANNER_WORK_ENDPOINT_TASK_H_
#define MXSWEEP_SCANNER_WORK_ENDPOINT_TASK_H_

#include <memory>

#include "dns/ip_address.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// Has the address's owner ask `address` for `host`, which `worker` keeps under `handle`
// (host_task.h). OnEndpointDone(worker, handle, …) is called, on `worker`'s thread and once, when
// the endpoint's rows are with the recorder. While it waits in a crowd, it takes its place in the
// gate's queue and nothing else; `host` is asked for again when its turn has come.
void AskForEndpoint(Worker* worker, std::shared_ptr<const HostContext> host, uint32_t handle,
                    const dns::IpAddress& address);

// The turn of what AskForEndpoint has parked at `owner`.
void OnEndpointTurn(Worker* owner, const Pacer::Turn& turn);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_ENDPOINT_TASK_H_
