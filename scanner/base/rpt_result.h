// The words of RFC 8460 §4.3 and §4.4 for what came of a session or of a policy, each written once:
// `rpt_result` columns hold them. What the RFC has no word for has our own (docs/outcomes.md).
#ifndef MXSWEEP_SCANNER_BASE_RPT_RESULT_H_
#define MXSWEEP_SCANNER_BASE_RPT_RESULT_H_

#include <string_view>

namespace mxsweep::rpt {

// §4.4 counts these sessions apart, without a word of the wire for them.
inline constexpr std::string_view kSuccess = "success";

// §4.3.1: negotiation.
inline constexpr std::string_view kStartTlsNotSupported = "starttls-not-supported";
inline constexpr std::string_view kCertificateHostMismatch = "certificate-host-mismatch";
inline constexpr std::string_view kCertificateExpired = "certificate-expired";
inline constexpr std::string_view kCertificateNotTrusted = "certificate-not-trusted";
inline constexpr std::string_view kValidationFailure = "validation-failure";

// §4.3.2.1: DANE.
inline constexpr std::string_view kTlsaInvalid = "tlsa-invalid";
inline constexpr std::string_view kDnssecInvalid = "dnssec-invalid";

// §4.3.2.2: MTA-STS.
inline constexpr std::string_view kStsPolicyFetchError = "sts-policy-fetch-error";
inline constexpr std::string_view kStsPolicyInvalid = "sts-policy-invalid";
inline constexpr std::string_view kStsWebPkiInvalid = "sts-webpki-invalid";

}  // namespace mxsweep::rpt

#endif  // MXSWEEP_SCANNER_BASE_RPT_RESULT_H_
