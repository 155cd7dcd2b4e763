// What senders would do, in words.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/base/text.h"
#include "scanner/posture/findings.h"

namespace mxsweep::scanner {
namespace {

using Reason = SenderReason;

// Few senders use it: no more than a remark.
constexpr std::string_view kStrictest = "level3";

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

// Encrypted, and nothing was demanded of the server.
std::string TlsText(const Sender& sender) {
  if (sender.mta_sts.value == true) return "none in force: TLS as it comes";
  if (sender.dane.value == true) return "no TLSA records: TLS as it comes";
  if (sender.level.value.value_or(0) > 0) return "strong enough for it";
  return "the certificate is not looked at";
}

std::string ReasonText(const Sender& sender, Reason reason) {
  switch (reason) {
    case Reason::kTls:
      return TlsText(sender);
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
    case Reason::kVersionTooOld:
      return "too old a TLS version for it";
    case Reason::kLevelTooLow:
      return "the session is too weak for its TLS";
    case Reason::kCertificateTooWeak:
      return "a key or signature of the certificates is too weak for it";
    case Reason::kNoForwardSecrecy:
      return "the server takes nothing but RSA key exchange";
    case Reason::kNoPostQuantum:
      return "the server takes no post-quantum key exchange";
    case Reason::kNoRenegotiationInfo:
      return "its TLS insists on RFC 5746, which the server does not know";
    case Reason::kCertificateUnparsed:
      return "its TLS cannot parse a certificate of the chain";
    case Reason::kServerNameRefused:
      return "it sends a server name, at which the server ends the handshake";
    case Reason::kServerNameWanted:
      return "it sends no server name, without which the server ends the handshake";
    case Reason::kServerNameUnknown:
      return "it sends no server name, and what the server shows it was not seen";
    case Reason::kOtherCertificate:
      return "it sends no server name, and is shown another certificate, which will not do";
    case Reason::kInjected:
      return "the server sends clear text behind its answer to STARTTLS";
    case Reason::kClosedWithinTls:
      return "the server hangs up on it within TLS";
    case Reason::kTlsOnRetry:
      return "at the second attempt; the first wants a valid certificate";
    case Reason::kMaskedGreeting:
      return "it says HELO to a masked greeting, and hears of no STARTTLS";
    case Reason::kRefusedWithinTls:
      return "the server turned us away within TLS; others it may not";
    case Reason::kMayBeOurs:
      return "our own TLS failed, and its may not";
    case Reason::kCertificateUnknown:
      return "we could not judge the certificate";
    case Reason::kOtherOffer:
      return "it offers something else than we did; the server may choose otherwise";
    case Reason::kReplyCodes:
      return "a reply has several codes, and it goes by another one than we did";
    case Reason::kIpLiteral:
      return "the MX record names an address, which we did not ask";
    case Reason::kSenderUnknown:
      return "what it does there is not known";
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

Severity SeverityOf(const Sender& sender, const SenderDecision& decision) {
  switch (decision.action) {
    case SenderAction::kEncrypted:
      return Severity::kGood;
    case SenderAction::kUnknown:
      // Of a single program little hangs on it.
      return sender.is_kind ? Severity::kUnknown : Severity::kNote;
    case SenderAction::kReturn:
      return decision.reason == Reason::kNullMx ? Severity::kNote : Severity::kBad;
    default:
      return sender.word == kStrictest ? Severity::kNote : Severity::kBad;
  }
}

std::string TextOf(const CheckView& view, const Sender& sender, const SenderDecision& decision) {
  std::string text = ReasonText(sender, decision.reason);
  const bool several = view.domain->hosts.size() > 1 ||
                       (!view.domain->hosts.empty() && view.domain->hosts[0].endpoints.size() > 1);
  if (several && !decision.host.empty()) {
    AppendText(&text, " (", decision.host,
               decision.address.empty() ? "" : JoinText(" ", decision.address), ")");
  }
  if (decision.likewise != SenderAction::kUnknown) {
    AppendText(&text, "; treated likewise, it ", ActionText(decision.likewise));
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

std::string_view Heading(Then then) {
  switch (then) {
    case Then::kGoesOn:
      return "Encrypted all the same";
    case Then::kInClear:
      return "In clear at once";
    case Then::kLaterInClear:
      return "In clear at a later attempt";
    case Then::kLaterEncrypted:
      return "Encrypted at a later attempt";
    case Then::kDefers:
    case Then::kRefuses:
      return "Kept, and tried again for days";
    case Then::kReturns:
      return "Returned at once";
  }
  return "";
}

}  // namespace

std::string WhoDoesWhat(Cell<Then> Sender::*cell) {
  std::vector<std::pair<std::string_view, std::string>> groups;  // heading and names
  for (const Sender& sender : Senders()) {
    const std::optional<Then>& then = (sender.*cell).value;
    if (sender.name.empty() || !then) continue;
    const std::string_view heading = Heading(*then);
    auto group = std::ranges::find(groups, heading, &decltype(groups)::value_type::first);
    if (group == groups.end()) group = groups.insert(group, {heading, ""});
    AppendText(&group->second, group->second.empty() ? "" : ", ", sender.name);
  }
  std::string text;
  for (const auto& [heading, names] : groups) {
    AppendText(&text, text.empty() ? "" : " ", heading, ": ", names, ".");
  }
  return text;
}

std::vector<SenderReport> SendersOf(const CheckView& view) {
  const SenderWorld world{.dnssec_known = view.world->resolver_validates};
  std::vector<SenderReport> senders;
  for (const Sender& sender : Senders()) {
    const SenderDecision decision = DecideSender(sender, *view.domain, world);
    senders.push_back({.sender = &sender,
                       .decision = decision,
                       .severity = SeverityOf(sender, decision),
                       .label = std::string(sender.label),
                       .action = std::string(ActionText(decision.action)),
                       .text = TextOf(view, sender, decision)});
  }
  return senders;
}

}  // namespace mxsweep::scanner
