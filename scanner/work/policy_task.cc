// A domain's MTA-STS and TLS reporting: its TXT records, and its policy.
#include "scanner/work/policy_task.h"

#include <memory>
#include <utility>

#include "scanner/work/fetch_task.h"
#include "scanner/work/lookups.h"
#include "scanner/work/outage_task.h"

namespace mxsweep::scanner {
Task<dns::PolicyRecords> LookUpPolicies(Worker* worker, std::string domain) {
  dns::PolicyRecords records;
  Asking asking(worker, domain);
  bool again = true;
  while (again) {
    asking.Begin();
    records = co_await AwaitPolicies(worker->resolver(), domain);
    again = co_await asking.Again(HeardIn(records));
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
