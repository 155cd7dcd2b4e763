#ifndef MXSWEEP_SCANNER_SUMMARY_H_
#define MXSWEEP_SCANNER_SUMMARY_H_

#include <cstdint>
#include <string_view>

#include "scanner/endpoint_facts.h"

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
    kDaneAbsent = 1 << 6,     // some host has none that count
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
    kStsFailed = 1 << 15,  // it would refuse some endpoint: no TLS, a certificate that is not so
  };

  uint16_t endpoints = 0;
  uint16_t starttls = 0;   // endpoints that offer it
  uint16_t completed = 0;  // handshakes
  uint16_t verified = 0;   // of those: valid chain and matching name
  uint32_t flags = 0;
  uint8_t min_version = 0xff;  // minor byte of the version on the wire: 1 is TLS 1.0
  uint8_t max_version = 0;
  uint8_t weakest_level = 0xff;  // OpenSSL security level; 0xff: no handshake

  bool has(Flag flag) const { return (flags & flag) != 0; }
  void Merge(const Summary& other);
};
static_assert(sizeof(Summary) <= 16);

// Of one endpoint.
Summary SummarizeEndpoint(const EndpointFacts& facts, const EndpointVerdicts& verdicts);
// What the host's own look-ups add: its DANE state.
Summary SummarizeHost(const dns::HostAnswer& answer);

// Verdicts on a domain: words of docs/outcomes.md; empty where the column is null.
std::string_view DomainDaneStatus(const dns::MxAnswer& mx, const Summary& summary);
std::string_view DomainPkixStatus(const Summary& summary);
std::string_view Diagnose(const dns::MxAnswer& mx, const Summary& summary);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SUMMARY_H_
