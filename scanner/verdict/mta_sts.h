// What a domain says of the protection of its mail (MTA-STS, RFC 8461; TLS reporting, RFC 8460),
// and what a sender makes of it. Judging is pure; finding is Worker::FindPolicies.
#ifndef MXSWEEP_SCANNER_VERDICT_MTA_STS_H_
#define MXSWEEP_SCANNER_VERDICT_MTA_STS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/facts.h"
#include "dns/policy_lookup.h"
#include "scanner/http/fetch.h"
#include "scanner/verdict/summary.h"

namespace mxsweep::scanner {

// How far MTA-STS and TLS reporting are looked into.
enum class MtaStsLevel : uint8_t {
  kOff,
  kRecord,  // the TXT records
  kFull,    // the policies, too
};

// What fetching and reading a policy came to.
struct StsFetch {
  // domains.mta_sts_policy_status: "valid", "invalid", "webpki_invalid", "webpki_not_known",
  // "not_text_plain", or the FetchOutcomeName of a fetch that brought nothing.
  std::string_view status;
  std::string detail;  // a sentence, printable; with "valid" a remark, mostly empty
  std::optional<dns::StsPolicy> policy;  // "valid" only
  std::optional<int> http_status;

  // The RFC 8460 §4.3.2 word for it: "sts-policy-fetch-error", "sts-policy-invalid",
  // "sts-webpki-invalid"; empty where it is valid, or where the trouble is our own.
  std::string_view rpt_result() const;
};

// The policy in what was fetched: a certificate that is valid for the policy host by its SAN,
// status 200, text/plain, a body that follows the rules; in this order (RFC 8461 §3.2, §3.3).
StsFetch JudgeStsFetch(const FetchFacts& facts);

// Where a domain's policy is: https://mta-sts.<domain>/.well-known/mta-sts.txt.
HttpRequest StsPolicyRequest(std::string_view domain, uint16_t port, int64_t timeout_ns,
                             int64_t connect_timeout_ns);

// What is known of one domain.
struct DomainPolicies {
  // Null where nothing was looked up: not asked for, or the domain takes no mail.
  std::optional<dns::PolicyRecords> records;
  // Null where no policy was fetched: no valid record, or not asked for.
  std::optional<StsFetch> fetch;
  bool cancelled = false;  // the scan was stopped before all was known

  // Verdicts, filled by Judge.
  // domains.mta_sts_sender; empty: null.
  std::string_view sender;
  // MX hosts that the policy does not allow; null without a policy that has a say.
  std::optional<std::vector<std::string>> unmatched_mx;

  // `hosts` are the summaries of mx.records, one each.
  void Judge(const dns::MxAnswer& mx, std::span<const Summary> hosts);
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_VERDICT_MTA_STS_H_
