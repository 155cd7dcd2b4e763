#include "scanner/verdict/mta_sts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "scanner/base/rpt_result.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr size_t kMaxDetailBytes = 200;

constexpr std::string_view kValid = "valid";
constexpr std::string_view kInvalid = "invalid";
constexpr std::string_view kWebPkiInvalid = "webpki_invalid";
constexpr std::string_view kWebPkiNotKnown = "webpki_not_known";
constexpr std::string_view kNotTextPlain = "not_text_plain";

// RFC 8461 §3.2: the media type alone; parameters are ignored.
bool IsTextPlain(const std::optional<std::string>& content_type) {
  if (!content_type) return false;
  const std::string_view type = std::string_view(*content_type).substr(0, content_type->find(';'));
  return absl::EqualsIgnoreCase(ToAbsl(TrimText(type)), "text/plain");
}

StsFetch Failed(std::string_view status, std::string_view detail) {
  return {.status = status, .detail = SanitizeText(detail, kMaxDetailBytes)};
}

// Says nothing of the policy host.
bool IsOurs(std::string_view status) {
  return status == kWebPkiNotKnown || status == FetchOutcomeName(FetchOutcome::kLocalError) ||
         status == FetchOutcomeName(FetchOutcome::kBlocked) ||
         status == FetchOutcomeName(FetchOutcome::kNotAskedCrowded) ||
         status == FetchOutcomeName(FetchOutcome::kCancelled);
}

StsFetch JudgeFetched(const FetchFacts& facts) {
  const bool not_known = facts.pkix && facts.pkix->status == tls::PkixStatus::kNotKnown;
  if (facts.pkix && !not_known && facts.pkix->status != tls::PkixStatus::kValid) {
    return Failed(kWebPkiInvalid,
                  JoinText(tls::PkixStatusName(facts.pkix->status), ": ", facts.pkix->error));
  }
  if (facts.pkix && facts.name_match != tls::NameMatch::kSan) {
    return Failed(kWebPkiInvalid, "the certificate does not name the policy host");
  }
  if (facts.outcome != FetchOutcome::kOk) {
    return Failed(FetchOutcomeName(facts.outcome), facts.error_detail);
  }
  // Who can verify the chain may take the policy.
  if (not_known) return Failed(kWebPkiNotKnown, facts.pkix->error);
  // A body that came without a chain was not authenticated by anybody.
  if (!facts.pkix) return Failed(kWebPkiInvalid, "no certificate was shown");
  if (!IsTextPlain(facts.content_type)) {
    return Failed(kNotTextPlain, facts.content_type ? JoinText("content type ", *facts.content_type)
                                                    : std::string("no content type"));
  }
  absl::StatusOr<dns::StsPolicy> policy = dns::ParseStsPolicy(facts.body);
  if (!policy.ok()) return Failed(kInvalid, MessageOf(policy.status()));
  std::string remark = SanitizeText(policy->remark, kMaxDetailBytes);
  return {.status = kValid, .detail = std::move(remark), .policy = *std::move(policy)};
}

// What a sender makes of a domain's hosts under a policy.
struct HostCounts {
  size_t passed = 0;   // it would deliver to some endpoint
  size_t failed = 0;   // it would refuse the host, or some endpoint
  size_t unknown = 0;  // nothing is known of the host's TLS
  size_t refused_by_dane = 0;
};

HostCounts CountHosts(const dns::StsPolicy& policy, const dns::MxAnswer& mx,
                      std::span<const Summary> hosts) {
  HostCounts counts;
  for (size_t i = 0; i < hosts.size(); ++i) {
    const bool allowed = dns::StsPolicyAllows(policy, mx.records[i].host);
    const bool passed = allowed && hosts[i].has(Summary::kStsPassed);
    const bool failed = !allowed || hosts[i].has(Summary::kStsFailed);
    counts.passed += passed;
    counts.failed += failed;
    counts.unknown += !passed && !failed;
    counts.refused_by_dane +=
        hosts[i].has(Summary::kDaneBroken) && !hosts[i].has(Summary::kDaneMatch);
  }
  return counts;
}

// docs/outcomes.md has the words.
std::string_view SenderUnder(const dns::StsPolicy& policy, const dns::MxAnswer& mx,
                             std::span<const Summary> hosts) {
  if (policy.mode == dns::StsMode::kNone) return "none";
  const HostCounts counts = CountHosts(policy, mx, hosts);
  if (policy.mode == dns::StsMode::kEnforce) {
    if (counts.passed > 0) return counts.failed > 0 ? "partial" : "deliver";
    return counts.failed > 0 && counts.unknown == 0 ? "refuse" : "unknown";
  }
  // RFC 8461 §2: what DANE forbids, a policy in testing mode does not allow.
  const bool all_refused = counts.refused_by_dane == hosts.size() && !hosts.empty();
  if (mx.dnssec == dns::DnssecState::kSecure && all_refused) return "refuse";
  if (counts.failed > 0) return "report";
  return counts.passed > 0 ? "deliver" : "unknown";
}

}  // namespace

std::string_view StsFetch::rpt_result() const {
  if (status == kValid || IsOurs(status)) return "";
  if (status == kInvalid) return rpt::kStsPolicyInvalid;
  if (status == kWebPkiInvalid) return rpt::kStsWebPkiInvalid;
  return rpt::kStsPolicyFetchError;
}

StsFetch JudgeStsFetch(const FetchFacts& facts) {
  StsFetch fetch = JudgeFetched(facts);
  fetch.http_status = facts.http_status;
  return fetch;
}

HttpRequest StsPolicyRequest(std::string_view domain, uint16_t port, int64_t timeout_ns,
                             int64_t connect_timeout_ns) {
  return {.tls = true,
          .host = JoinText("mta-sts.", domain),
          .port = port,
          .target = "/.well-known/mta-sts.txt",
          .accept = "text/plain",
          .max_body_bytes = dns::kMaxStsPolicyBytes,
          .connect_timeout_ns = connect_timeout_ns,
          .timeout_ns = timeout_ns};
}

void DomainPolicies::Judge(const dns::MxAnswer& mx, std::span<const Summary> hosts) {
  if (!records) return;
  switch (records->sts.status) {
    case dns::PolicyRecordStatus::kNone:
    case dns::PolicyRecordStatus::kInvalid:
    case dns::PolicyRecordStatus::kMultiple:
      sender = "none";  // RFC 8461 §3.1: as if there were no policy
      return;
    case dns::PolicyRecordStatus::kLookupError:
    case dns::PolicyRecordStatus::kLocalError:
      sender = "unknown";
      return;
    case dns::PolicyRecordStatus::kValid:
      break;
  }
  if (!fetch) return;
  if (!fetch->policy) {
    // RFC 8461 §3.3: mail is delivered as if there were no policy; RFC 8460 §4.3.2 reports it.
    sender = fetch->rpt_result().empty() ? "unknown" : "report";
    return;
  }
  sender = SenderUnder(*fetch->policy, mx, hosts);
  if (fetch->policy->mode == dns::StsMode::kNone) return;
  unmatched_mx.emplace();
  for (const dns::MxRecord& record : mx.records) {
    if (!dns::StsPolicyAllows(*fetch->policy, record.host)) unmatched_mx->push_back(record.host);
  }
}

}  // namespace mxsweep::scanner
