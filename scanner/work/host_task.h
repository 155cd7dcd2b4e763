#ifndef MXSWEEP_SCANNER_WORK_HOST_TASK_H_
#define MXSWEEP_SCANNER_WORK_HOST_TASK_H_

#include <string>
#include <vector>

#include "dns/facts.h"
#include "dns/ip_address.h"
#include "dns/mx_plan.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// What the host's owner finds out about it, once for all who ask. `done` is called on `worker`'s
// thread.
void AskForHost(Worker* worker, std::string host, HostTable::Callback done);

// What the DNS says of a host. Trouble of our own says nothing about it: it is asked for again, as
// a domain's MX records are.
Task<dns::HostAnswer> LookUpHost(Worker* worker, std::string host, dns::HostLookupOptions options);

// Those to connect to: of the families that are used, each once, in the order of the answer.
std::vector<dns::IpAddress> AddressesToTry(const ScanContext::Settings& settings,
                                           const dns::HostAnswer& answer);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_HOST_TASK_H_
