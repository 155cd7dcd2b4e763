// What OCSP responses and CRLs have in common: dates, reasons, and where a certificate says that
// its own revocation can be looked up.
#ifndef MXSWEEP_TLS_REVOCATION_H_
#define MXSWEEP_TLS_REVOCATION_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/certificate_der.h"
#include "tls/der_handle.h"

namespace mxsweep::tls {

class TrustStore;

// thisUpdate and nextUpdate of a response or a list, in seconds since the epoch.
struct UpdateWindow {
  int64_t this_update_s = 0;
  std::optional<int64_t> next_update_s;
};

enum class Freshness : uint8_t { kFresh, kExpired, kNotYetValid };

// Is what was said in this window still to be believed? Clocks may differ by five minutes. Without
// a nextUpdate (RFC 6960 §4.2.2.1 allows it, RFC 5280 §5.1.2.5 does not) it is believed for ten
// days, which is as long as public authorities may ever let one live.
Freshness FreshnessOf(const UpdateWindow& window, int64_t time_s);

// A revocation (RFC 5280 §5.3.1).
struct Revocation {
  int64_t at_s = 0;
  uint8_t reason = 0;  // CRLReason; 0 where none was given
};

// "keyCompromise" …, the RFC's words; "reason 7" for one that has none.
std::string CrlReasonText(uint8_t reason);
// "revoked 2025-12-01T08:00:00Z, keyCompromise"; without a reason where none was given.
std::string RevocationText(const Revocation& revocation);
// "2025-12-01T08:00:00Z".
std::string TimeText(int64_t time_s);

// Caps on what is taken from one certificate.
inline constexpr size_t kMaxCrlUrls = 8;
inline constexpr size_t kMaxCrlUrlBytes = 1024;

// Where a certificate says that its revocation can be looked up, and what it asks of its server.
struct RevocationSources {
  // http: URLs of its CRLs (RFC 5280 §4.2.1.13), in order. Left out: other schemes, lists by
  // another issuer (indirect CRLs), lists for some reasons only, and text that is no URL.
  std::vector<std::string> crl_urls;
  // All URIs of the same distribution points, whatever the scheme: a list that says for which
  // distribution point it is must name one of them.
  std::vector<std::string> distribution_point_names;
  // The TLS feature extension (RFC 7633) lists status_request: a client may insist on a stapled
  // OCSP response.
  bool ocsp_must_staple = false;
  bool well_formed = true;
};

RevocationSources ReadRevocationSources(const CertificateDer& certificate);

// The certificate among `candidates` (in any order), else in `store` (may be null), whose name is
// the issuer's and whose key signed `certificate`. An empty handle if there is none.
DerHandle FindIssuer(const CertificateDer& certificate, std::span<const DerHandle> candidates,
                     const TrustStore* store);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_REVOCATION_H_
