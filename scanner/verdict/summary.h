#ifndef MXSWEEP_SCANNER_VERDICT_SUMMARY_H_
#define MXSWEEP_SCANNER_VERDICT_SUMMARY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/smtp/endpoint_facts.h"

namespace mxsweep::scanner {

struct EndpointVerdicts;

// What a domain needs to know of endpoints: of one, of a host's, of all its hosts'. Small, since
// one is kept for every finished host; merging is order-independent.
struct Summary {
  // Bits of `flags`.
  enum Flag : uint32_t {
    kGotFurther = 1 << 0,  // some endpoint greeted with 2xx and was not throttled afterwards
    kGreeted = 1 << 1,     // some endpoint gave a greeting of any kind
    kThrottled = 1 << 2,   // some endpoint said 421 or 4xx before STARTTLS could be asked for
    kNoStartTls = 1 << 3,  // some endpoint says it has no STARTTLS
    kRefusedStartTls = 1 << 4,
    kDaneSecure = 1 << 5,     // some host has secure TLSA records
    kDaneAbsent = 1 << 6,     // some host has none that count, or none for one of its addresses
    kDaneUnknown = 1 << 7,    // some host's records could not be looked up, for our own reasons
    kDaneBroken = 1 << 8,     // a DANE sender would refuse some endpoint
    kDaneMatch = 1 << 9,      // some endpoint matches
    kDaneUnjudged = 1 << 10,  // some endpoint of a host with records could not be judged
    kCancelled = 1 << 11,     // the scan was stopped before all was known
    kToldOfServer = 1 << 12,  // some endpoint's outcome tells of its server, not of us
    kLocalTrouble = 1 << 13,  // something could not be asked or tried, for our own reasons
    // An MTA-STS sender (RFC 8461 §4.2) would deliver to some endpoint: trusted chain, name in SAN,
    // and DANE, where there is any, does not forbid it (§2).
    kStsPassed = 1 << 14,
    kStsFailed = 1 << 15,     // it would refuse some endpoint: no TLS, a certificate that is not so
    kDaneUnusable = 1 << 16,  // some endpoint's records are all unusable: TLS without a name
    // Some endpoint would match but for its name, which a domain's own name may fit: see
    // SettleDaneNames.
    kDaneMisnamed = 1 << 17,
    // The same, and the names that it shows were not kept: whether they fit is not known.
    kDaneForgotten = 1 << 18,
    // Why something is not known (see `unknown`), where it is not our own trouble.
    kBlocked = 1 << 19,        // some address may not be connected to
    kNoRoute = 1 << 20,        // this machine has no way to some address
    kFamilyNotUsed = 1 << 21,  // some address is of a family that is not used
    kLookupFailed =
        1 << 22,  // some host's addresses, or those of one family, could not be looked up
    kLookupBogus = 1 << 23,  // or were not to be believed
    // Whether some chain would be trusted is not known (PkixStatus::kNotKnown); some is not.
    kPkixNotKnown = 1 << 24,
    kPkixInvalid = 1 << 25,
    kCrowded = 1 << 26,     // some endpoint was not asked: too many waited for its address
    kOverBudget = 1 << 27,  // some host or address is beyond what is asked of one domain or host
    kNotProbed = 1 << 28,   // some endpoint is to be asked by another job (mxsweep probe)
    // The upper bits belong to HostTable.
  };

  uint16_t endpoints = 0;
  uint16_t starttls = 0;   // endpoints that offer it
  uint16_t completed = 0;  // handshakes
  uint16_t verified = 0;   // of those: valid chain and matching name
  uint32_t flags = 0;
  uint8_t min_version : 4 = 0xf;  // minor byte of the version on the wire: 1 is TLS 1.0
  uint8_t max_version : 4 = 0;
  // Endpoints that were not asked, or could not be for our own reasons, and hosts of which the
  // addresses, or those of one family, are not known. Stops at 255.
  uint8_t unknown = 0;
  // Endpoints of which it was told what others met at their address. Stops at 255.
  uint8_t inferred = 0;
  // OpenSSL security levels; kNoLevel: no handshake, or none whose level is known.
  static constexpr uint8_t kNoLevel = 0xf;
  uint8_t weakest_session_level : 4 = kNoLevel;
  uint8_t weakest_certificate_level : 4 = kNoLevel;

  bool has(Flag flag) const { return (flags & flag) != 0; }
  void Merge(const Summary& other);
};
static_assert(sizeof(Summary) <= 16);

// The names that leaves present which DANE finds right but for their names: for usage 2 the
// recipient's domain is a reference identifier, too (RFC 7672 §3.2.2), and that is another one for
// every domain that names the host. One list for each such leaf. Rare: hosts whose certificates are
// issued for their customers' domains.
using MisnamedLeaves = std::vector<std::vector<std::string>>;
// Of one host: of a leaf beyond these it is not known whom it fits. A certificate with a hundred
// names takes about 3 kB.
inline constexpr size_t kMaxMisnamedLeaves = 16;
inline constexpr size_t kMaxMisnamedBytes = 16 * 1024;

// What is told of an endpoint or a host to those who asked for it: its summary, and what rarely
// comes with that. Copied at the price of a counter; immutable lists.
struct Findings : Summary {
  Findings() = default;
  Findings(const Summary& summary) : Summary(summary) {}  // NOLINT: most have nothing else

  std::shared_ptr<const MisnamedLeaves> misnamed;  // null where there are none

  // Takes the lists of `other` as well. Keeps the cap: what is beyond sets kDaneForgotten.
  void Merge(const Findings& other);
};

// Of one endpoint.
Findings SummarizeEndpoint(const EndpointFacts& facts, const EndpointVerdicts& verdicts);
// What the host's own look-ups add: its DANE state, and whether its addresses are known.
Summary SummarizeHost(const dns::HostAnswer& answer);
// `hosts` of a domain, or `addresses` of a host, that are left out: beyond the budget.
Summary SummarizeUnaskedHosts(size_t hosts);
Summary SummarizeUnaskedAddresses(size_t addresses);
// `endpoints` that were resolved and are asked by another job.
Summary SummarizeNotProbed(size_t endpoints);
// `endpoints` that are left out: of a family that is not used.
Summary SummarizeUnusedFamily(size_t endpoints);

// Decides, once all hosts of `domain` are in, what kDaneMisnamed means for it: a leaf that fits
// the domain or its CNAME expansion matches, provided that the MX answer is secure; any other is
// broken (RFC 7672 §3.2.2); one whose names were not kept leaves kDaneForgotten. Clears the flag
// and the lists.
void SettleDaneNames(std::string_view domain, const dns::MxAnswer& mx, Findings* findings);

// Verdicts on a domain, after SettleDaneNames: words of docs/outcomes.md; empty where the column is
// null.
std::string_view DomainDaneStatus(const dns::MxAnswer& mx, const Summary& summary);
std::string_view DomainPkixStatus(const Summary& summary);
std::string_view Diagnose(const dns::MxAnswer& mx, const Summary& summary);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_VERDICT_SUMMARY_H_
