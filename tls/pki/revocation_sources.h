#ifndef MXSWEEP_TLS_PKI_REVOCATION_SOURCES_H_
#define MXSWEEP_TLS_PKI_REVOCATION_SOURCES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tls/pki/certificate_der.h"

namespace mxsweep::tls {

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

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_REVOCATION_SOURCES_H_
