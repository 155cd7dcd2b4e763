// The DANE verdict on one chain: RFC 6698, 7671 and 7672 as a pure function.
#ifndef MXSWEEP_TLS_DANE_VERDICT_H_
#define MXSWEEP_TLS_DANE_VERDICT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/facts.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tls {

enum class DaneStatus : uint8_t {
  kNone,      // no records
  kUnusable,  // records, none usable: TLS is mandatory, but not authenticated (RFC 7672 §2.2)
  kMatch,
  kMismatch,
  kNotKnown,  // no record matches that we could judge, and there are others: of a key, an algorithm
              // or a certificate that we cannot use and others can, or over a cap
};

// "none", "unusable", "match", "mismatch", "not_known".
std::string_view DaneStatusName(DaneStatus status);

// Why a mismatch is one, in the classes TLS reports distinguish (RFC 8460 §4.3).
enum class DaneFailure : uint8_t {
  kNone,
  kExpired,  // certificate-expired: a usage 2 anchor fits, the path to it is (not yet or no longer)
             // valid
  kHostMismatch,  // certificate-host-mismatch: path and anchor are right, the leaf's name is not
  kOther,         // validation-failure
};

// Why a record can't be used for SMTP, or kUsable (RFC 6698 §4.1, RFC 7672 §3.1.3).
enum class TlsaUsability : uint8_t {
  kUsable,
  kPkixUsage,            // usage 0 or 1
  kUnknownUsage,         // 4 or more
  kUnknownSelector,      // 2 or more
  kUnknownMatchingType,  // 3 or more
  kWrongDigestLength,
  kMalformedData,  // matching type 0, and the data is not a certificate or a public key
};
TlsaUsability CheckTlsa(const dns::TlsaRecord& record);
// A sentence fragment: "usage 1 is not for SMTP", "digest of 20 bytes instead of 32", …
std::string_view TlsaUsabilityText(TlsaUsability usability);

// What the leaf's name is held against for usage 2 (RFC 7672 §3.2.2).
struct DaneReference {
  // The name under which the records were found: the MX host's, or its secure CNAME expansion.
  // Always a reference identifier, and the only one where the MX answer is insecure.
  std::string tlsa_base_domain;
  // The recipient's domain, and its CNAME expansion if it had one.
  std::vector<std::string> next_hop_names;
  // The MX answer was secure; otherwise next_hop_names don't count.
  bool mx_secure = false;
};

struct DaneVerdict {
  DaneStatus status = DaneStatus::kNone;
  // Index into the records, and where in the chain as it was sent the match was: 0 is the leaf. A
  // trust anchor that is not in the chain (2 0 0, or a 2 1 0 key that signed its top) is counted as
  // if it had been sent last.
  std::optional<size_t> matched_record;
  std::optional<int> matched_depth;
  // One per record, same order: "match", or why it is not one.
  std::vector<std::string> record_reasons;
  // One per record, same order: where in the chain it matched, as matched_depth.
  std::vector<std::optional<int>> record_depths;
  DaneFailure failure = DaneFailure::kNone;
  // One line that says it all, for the row: which record matched where, and why the others did not.
  std::string detail;
};

// Judges `chain` (leaf first, as sent) by the TLSA records of a secure answer. Records are tried in
// their order, after digest agility (RFC 7671 §9). `time_s`: seconds since the epoch. An empty
// chain matches nothing. `complete`: these are all records of the answer; where they are not, only
// a match is a verdict.
DaneVerdict JudgeDane(std::span<const dns::TlsaRecord> records, std::span<const DerHandle> chain,
                      const DaneReference& reference, int64_t time_s, bool complete = true);

// What a TLS report says of a mismatch (RFC 8460 §4.3): "certificate-expired",
// "certificate-host-mismatch", "validation-failure".
std::string_view DaneFailureRptResult(DaneFailure failure);

// Will this set survive a change of key (RFC 7671 §8.1, §8.4)? True with two usable usage 3 records
// of different data under the same parameters, or with usable records of usage 3 and of usage 2.
bool RolloverReady(std::span<const dns::TlsaRecord> records);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_DANE_VERDICT_H_
