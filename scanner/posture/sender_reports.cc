// What senders would do, in words.
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/posture/findings.h"

namespace mxsweep::scanner {
namespace {

using Reason = SenderReason;

std::string_view ProfileLabel(SenderProfile profile) {
  switch (profile) {
    case SenderProfile::kOpportunistic:
      return "opportunistic TLS";
    case SenderProfile::kVerified:
      return "verified TLS";
    case SenderProfile::kDane:
      return "DANE";
    case SenderProfile::kMtaSts:
      return "MTA-STS";
    case SenderProfile::kLevel2:
      return "OpenSSL level 2";
    case SenderProfile::kLevel3:
      return "OpenSSL level 3";
  }
  return "";
}

std::string_view ActionText(SenderAction action) {
  switch (action) {
    case SenderAction::kEncrypted:
      return "delivers encrypted";
    case SenderAction::kInClear:
      return "delivers in CLEAR";
    case SenderAction::kDefer:
      return "DEFERS";
    case SenderAction::kRefuse:
      return "REFUSES";
    case SenderAction::kReturn:
      return "RETURNS at once";
    case SenderAction::kUnknown:
      return "not known";
  }
  return "";
}

// Where nothing more is demanded than the standard of the profile would.
std::string TlsText(SenderProfile profile) {
  switch (profile) {
    case SenderProfile::kDane:
      return "no TLSA records: TLS as it comes";
    case SenderProfile::kMtaSts:
      return "none in force: TLS as it comes";
    case SenderProfile::kLevel2:
    case SenderProfile::kLevel3:
      return "strong enough for it";
    default:
      return "the certificate is not looked at";
  }
}

std::string ReasonText(SenderProfile profile, Reason reason) {
  switch (reason) {
    case Reason::kTls:
      return TlsText(profile);
    case Reason::kVerified:
      return "the certificate is valid";
    case Reason::kDaneMatch:
      return "a TLSA record matches";
    case Reason::kDaneUnusable:
      return "no TLSA record is usable: TLS, but nobody knows with whom";
    case Reason::kStsVerified:
      return "as the policy demands";
    case Reason::kNoStartTls:
      return "no STARTTLS";
    case Reason::kStartTlsRefused:
      return "STARTTLS is refused";
    case Reason::kHandshakeFailed:
      return "the TLS handshake fails";
    case Reason::kLevelTooLow:
      return "too weak for its TLS; where TLS is a must, it refuses";
    case Reason::kCertificate:
      return "the certificate is not valid";
    case Reason::kRevoked:
      return "the certificate has been revoked";
    case Reason::kName:
      return "the certificate is for another name";
    case Reason::kDaneMismatch:
      return "no TLSA record matches";
    case Reason::kDaneNoStartTls:
      return "TLSA records promise TLS, and there is no STARTTLS";
    case Reason::kDaneHandshakeFailed:
      return "TLSA records promise TLS, and the handshake fails";
    case Reason::kTlsaLookupError:
      return "the TLSA look-up fails";
    case Reason::kStsHost:
      return "the policy does not name the MX host";
    case Reason::kNotListening:
      return "connection refused";
    case Reason::kNoSmtp:
      return "no SMTP server answers";
    case Reason::kBadHost:
      return "no MX host has an address";
    case Reason::kNoAnswer:
      return "the server did not answer us to the end";
    case Reason::kTurnedAway:
      return "the server turned us away; others it may not";
    case Reason::kNotTried:
      return "we could not ask";
    case Reason::kHostLookupError:
      return "the MX host's address look-up fails";
    case Reason::kMxLookupError:
      return "the MX look-up fails";
    case Reason::kDnssecUnknown:
      return "the resolver does not validate DNSSEC";
    case Reason::kStsUnknown:
      return "the policy is not known";
    case Reason::kMxBogus:
      return "the MX answer fails DNSSEC validation";
    case Reason::kNoDomain:
      return "the domain does not exist";
    case Reason::kNoMail:
      return "neither MX nor address";
    case Reason::kNullMx:
      return "the domain takes no mail";
  }
  return "";
}

Severity SeverityOf(SenderProfile profile, const SenderDecision& decision) {
  switch (decision.action) {
    case SenderAction::kEncrypted:
      return Severity::kGood;
    case SenderAction::kUnknown:
      return Severity::kUnknown;
    case SenderAction::kReturn:
      return decision.reason == Reason::kNullMx ? Severity::kNote : Severity::kBad;
    default:
      return profile == SenderProfile::kLevel3 && decision.reason == Reason::kLevelTooLow
                 ? Severity::kNote
                 : Severity::kBad;
  }
}

std::string TextOf(const CheckView& view, SenderProfile profile, const SenderDecision& decision) {
  std::string text = ReasonText(profile, decision.reason);
  const bool several = view.domain->hosts.size() > 1 ||
                       (!view.domain->hosts.empty() && view.domain->hosts[0].endpoints.size() > 1);
  if (several && !decision.host.empty()) {
    AppendText(&text, " (", decision.host,
               decision.address.empty() ? "" : JoinText(" ", decision.address), ")");
  }
  if (decision.best != decision.action) {
    AppendText(&text, "; another server of the same preference, if chance picks it: ",
               ActionText(decision.best));
  }
  if (decision.incomplete && decision.action != SenderAction::kUnknown) {
    text += "; a server that comes before could not be judged";
  }
  return text;
}

}  // namespace

std::vector<SenderReport> SendersOf(const CheckView& view) {
  const SenderWorld world{.dnssec_known = view.world->resolver_validates};
  std::vector<SenderReport> senders;
  for (const SenderProfile profile : kSenderProfiles) {
    const SenderDecision decision = DecideSender(profile, *view.domain, world);
    senders.push_back({.profile = profile,
                       .decision = decision,
                       .severity = SeverityOf(profile, decision),
                       .label = std::string(ProfileLabel(profile)),
                       .action = std::string(ActionText(decision.action)),
                       .text = TextOf(view, profile, decision)});
  }
  return senders;
}

}  // namespace mxsweep::scanner
