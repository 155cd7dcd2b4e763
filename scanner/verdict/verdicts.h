#ifndef MXSWEEP_SCANNER_VERDICT_VERDICTS_H_
#define MXSWEEP_SCANNER_VERDICT_VERDICTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/smtp/endpoint_facts.h"
#include "scanner/verdict/revocation.h"
#include "tls/dane/verdict.h"
#include "tls/pki/certificate_table.h"
#include "tls/pki/name_match.h"
#include "tls/pki/pkix.h"
#include "tls/pki/security_level.h"
#include "tls/revocation/ocsp.h"

namespace mxsweep::scanner {

// endpoints.dane_status.
enum class EndpointDane : uint8_t {
  kUnknown,  // null: records, and nothing to judge them by or none that we can; or not looked up
  kNone,
  kInsecure,
  kLookupError,
  kUnusable,
  kMatch,
  kMismatch,
  kNoStartTls,
  kTlsFailed,
};
std::string_view EndpointDaneName(EndpointDane status);

// What an endpoint's facts mean. Pointers are into the certificate table.
struct EndpointVerdicts {
  std::vector<tls::CertificateRef> chain;  // leaf first; empty: none was shown
  std::optional<tls::PkixVerdict> pkix;
  std::optional<tls::NameMatch> name_match;
  // Where the handshake was completed; the first by the rules of OpenSSL 3.1 and later.
  std::optional<tls::SecurityLevel> session_level;
  std::optional<int> session_level_openssl_3_0;
  std::optional<tls::SecurityLevel> certificate_level;
  EndpointDane dane = EndpointDane::kUnknown;
  std::optional<tls::DaneVerdict> dane_verdict;  // where there was a chain to judge
  std::optional<tls::OcspVerdict> ocsp;          // where a response was stapled
  // By the stapled response alone, until the lists have been asked (Worker::LookUpRevocations).
  EndpointRevocation revocation;
  // endpoints.without_server_name; empty: null.
  std::string_view without_server_name;
  std::string without_server_name_detail;

  bool verified() const {
    return pkix && pkix->status == tls::PkixStatus::kValid && name_match &&
           *name_match != tls::NameMatch::kNone;
  }
};

// Why a handshake that failed may be the doing of our own client (tls::MayBeOurs); empty: it is the
// server's, or did not fail. Then nothing is said of the server's TLS: other senders may get on.
std::string_view FailurePerhapsOurs(const EndpointFacts& facts);

// Judges `facts`, whose certificates are `chain` in the table. `pkix` is borrowed for the call.
// `address` is the endpoint's, for which the host's TLSA records may not count; null: they do.
EndpointVerdicts JudgeEndpoint(const HostContext& host, const EndpointFacts& facts,
                               std::vector<tls::CertificateRef> chain, tls::PkixVerifier* pkix,
                               const dns::IpAddress* address = nullptr);

// Of an endpoint whose facts are `named`: what `unnamed`, a connection without a server name, says
// of who sends none. `chain` is that one's, in the table. `pkix` is borrowed for the call.
void JudgeWithoutServerName(const HostContext& host, const EndpointFacts& named,
                            const EndpointFacts& unnamed, std::vector<tls::CertificateRef> chain,
                            tls::PkixVerifier* pkix, EndpointVerdicts* verdicts);

// endpoints.rpt_result: an RFC 8460 §4.3 word where one fits; empty: null.
std::string_view RptResult(const EndpointFacts& facts, const EndpointVerdicts& verdicts);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_VERDICT_VERDICTS_H_
