// What is known of the revocation of an endpoint's certificates: from the stapled OCSP response,
// and with --revocation from the CRLs that the certificates name.
#ifndef MXSWEEP_SCANNER_VERDICT_REVOCATION_H_
#define MXSWEEP_SCANNER_VERDICT_REVOCATION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "scanner/http/fetch.h"
#include "tls/pki/revocation_sources.h"
#include "tls/revocation/crl.h"
#include "tls/revocation/ocsp.h"

namespace mxsweep::scanner {

// revocation_status of endpoints and certificates; docs/outcomes.md says what each word means.
enum class RevocationStatus : uint8_t {
  kNotAsked,  // null
  kGood,
  kRevoked,
  kUnknown,
  kNoSource,
  kExpiredCrl,
  kBadCrl,
  kFetchFailed,
};
std::string_view RevocationStatusName(RevocationStatus status);

// endpoints.revocation_source.
enum class RevocationSource : uint8_t { kNone, kOcspStaple, kCrl };
std::string_view RevocationSourceName(RevocationSource source);

// What the lists say of one certificate.
struct CertificateRevocation {
  RevocationStatus status = RevocationStatus::kNotAsked;
  std::string detail;  // a sentence; empty with kGood and kNotAsked
};

struct EndpointRevocation {
  RevocationStatus status = RevocationStatus::kNotAsked;
  RevocationSource source = RevocationSource::kNone;
  std::string detail;
};

// What a list says, in the words of the tables.
CertificateRevocation FromCrl(const tls::CrlVerdict& verdict);

// The verdict on an endpoint. `ocsp`: of its stapled response, if there was one. `path`: what the
// lists say of each certificate of the path, leaf first; empty where lists were not asked for.
// Revoked is what anybody says to be revoked; good is what nobody doubts. The stapled response
// speaks for the leaf before its list does.
EndpointRevocation JudgeEndpointRevocation(const std::optional<tls::OcspVerdict>& ocsp,
                                           std::span<const CertificateRevocation> path);

// The request for a list: `url` is as tls::RevocationSources::crl_urls has it. Nothing if it is not
// one that can be asked for.
std::optional<HttpRequest> CrlRequest(std::string_view url);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_VERDICT_REVOCATION_H_
