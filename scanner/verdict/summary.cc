#include "scanner/verdict/summary.h"

#include <algorithm>
#include <utility>

#include "scanner/verdict/verdicts.h"
#include "tls/pki/name_match.h"

namespace mxsweep::scanner {
namespace {

uint16_t SaturatingAdd(uint16_t a, uint16_t b) {
  return static_cast<uint16_t>(std::min<uint32_t>(uint32_t{a} + b, 0xffff));
}

uint32_t DialogueFlags(const EndpointFacts& facts) {
  uint32_t flags = IsLocal(facts.outcome) ? uint32_t{Summary::kLocalTrouble} : 0;
  if (facts.greeting || !(IsLocal(facts.outcome) || IsNotAsked(facts.outcome))) {
    flags |= Summary::kToldOfServer;
  }
  if (facts.outcome == Outcome::kBlocked) flags |= Summary::kBlocked;
  if (facts.outcome == Outcome::kNotAskedNoRoute) flags |= Summary::kNoRoute;
  if (facts.outcome == Outcome::kNotAskedCrowded) flags |= Summary::kCrowded;
  const bool throttled = facts.outcome == Outcome::kThrottled421 || facts.transient_refusal;
  // A refused STARTTLS has been offered before: that is further than throttling.
  const bool before_starttls = facts.stage < Stage::kStartTls;
  // (What others were greeted with is told without the greeting.)
  if (facts.greeting || facts.outcome == Outcome::kGreeting5xx) flags |= Summary::kGreeted;
  if (throttled && (before_starttls || facts.outcome == Outcome::kThrottled421)) {
    flags |= Summary::kThrottled;
  } else if (facts.handshake || (facts.greeting && facts.greeting->positive())) {
    flags |= Summary::kGotFurther;
  }
  if (facts.outcome == Outcome::kNoStartTls) flags |= Summary::kNoStartTls;
  if (facts.outcome == Outcome::kStartTlsRefused) flags |= Summary::kRefusedStartTls;
  return flags;
}

// Would other reference identifiers make it a match?
bool IsMisnamed(const EndpointVerdicts& verdicts) {
  return verdicts.dane == EndpointDane::kMismatch && verdicts.dane_verdict &&
         verdicts.dane_verdict->failure == tls::DaneFailure::kHostMismatch;
}

uint32_t DaneFlags(EndpointDane dane) {
  switch (dane) {
    case EndpointDane::kMatch:
      return Summary::kDaneMatch;
    case EndpointDane::kUnusable:
      return Summary::kDaneUnusable;
    case EndpointDane::kMismatch:
    case EndpointDane::kNoStartTls:
    case EndpointDane::kTlsFailed:
    case EndpointDane::kLookupError:
      return Summary::kDaneBroken;
    case EndpointDane::kUnknown:
      return Summary::kDaneUnjudged;
    case EndpointDane::kInsecure:
      return Summary::kDaneAbsent;
    case EndpointDane::kNone:
      return 0;
  }
  return 0;
}

bool IsPkixNotKnown(const EndpointVerdicts& verdicts) {
  return verdicts.pkix && verdicts.pkix->status == tls::PkixStatus::kNotKnown;
}

// A wrong name is wrong whatever the chain.
uint32_t PkixFlags(const EndpointVerdicts& verdicts) {
  if (verdicts.verified()) return 0;
  return IsPkixNotKnown(verdicts) && verdicts.name_match != tls::NameMatch::kNone
             ? Summary::kPkixNotKnown
             : Summary::kPkixInvalid;
}

// What an MTA-STS sender would do with the endpoint, if a policy allowed its host: the certificate
// counts by SAN alone (RFC 8461 §4.2), and a failure of DANE is final (§2).
uint32_t StsFlags(const EndpointFacts& facts, const EndpointVerdicts& verdicts) {
  switch (facts.outcome) {
    case Outcome::kTlsOk:
      break;
    case Outcome::kNoStartTls:
    case Outcome::kStartTlsRefused:
    case Outcome::kTlsAlert:
    case Outcome::kTlsProtocolError:
      return Summary::kStsFailed;
    case Outcome::kClosedEarly:
    case Outcome::kReset:
      return facts.stage == Stage::kHandshake ? uint32_t{Summary::kStsFailed} : 0;
    default:
      return 0;  // nothing is known of its TLS
  }
  if (IsPkixNotKnown(verdicts) && verdicts.name_match == tls::NameMatch::kSan) return 0;
  const bool dane_refuses = (DaneFlags(verdicts.dane) & Summary::kDaneBroken) != 0;
  const bool passed = verdicts.pkix && verdicts.pkix->status == tls::PkixStatus::kValid &&
                      verdicts.name_match == tls::NameMatch::kSan && !dane_refuses;
  return passed ? Summary::kStsPassed : Summary::kStsFailed;
}

size_t BytesOf(const std::vector<std::string>& names) {
  size_t bytes = 0;
  for (const std::string& name : names) bytes += name.size() + sizeof(std::string);
  return bytes;
}

// An endpoint whose leaf is right but for its name.
void NoteMisnamed(std::vector<std::string> presented, Findings* findings) {
  if (presented.empty() || BytesOf(presented) > kMaxMisnamedBytes) {
    findings->flags |= presented.empty() ? Summary::kDaneBroken : Summary::kDaneForgotten;
    return;
  }
  findings->flags |= Summary::kDaneMisnamed;
  findings->misnamed = std::make_shared<const MisnamedLeaves>(1, std::move(presented));
}

// What was not answered of a host's addresses: of both families, or of one.
void NoteUnknownAddresses(const dns::HostAnswer& answer, Summary* summary) {
  for (const auto& status : {answer.address_status, answer.a_status, answer.aaaa_status}) {
    if (!status) continue;
    switch (*status) {
      case dns::LookupStatus::kOk:
      case dns::LookupStatus::kNoData:
      case dns::LookupStatus::kNxDomain:
        continue;
      case dns::LookupStatus::kServfail:
      case dns::LookupStatus::kTimeout:
        summary->flags |= Summary::kLookupFailed;
        break;
      case dns::LookupStatus::kBogus:
        summary->flags |= Summary::kLookupBogus;
        break;
      case dns::LookupStatus::kLocalError:
        summary->flags |= Summary::kLocalTrouble;
        break;
    }
    summary->unknown = 1;
  }
}

// No server was asked: why?
std::string_view DiagnoseUnasked(const Summary& summary) {
  if (summary.has(Summary::kLookupBogus)) return "dnssec_bogus";
  if (summary.has(Summary::kLookupFailed)) return "dns_error";
  if (summary.has(Summary::kBlocked)) return "not_asked_blocked";
  if (summary.has(Summary::kNoRoute)) return "not_asked_no_route";
  if (summary.has(Summary::kFamilyNotUsed)) return "not_asked_family";
  if (summary.has(Summary::kCrowded)) return "not_asked_crowded";
  if (summary.has(Summary::kNotProbed)) return "not_probed";
  return "mx_unresolvable";
}

}  // namespace

void Summary::Merge(const Summary& other) {
  endpoints = SaturatingAdd(endpoints, other.endpoints);
  starttls = SaturatingAdd(starttls, other.starttls);
  completed = SaturatingAdd(completed, other.completed);
  verified = SaturatingAdd(verified, other.verified);
  unknown = static_cast<uint8_t>(std::min(unknown + other.unknown, 0xff));
  inferred = static_cast<uint8_t>(std::min(inferred + other.inferred, 0xff));
  flags |= other.flags;
  min_version = std::min<uint8_t>(min_version, other.min_version);
  max_version = std::max<uint8_t>(max_version, other.max_version);
  weakest_session_level = std::min<uint8_t>(weakest_session_level, other.weakest_session_level);
  weakest_certificate_level =
      std::min<uint8_t>(weakest_certificate_level, other.weakest_certificate_level);
}

void Findings::Merge(const Findings& other) {
  Summary::Merge(other);
  if (other.misnamed == nullptr || other.misnamed == misnamed) return;
  if (misnamed == nullptr) {
    misnamed = other.misnamed;
    return;
  }
  MisnamedLeaves all = *misnamed;
  size_t bytes = 0;
  for (const auto& names : all) bytes += BytesOf(names);
  for (const auto& names : *other.misnamed) {
    // The addresses of a host mostly show one certificate.
    if (std::find(all.begin(), all.end(), names) != all.end()) continue;
    bytes += BytesOf(names);
    if (all.size() == kMaxMisnamedLeaves || bytes > kMaxMisnamedBytes) {
      flags |= kDaneForgotten;
      break;
    }
    all.push_back(names);
  }
  misnamed = std::make_shared<const MisnamedLeaves>(std::move(all));
}

void SettleDaneNames(std::string_view domain, const dns::MxAnswer& mx, Findings* findings) {
  if (!findings->has(Summary::kDaneMisnamed) && !findings->has(Summary::kDaneForgotten)) return;
  std::vector<std::string_view> references;
  if (mx.dnssec == dns::DnssecState::kSecure) {
    references.push_back(domain);
    if (!mx.next_hop_cname.empty()) references.push_back(mx.next_hop_cname);
  }
  const auto fits = [&references](const std::string& presented) {
    return std::any_of(references.begin(), references.end(), [&](std::string_view reference) {
      return tls::PresentedNameMatches(presented, reference);
    });
  };
  // Of lists that were not kept (HostTable) it is not known whom they fit.
  const bool forgotten = findings->has(Summary::kDaneForgotten) || findings->misnamed == nullptr;
  // Without a reference nothing fits, whatever it was.
  if (forgotten) {
    findings->flags |= references.empty() ? Summary::kDaneBroken : Summary::kDaneForgotten;
  }
  for (size_t i = 0; findings->misnamed != nullptr && i < findings->misnamed->size(); ++i) {
    const std::vector<std::string>& leaf = (*findings->misnamed)[i];
    findings->flags |=
        std::any_of(leaf.begin(), leaf.end(), fits) ? Summary::kDaneMatch : Summary::kDaneBroken;
  }
  findings->flags &= ~uint32_t{Summary::kDaneMisnamed};
  findings->misnamed.reset();
}

Findings SummarizeEndpoint(const EndpointFacts& facts, const EndpointVerdicts& verdicts) {
  Findings summary;
  summary.endpoints = 1;
  summary.unknown = IsLocal(facts.outcome) || IsNotAsked(facts.outcome) ? 1 : 0;
  summary.inferred = facts.inferred() ? 1 : 0;
  summary.starttls = facts.starttls_offered().value_or(false) ? 1 : 0;
  summary.flags = DialogueFlags(facts) | StsFlags(facts, verdicts);
  if (IsMisnamed(verdicts)) {
    NoteMisnamed(tls::PresentedNames(facts.handshake->chain.front().der()), &summary);
  } else {
    summary.flags |= DaneFlags(verdicts.dane);
  }
  if (facts.outcome == Outcome::kTlsOk) {
    summary.completed = 1;
    summary.verified = verdicts.verified() ? 1 : 0;
    summary.flags |= PkixFlags(verdicts);
    const unsigned minor = facts.handshake->version_wire.value_or(0) & 0xf;
    summary.min_version = minor;
    summary.max_version = minor;
    summary.weakest_session_level = static_cast<uint8_t>(verdicts.session_level->level) & 0xf;
    if (verdicts.certificate_level) {
      summary.weakest_certificate_level =
          static_cast<uint8_t>(verdicts.certificate_level->level) & 0xf;
    }
  }
  return summary;
}

Summary SummarizeUnaskedHosts(size_t hosts) {
  Summary summary;
  summary.unknown = static_cast<uint8_t>(std::min<size_t>(hosts, 0xff));
  if (hosts > 0) summary.flags = Summary::kOverBudget | Summary::kDaneUnknown;
  return summary;
}

Summary SummarizeUnaskedAddresses(size_t addresses) {
  Summary summary;
  summary.unknown = static_cast<uint8_t>(std::min<size_t>(addresses, 0xff));
  if (addresses > 0) summary.flags = Summary::kOverBudget | Summary::kDaneUnjudged;
  return summary;
}

Summary SummarizeNotProbed(size_t endpoints) {
  Summary summary;
  summary.endpoints = static_cast<uint16_t>(endpoints);
  summary.unknown = static_cast<uint8_t>(std::min<size_t>(endpoints, 0xff));
  summary.flags = Summary::kNotProbed | Summary::kDaneUnjudged;
  return summary;
}

Summary SummarizeUnusedFamily(size_t endpoints) {
  Summary summary;
  summary.unknown = static_cast<uint8_t>(std::min<size_t>(endpoints, 0xff));
  if (endpoints > 0) summary.flags = Summary::kFamilyNotUsed;
  return summary;
}

Summary SummarizeHost(const dns::HostAnswer& answer) {
  Summary summary;
  NoteUnknownAddresses(answer, &summary);
  if (!answer.tlsa_status) {
    // A host without addresses has no say; one that we could not ask about does.
    if (summary.unknown > 0) summary.flags |= Summary::kDaneUnknown;
    return summary;
  }
  switch (*answer.tlsa_status) {
    case dns::TlsaStatus::kSecure:
      summary.flags |= Summary::kDaneSecure;
      break;
    case dns::TlsaStatus::kLookupError:
      summary.flags |= Summary::kDaneBroken;
      break;
    case dns::TlsaStatus::kNone:
    case dns::TlsaStatus::kInsecure:
      summary.flags |= Summary::kDaneAbsent;
      break;
    case dns::TlsaStatus::kLocalError:
      summary.flags |= Summary::kDaneUnknown | Summary::kLocalTrouble;
      break;
  }
  return summary;
}

std::string_view DomainDaneStatus(const dns::MxAnswer& mx, const Summary& summary) {
  switch (mx.status) {
    case dns::MxStatus::kMx:
    case dns::MxStatus::kImplicit:
      break;
    case dns::MxStatus::kBogus:
    case dns::MxStatus::kServfail:
    case dns::MxStatus::kTimeout:
    case dns::MxStatus::kLocalError:
      return "unknown";
    default:
      return "";  // no mail, or no such domain: nothing to protect
  }
  if (mx.dnssec == dns::DnssecState::kBogus || mx.dnssec == dns::DnssecState::kError) {
    return "unknown";
  }
  const bool secure = summary.has(Summary::kDaneSecure);
  // RFC 7672 §2.2.1: DANE is up to the sender where anybody could have forged the MX answer,
  // whatever he then meets.
  if (mx.dnssec == dns::DnssecState::kInsecure && secure) return "optional";
  if (summary.has(Summary::kDaneBroken)) {
    // Without secure records what is broken is a look-up: there may be records or not.
    return mx.dnssec == dns::DnssecState::kInsecure ? "unknown" : "broken";
  }
  if (summary.has(Summary::kDaneForgotten)) return "unknown";
  if (!secure) {
    if (summary.has(Summary::kDaneUnknown)) return "unknown";
    return summary.has(Summary::kDaneAbsent) ? "none" : "unknown";
  }
  for (const auto flag : {Summary::kDaneAbsent, Summary::kDaneUnknown, Summary::kDaneUnusable}) {
    if (summary.has(flag)) return "partial";
  }
  return summary.has(Summary::kDaneMatch) ? "full" : "unknown";
}

std::string_view DomainPkixStatus(const Summary& summary) {
  if (summary.completed == 0) return "";
  if (summary.verified == summary.completed) return "valid";
  if (summary.verified > 0 && summary.has(Summary::kPkixInvalid)) return "partial";
  return summary.has(Summary::kPkixNotKnown) ? "" : "invalid";
}

std::string_view Diagnose(const dns::MxAnswer& mx, const Summary& summary) {
  switch (mx.status) {
    case dns::MxStatus::kInvalidName:
      return "invalid_name";
    case dns::MxStatus::kNxDomain:
      return "nxdomain";
    case dns::MxStatus::kServfail:
    case dns::MxStatus::kTimeout:
      return "dns_error";
    case dns::MxStatus::kLocalError:
      return "local_error";
    case dns::MxStatus::kBogus:
      return "dnssec_bogus";
    case dns::MxStatus::kNullMx:
      return "null_mx";
    case dns::MxStatus::kNoMail:
      return "no_mail";
    case dns::MxStatus::kMx:
    case dns::MxStatus::kImplicit:
      break;
  }
  // Where all we met was our own trouble, nothing is known of the domain.
  if (summary.has(Summary::kLocalTrouble) && !summary.has(Summary::kToldOfServer)) {
    return "local_error";
  }
  const std::string_view dane = DomainDaneStatus(mx, summary);
  // Where DANE is optional, senders that use it all the same refuse what is broken.
  if (dane == "broken" || (dane == "optional" && summary.has(Summary::kDaneBroken))) {
    return "dane_broken";
  }
  const bool asked = summary.has(Summary::kToldOfServer) || summary.has(Summary::kGotFurther);
  if (!asked) return DiagnoseUnasked(summary);
  if (!summary.has(Summary::kGotFurther)) {
    if (summary.has(Summary::kThrottled)) return "throttled";
    return summary.has(Summary::kGreeted) ? "smtp_failed" : "unreachable";
  }
  if (summary.starttls == 0) {
    return summary.has(Summary::kNoStartTls) ? "no_starttls" : "smtp_failed";
  }
  if (summary.completed == 0) return "tls_broken";
  if (summary.has(Summary::kNoStartTls) || summary.has(Summary::kRefusedStartTls)) {
    return "mixed_starttls";
  }
  if (summary.weakest_certificate_level <= 1) return "weak_keys";
  if (summary.min_version < 3) return "old_tls";
  if (summary.weakest_session_level <= 1) return "weak_session";
  if (summary.verified < summary.completed && dane != "full") {
    return summary.has(Summary::kPkixInvalid) || !summary.has(Summary::kPkixNotKnown)
               ? "untrusted_certificate"
               : "certificate_not_known";
  }
  return "ok";
}

}  // namespace mxsweep::scanner
