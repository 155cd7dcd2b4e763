// MTA-STS (RFC 8461): the TXT record that announces a policy, the policy itself, and which MX hosts
// it allows. Pure functions over text that anybody may have written; safe from any thread. Fetching
// is not done here.
#ifndef MXSWEEP_DNS_MTA_STS_H_
#define MXSWEEP_DNS_MTA_STS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace mxsweep::dns {

// domains.mta_sts_status and domains.tlsrpt_status: what the look-up of a TXT record came to.
// kNone: the DNS has said that there is none. To a sender kInvalid and kMultiple are the same as
// kNone; kLookupError and kLocalError (our own trouble) are "we do not know".
enum class PolicyRecordStatus : uint8_t {
  kNone,
  kValid,
  kInvalid,
  kMultiple,
  kLookupError,
  kLocalError,
};

constexpr std::string_view Word(PolicyRecordStatus status) {
  switch (status) {
    case PolicyRecordStatus::kNone:
      return "none";
    case PolicyRecordStatus::kValid:
      return "valid";
    case PolicyRecordStatus::kInvalid:
      return "invalid";
    case PolicyRecordStatus::kMultiple:
      return "multiple";
    case PolicyRecordStatus::kLookupError:
      return "lookup_error";
    case PolicyRecordStatus::kLocalError:
      return "local_error";
  }
  return "local_error";
}

// What _mta-sts.<domain> says (RFC 8461 §3.1).
struct StsRecord {
  PolicyRecordStatus status = PolicyRecordStatus::kLocalError;
  std::string id;      // 1 to 32 letters and digits; kValid only
  std::string detail;  // a sentence where the status is an error; else empty
};

// Reads the TXT records of _mta-sts.<domain>, each with its strings concatenated. Where there is
// but one, it must follow the grammar; of several, those that do not begin with "v=STSv1;" are
// discarded, and exactly one must be left. Where none is left but one was meant, it is kInvalid,
// not kNone. Any bytes.
StsRecord ReadStsRecords(std::span<const std::string> texts);

inline constexpr size_t kMaxStsIdLength = 32;

// domains.mta_sts_mode.
enum class StsMode : uint8_t { kEnforce, kTesting, kNone };

constexpr std::string_view Word(StsMode mode) {
  switch (mode) {
    case StsMode::kEnforce:
      return "enforce";
    case StsMode::kTesting:
      return "testing";
    case StsMode::kNone:
      return "none";
  }
  return "none";
}

// A policy (RFC 8461 §3.2).
struct StsPolicy {
  StsMode mode = StsMode::kNone;
  uint32_t max_age_s = 0;  // at most kMaxStsMaxAge
  // Lower case, in their order: "mx.example.org", "*.example.org". Not empty unless mode is kNone.
  std::vector<std::string> mx;
  // A sentence on what follows the grammar and is of no use: an IPv4 address as "mx"; else empty.
  std::string remark;

  friend bool operator==(const StsPolicy&, const StsPolicy&) = default;
};

// The longest policy that is read (RFC 8461 §3.3 suggests it).
inline constexpr size_t kMaxStsPolicyBytes = 64 * 1024;
// The largest max_age, about a year (RFC 8461 §3.2).
inline constexpr uint32_t kMaxStsMaxAge = 31'557'600;

// Reads a policy body by the grammar: "key: value" lines ended by LF or CRLF. Unknown keys are
// ignored, and so are blank lines, which the grammar does not have; of a key other than "mx" that
// stands there twice, the first counts. A pattern is a domain as in RFC 5321 §4.1.2, without
// underscores.
// InvalidArgument: a sentence that says what is wrong in which line. Any bytes.
absl::StatusOr<StsPolicy> ParseStsPolicy(std::string_view body);

// Does the policy allow this MX host? A pattern fits exactly, or its "*." stands for exactly one
// left-most label (RFC 8461 §4.1). `host` is as MxRecord::host.
bool StsPatternMatches(std::string_view pattern, std::string_view host);
bool StsPolicyAllows(const StsPolicy& policy, std::string_view host);

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_MTA_STS_H_
