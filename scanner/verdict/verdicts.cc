#include "scanner/verdict/verdicts.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "dns/mx_plan.h"
#include "scanner/base/rpt_result.h"
#include "scanner/base/text.h"
#include "tls/pki/issuer.h"
#include "tls/session/offers.h"
#include "tls/session/session_level.h"

namespace mxsweep::scanner {
namespace {

using tls::HandshakeOutcome;

// Was the handshake tried on a server that had said yes to TLS, and did it fail in a way that tells
// of the server?
bool TlsFailed(const EndpointFacts& facts) {
  return facts.stage == Stage::kHandshake && facts.outcome != Outcome::kTlsOk &&
         facts.outcome != Outcome::kTlsTimeout && !IsLocal(facts.outcome) &&
         FailurePerhapsOurs(facts).empty();
}

EndpointDane DaneWithoutChain(const EndpointFacts& facts) {
  switch (facts.outcome) {
    case Outcome::kNoStartTls:
    case Outcome::kStartTlsRefused:
      return EndpointDane::kNoStartTls;
    default:
      return TlsFailed(facts) ? EndpointDane::kTlsFailed : EndpointDane::kUnknown;
  }
}

EndpointDane FromVerdict(tls::DaneStatus status) {
  switch (status) {
    case tls::DaneStatus::kNone:
      return EndpointDane::kNone;
    case tls::DaneStatus::kUnusable:
      return EndpointDane::kUnusable;
    case tls::DaneStatus::kMatch:
      return EndpointDane::kMatch;
    case tls::DaneStatus::kMismatch:
      return EndpointDane::kMismatch;
    case tls::DaneStatus::kNotKnown:
      return EndpointDane::kUnknown;
  }
  return EndpointDane::kUnknown;
}

void JudgeDaneOf(const HostContext& host, const EndpointFacts& facts, EndpointVerdicts* verdicts) {
  if (!host.answer || !host.answer->tlsa_status) return;
  switch (*host.answer->tlsa_status) {
    case dns::TlsaStatus::kNone:
      verdicts->dane = EndpointDane::kNone;
      return;
    case dns::TlsaStatus::kInsecure:
      verdicts->dane = EndpointDane::kInsecure;
      return;
    case dns::TlsaStatus::kLookupError:
      verdicts->dane = EndpointDane::kLookupError;
      return;
    case dns::TlsaStatus::kLocalError:
      return;  // unknown
    case dns::TlsaStatus::kSecure:
      break;
  }
  if (facts.outcome != Outcome::kTlsOk) {
    verdicts->dane = DaneWithoutChain(facts);
    return;
  }
  // The MX answers that name this host are not known here: only the base domain is a reference for
  // all of them. What the next hop's own name adds is decided for each domain (SettleDaneNames).
  const tls::DaneReference reference{.tlsa_base_domain = host.answer->tlsa_base_domain};
  verdicts->dane_verdict =
      tls::JudgeDane(host.answer->tlsa, facts.handshake->chain, reference,
                     absl::ToUnixSeconds(facts.started_at), !host.answer->tlsa_left_out);
  verdicts->dane = FromVerdict(verdicts->dane_verdict->status);
}

// The stapled response, which is the leaf's. Its issuer is most often the next in the chain.
void JudgeStaple(const EndpointFacts& facts, const tls::TrustStore& store,
                 EndpointVerdicts* verdicts) {
  const tls::HandshakeFacts& shown = *facts.handshake;
  if (!shown.ocsp_stapled) return;
  const std::span<const uint8_t> leaf = shown.chain.front().der();
  const tls::DerHandle issuer =
      tls::FindIssuer(tls::CutCertificate(leaf), std::span(shown.chain).subspan(1), &store);
  const std::span<const uint8_t> issuer_der =
      issuer.empty() ? std::span<const uint8_t>() : issuer.der();
  verdicts->ocsp = tls::JudgeOcspResponse(shown.ocsp_response, leaf, issuer_der,
                                          absl::ToUnixSeconds(facts.started_at));
  verdicts->revocation = JudgeEndpointRevocation(verdicts->ocsp, {});
}

}  // namespace

std::string_view FailurePerhapsOurs(const EndpointFacts& facts) {
  const bool tells =
      facts.outcome == Outcome::kTlsAlert || facts.outcome == Outcome::kTlsProtocolError;
  return tells && facts.handshake ? tls::MayBeOurs(*facts.handshake) : std::string_view();
}

std::string_view EndpointDaneName(EndpointDane status) {
  switch (status) {
    case EndpointDane::kUnknown:
      return "";
    case EndpointDane::kNone:
      return "none";
    case EndpointDane::kInsecure:
      return "insecure";
    case EndpointDane::kLookupError:
      return "lookup_error";
    case EndpointDane::kUnusable:
      return "unusable";
    case EndpointDane::kMatch:
      return "match";
    case EndpointDane::kMismatch:
      return "mismatch";
    case EndpointDane::kNoStartTls:
      return "no_starttls";
    case EndpointDane::kTlsFailed:
      return "tls_failed";
  }
  return "";
}

EndpointVerdicts JudgeEndpoint(const HostContext& host, const EndpointFacts& facts,
                               std::vector<tls::CertificateRef> chain, tls::PkixVerifier* pkix,
                               const dns::IpAddress* address) {
  EndpointVerdicts verdicts;
  verdicts.chain = std::move(chain);
  if (facts.handshake && !facts.handshake->chain.empty()) {
    std::vector<tls::Sha256> fingerprints;
    fingerprints.reserve(verdicts.chain.size());
    for (const tls::CertificateRef& shown : verdicts.chain) fingerprints.push_back(shown->sha256);
    verdicts.pkix =
        pkix->Judge(facts.handshake->chain, fingerprints, absl::ToUnixSeconds(facts.started_at));
    JudgeStaple(facts, pkix->store(), &verdicts);
    if (!host.host.empty()) {
      const std::string reference[] = {host.host};
      verdicts.name_match = tls::MatchName(facts.handshake->chain.front().der(), reference);
    }
  }
  if (facts.outcome == Outcome::kTlsOk) {
    const tls::Certificate* leaf = verdicts.chain.empty() ? nullptr : verdicts.chain.front().get();
    verdicts.session_level =
        tls::JudgeSessionLevel(*facts.handshake, leaf, tls::OpenSslRules::k3_1);
    verdicts.session_level_openssl_3_0 =
        tls::JudgeSessionLevel(*facts.handshake, leaf, tls::OpenSslRules::k3_0).level;
    if (verdicts.pkix) verdicts.certificate_level = verdicts.pkix->certificate_level;
  }
  if (address != nullptr && host.answer && host.answer->tlsa_status &&
      !host.answer->TlsaCountsFor(*address)) {
    verdicts.dane = EndpointDane::kInsecure;
  } else {
    JudgeDaneOf(host, facts, &verdicts);
  }
  return verdicts;
}

void JudgeWithoutServerName(const HostContext& host, const EndpointFacts& named,
                            const EndpointFacts& unnamed, std::vector<tls::CertificateRef> chain,
                            tls::PkixVerifier* pkix, EndpointVerdicts* verdicts) {
  std::string& detail = verdicts->without_server_name_detail;
  if (unnamed.outcome != Outcome::kTlsOk) {
    detail = JoinText(OutcomeName(unnamed.outcome), unnamed.error_detail.empty() ? "" : ": ",
                      unnamed.error_detail);
    // A connection that breaks off may do so by chance.
    const bool failed =
        unnamed.outcome == Outcome::kTlsAlert || unnamed.outcome == Outcome::kTlsProtocolError;
    if (failed) verdicts->without_server_name = "failed";
    return;
  }
  if (std::ranges::equal(named.handshake->chain, unnamed.handshake->chain,
                         [](const tls::DerHandle& a, const tls::DerHandle& b) {
                           return std::ranges::equal(a.der(), b.der());
                         })) {
    verdicts->without_server_name = "same";
    return;
  }
  const EndpointVerdicts other = JudgeEndpoint(host, unnamed, std::move(chain), pkix);
  if (!other.pkix || other.pkix->status == tls::PkixStatus::kNotKnown) {
    verdicts->without_server_name = "not_known";
    if (other.pkix) detail = other.pkix->error;
  } else if (other.pkix->status != tls::PkixStatus::kValid) {
    verdicts->without_server_name = "invalid";
    detail = JoinText(tls::PkixStatusName(other.pkix->status), ": ", other.pkix->error);
  } else if (other.name_match == tls::NameMatch::kNone) {
    verdicts->without_server_name = "invalid";
    detail = "the certificate is for another name";
  } else {
    verdicts->without_server_name = "valid";
  }
}

std::string_view RptResult(const EndpointFacts& facts, const EndpointVerdicts& verdicts) {
  // A sender that uses DANE does not even connect (RFC 7672 §2.1.2).
  if (verdicts.dane == EndpointDane::kLookupError && !IsLocal(facts.outcome) &&
      !IsNotAsked(facts.outcome)) {
    return rpt::kDnssecInvalid;
  }
  switch (facts.outcome) {
    case Outcome::kTlsOk:
      break;
    case Outcome::kNoStartTls:
    case Outcome::kStartTlsRefused:
      return rpt::kStartTlsNotSupported;
    case Outcome::kTlsAlert:
    case Outcome::kTlsProtocolError:
      // Who gets on with the server has no failure to report.
      return FailurePerhapsOurs(facts).empty() ? rpt::kValidationFailure : "";
    case Outcome::kClosedEarly:
    case Outcome::kReset:
      return facts.stage == Stage::kHandshake ? rpt::kValidationFailure
                                              : OutcomeName(facts.outcome);
    case Outcome::kBlocked:
    case Outcome::kNotAskedNoRoute:
    case Outcome::kNotAskedCrowded:
      return "";
    default:
      return IsLocal(facts.outcome) ? "" : OutcomeName(facts.outcome);
  }
  if (verdicts.dane == EndpointDane::kMatch) return rpt::kSuccess;
  if (verdicts.dane == EndpointDane::kMismatch) {
    return tls::DaneFailureRptResult(verdicts.dane_verdict->failure);
  }
  if (verdicts.dane == EndpointDane::kUnusable) return rpt::kTlsaInvalid;
  if (!verdicts.pkix) return rpt::kValidationFailure;
  // It may be a success.
  if (verdicts.pkix->status == tls::PkixStatus::kNotKnown) return "";
  if (verdicts.pkix->status == tls::PkixStatus::kExpired) return rpt::kCertificateExpired;
  if (verdicts.name_match == tls::NameMatch::kNone) return rpt::kCertificateHostMismatch;
  // RFC 8460 §4.3.1 has this one for everything that has no word of its own: it comes last.
  return verdicts.pkix->status == tls::PkixStatus::kValid ? rpt::kSuccess
                                                          : rpt::kCertificateNotTrusted;
}

}  // namespace mxsweep::scanner
