#include "scanner/posture/sender_policy.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace mxsweep::scanner {
namespace {

using output::DomainRow;
using output::EndpointRow;
using enum SenderAction;
using Reason = SenderReason;

// What comes of trying one server. Final: the mail is handed over, and `action` says how.
// Otherwise the sender goes on to the next one, and `action` is what is left if nobody takes it.
struct Step {
  bool final = false;
  SenderAction action = kUnknown;
  Reason reason = Reason::kNotTried;
  std::string_view host;
  std::string_view address;
};

constexpr Step Deliver(SenderAction action, Reason reason) { return {true, action, reason}; }
constexpr Step GoOn(SenderAction action, Reason reason) { return {false, action, reason}; }

bool HandshakeFailed(const EndpointRow& row) {
  if (row.outcome == "tls_alert" || row.outcome == "tls_protocol_error") return true;
  return row.stage == "handshake" && (row.outcome == "closed_early" || row.outcome == "reset");
}

bool TurnedAway(const EndpointRow& row) {
  return row.outcome == "greeting_4xx" || row.outcome == "greeting_5xx" ||
         row.outcome == "throttled_421" || row.outcome == "ehlo_refused";
}

bool NotTried(const EndpointRow& row) {
  return row.outcome == "blocked" || row.outcome.starts_with("local_");
}

// Where the dialogue ended before STARTTLS could be asked for, it ends so for every sender.
std::optional<Step> BeforeStartTls(const EndpointRow& row) {
  if (row.outcome == "tls_ok" || row.outcome == "no_starttls" ||
      row.outcome == "starttls_refused" || HandshakeFailed(row)) {
    return std::nullopt;
  }
  if (row.outcome == "connect_refused") return GoOn(kDefer, Reason::kNotListening);
  if (row.outcome == "smtp_protocol_error") return GoOn(kDefer, Reason::kNoSmtp);
  if (TurnedAway(row)) return GoOn(kUnknown, Reason::kTurnedAway);
  if (NotTried(row)) return GoOn(kUnknown, Reason::kNotTried);
  return GoOn(kUnknown, Reason::kNoAnswer);
}

// How STARTTLS failed to come about. REQUIRES: it did.
Reason StartTlsTrouble(const EndpointRow& row) {
  if (row.outcome == "no_starttls") return Reason::kNoStartTls;
  if (row.outcome == "starttls_refused") return Reason::kStartTlsRefused;
  return Reason::kHandshakeFailed;
}

// TLS is wanted, and nothing is demanded of it but that the sender's library goes along.
Step StepOpportunistic(const EndpointRow& row, int level) {
  if (const std::optional<Step> step = BeforeStartTls(row)) return *step;
  if (row.outcome == "tls_ok") {
    if (level == 0) return Deliver(kEncrypted, Reason::kTls);
    if (!row.security_level) return GoOn(kUnknown, Reason::kNotTried);
    if (*row.security_level >= level) return Deliver(kEncrypted, Reason::kTls);
    // The sender's own library ends the handshake: another server, or a second attempt in clear.
    return GoOn(kInClear, Reason::kLevelTooLow);
  }
  if (HandshakeFailed(row)) return GoOn(kInClear, Reason::kHandshakeFailed);
  return Deliver(kInClear, StartTlsTrouble(row));
}

// `san_only`: the common name does not count (RFC 8461 §4.2).
Step StepVerified(const EndpointRow& row, bool san_only, Reason verified) {
  if (const std::optional<Step> step = BeforeStartTls(row)) return *step;
  if (row.outcome != "tls_ok") return GoOn(kRefuse, StartTlsTrouble(row));
  if (row.pkix_status != "valid") return GoOn(kRefuse, Reason::kCertificate);
  if (row.revocation_status == "revoked") return GoOn(kRefuse, Reason::kRevoked);
  const bool named = row.name_match == "san" || (!san_only && row.name_match == "cn");
  return named ? Deliver(kEncrypted, verified) : GoOn(kRefuse, Reason::kName);
}

// RFC 7672 §2.2: secure TLSA records commit the host to TLS.
Step StepDane(const DomainRow& domain, const HostRows& host, const EndpointRow& row) {
  if (host.row == nullptr || !host.row->tlsa_status) return GoOn(kUnknown, Reason::kNotTried);
  if (host.row->tlsa_status == "local_error") return GoOn(kUnknown, Reason::kNotTried);
  if (host.row->tlsa_status == "lookup_error") return GoOn(kDefer, Reason::kTlsaLookupError);
  if (host.row->tlsa_status != "secure") return StepOpportunistic(row, 0);
  if (const std::optional<Step> step = BeforeStartTls(row)) return *step;
  const std::string_view status = DaneStatusFor(domain, row);
  if (status == "match") return Deliver(kEncrypted, Reason::kDaneMatch);
  if (status == "unusable") return Deliver(kEncrypted, Reason::kDaneUnusable);
  if (status == "mismatch") return GoOn(kRefuse, Reason::kDaneMismatch);
  if (status == "no_starttls") return GoOn(kRefuse, Reason::kDaneNoStartTls);
  if (status == "tls_failed") return GoOn(kRefuse, Reason::kDaneHandshakeFailed);
  return GoOn(kUnknown, Reason::kNotTried);
}

// What a sender without a cached policy makes of the domain's (RFC 8461 §3.3, §5).
enum class StsPolicy : uint8_t { kUnknown, kNotEnforced, kEnforced };

StsPolicy StsPolicyOf(const DomainRow& row) {
  if (!row.mta_sts_status || *row.mta_sts_status == "lookup_error" ||
      *row.mta_sts_status == "local_error") {
    return StsPolicy::kUnknown;
  }
  if (*row.mta_sts_status != "valid") return StsPolicy::kNotEnforced;
  // RFC 8461 §3.3: a policy that cannot be had does not stop mail; one that nobody fetched, or that
  // we could not fetch ourselves, is not known.
  if (!row.mta_sts_mode) {
    return row.mta_sts_rpt_result ? StsPolicy::kNotEnforced : StsPolicy::kUnknown;
  }
  return *row.mta_sts_mode == "enforce" ? StsPolicy::kEnforced : StsPolicy::kNotEnforced;
}

Step StepMtaSts(const DomainRow& domain, const HostRows& host, const EndpointRow& row) {
  if (StsPolicyOf(domain) == StsPolicy::kNotEnforced) return StepOpportunistic(row, 0);
  // RFC 8461 §4.1
  const auto& unmatched = domain.mta_sts_unmatched_mx;
  if (unmatched && std::find(unmatched->begin(), unmatched->end(), host.name) != unmatched->end()) {
    return GoOn(kRefuse, Reason::kStsHost);
  }
  return StepVerified(row, /*san_only=*/true, Reason::kStsVerified);
}

Step StepOf(SenderProfile profile, const DomainRows& domain, const HostRows& host,
            const EndpointRow& row) {
  switch (profile) {
    case SenderProfile::kOpportunistic:
      return StepOpportunistic(row, 0);
    case SenderProfile::kVerified:
      return StepVerified(row, /*san_only=*/false, Reason::kVerified);
    case SenderProfile::kDane:
      return StepDane(*domain.row, host, row);
    case SenderProfile::kMtaSts:
      return StepMtaSts(*domain.row, host, row);
    case SenderProfile::kLevel2:
      return StepOpportunistic(row, 2);
    case SenderProfile::kLevel3:
      return StepOpportunistic(row, 3);
  }
  return {};
}

// Of a host at which there is no server to try.
Step StepWithoutEndpoints(const HostRows& host) {
  if (host.row == nullptr) return GoOn(kUnknown, Reason::kNotTried);
  if (!host.row->is_valid_name && !host.row->address_status) {
    return GoOn(kReturn, Reason::kBadHost);
  }
  const std::string_view status =
      host.row->address_status ? std::string_view(*host.row->address_status) : "";
  if (status == "nodata" || status == "nxdomain") return GoOn(kReturn, Reason::kBadHost);
  if (status == "bogus") return GoOn(kDefer, Reason::kHostLookupError);
  if (status == "ok" || status == "local_error") return GoOn(kUnknown, Reason::kNotTried);
  return GoOn(kUnknown, Reason::kHostLookupError);
}

std::vector<Step> StepsAt(SenderProfile profile, const DomainRows& domain, const HostRows& host) {
  std::vector<Step> steps;
  for (const EndpointRow* row : host.endpoints) {
    steps.push_back(StepOf(profile, domain, host, *row));
    steps.back().address = row->address;
  }
  if (steps.empty()) steps.push_back(StepWithoutEndpoints(host));
  for (Step& step : steps) step.host = host.name;
  return steps;
}

// Nobody took the mail: of several reasons, the one that leaves most open counts.
int Openness(SenderAction action) {
  switch (action) {
    case kUnknown:
      return 5;
    case kInClear:
      return 4;
    case kRefuse:
      return 3;
    case kDefer:
      return 2;
    default:
      return 1;
  }
}

SenderDecision Of(const Step& step) {
  return {.action = step.action,
          .best = step.action,
          .reason = step.reason,
          .host = std::string(step.host),
          .address = std::string(step.address)};
}

SenderDecision OfDomain(SenderAction action, Reason reason) {
  return {.action = action, .best = action, .reason = reason};
}

bool Authenticates(Reason reason) {
  return reason == Reason::kVerified || reason == Reason::kDaneMatch ||
         reason == Reason::kStsVerified;
}

// What comes of a group of equal preference in which somebody takes the mail.
SenderDecision OfGroup(const std::vector<Step>& group) {
  std::optional<SenderDecision> decision;
  bool authenticated = true;
  for (const Step& step : group) {
    if (!step.final) continue;
    authenticated = authenticated && Authenticates(step.reason);
    if (!decision) decision = Of(step);
    const SenderAction best = std::min(decision->best, step.action);
    if (step.action > decision->action) decision = Of(step);
    decision->best = best;
  }
  decision->authenticated = authenticated;
  return *decision;
}

std::optional<SenderDecision> DecideWithoutHosts(SenderProfile profile, const DomainRows& domain,
                                                 const SenderWorld& world) {
  const std::string& status = domain.row->mx_status;
  if (status == "null_mx") return OfDomain(kReturn, Reason::kNullMx);
  if (status == "nxdomain" || status == "invalid_name") {
    return OfDomain(kReturn, Reason::kNoDomain);
  }
  if (status == "no_mail") return OfDomain(kReturn, Reason::kNoMail);
  if (status == "bogus" || domain.row->mx_dnssec == "bogus") {
    return OfDomain(kDefer, Reason::kMxBogus);
  }
  if (status == "local_error") return OfDomain(kUnknown, Reason::kNotTried);
  if (domain.hosts.empty()) return OfDomain(kUnknown, Reason::kMxLookupError);
  if (profile == SenderProfile::kDane && !world.dnssec_known) {
    return OfDomain(kUnknown, Reason::kDnssecUnknown);
  }
  if (profile == SenderProfile::kMtaSts && StsPolicyOf(*domain.row) == StsPolicy::kUnknown) {
    return OfDomain(kUnknown, Reason::kStsUnknown);
  }
  return std::nullopt;
}

}  // namespace

SenderDecision DecideSender(SenderProfile profile, const DomainRows& domain,
                            const SenderWorld& world) {
  if (const auto decision = DecideWithoutHosts(profile, domain, world)) return *decision;
  std::optional<Step> left;  // what is left if nobody takes the mail
  bool incomplete = false;
  for (size_t begin = 0, end = 0; begin < domain.hosts.size(); begin = end) {
    std::vector<Step> group;
    for (; end < domain.hosts.size() &&
           domain.hosts[end].preference == domain.hosts[begin].preference;
         ++end) {
      const std::vector<Step> steps = StepsAt(profile, domain, domain.hosts[end]);
      group.insert(group.end(), steps.begin(), steps.end());
    }
    for (const Step& step : group) {
      if (step.final) continue;
      incomplete = incomplete || step.action == kUnknown;
      if (!left || Openness(step.action) > Openness(left->action)) left = step;
    }
    if (std::ranges::any_of(group, &Step::final)) {
      SenderDecision decision = OfGroup(group);
      decision.incomplete = incomplete;
      return decision;
    }
  }
  SenderDecision decision = Of(*left);
  decision.incomplete = incomplete;
  return decision;
}

std::string_view DaneStatusFor(const DomainRow& domain, const EndpointRow& endpoint) {
  if (!endpoint.dane_status) return "";
  const bool settled = domain.dane_status == "full" || domain.dane_status == "partial";
  if (*endpoint.dane_status == "mismatch" && settled) return "match";
  return *endpoint.dane_status;
}

std::string_view SenderProfileWord(SenderProfile profile) {
  switch (profile) {
    case SenderProfile::kOpportunistic:
      return "opportunistic";
    case SenderProfile::kVerified:
      return "verified";
    case SenderProfile::kDane:
      return "dane";
    case SenderProfile::kMtaSts:
      return "mta_sts";
    case SenderProfile::kLevel2:
      return "level2";
    case SenderProfile::kLevel3:
      return "level3";
  }
  return "";
}

std::string_view SenderActionWord(SenderAction action) {
  switch (action) {
    case kEncrypted:
      return "encrypted";
    case kInClear:
      return "in_clear";
    case kDefer:
      return "defer";
    case kRefuse:
      return "refuse";
    case kReturn:
      return "return";
    case kUnknown:
      return "unknown";
  }
  return "";
}

std::string_view SenderReasonWord(SenderReason reason) {
  switch (reason) {
    case Reason::kTls:
      return "tls";
    case Reason::kVerified:
      return "verified";
    case Reason::kDaneMatch:
      return "dane_match";
    case Reason::kDaneUnusable:
      return "dane_unusable";
    case Reason::kStsVerified:
      return "sts_verified";
    case Reason::kNoStartTls:
      return "no_starttls";
    case Reason::kStartTlsRefused:
      return "starttls_refused";
    case Reason::kHandshakeFailed:
      return "handshake_failed";
    case Reason::kLevelTooLow:
      return "level_too_low";
    case Reason::kCertificate:
      return "certificate_not_valid";
    case Reason::kRevoked:
      return "certificate_revoked";
    case Reason::kName:
      return "name_mismatch";
    case Reason::kDaneMismatch:
      return "dane_mismatch";
    case Reason::kDaneNoStartTls:
      return "dane_no_starttls";
    case Reason::kDaneHandshakeFailed:
      return "dane_handshake_failed";
    case Reason::kTlsaLookupError:
      return "tlsa_lookup_error";
    case Reason::kStsHost:
      return "sts_host_not_listed";
    case Reason::kNotListening:
      return "connection_refused";
    case Reason::kNoSmtp:
      return "no_smtp";
    case Reason::kBadHost:
      return "host_without_address";
    case Reason::kNoAnswer:
      return "no_answer";
    case Reason::kTurnedAway:
      return "turned_away";
    case Reason::kNotTried:
      return "not_tried";
    case Reason::kHostLookupError:
      return "host_lookup_error";
    case Reason::kMxLookupError:
      return "mx_lookup_error";
    case Reason::kDnssecUnknown:
      return "dnssec_unknown";
    case Reason::kStsUnknown:
      return "sts_unknown";
    case Reason::kMxBogus:
      return "mx_bogus";
    case Reason::kNoDomain:
      return "no_domain";
    case Reason::kNoMail:
      return "no_mail";
    case Reason::kNullMx:
      return "null_mx";
  }
  return "";
}

}  // namespace mxsweep::scanner
