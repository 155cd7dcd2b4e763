#ifndef MXSWEEP_SCANNER_WORK_HOST_TASK_H_
#define MXSWEEP_SCANNER_WORK_HOST_TASK_H_

#include <memory>
#include <string>

#include "dns/facts.h"
#include "dns/mx_plan.h"
#include "scanner/verdict/packed_findings.h"
#include "scanner/work/ask_owner.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// What the host's owner finds out about it, once for all who ask. OnHostDone (target_task.h) is
// called for `waiter`, on its worker's thread and once: perhaps before this returns.
void AskForHost(Worker* worker, std::string host, const HostWaiter& waiter);

// An address of the list, with the name that was given along. TargetResult follows its row.
void AskForAddressTarget(Worker* worker, const Target& target);

// A host of the list, of which is known what the DNS said of it. TargetResult follows the rows of
// its endpoints; the host itself has a row only if its TLSA records are others by now.
Task<void> AskForResolvedTarget(Worker* worker, Target target);

// A host that an earlier run of the scan has finished, at that time. On the thread of its owner,
// before anybody asks for it.
void RestoreHost(Worker* worker, const std::string& host, const PackedFindings& packed,
                 absl::Time finished_at);

// What one endpoint of a host that `worker` keeps came to.
void OnEndpointDone(Worker* worker, uint32_t handle, const Findings& findings);

// The host that `keeper` keeps, for an endpoint whose turn has come.
struct ContextQuestion {
  uint32_t handle = 0;
  // A handshake follows: TLSA records that are ten minutes old are looked up again before it, for
  // a key may have been rolled over while the host waited.
  bool to_be_asked = false;
};
void AnswerContextOfHost(Worker* keeper, ContextQuestion question,
                         Answered<std::shared_ptr<const HostContext>> answered);

// What the DNS says of a host. Trouble of our own says nothing about it: it is asked for again, as
// a domain's MX records are.
Task<dns::HostAnswer> LookUpHost(Worker* worker, std::string host, dns::HostLookupOptions options);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_HOST_TASK_H_
