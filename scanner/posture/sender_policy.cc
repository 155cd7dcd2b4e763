#include "scanner/posture/sender_policy.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/base/text.h"
#include "scanner/posture/strength.h"

namespace mxsweep::scanner {
namespace {

using output::DomainRow;
using output::EndpointRow;
using enum SenderAction;
using Reason = SenderReason;

// What comes of trying one server. Final: the mail is handed over or returned. Otherwise the sender
// goes on to the next one, and `action` is what is left if nobody takes it.
struct Step {
  bool final = false;
  SenderAction action = kUnknown;
  Reason reason = Reason::kNotTried;
  SenderAction likewise = kUnknown;
  std::string_view host = {};
  std::string_view address = {};
};

constexpr Step Deliver(SenderAction action, Reason reason) { return {true, action, reason}; }
constexpr Step GoOn(SenderAction action, Reason reason) { return {false, action, reason}; }
constexpr Step Unknown(Reason reason) { return GoOn(kUnknown, reason); }

// What `then` makes of trouble for this reason.
Step StepOf(std::optional<Then> then, Reason reason) {
  if (!then) return Unknown(Reason::kSenderUnknown);
  switch (*then) {
    case Then::kGoesOn:
      return Deliver(kEncrypted, Reason::kTls);
    case Then::kInClear:
      return Deliver(kInClear, reason);
    case Then::kLaterInClear:
      return GoOn(kInClear, reason);
    case Then::kLaterEncrypted:
      return GoOn(kEncrypted, Reason::kTlsOnRetry);
    case Then::kDefers:
      return GoOn(kDefer, reason);
    case Then::kRefuses:
      return GoOn(kRefuse, reason);
    case Then::kReturns:
      return {true, kReturn, reason};
  }
  return Unknown(reason);
}

bool HandshakeFailed(const EndpointRow& row) {
  if (row.outcome == "tls_alert" || row.outcome == "tls_protocol_error") return true;
  return row.stage == "handshake" && (row.outcome == "closed_early" || row.outcome == "reset");
}

bool TurnedAway(const EndpointRow& row) {
  return row.outcome == "greeting_4xx" || row.outcome == "greeting_5xx" ||
         row.outcome == "throttled_421" || row.outcome == "ehlo_refused";
}

bool NotTried(const EndpointRow& row) {
  return row.outcome == "blocked" || row.outcome.starts_with("not_asked_") ||
         row.outcome.starts_with("local_");
}

// endpoints.reply_codes: "starttls 454 220".
struct MixedCodes {
  std::string_view stage;
  int first = 0;
  int last = 0;

  bool same_class() const { return first / 100 == last / 100; }
};

std::optional<MixedCodes> MixedCodesOf(const EndpointRow& row) {
  if (!row.reply_codes) return std::nullopt;
  const std::string_view text = *row.reply_codes;
  const size_t first = text.find(' '), last = text.rfind(' ');
  uint64_t codes[2] = {};
  if (first == last || !ParseDigits(text.substr(first + 1, last - first - 1), &codes[0]) ||
      !ParseDigits(text.substr(last + 1), &codes[1])) {
    return std::nullopt;
  }
  return MixedCodes{text.substr(0, first), static_cast<int>(codes[0]), static_cast<int>(codes[1])};
}

// What tls/pki/pkix.cc says where a certificate of the chain is not the DER that OpenSSL parses.
bool HasUnparsableCertificate(const EndpointRow& row) {
  return row.pkix_status == "malformed" && row.pkix_error &&
         row.pkix_error->find("cannot be parsed") != std::string::npos;
}

// Where the dialogue ended before STARTTLS could be asked for, it ends so for every sender.
std::optional<Step> BeforeStartTls(const EndpointRow& row) {
  if (row.outcome == "tls_ok" || row.outcome == "no_starttls" ||
      row.outcome == "starttls_refused" || HandshakeFailed(row)) {
    return std::nullopt;
  }
  if (row.outcome == "connect_refused") return GoOn(kDefer, Reason::kNotListening);
  if (row.outcome == "smtp_protocol_error") return GoOn(kDefer, Reason::kNoSmtp);
  if (TurnedAway(row)) return Unknown(Reason::kTurnedAway);
  if (NotTried(row)) return Unknown(Reason::kNotTried);
  return Unknown(Reason::kNoAnswer);
}

std::optional<TlsVersion> VersionOf(const std::optional<std::string>& word) {
  for (const TlsVersion version :
       {TlsVersion::kTls10, TlsVersion::kTls11, TlsVersion::kTls12, TlsVersion::kTls13}) {
    if (word == CellWord(version)) return version;
  }
  return std::nullopt;
}

// The certificate that the follow-up was shown; null: none, or within TLS 1.3.
const output::ShownCertificate* FollowUpCertificate(const EndpointRow& row) {
  if (!row.shown_certificates) return nullptr;
  const auto found =
      std::ranges::find(*row.shown_certificates, "follow_up", &output::ShownCertificate::probe);
  return found == row.shown_certificates->end() ? nullptr : &*found;
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

// What binds a sender at one host.
enum class Binding : uint8_t {
  kNone,
  kDane,  // secure TLSA records: TLS, and a match if one can be used (RFC 7672 §2.2)
  kSts,   // a policy in mode enforce that names the host (RFC 8461 §5)
};

// One sender at one server.
class Visit {
 public:
  Visit(const Sender& sender, const SessionDemands& demands, const DomainRow& domain,
        const EndpointRow& row, Binding binding)
      : sender_(sender),
        demands_(demands),
        row_(row),
        binding_(binding),
        dane_(binding == Binding::kDane ? DaneStatusFor(domain, row) : "") {}

  Step Try() const {
    if (const std::optional<Step> step = AtMixedCodes()) return *step;
    if (const std::optional<Step> step = BeforeStartTls(row_)) return *step;
    if (const std::optional<Step> step = AtGreeting()) return *step;
    if (row_.outcome == "no_starttls") return WithoutStartTls(Reason::kNoStartTls);
    if (const std::optional<Step> step = AtStartTls()) return *step;
    if (const std::optional<Step> step = InHandshake()) return *step;
    if (const std::optional<Step> step = AgainstDemands()) return *step;
    const Step authentication = Authenticate();
    if (authentication.action != kEncrypted) return authentication;
    const std::optional<Step> failed = AfterHandshake();
    return failed ? *failed : authentication;
  }

 private:
  bool must() const { return binding_ != Binding::kNone; }
  bool authenticates() const {
    if (binding_ == Binding::kDane) return dane_ != "unusable";
    return binding_ == Binding::kSts || sender_.demand.value == Demand::kValid;
  }

  // `reason`, as it is told where TLSA records promise TLS.
  Reason Told(Reason reason) const {
    if (binding_ != Binding::kDane) return reason;
    switch (reason) {
      case Reason::kNoStartTls:
      case Reason::kStartTlsRefused:
        return Reason::kDaneNoStartTls;
      case Reason::kHandshakeFailed:
        return Reason::kDaneHandshakeFailed;
      default:
        return reason;
    }
  }

  Step WithoutStartTls(Reason reason) const {
    return StepOf(must() ? std::optional(Then::kRefuses) : sender_.no_starttls.value, Told(reason));
  }
  Step WithoutHandshake(Reason reason) const {
    return StepOf(must() ? std::optional(Then::kRefuses) : sender_.handshake_fails.value,
                  Told(reason));
  }

  // A reply with several codes. We went by the last one: who reads another may have gone elsewhere.
  std::optional<Step> AtMixedCodes() const {
    const std::optional<MixedCodes> codes = MixedCodesOf(row_);
    if (!codes || sender_.takes_last_code.value == true) return std::nullopt;
    if (codes->stage == "ehlo_after_tls") return std::nullopt;  // see AfterHandshake
    // Of EHLO's keywords, Exim heeds those in lines with the first code only.
    if (codes->stage != "ehlo" && codes->stage != "starttls" && codes->same_class()) {
      return std::nullopt;
    }
    if (!sender_.takes_last_code.value) return Unknown(Reason::kSenderUnknown);
    if (codes->stage == "greeting" && codes->first / 100 != 2) return Unknown(Reason::kTurnedAway);
    if (codes->stage != "starttls") return Unknown(Reason::kReplyCodes);
    if (codes->first / 100 != 2) return AfterRefusedStartTls(codes->first);
    if (!codes->same_class()) return Unknown(Reason::kReplyCodes);
    return AfterConsent(codes->first);
  }

  std::optional<Step> AtGreeting() const {
    if (!row_.greeting || !IsMaskedGreeting(*row_.greeting)) return std::nullopt;
    if (!sender_.helo_at_mask.value) return Unknown(Reason::kSenderUnknown);
    if (!*sender_.helo_at_mask.value) return std::nullopt;
    return WithoutStartTls(Reason::kMaskedGreeting);
  }

  std::optional<Step> AtStartTls() const {
    const int code = row_.starttls_code.value_or(0);
    if (row_.outcome == "starttls_refused") return AfterRefusedStartTls(code);
    return code == 0 ? std::nullopt : AfterConsent(code);
  }

  Step AfterRefusedStartTls(int code) const {
    if (code / 100 != 5) {
      return StepOf(must() ? std::optional(Then::kRefuses) : sender_.starttls_4xx.value,
                    Told(Reason::kStartTlsRefused));
    }
    return StepOf(must() ? sender_.must_5xx.value : sender_.starttls_5xx.value,
                  Told(Reason::kStartTlsRefused));
  }

  // A positive reply to STARTTLS.
  std::optional<Step> AfterConsent(int code) const {
    if (code == 220) return std::nullopt;
    if (!sender_.takes_any_2xx.value) return Unknown(Reason::kSenderUnknown);
    if (*sender_.takes_any_2xx.value) return std::nullopt;
    return WithoutHandshake(Reason::kStartTlsRefused);
  }

  std::optional<Step> InHandshake() const {
    if (HandshakeFailed(row_)) {
      if (demands_.either_way) return WithoutHandshake(Reason::kHandshakeFailed);
      if (IsMaybeOurs(row_)) return AfterFollowUp();
      // What was left out to be like one sender, another one may offer.
      if (row_.offered_as.value_or("everything") != "everything") {
        return Unknown(Reason::kOtherOffer);
      }
      return WithoutHandshake(Reason::kHandshakeFailed);
    }
    if (row_.injected_plaintext_bytes.value_or(0) > 0) {
      if (!sender_.drops_injected.value) return Unknown(Reason::kSenderUnknown);
      if (!*sender_.drops_injected.value) return WithoutHandshake(Reason::kInjected);
    }
    if (IsOfferWithoutServerName(row_)) {
      if (!sender_.server_name.value) return Unknown(Reason::kSenderUnknown);
      if (SendsServerName()) return WithoutHandshake(Reason::kServerNameRefused);
    } else if (row_.without_server_name == "failed") {
      if (!sender_.server_name.value) return Unknown(Reason::kSenderUnknown);
      if (!SendsServerName()) return WithoutHandshake(Reason::kServerNameWanted);
    }
    return AgainstItsLibrary();
  }

  bool HasOpenSsl() const {
    return sender_.library.value == TlsLibrary::kOpenSsl ||
           sender_.library.value == TlsLibrary::kOpenSsl30;
  }

  // Our handshake failed perhaps for our own ClientHello. What one like OpenSSL's met holds for
  // senders with OpenSSL.
  Step AfterFollowUp() const {
    if (!row_.follow_up || !HasOpenSsl()) return Unknown(Reason::kMayBeOurs);
    if (*row_.follow_up == "alert") return WithoutHandshake(Reason::kHandshakeFailed);
    const std::optional<TlsVersion> version = VersionOf(row_.follow_up_tls_version);
    if (!version || !row_.follow_up_cipher) return Unknown(Reason::kMayBeOurs);
    if (sender_.min_version.value && *version < *sender_.min_version.value) {
      return WithoutHandshake(Reason::kVersionTooOld);
    }
    const std::string& cipher = *row_.follow_up_cipher;
    const bool offers_less =
        cipher.find("_anon_") != std::string::npos ||
        (cipher.starts_with("TLS_DHE_") && sender_.offers_dhe.value != true) ||
        (cipher.starts_with("TLS_RSA_") && sender_.offers_static_rsa.value != true);
    if (offers_less) return Unknown(Reason::kOtherOffer);
    const std::optional<uint8_t>& level = sender_.library.value == TlsLibrary::kOpenSsl30
                                              ? row_.follow_up_session_level_openssl_3_0
                                              : row_.follow_up_session_level;
    if (*version < demands_.min_version) return WithoutHandshake(Reason::kVersionTooOld);
    // Of the rest, the follow-up shows too little.
    SessionDemands rest = demands_;
    rest.min_version = TlsVersion::kTls10;
    if (rest != SessionDemands()) return Unknown(Reason::kMayBeOurs);
    if (Level() > 0 && !level) return Unknown(Reason::kMayBeOurs);
    if (Level() > 0 && *level < Level()) return WithoutHandshake(Reason::kLevelTooLow);
    if (binding_ == Binding::kNone && !authenticates()) return Deliver(kEncrypted, Reason::kTls);
    return AuthenticateFollowUp();
  }

  Step AuthenticateFollowUp() const {
    const output::ShownCertificate* shown = FollowUpCertificate(row_);
    if (shown == nullptr) return Unknown(Reason::kCertificateUnknown);
    // "not_known" is no digit.
    const bool too_weak =
        shown->certificate_level.size() == 1 && shown->certificate_level.front() - '0' < Level();
    if (binding_ == Binding::kDane) {
      if (shown->dane_status == "mismatch") return GoOn(kRefuse, Reason::kDaneMismatch);
      if (shown->dane_status != "match" || too_weak) return Unknown(Reason::kCertificateUnknown);
      return Deliver(kEncrypted, Reason::kDaneMatch);
    }
    if (shown->pkix_status == "not_known") return Unknown(Reason::kCertificateUnknown);
    if (shown->pkix_status != "valid") return Unauthenticated(Reason::kCertificate);
    if (too_weak) return Unauthenticated(Reason::kCertificateTooWeak);
    if (shown->name_match != "san") return Unauthenticated(Reason::kName);
    return Deliver(kEncrypted,
                   binding_ == Binding::kSts ? Reason::kStsVerified : Reason::kVerified);
  }

  // REQUIRES: it is known of the sender.
  bool SendsServerName() const {
    return *sender_.server_name.value == ServerName::kAlways ||
           (*sender_.server_name.value == ServerName::kWithDane && binding_ == Binding::kDane);
  }

  // What the sender's own TLS library makes of the session.
  std::optional<Step> AgainstItsLibrary() const {
    const std::optional<TlsVersion> version = VersionOf(row_.tls_version);
    if (version && sender_.min_version.value && *version < *sender_.min_version.value) {
      return WithoutHandshake(Reason::kVersionTooOld);
    }
    if (row_.secure_renegotiation == false) {
      if (!sender_.needs_rfc5746.value) return Unknown(Reason::kSenderUnknown);
      if (*sender_.needs_rfc5746.value) return WithoutHandshake(Reason::kNoRenegotiationInfo);
    }
    if (const std::optional<Step> step = AgainstItsSuites(version)) return step;
    const bool is_rsa = row_.leaf_key_type && row_.leaf_key_type->starts_with("rsa");
    if (is_rsa &&
        row_.leaf_key_bits.value_or(UINT32_MAX) < sender_.min_rsa_bits.value.value_or(0)) {
      return WithoutHandshake(Reason::kCertificateTooWeak);
    }
    if (HasUnparsableCertificate(row_)) {
      if (!sender_.parses_strictly.value) return Unknown(Reason::kSenderUnknown);
      if (*sender_.parses_strictly.value) return WithoutHandshake(Reason::kCertificateUnparsed);
    }
    const int level = Level();
    if (level == 0) return std::nullopt;
    const std::optional<int> session = sender_.library.value == TlsLibrary::kOpenSsl30
                                           ? SessionLevelOfOpenSsl30(row_)
                                           : SessionLevel(row_);
    if (!session) return Unknown(Reason::kNotTried);
    if (*session < level) return WithoutHandshake(Reason::kLevelTooLow);
    return std::nullopt;
  }

  // A suite that the sender does not offer: the server may have others for it, or none.
  std::optional<Step> AgainstItsSuites(std::optional<TlsVersion> version) const {
    if (version && *version < TlsVersion::kTls13 && !row_.group &&
        sender_.offers_static_rsa.value == false) {
      return Unknown(Reason::kOtherOffer);
    }
    const std::string cipher = row_.cipher.value_or("");
    const bool is_3des = cipher.find("_3DES_") != std::string::npos;
    const bool is_cbc = cipher.find("_CBC_") != std::string::npos;
    if (is_3des && sender_.offers_3des.value == false) return Unknown(Reason::kOtherOffer);
    if (!is_cbc || sender_.offers_cbc.value == true) return std::nullopt;
    return Unknown(sender_.offers_cbc.value ? Reason::kOtherOffer : Reason::kSenderUnknown);
  }

  // The session against what is demanded of it beyond the sender's own limits. A server takes the
  // newest version that both have, whatever else is offered (RFC 8446 §4.2.1); suite and group it
  // chooses by its own liking, and who does not offer what it likes may get another.
  std::optional<Step> AgainstDemands() const {
    if (demands_ == SessionDemands() || demands_.either_way) return std::nullopt;
    const std::optional<TlsVersion> version = VersionOf(row_.tls_version);
    if (!version) return Unknown(Reason::kNotTried);
    if (*version < demands_.min_version) {
      // TLS 1.3 was left out, since our own had failed with it.
      const bool left_out = row_.offer == "tls12" && *version == TlsVersion::kTls12;
      return left_out ? Unknown(Reason::kOtherOffer) : WithoutHandshake(Reason::kVersionTooOld);
    }
    if (demands_.min_rsa_bits > 0) {
      if (!row_.leaf_key_type) return Unknown(Reason::kCertificateUnknown);
      if (row_.leaf_key_type->starts_with("rsa")) {
        if (!row_.leaf_key_bits) return Unknown(Reason::kCertificateUnknown);
        if (*row_.leaf_key_bits < demands_.min_rsa_bits) {
          return WithoutHandshake(Reason::kCertificateTooWeak);
        }
      }
    }
    if (const std::optional<Step> step = AgainstLevels(*version)) return step;
    if (demands_.forward_secrecy && *version < TlsVersion::kTls13 && !row_.group) {
      if (!row_.static_rsa_only) return Unknown(Reason::kOtherOffer);
      if (*row_.static_rsa_only) return WithoutHandshake(Reason::kNoForwardSecrecy);
    }
    if (demands_.post_quantum) return AgainstPostQuantum(*version);
    return std::nullopt;
  }

  std::optional<Step> AgainstLevels(TlsVersion version) const {
    if (demands_.session_level > 0) {
      const std::optional<int> level = SessionLevel(row_);
      if (!level) return Unknown(Reason::kNotTried);
      if (*level < demands_.session_level) {
        // Before TLS 1.2 it is 0 whatever the server chooses.
        return version < TlsVersion::kTls12 ? WithoutHandshake(Reason::kLevelTooLow)
                                            : Unknown(Reason::kOtherOffer);
      }
    }
    if (demands_.certificate_level > 0) {
      const std::optional<int> level = CertificateLevel(row_);
      if (!level) return Unknown(Reason::kCertificateUnknown);
      if (*level < demands_.certificate_level) {
        return WithoutHandshake(Reason::kCertificateTooWeak);
      }
    }
    return std::nullopt;
  }

  std::optional<Step> AgainstPostQuantum(TlsVersion version) const {
    if (row_.group && row_.group->find("MLKEM") != std::string::npos) return std::nullopt;
    if (row_.pq_groups) {
      if (!row_.pq_groups->empty()) return std::nullopt;
      const bool all_asked = !row_.pq_groups_unknown || row_.pq_groups_unknown->empty();
      if (all_asked) return WithoutHandshake(Reason::kNoPostQuantum);
    }
    // Those groups are of TLS 1.3 only.
    if (version < TlsVersion::kTls13 && row_.offer.value_or("usual") != "tls12") {
      return WithoutHandshake(Reason::kNoPostQuantum);
    }
    return Unknown(Reason::kOtherOffer);
  }

  // The OpenSSL security level of this session; 0 where it is another library.
  int Level() const {
    return (authenticates() ? sender_.authenticated_level : sender_.level).value.value_or(0);
  }

  // Of what certificates are held against: a verification error, not one of the handshake.
  bool IsCertificateTooWeak() const {
    const std::optional<int> level = CertificateLevel(row_);
    return level && *level < Level();
  }

  Step Authenticate() const {
    if (binding_ == Binding::kDane) return AuthenticateDane();
    if (!authenticates()) return Deliver(kEncrypted, Reason::kTls);
    if (const std::optional<Step> step = AuthenticateOtherCertificate()) return *step;
    if (!row_.pkix_status || row_.pkix_status == "not_known") {
      return Unknown(Reason::kCertificateUnknown);
    }
    if (row_.pkix_status != "valid") return Unauthenticated(Reason::kCertificate);
    if (IsCertificateTooWeak()) return Unauthenticated(Reason::kCertificateTooWeak);
    if (row_.revocation_status == "revoked") {
      if (!sender_.heeds_revocation.value) return Unknown(Reason::kSenderUnknown);
      if (*sender_.heeds_revocation.value) return Unauthenticated(Reason::kRevoked);
    }
    // RFC 8461 §4.2: the common name does not count.
    if (row_.name_match == "cn" && binding_ != Binding::kSts) {
      if (!sender_.takes_common_name.value) return Unknown(Reason::kSenderUnknown);
      if (!*sender_.takes_common_name.value) return Unauthenticated(Reason::kName);
    } else if (row_.name_match != "san") {
      return Unauthenticated(Reason::kName);
    }
    return Deliver(kEncrypted,
                   binding_ == Binding::kSts ? Reason::kStsVerified : Reason::kVerified);
  }

  // What the certificate comes to that a sender without a server name is shown, where it is not the
  // row's.
  std::optional<Step> AuthenticateOtherCertificate() const {
    // A scan as Postfix sends no name at all: whoever sends one may be shown something else.
    if (row_.offered_as == "postfix") {
      if (!sender_.server_name.value) return Unknown(Reason::kSenderUnknown);
      if (SendsServerName()) return Unknown(Reason::kOtherOffer);
      return std::nullopt;
    }
    const bool is_row = IsOfferWithoutServerName(row_) || row_.without_server_name == "same";
    if (is_row || !row_.server_name) return std::nullopt;
    if (!sender_.server_name.value) return Unknown(Reason::kSenderUnknown);
    if (SendsServerName()) return std::nullopt;
    if (!row_.without_server_name) return Unknown(Reason::kServerNameUnknown);
    if (row_.without_server_name == "invalid") return Unauthenticated(Reason::kOtherCertificate);
    // Valid chains have keys and signatures of level 1 at least (PkixStatus::kWeakSignature).
    if (row_.without_server_name == "valid" && Level() <= 1) {
      return Deliver(kEncrypted, Reason::kVerified);
    }
    return Unknown(Reason::kCertificateUnknown);
  }

  Step Unauthenticated(Reason reason) const {
    return StepOf(must() ? std::optional(Then::kRefuses) : sender_.bad_certificate.value, reason);
  }

  Step AuthenticateDane() const {
    if (dane_ == "unusable") {
      const Step step = StepOf(sender_.dane_unusable.value, Reason::kDaneUnusable);
      return step.action == kEncrypted ? Deliver(kEncrypted, Reason::kDaneUnusable) : step;
    }
    if (dane_ == "mismatch") return GoOn(kRefuse, Reason::kDaneMismatch);
    if (dane_ != "match") return Unknown(Reason::kNotTried);
    // With usage 2 the chain is verified. With usage 3 nothing but the record counts (RFC 7672
    // §3.1.1), except that OpenSSL holds the leaf's key against the level.
    const bool is_anchor = row_.dane_matched_record && row_.dane_matched_record->starts_with("2 ");
    if (IsCertificateTooWeak() && (is_anchor || IsLimitedByLeafKey(row_))) {
      return GoOn(kRefuse, Reason::kCertificateTooWeak);
    }
    return Deliver(kEncrypted, Reason::kDaneMatch);
  }

  // The EHLO within TLS. Nothing: the server takes mail, as far as that shows.
  std::optional<Step> AfterHandshake() const {
    if (!row_.after_tls) {
      const bool broke_off = row_.stage == "ehlo_after_tls" || row_.stage == "greeting";
      return broke_off ? std::optional(Unknown(Reason::kNoAnswer)) : std::nullopt;
    }
    const std::string& word = *row_.after_tls;
    const std::optional<MixedCodes> codes = MixedCodesOf(row_);
    if (codes && codes->stage == "ehlo_after_tls" && !codes->same_class() &&
        sender_.takes_last_code.value != true) {
      if (!sender_.takes_last_code.value) return Unknown(Reason::kSenderUnknown);
      if (codes->first / 100 == 2) return std::nullopt;
      return RefusedWithinTls(codes->first);
    }
    if (word == "ok") return std::nullopt;
    if (word == "helo") {
      if (!sender_.helo_in_tls.value) return Unknown(Reason::kSenderUnknown);
      if (*sender_.helo_in_tls.value) return std::nullopt;
      return RefusedWithinTls(row_.after_tls_code.value_or(0));
    }
    if (word == "refused" || word == "throttled_421")
      return RefusedWithinTls(row_.after_tls_code.value_or(0));
    if (word == "closed") return ClosedWithinTls();
    return Unknown(Reason::kNoAnswer);
  }

  // As before STARTTLS, what the server said may be about us.
  Step RefusedWithinTls(int code) const {
    const bool transient = code / 100 == 4;
    const std::optional<Then> then = (transient ? sender_.tls_4xx : sender_.tls_5xx).value;
    Step step = Unknown(Reason::kRefusedWithinTls);
    if (then && *then != Then::kGoesOn) step.likewise = StepOf(then, step.reason).action;
    return step;
  }

  Step ClosedWithinTls() const {
    if (must()) return GoOn(kDefer, Reason::kClosedWithinTls);
    // Who keeps the mail, and tries in clear if the server hangs up again, meets we don't know
    // what.
    if (sender_.tls_closed.value == Then::kLaterInClear) return Unknown(Reason::kClosedWithinTls);
    return StepOf(sender_.tls_closed.value, Reason::kClosedWithinTls);
  }

  const Sender& sender_;
  const SessionDemands& demands_;
  const EndpointRow& row_;
  Binding binding_;
  std::string_view dane_;  // endpoints.dane_status, as it counts for this domain
};

Step TryServer(const Sender& sender, const SessionDemands& demands, const DomainRow& domain,
               const HostRows& host, const EndpointRow& row) {
  Binding binding = Binding::kNone;
  if (sender.dane.value == true) {
    if (host.row == nullptr || !host.row->tlsa_status || host.row->tlsa_status == "local_error") {
      return Unknown(Reason::kNotTried);
    }
    if (host.row->tlsa_status == "lookup_error") return GoOn(kDefer, Reason::kTlsaLookupError);
    if (host.row->tlsa_status == "secure") binding = Binding::kDane;
  }
  // A policy never overrides DANE (RFC 8461 §2).
  if (binding == Binding::kNone && sender.mta_sts.value == true &&
      StsPolicyOf(domain) == StsPolicy::kEnforced) {
    binding = Binding::kSts;
    const auto& unmatched = domain.mta_sts_unmatched_mx;  // RFC 8461 §4.1
    if (unmatched && std::ranges::find(*unmatched, host.name) != unmatched->end()) {
      return GoOn(kRefuse, Reason::kStsHost);
    }
  }
  return Visit(sender, demands, domain, row, binding).Try();
}

// Of a host at which there is no server to try.
Step StepWithoutEndpoints(const Sender& sender, const HostRows& host) {
  if (host.row == nullptr) return Unknown(Reason::kNotTried);
  if (!host.row->is_valid_name && !host.row->address_status) {
    if (host.row->name_problem != "ip_literal") return GoOn(kReturn, Reason::kBadHost);
    if (sender.ip_literal.value == false) return GoOn(kReturn, Reason::kBadHost);
    return Unknown(sender.ip_literal.value ? Reason::kIpLiteral : Reason::kSenderUnknown);
  }
  const std::string_view status =
      host.row->address_status ? std::string_view(*host.row->address_status) : "";
  if (status == "nodata" || status == "nxdomain") return GoOn(kReturn, Reason::kBadHost);
  if (status == "bogus") return GoOn(kDefer, Reason::kHostLookupError);
  if (status == "ok" || status == "local_error") return GoOn(kUnknown, Reason::kNotTried);
  return GoOn(kUnknown, Reason::kHostLookupError);
}

// Of the addresses of a host that were not asked, or may be there: those of a family that was left
// out, and of one whose look-up failed.
void AddUnaskedSteps(const HostRows& host, std::vector<Step>* steps) {
  if (host.row == nullptr) return;
  if (host.row->addresses) {
    for (const std::string& address : *host.row->addresses) {
      const auto asked = std::ranges::find(host.endpoints, address, &EndpointRow::address);
      if (asked != host.endpoints.end()) continue;
      steps->push_back(Unknown(Reason::kNotTried));
      steps->back().address = address;
    }
  }
  for (const std::optional<std::string>* status :
       {&host.row->ipv4_status, &host.row->ipv6_status}) {
    if (!*status || *status == "ok" || *status == "nodata" || *status == "nxdomain") continue;
    steps->push_back(
        Unknown(*status == "local_error" ? Reason::kNotTried : Reason::kHostLookupError));
  }
}

std::vector<Step> StepsAt(const Sender& sender, const SessionDemands& demands,
                          const DomainRows& domain, const HostRows& host) {
  std::vector<Step> steps;
  for (const EndpointRow* row : host.endpoints) {
    steps.push_back(TryServer(sender, demands, *domain.row, host, *row));
    steps.back().address = row->address;
  }
  if (steps.empty()) {
    steps.push_back(StepWithoutEndpoints(sender, host));
  } else {
    AddUnaskedSteps(host, &steps);
  }
  for (Step& step : steps) step.host = host.name;
  return steps;
}

// Nobody took the mail: of several reasons, the one that leaves most open counts.
int Openness(SenderAction action) {
  switch (action) {
    case kUnknown:
      return 6;
    case kInClear:
      return 5;
    case kEncrypted:
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
          .likewise = step.likewise,
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

// What comes of a group of equal preference in which a server ends the matter.
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

std::optional<SenderDecision> DecideWithoutHosts(const Sender& sender, const DomainRows& domain,
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
  if (domain.row->null_mx_with_others == true) {
    const Step step = StepOf(sender.null_mx_with_others.value, Reason::kNullMx);
    if (step.action != kEncrypted) return OfDomain(step.action, step.reason);
  }
  if (sender.dane.value == true && !world.dnssec_known) {
    return OfDomain(kUnknown, Reason::kDnssecUnknown);
  }
  if (sender.mta_sts.value == true && StsPolicyOf(*domain.row) == StsPolicy::kUnknown) {
    return OfDomain(kUnknown, Reason::kStsUnknown);
  }
  return std::nullopt;
}

}  // namespace

SenderDecision DecideSender(const Sender& sender, const DomainRows& domain,
                            const SenderWorld& world, const SessionDemands& demands) {
  if (const auto decision = DecideWithoutHosts(sender, domain, world)) return *decision;
  std::optional<Step> left;  // what is left if nobody takes the mail
  bool incomplete = false;
  for (size_t begin = 0, end = 0; begin < domain.hosts.size(); begin = end) {
    std::vector<Step> group;
    for (; end < domain.hosts.size() &&
           domain.hosts[end].preference == domain.hosts[begin].preference;
         ++end) {
      const std::vector<Step> steps = StepsAt(sender, demands, domain, domain.hosts[end]);
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

bool MayBeBound(const Sender& sender, const DomainRows& domain) {
  if (sender.mta_sts.value != false && StsPolicyOf(*domain.row) != StsPolicy::kNotEnforced) {
    return true;
  }
  if (sender.dane.value == false) return false;
  return std::ranges::any_of(domain.hosts, [](const HostRows& host) {
    if (host.row == nullptr || !host.row->tlsa_status) return !host.endpoints.empty();
    return *host.row->tlsa_status != "none" && *host.row->tlsa_status != "insecure";
  });
}

std::string_view DaneStatusFor(const DomainRow& domain, const EndpointRow& endpoint) {
  if (!endpoint.dane_status) return "";
  const bool settled = domain.dane_status == "full" || domain.dane_status == "partial";
  if (*endpoint.dane_status == "mismatch" && settled) return "match";
  return *endpoint.dane_status;
}

bool IsMaskedGreeting(std::string_view greeting) {
  // Postfix's condition (smtp_proto.c), which holds of a bare "220", too. The code is a part of it;
  // the hyphen of a longer greeting is not among the characters.
  return !greeting.empty() && greeting.find_first_not_of("20* \t") == std::string_view::npos;
}

bool FailsWithinTls(const EndpointRow& row) {
  return row.outcome == "tls_ok" && row.after_tls && row.after_tls != "ok" &&
         row.after_tls != "helo";
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
    case Reason::kVersionTooOld:
      return "version_too_old";
    case Reason::kCertificateTooWeak:
      return "certificate_too_weak";
    case Reason::kNoForwardSecrecy:
      return "no_forward_secrecy";
    case Reason::kNoPostQuantum:
      return "no_post_quantum";
    case Reason::kNoRenegotiationInfo:
      return "no_renegotiation_info";
    case Reason::kServerNameRefused:
      return "server_name_refused";
    case Reason::kServerNameWanted:
      return "server_name_wanted";
    case Reason::kServerNameUnknown:
      return "server_name_unknown";
    case Reason::kOtherCertificate:
      return "other_certificate";
    case Reason::kCertificateUnparsed:
      return "certificate_not_parsed";
    case Reason::kInjected:
      return "injected_plaintext";
    case Reason::kClosedWithinTls:
      return "closed_within_tls";
    case Reason::kTlsOnRetry:
      return "tls_on_retry";
    case Reason::kMaskedGreeting:
      return "masked_greeting";
    case Reason::kRefusedWithinTls:
      return "refused_within_tls";
    case Reason::kMayBeOurs:
      return "may_be_ours";
    case Reason::kOtherOffer:
      return "other_offer";
    case Reason::kCertificateUnknown:
      return "certificate_not_known";
    case Reason::kReplyCodes:
      return "reply_codes_differ";
    case Reason::kIpLiteral:
      return "ip_literal";
    case Reason::kSenderUnknown:
      return "sender_unknown";
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
