// A domain's MTA-STS and TLS reporting: its TXT records, and its policy.
#include <memory>
#include <utility>

#include "scanner/verdict/mta_sts.h"
#include "scanner/work/worker.h"
#include "scanner/work/worker_waits.h"

namespace mxsweep::scanner {
namespace {

// As for a domain's MX: trouble of our own says nothing about a name.
constexpr int64_t kLocalRetryNs = 1'000'000'000;

bool IsLocalTrouble(const dns::PolicyRecords& records) {
  return records.sts.status == dns::PolicyRecordStatus::kLocalError ||
         records.tlsrpt.status == dns::PolicyRecordStatus::kLocalError;
}

}  // namespace

Task<void> Worker::FindPolicies(std::string domain, DomainPolicies* policies, Join* under_way) {
  policies->records = co_await AwaitPolicies(resolver_, domain);
  for (uint32_t i = 0; IsLocalTrouble(*policies->records) && i < context_->retries; ++i) {
    const bool slept = co_await AwaitSleep(this, loop_->now_ns() + kLocalRetryNs);
    if (!slept) break;
    policies->records = co_await AwaitPolicies(resolver_, domain);
  }
  if (context_->mta_sts == MtaStsLevel::kFull &&
      policies->records->sts.status == dns::PolicyRecordStatus::kValid) {
    auto request = std::make_shared<const HttpRequest>(
        StsPolicyRequest(domain, context_->mta_sts_port, context_->mta_sts_timeout_ns,
                         context_->dialogue.connect_timeout_ns));
    const FetchFacts facts = co_await Fetch(std::move(request));
    policies->cancelled = facts.outcome == FetchOutcome::kCancelled;
    policies->fetch = JudgeStsFetch(facts);
  }
  // Whoever waits may go on, and take `policies` along: nothing follows.
  under_way->Done();
}

}  // namespace mxsweep::scanner
