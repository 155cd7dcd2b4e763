// A domain's MTA-STS and TLS reporting: its TXT records, and its policy.
#include "scanner/work/policy_task.h"

#include <memory>
#include <utility>

#include "scanner/work/fetch_task.h"
#include "scanner/work/lookups.h"
#include "scanner/work/outage_task.h"

namespace mxsweep::scanner {
namespace {

// As for a domain's MX: trouble of our own says nothing about a name.
constexpr int64_t kLocalRetryNs = 1'000'000'000;

bool IsLocalTrouble(const dns::PolicyRecords& records) {
  return records.sts.status == dns::PolicyRecordStatus::kLocalError ||
         records.tlsrpt.status == dns::PolicyRecordStatus::kLocalError;
}

}  // namespace

Task<dns::PolicyRecords> LookUpPolicies(Worker* worker, std::string domain) {
  dns::PolicyRecords records;
  uint32_t retries = worker->settings().attempts.retries;
  uint32_t redone = 0;
  for (;;) {
    NoteBegun(worker->services().names);
    const int64_t began_ns = worker->loop()->real_now_ns();
    records = co_await AwaitPolicies(worker->resolver(), domain);
    bool again = false;
    if (IsSilence(records)) {
      again = co_await WasOurSilence(worker, domain, began_ns, &redone);
    } else if (IsLocalTrouble(records)) {
      if (retries-- == 0) break;
      again = co_await worker->pacer().Sleep(kLocalRetryNs);
    } else {
      NoteAnswered(worker, domain);
    }
    if (!again || worker->draining()) break;
  }
  co_return std::move(records);
}

Task<void> FetchPolicy(Worker* worker, std::string domain, DomainPolicies* policies) {
  const ScanContext::Settings& settings = worker->settings();
  auto request = std::make_shared<const HttpRequest>(
      StsPolicyRequest(domain, settings.mta_sts_port, settings.mta_sts_timeout_ns,
                       settings.dialogue.connect_timeout_ns));
  const FetchFacts facts = co_await Fetch(worker, std::move(request));
  policies->cancelled = facts.outcome == FetchOutcome::kCancelled;
  policies->fetch = JudgeStsFetch(facts);
}

}  // namespace mxsweep::scanner
