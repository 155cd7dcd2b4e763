// Our own outages, as tasks meet them (pace/outage_watch.h).
#ifndef MXSWEEP_SCANNER_WORK_OUTAGE_TASK_H_
#define MXSWEEP_SCANNER_WORK_OUTAGE_TASK_H_

#include <string>
#include <string_view>

#include "dns/facts.h"
#include "dns/policy_lookup.h"
#include "scanner/engine/task.h"
#include "scanner/http/fetch.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// Did it end because nothing came any more? Then it may have been our own network.
bool IsSilence(const EndpointFacts& facts);
bool IsSilence(const FetchFacts& facts);
bool IsSilence(const dns::MxAnswer& answer);
bool IsSilence(const dns::HostAnswer& answer);
bool IsSilence(const dns::PolicyRecords& records);

// A connection to `server`, or a question about `name`, was answered by somebody.
void NoteBegun(OutageWatch* watch);
void NoteAnswered(Worker* worker, const SocketAddress& server);
void NoteAnswered(Worker* worker, std::string_view name);

// It was silent, and began at `began_ns` of real_now_ns(). True if the silence is ours: then it
// says nothing, and is to be done again, unless the worker drains. Waits while that is in doubt.
// `worker` outlives the task.
// `redone`: how often it was before; counted here.
Task<bool> WasOurSilence(Worker* worker, SocketAddress server, int64_t began_ns, uint32_t* redone);
Task<bool> WasOurSilence(Worker* worker, std::string name, int64_t began_ns, uint32_t* redone);

// Asks who answered before whether they still do, if it is time. For the thread that drives the
// scan; `now_ns` of real_now_ns().
void AskCanaries(ScanContext* context, int64_t now_ns);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_OUTAGE_TASK_H_
