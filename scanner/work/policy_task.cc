// A domain's MTA-STS and TLS reporting: its TXT records, and its policy.
#include "scanner/work/policy_task.h"

#include <memory>
#include <utility>

#include "scanner/work/fetch_task.h"
#include "scanner/work/lookups.h"

namespace mxsweep::scanner {
namespace {

// As for a domain's MX: trouble of our own says nothing about a name.
constexpr int64_t kLocalRetryNs = 1'000'000'000;

bool IsLocalTrouble(const dns::PolicyRecords& records) {
  return records.sts.status == dns::PolicyRecordStatus::kLocalError ||
         records.tlsrpt.status == dns::PolicyRecordStatus::kLocalError;
}

}  // namespace

Task<void> FindPolicies(Worker* worker, std::string domain, DomainPolicies* policies,
                        Join* under_way) {
  const ScanContext::Settings& settings = worker->settings();
  policies->records = co_await AwaitPolicies(worker->resolver(), domain);
  for (uint32_t i = 0; IsLocalTrouble(*policies->records) && i < settings.attempts.retries; ++i) {
    const bool slept = co_await worker->pacer().Sleep(kLocalRetryNs);
    if (!slept) break;
    policies->records = co_await AwaitPolicies(worker->resolver(), domain);
  }
  if (settings.mta_sts == MtaStsLevel::kFull &&
      policies->records->sts.status == dns::PolicyRecordStatus::kValid) {
    auto request = std::make_shared<const HttpRequest>(
        StsPolicyRequest(domain, settings.mta_sts_port, settings.mta_sts_timeout_ns,
                         settings.dialogue.connect_timeout_ns));
    const FetchFacts facts = co_await Fetch(worker, std::move(request));
    policies->cancelled = facts.outcome == FetchOutcome::kCancelled;
    policies->fetch = JudgeStsFetch(facts);
  }
  // Whoever waits may go on, and take `policies` along: nothing follows.
  under_way->Done();
}

}  // namespace mxsweep::scanner
