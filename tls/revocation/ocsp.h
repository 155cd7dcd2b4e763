// Reads a stapled OCSP response (RFC 6960 §4.2; RFC 6066 §8) and says what it is worth for the
// certificate it came with.
#ifndef MXSWEEP_TLS_REVOCATION_OCSP_H_
#define MXSWEEP_TLS_REVOCATION_OCSP_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tls/revocation/revocation.h"

namespace mxsweep::tls {

// docs/outcomes.md says what each word means. Where several apply, the earliest in this order is
// told, and kGood, kRevoked and kUnknown only where nothing is wrong with the response.
enum class OcspStatus : uint8_t {
  kMalformed,              // not a response, or one that asks for what nobody understands
  kResponderError,         // the responder had none to give (tryLater, unauthorized …)
  kNotForThisCertificate,  // it speaks of other certificates only
  kIssuerUnknown,          // nobody to verify its signature by: the issuer was not sent
  kBadSignature,           // neither by the issuer nor by a responder that it delegated
  kNotYetValid,
  kExpired,
  kRevoked,
  kUnknown,  // the responder does not know the certificate
  kGood,
};

// "good", "revoked", "not_for_this_certificate", …
std::string_view OcspStatusName(OcspStatus status);

struct OcspVerdict {
  OcspStatus status = OcspStatus::kMalformed;
  // What was said of the certificate, as soon as it was found in the response, verified or not.
  std::optional<UpdateWindow> window;
  std::optional<Revocation> revocation;
  // One sentence; empty with kGood.
  std::string detail;
};

// Caps on what a response can make us walk.
inline constexpr size_t kMaxOcspSingleResponses = 256;
inline constexpr size_t kMaxOcspCertificates = 8;

// Judges `response` (DER) for the certificate `leaf`, issued by `issuer` (empty: not known), at
// `time_s`. The signature must be the issuer's own, or that of a certificate that the issuer
// signed, with the purpose id-kp-OCSPSigning, within its dates (RFC 6960 §4.2.2.2); over MD5 it is
// refused. A pure function.
OcspVerdict JudgeOcspResponse(std::span<const uint8_t> response, std::span<const uint8_t> leaf,
                              std::span<const uint8_t> issuer, int64_t time_s);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_REVOCATION_OCSP_H_
