#include "tools/report/breakdowns.h"

#include <algorithm>
#include <optional>

#include "absl/time/time.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

using output::CertificateRow;
using output::DomainRow;
using output::EndpointRow;

std::string Known(const std::optional<std::string>& value) {
  return value ? *value : std::string(kNotKnown);
}
std::string Or(const std::optional<std::string>& value, std::string_view otherwise) {
  return value ? *value : std::string(otherwise);
}
std::string Level(const std::optional<uint8_t>& level) {
  return level ? JoinText("level ", static_cast<int>(*level)) : std::string(kNotKnown);
}
std::string YesNo(bool value, std::string_view yes, std::string_view no) {
  return std::string(value ? yes : no);
}

template <typename Row>
bool Every(const Row&) {
  return true;
}

// Domains.

bool TakesMail(const DomainRow& row) {
  return row.mx_status == "mx" || row.mx_status == "implicit";
}

// Servers.

bool Completed(const EndpointRow& row) { return row.outcome == "tls_ok"; }

// The dialogue had got as far as the answer to EHLO, which offered it.
bool OffersStartTls(const EndpointRow& row) {
  return row.outcome == "tls_ok" || row.outcome == "starttls_refused" || row.stage == "starttls" ||
         row.stage == "handshake";
}

std::string StartTlsLabel(const EndpointRow& row) {
  if (OffersStartTls(row)) return "offered";
  return row.outcome == "no_starttls" ? "not offered" : std::string(kNotKnown);
}

bool HandshakeFailed(const EndpointRow& row) {
  return row.outcome == "tls_alert" || row.outcome == "tls_protocol_error" ||
         (row.stage == "handshake" && (row.outcome == "closed_early" || row.outcome == "reset"));
}

std::string TlsLabel(const EndpointRow& row) {
  if (Completed(row)) return "encrypts";
  if (row.outcome == "no_starttls") return "no STARTTLS";
  if (row.outcome == "starttls_refused") return "refuses STARTTLS";
  if (HandshakeFailed(row)) {
    return row.may_be_ours ? "fails with our client, perhaps not with others" : "handshake fails";
  }
  return std::string(kNotKnown);
}

std::string GroupLabel(const EndpointRow& row) {
  if (row.group) return *row.group;
  const bool is_tls13 = row.tls_version == "TLSv1.3";
  return is_tls13 || !row.tls_version ? std::string(kNotKnown) : "RSA key exchange";
}

std::string PostQuantumLabel(const EndpointRow& row) {
  if (row.group && row.group->find("MLKEM") != std::string::npos) return "negotiated";
  if (row.pq_groups && !row.pq_groups->empty()) return "accepted if asked for";
  if (row.pq_groups && (!row.pq_groups_unknown || row.pq_groups_unknown->empty())) return "no";
  if (row.tls_version && row.tls_version != "TLSv1.3" && row.offer.value_or("usual") != "tls12") {
    return "no: no TLS 1.3";
  }
  return row.offered_post_quantum == true ? "not known: another group was chosen"
                                          : "not known: not offered";
}

std::string KeyLabel(const std::optional<std::string>& type, const std::optional<uint32_t>& bits) {
  if (!type) return std::string(kNotKnown);
  return bits ? JoinText(*type, " ", *bits) : *type;
}

std::string TrustLabel(const EndpointRow& row) {
  if (!row.pkix_status) return std::string(kNotKnown);
  if (*row.pkix_status != "valid") return JoinText("not trusted: ", *row.pkix_status);
  if (!row.name_match) return std::string(kNotKnown);
  return *row.name_match == "none" ? "trusted for another name" : "trusted for this name";
}

constexpr std::string_view kExpired = "expired";

std::string ExpiryLabel(const EndpointRow& row) {
  if (!row.not_after) return std::string(kNotKnown);
  const absl::Duration left = *row.not_after - row.started_at;
  if (left < absl::ZeroDuration()) return std::string(kExpired);
  if (left < absl::Hours(24 * 7)) return "within 7 days";
  if (left < absl::Hours(24 * 30)) return "within 30 days";
  if (left < absl::Hours(24 * 90)) return "within 90 days";
  return "later";
}

// Certificates.

bool IsNoCa(const CertificateRow& row) { return row.is_ca != true; }

std::string LifetimeLabel(const CertificateRow& row) {
  if (!row.not_before || !row.not_after) return std::string(kNotKnown);
  const absl::Duration life = *row.not_after - *row.not_before;
  const auto days = [](int count) { return absl::Hours(24 * count); };
  if (life < absl::ZeroDuration()) return "ends before it begins";
  if (life <= days(10)) return "up to 10 days";
  if (life <= days(47)) return "up to 47 days";
  if (life <= days(100)) return "up to 100 days";
  if (life <= days(200)) return "up to 200 days";
  if (life <= days(398)) return "up to 398 days";
  if (life <= days(825)) return "up to 825 days";
  return "longer";
}

// Tones.

Tone NotKnownApart(std::string_view label) {
  return label.starts_with(kNotKnown) ? Tone::kUnknown : Tone::kNeutral;
}

struct Toned {
  std::string_view label;
  Tone tone;
};

// The first whose label it begins with.
Tone ToneOf(std::string_view label, std::initializer_list<Toned> tones) {
  for (const Toned& toned : tones) {
    if (label.starts_with(toned.label)) return toned.tone;
  }
  return NotKnownApart(label);
}

Tone OutcomeTone(std::string_view label) {
  return ToneOf(label, {{"tls_ok", Tone::kGood},
                        {"no_starttls", Tone::kBad},
                        {"starttls_refused", Tone::kBad},
                        {"tls_alert", Tone::kBad},
                        {"tls_protocol_error", Tone::kBad},
                        {"blocked", Tone::kUnknown},
                        {"not_asked", Tone::kUnknown},
                        {"local_", Tone::kUnknown},
                        {"connect_timeout", Tone::kUnknown},
                        {"greeting_", Tone::kUnknown},
                        {"command_timeout", Tone::kUnknown},
                        {"tls_timeout", Tone::kUnknown},
                        {"throttled", Tone::kUnknown},
                        {"unreachable", Tone::kUnknown},
                        {"closed_early", Tone::kUnknown},
                        {"reset", Tone::kUnknown}});
}
Tone VersionTone(std::string_view label) {
  return ToneOf(label, {{"TLSv1.3", Tone::kGood},
                        {"TLSv1.2", Tone::kFair},
                        {"TLSv1", Tone::kBad},
                        {"SSL", Tone::kBad}});
}
Tone LevelTone(std::string_view label) {
  return ToneOf(label, {{"level 0", Tone::kBad},
                        {"level 1", Tone::kBad},
                        {"level 2", Tone::kFair},
                        {"level", Tone::kGood}});
}
Tone StateTone(std::string_view label) {
  return ToneOf(label, {{"valid", Tone::kGood},
                        {"full", Tone::kGood},
                        {"match", Tone::kGood},
                        {"ok", Tone::kGood},
                        {"deliver", Tone::kGood},
                        {"encrypts", Tone::kGood},
                        {"offered", Tone::kGood},
                        {"negotiated", Tone::kGood},
                        {"enforce", Tone::kGood},
                        {"trusted for this", Tone::kGood},
                        {"later", Tone::kGood},
                        {"good", Tone::kGood},
                        {"helo", Tone::kGood},
                        {"accepted", Tone::kFair},
                        {"partial", Tone::kFair},
                        {"optional", Tone::kFair},
                        {"within 7", Tone::kBad},
                        {"within", Tone::kFair},
                        {"testing", Tone::kFair},
                        {"report", Tone::kFair},
                        {"none", Tone::kNeutral},
                        {"insecure", Tone::kNeutral},
                        {"not judged", Tone::kUnknown},
                        {"not asked", Tone::kUnknown},
                        {"unknown", Tone::kUnknown},
                        {"lookup_error", Tone::kUnknown},
                        {"local_error", Tone::kUnknown},
                        {"timeout", Tone::kUnknown},
                        {"servfail", Tone::kUnknown},
                        {"bogus", Tone::kUnknown},
                        {"fails with our", Tone::kUnknown},
                        {"not known", Tone::kUnknown},
                        {"not ", Tone::kBad},
                        {"no", Tone::kBad},
                        {"refuse", Tone::kBad},
                        {"invalid", Tone::kBad},
                        {"expired", Tone::kBad},
                        {"handshake fails", Tone::kBad},
                        {"mismatch", Tone::kBad},
                        {"broken", Tone::kBad},
                        {"tls_failed", Tone::kBad},
                        {"trusted", Tone::kBad},
                        {"revoked", Tone::kBad},
                        {"closed", Tone::kBad}});
}
Tone PlainTone(std::string_view label) {
  return ToneOf(label, {{"mx", Tone::kGood},
                        {"implicit", Tone::kGood},
                        {"servfail", Tone::kUnknown},
                        {"timeout", Tone::kUnknown},
                        {"bogus", Tone::kUnknown},
                        {"local_error", Tone::kUnknown}});
}

constexpr std::string_view kAll = "domains";
constexpr std::string_view kMailDomains = "domains that take mail";
constexpr std::string_view kServers = "servers (an MX host at an address)";
constexpr std::string_view kEncrypting = "servers that completed a handshake";
constexpr std::string_view kLeaves = "distinct certificates that are no CA's";

const std::vector<std::string_view>& Versions() {
  static const auto* const kVersions = new std::vector<std::string_view>{
      "TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3", kNotKnown};
  return *kVersions;
}
const std::vector<std::string_view>& Levels() {
  static const auto* const kLevels = new std::vector<std::string_view>{
      "level 5", "level 4", "level 3", "level 2", "level 1", "level 0", kNotKnown};
  return *kLevels;
}

}  // namespace

std::span<const BreakdownSpec<DomainRow>> DomainBreakdowns() {
  using R = DomainRow;
  static const auto* const kSpecs = new std::vector<BreakdownSpec<R>>{
      {"domain_mx_status", "Do they take mail?", kAll, Every<R>,
       [](const R& row) { return row.mx_status; }, PlainTone},
      {"domain_diagnosis", "The one thing most worth knowing", kAll, Every<R>,
       [](const R& row) { return row.diagnosis; },
       [](std::string_view label) { return label == "ok" ? Tone::kGood : NotKnownApart(label); }},
      {"domain_mx_dnssec", "DNSSEC of the MX answer", kMailDomains, TakesMail,
       [](const R& row) { return Known(row.mx_dnssec); },
       [](std::string_view label) {
         return ToneOf(label,
                       {{"secure", Tone::kGood}, {"bogus", Tone::kBad}, {"error", Tone::kUnknown}});
       }},
      {"domain_dane_status", "DANE", kMailDomains, TakesMail,
       [](const R& row) { return Known(row.dane_status); }, StateTone},
      {"domain_pkix_status", "Certificates trusted and for the right name", kMailDomains, TakesMail,
       [](const R& row) { return Known(row.pkix_status); }, StateTone,
       "Not known: no server of the domain completed a handshake, or a chain could not be judged."},
      {"domain_min_tls_version", "Oldest TLS version of a domain's servers", kMailDomains,
       TakesMail, [](const R& row) { return Known(row.min_tls_version); }, VersionTone,
       "As negotiated; not known where no server completed a handshake.", Versions()},
      {"domain_max_tls_version", "Newest TLS version of a domain's servers", kMailDomains,
       TakesMail, [](const R& row) { return Known(row.max_tls_version); }, VersionTone,
       "As negotiated; not known where no server completed a handshake.", Versions()},
      {"domain_weakest_session_level", "Weakest session, OpenSSL security level", kMailDomains,
       TakesMail, [](const R& row) { return Level(row.weakest_session_level); }, LevelTone, "",
       Levels()},
      {"domain_weakest_certificate_level", "Weakest certificate, OpenSSL security level",
       kMailDomains, TakesMail, [](const R& row) { return Level(row.weakest_certificate_level); },
       LevelTone, "", Levels()},
      {"domain_mta_sts_status", "MTA-STS records", kMailDomains, TakesMail,
       [](const R& row) { return Or(row.mta_sts_status, "not asked"); }, StateTone},
      {"domain_mta_sts_mode", "Mode of MTA-STS policies", "domains with a valid MTA-STS record",
       [](const R& row) { return row.mta_sts_status == "valid"; },
       [](const R& row) { return Known(row.mta_sts_mode); }, StateTone,
       "Not known: the policy was not fetched, or could not be had."},
      {"domain_mta_sts_sender", "What a sender that heeds MTA-STS would do", kMailDomains,
       TakesMail, [](const R& row) { return Or(row.mta_sts_sender, "not asked"); }, StateTone},
      {"domain_tlsrpt_status", "TLS reporting", kMailDomains, TakesMail,
       [](const R& row) { return Or(row.tlsrpt_status, "not asked"); }, StateTone},
  };
  return *kSpecs;
}

std::span<const BreakdownSpec<EndpointRow>> ServerBreakdowns() {
  using R = EndpointRow;
  static const auto* const kSpecs = new std::vector<BreakdownSpec<R>>{
      {"server_outcome", "How the dialogue ended", kServers, Every<R>,
       [](const R& row) { return row.outcome; }, OutcomeTone},
      {"server_starttls", "STARTTLS", kServers, Every<R>, StartTlsLabel, StateTone,
       "Not known: the server was not met, turned us away, or was not asked."},
      {"server_tls", "TLS", kServers, Every<R>, TlsLabel, StateTone,
       "Not known: as for STARTTLS, and handshakes that were not complete in time."},
      {"server_tls_version", "TLS version", kEncrypting, Completed,
       [](const R& row) { return Known(row.tls_version); }, VersionTone, "As negotiated.",
       Versions()},
      {"server_cipher", "Cipher suite", kEncrypting, Completed,
       [](const R& row) { return Known(row.cipher); }},
      {"server_group", "Key exchange", kEncrypting, Completed, GroupLabel,
       [](std::string_view label) {
         return ToneOf(label, {{"RSA key", Tone::kBad}, {"X25519MLKEM768", Tone::kGood}});
       }},
      {"server_post_quantum", "Post-quantum key exchange (ML-KEM)", kEncrypting, Completed,
       PostQuantumLabel, StateTone,
       "A server that chose another group may have one all the same: --probe pq asks."},
      {"server_key", "Key of the server's certificate", kEncrypting, Completed,
       [](const R& row) { return KeyLabel(row.leaf_key_type, row.leaf_key_bits); }},
      {"server_signature", "Signature of the server's certificate", kEncrypting, Completed,
       [](const R& row) { return Known(row.leaf_signature_algorithm); }},
      {"server_session_level", "Session, OpenSSL security level", kEncrypting, Completed,
       [](const R& row) { return Level(row.session_level); }, LevelTone, "", Levels()},
      {"server_certificate_level", "Certificates, OpenSSL security level", kEncrypting, Completed,
       [](const R& row) { return Level(row.certificate_level); }, LevelTone, "", Levels()},
      {"server_trust", "Trusted certificates", kEncrypting, Completed, TrustLabel, StateTone},
      {"server_expiry",
       "When certificates expire",
       kEncrypting,
       Completed,
       ExpiryLabel,
       StateTone,
       "From when the server was asked.",
       {kExpired, "within 7 days", "within 30 days", "within 90 days", "later", kNotKnown}},
      {"server_revocation", "Revocation", kEncrypting, Completed,
       [](const R& row) { return Or(row.revocation_status, "not asked"); }, StateTone},
      {"server_after_tls", "What came of the EHLO within TLS", kEncrypting, Completed,
       [](const R& row) { return Known(row.after_tls); }, StateTone},
      {"server_dane_status", "DANE", kServers, Every<R>,
       [](const R& row) { return Or(row.dane_status, "not judged"); }, StateTone},
      {"server_rpt_result", "In the words of TLS reports (RFC 8460)", kServers, Every<R>,
       [](const R& row) { return Or(row.rpt_result, "nothing to report"); },
       [](std::string_view label) {
         return label == "success" ? Tone::kGood : NotKnownApart(label);
       }},
      {"server_alert", "Alerts that ended handshakes", "servers that ended the handshake",
       [](const R& row) { return row.outcome == "tls_alert"; },
       [](const R& row) { return Known(row.alert_received); }},
      {"server_inferred", "Asked, or told from others at the address", kServers, Every<R>,
       [](const R& row) { return YesNo(row.inferred, "inferred", "asked"); },
       [](std::string_view label) { return label == "inferred" ? Tone::kUnknown : Tone::kGood; }},
  };
  return *kSpecs;
}

std::span<const BreakdownSpec<CertificateRow>> CertificateBreakdowns() {
  using R = CertificateRow;
  static const auto* const kSpecs = new std::vector<BreakdownSpec<R>>{
      {"certificate_key", "Keys", kLeaves, IsNoCa,
       [](const R& row) { return KeyLabel(row.key_type, row.key_bits); }},
      {"certificate_signature", "Signed by", kLeaves, IsNoCa,
       [](const R& row) { return Known(row.signature_algorithm); }},
      {"certificate_lifetime",
       "Lifetime",
       kLeaves,
       IsNoCa,
       LifetimeLabel,
       nullptr,
       "",
       {"ends before it begins", "up to 10 days", "up to 47 days", "up to 100 days",
        "up to 200 days", "up to 398 days", "up to 825 days", "longer", kNotKnown}},
      {"certificate_issuer", "Issuers", kLeaves, IsNoCa,
       [](const R& row) { return Known(row.issuer); }},
  };
  return *kSpecs;
}

const std::vector<std::string>& DomainBreakdownColumns() {
  static const auto* const kColumns = new std::vector<std::string>{"mx_status",
                                                                   "diagnosis",
                                                                   "mx_dnssec",
                                                                   "dane_status",
                                                                   "pkix_status",
                                                                   "min_tls_version",
                                                                   "max_tls_version",
                                                                   "weakest_session_level",
                                                                   "weakest_certificate_level",
                                                                   "mta_sts_status",
                                                                   "mta_sts_mode",
                                                                   "mta_sts_sender",
                                                                   "tlsrpt_status"};
  return *kColumns;
}

const std::vector<std::string>& ServerBreakdownColumns() {
  static const auto* const kColumns = new std::vector<std::string>{"outcome",
                                                                   "stage",
                                                                   "may_be_ours",
                                                                   "tls_version",
                                                                   "cipher",
                                                                   "group",
                                                                   "pq_groups",
                                                                   "pq_groups_unknown",
                                                                   "offer",
                                                                   "offered_post_quantum",
                                                                   "leaf_key_type",
                                                                   "leaf_key_bits",
                                                                   "leaf_signature_algorithm",
                                                                   "session_level",
                                                                   "certificate_level",
                                                                   "pkix_status",
                                                                   "name_match",
                                                                   "not_after",
                                                                   "started_at",
                                                                   "revocation_status",
                                                                   "after_tls",
                                                                   "dane_status",
                                                                   "rpt_result",
                                                                   "alert_received",
                                                                   "inferred",
                                                                   "connect_us",
                                                                   "greeting_us",
                                                                   "starttls_us",
                                                                   "handshake_us"};
  return *kColumns;
}

const std::vector<std::string>& CertificateBreakdownColumns() {
  static const auto* const kColumns =
      new std::vector<std::string>{"is_ca",      "key_type",  "key_bits", "signature_algorithm",
                                   "not_before", "not_after", "issuer",   "weak_key"};
  return *kColumns;
}

bool WasNotAsked(const EndpointRow& row) {
  return row.outcome == "blocked" || row.outcome.starts_with("not_asked_") ||
         row.outcome.starts_with("local_");
}

bool TimedOut(const EndpointRow& row) { return row.outcome.ends_with("_timeout"); }

}  // namespace mxsweep::tools
