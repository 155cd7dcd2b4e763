#include "tools/lab/postures.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "scanner/base/text.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

// The weights add up to 100 in each table; loosely what surveys of the real Internet report.
constexpr PostureRow kDomainRows[] = {
    {"provider", 60.0, "MX hosts of a provider (Zipf-like: a few have most domains)"},
    {"own", 17.5, "one MX host of its own"},
    {"own_several", 3.0, "two or three MX hosts of its own, several addresses"},
    {"own_with_backup", 2.5, "its own MX host, and a provider's with a higher preference"},
    {"vanity", 2.0, "an MX host name of its own at a provider's address"},
    {"implicit", 2.0, "no MX, but an address"},
    {"null_mx", 2.0, "null MX (RFC 7505)"},
    {"null_mx_beside", 0.2, "null MX beside another MX"},
    {"no_mail", 2.0, "neither MX nor address"},
    {"nxdomain", 2.0, "NXDOMAIN"},
    {"servfail", 0.4, "SERVFAIL, with CD=1 too"},
    {"bogus", 0.3, "SERVFAIL, but an answer with CD=1"},
    {"timeout", 0.2, "MX queries are never answered"},
    {"first_query_dropped", 0.5, "the first MX query is lost, the next is answered"},
    {"truncated", 0.5, "the MX answer is truncated over UDP"},
    {"mx_ip_literal", 0.3, "the MX host is an IP address as text"},
    {"mx_single_label", 0.2, "the MX host is a single label"},
    {"mx_not_a_host_name", 0.2, "the MX host is not a host name"},
    {"mx_no_address", 0.8, "the MX host has no address"},
    {"mx_host_nxdomain", 0.8, "the MX host does not exist"},
    {"mx_host_servfail", 0.3, "SERVFAIL for the MX host's addresses"},
    {"mx_host_timeout", 0.1, "queries for the MX host's addresses are never answered"},
    {"mx_host_no_a", 0.2, "SERVFAIL for the MX host's A, no AAAA"},
    {"mx_host_no_aaaa", 0.2, "SERVFAIL for the MX host's AAAA, its A is answered"},
    {"mx_host_slow_aaaa", 0.1, "queries for the MX host's AAAA are never answered, its A is"},
    {"mx_host_aaaa_insecure", 0.2, "A is signed, but not the denial of AAAA"},
    {"keys_differ", 0.3, "an MX host with two addresses, each with a key of its own"},
    {"mx_cname_secure", 0.7, "the MX host is an alias within its own zone"},
    {"mx_cname_insecure", 0.5, "the MX host is an alias of a name in an unsigned zone"},
};

constexpr PostureRow kDaneRows[] = {
    {"none", 54.7, "no TLSA records"},
    {"match_3_1_1", 20.0, "DANE-EE(3) SPKI(1) SHA2-256(1), matches"},
    {"match_3_0_1", 3.0, "DANE-EE(3) Cert(0) SHA2-256(1), matches"},
    {"match_3_1_2", 1.5, "DANE-EE(3) SPKI(1) SHA2-512(2), matches"},
    {"match_3_1_0", 0.5, "DANE-EE(3) SPKI(1) Full(0), matches"},
    {"match_3_0_0", 0.5, "DANE-EE(3) Cert(0) Full(0), matches"},
    {"match_2_0_1", 2.0, "DANE-TA(2) Cert(0) SHA2-256(1) of the intermediate"},
    {"match_2_1_1", 3.0, "DANE-TA(2) SPKI(1) SHA2-256(1) of the intermediate"},
    {"match_2_0_0", 0.3, "DANE-TA(2) Cert(0) Full(0): the root, which is not in the chain"},
    {"match_2_1_0", 0.3, "DANE-TA(2) SPKI(1) Full(0): the root's bare key, not in the chain"},
    {"rollover_keys", 3.0, "two 3 1 1, the second for the next key"},
    {"rollover_anchor", 2.0, "3 1 1 and 2 1 1, both match"},
    {"match_beside_unusable", 0.5, "3 1 1 that matches beside an unusable 1 0 1"},
    {"mismatch_3_1_1", 2.5, "3 1 1 of a key no longer used"},
    {"mismatch_several", 0.8, "3 1 1 and 3 0 1, both stale"},
    {"mismatch_2_1_1", 0.6, "2 1 1 of an anchor that is not in the chain"},
    {"other_certificate", 0.3, "3 1 1 of the other one of two certificates"},
    {"agility_trap", 0.5, "3 1 1 matches, but the stronger 3 1 2 does not: mismatch"},
    {"unusable_pkix", 1.0, "usages 0 and 1 only"},
    {"unusable_matching_type", 0.3, "unknown matching type only"},
    {"unusable_selector", 0.2, "unknown selector only"},
    {"unusable_length", 0.5, "3 1 1 with a digest of 31 bytes"},
    {"servfail", 1.0, "SERVFAIL for the TLSA query"},
    {"timeout", 0.2, "TLSA queries are never answered"},
    {"insecure_answer", 0.8, "address answer secure, TLSA answer not"},
};

constexpr PostureRow kTlsRows[] = {
    {"modern", 62.4, "TLS 1.2 and 1.3, X25519 first"},
    {"hybrid_first", 2.5, "likewise, and X25519MLKEM768 before it"},
    {"hybrid_last", 0.2, "likewise, and X25519MLKEM768 from clients that have nothing else"},
    {"hybrid_several", 0.2,
     "likewise, and X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024 before it"},
    {"mlkem_alone", 0.1, "TLS 1.3 alone; MLKEM1024, MLKEM768, then P-384"},
    {"hybrid_draft", 0.2, "TLS 1.2 and 1.3, X25519Kyber768Draft00, then X25519"},
    {"mldsa", 0.1, "as hybrid_first, with an ML-DSA certificate for who takes no other"},
    {"tls13_only", 3.0, "TLS 1.3 alone, X25519"},
    {"tls13_p256", 2.0, "TLS 1.3 alone, P-256"},
    {"tls13_p384", 2.0, "TLS 1.3 alone, P-384"},
    {"tls13_p521", 1.0, "TLS 1.3 alone, P-521"},
    {"tls12_aes128", 5.0, "TLS 1.2, ECDHE, AES-128-GCM"},
    {"tls12_aes256", 6.0, "TLS 1.2, ECDHE, AES-256-GCM"},
    {"tls12_chacha", 1.5, "TLS 1.2, ECDHE, ChaCha20-Poly1305"},
    {"tls12_cbc", 1.5, "TLS 1.2, ECDHE, AES-256-CBC"},
    {"tls12_p256", 3.0, "TLS 1.2, P-256 alone"},
    {"tls12_p384", 1.5, "TLS 1.2, P-384 alone"},
    {"tls12_p521", 0.5, "TLS 1.2, P-521 alone"},
    {"tls12_sha1_signature", 0.5, "TLS 1.2, handshake signed over SHA-1"},
    {"tls12_static_rsa", 1.5, "TLS 1.2, RSA key exchange, AES-128-GCM"},
    {"tls10_static_rsa_3des", 0.5, "TLS 1.0, RSA key exchange, 3DES"},
    {"tls11_only", 0.5, "TLS 1.1 alone"},
    {"tls10_only", 1.5, "TLS 1.0 alone"},
    {"tls10_to_12", 2.5, "TLS 1.0 to 1.2"},
    {"dhe_only", 0.2,
     "TLS 1.0 to 1.2, finite-field DHE of 1024 bits alone (up to ServerHelloDone)"},
    {"dhe_own_prime", 0.05, "likewise, of 2048 bits: a prime of nobody, which is not a safe one"},
    {"dhe_composite", 0.05, "likewise, of 1024 bits: no prime"},
    {"ssl3_only", 0, "SSL 3.0 alone, RC4 (likewise)"},
    {"rc4_only", 0, "SSL 3.0 to TLS 1.2, RC4 alone (likewise)"},
    {"export_only", 0, "SSL 3.0 to TLS 1.0, export suites alone, 512 bits (likewise)"},
    {"null_only", 0, "TLS 1.0 to 1.2, no encryption (likewise)"},
};

constexpr PostureRow kKeyRows[] = {
    {"p256", 36.0, "ECDSA P-256"},
    {"p384", 3.0, "ECDSA P-384"},
    {"ed25519", 0.5, "Ed25519"},
    {"rsa1024", 1.0, "RSA 1024"},
    {"rsa2048", 45.5, "RSA 2048"},
    {"rsa_close_primes", 0.1, "RSA 2048: Fermat's method factors it (CVE-2022-26320)"},
    {"rsa_roca", 0.1, "RSA 2048 of the form of CVE-2017-15361"},
    {"rsa_shared_prime", 0.4, "RSA 2048: three keys with a prime in common"},
    {"rsa_shared_modulus", 0.2, "RSA 2048: two keys with one modulus, and exponents 3 and 65537"},
    {"rsa_pattern", 0.1, "RSA 2048: half of the modulus repeats eight bytes"},
    {"rsa_small_factor", 0.05,
     "RSA 2048: 11 divides the modulus, or 7919; nobody signs with it, so its servers are "
     "dhe_only"},
    {"rsa_bad_exponent", 0.05,
     "likewise: the exponent is 65538, or 1, or as long as the modulus and the private one is "
     "short"},
    {"rsa3072", 2.0, "RSA 3072"},
    {"rsa4096", 11.0, "RSA 4096"},
};

constexpr PostureRow kCertRows[] = {
    {"valid", 47.9, "leaf and intermediate of the lab's ECDSA authority"},
    {"other_without_name", 0.5, "likewise, and a self-signed one for who sends no server name"},
    {"valid_rsa_issuer", 10.0, "leaf and intermediate of the lab's RSA authority"},
    {"valid_with_root", 3.0, "the root is sent too"},
    {"wildcard", 6.0, "*.zone"},
    {"common_name_only", 2.0, "no subjectAltName"},
    {"wrong_name", 9.0, "valid, for another name"},
    {"self_signed", 9.0, "signed by its own key"},
    {"expired", 4.0, "not_after has passed"},
    {"not_yet_valid", 0.5, "not_before is to come"},
    {"missing_intermediate", 3.0, "the leaf alone"},
    {"unknown_issuer", 3.0, "leaf and root of an authority that nobody knows"},
    {"sha1_signed", 0.5, "leaf signed by the RSA authority over SHA-1"},
    {"client_purpose", 0.3, "its extended key usage is for clients alone"},
    {"extra_certificate", 0.5, "a root that has no part in the path is sent too"},
    {"unreadable_extra", 0.3, "what is sent last is no certificate"},
    {"dual", 0.5, "a certificate with an RSA key beside that with an ECDSA key"},
};

constexpr PostureRow kBehaviourRows[] = {
    {"normal", 69.9, "a mail server"},
    {"greet_delay", 4.0, "greets after 0.2 to 2 s (times --delay-scale)"},
    {"stutter", 0.5, "sends replies byte by byte"},
    {"split_replies", 0.7, "sends replies in pieces of seven bytes"},
    {"multi_line_greeting", 1.0, "greets with three lines"},
    {"lower_case", 0.5, "keywords in lower case"},
    {"bare_lf", 0.3, "ends lines with LF"},
    {"eight_bit", 0.3, "Latin-1 text in its greeting"},
    {"greeting_250", 0.1, "greets with 250"},
    {"early_silence", 1.5, "delays its greeting and refuses whoever talks before it"},
    {"require_sni", 0.3, "alert unrecognized_name for a name that it does not know"},
    {"ehlo_differs", 2.0, "REQUIRETLS and AUTH inside TLS only"},
    {"stapled", 1.0, "staples an OCSP response and two certificate timestamps"},
    {"first_421", 0.3, "421 at the first connection, then normal"},
    {"injected_plaintext", 0.2, "a plaintext reply together with the 220 to STARTTLS"},
    {"stuck_after_tls", 0.2, "never answers the EHLO inside TLS"},
    {"close_after_tls", 0.2, "closes right after the handshake"},
    {"ehlo_after_tls_421", 0.3, "421 to the EHLO inside TLS"},
    {"ehlo_after_tls_refused", 0.3, "550 to EHLO and HELO inside TLS"},
    {"ehlo_after_tls_helo", 0.3, "502 to the EHLO inside TLS, accepts HELO"},
    {"ehlo_after_tls_close", 0.2, "closes at the EHLO inside TLS"},
    {"no_quit_reply", 0.3, "never answers QUIT"},
    {"no_starttls", 4.0, "does not offer STARTTLS"},
    {"xstarttls", 0.2, "offers XSTARTTLS, which is not STARTTLS"},
    {"helo_only", 0.4, "502 to EHLO, accepts HELO"},
    {"starttls_454", 0.5, "454 to STARTTLS"},
    {"starttls_501", 0.1, "501 to STARTTLS"},
    {"starttls_502", 0.2, "502 to STARTTLS"},
    {"starttls_421", 0.1, "421 to STARTTLS"},
    {"greeting_421", 0.6, "greets with 421"},
    {"greeting_450", 0.2, "greets with 450"},
    {"greeting_554", 1.0, "greets with 554"},
    {"ehlo_421", 0.2, "421 to EHLO"},
    {"ehlo_451", 0.1, "451 to EHLO"},
    {"ehlo_refused", 0.1, "refuses EHLO and HELO with 5xx"},
    {"silent_greeting", 0.2, "accepts and says nothing"},
    {"silent_ehlo", 0.1, "never answers EHLO"},
    {"silent_starttls", 0.1, "never answers STARTTLS"},
    {"silent_handshake", 0.1, "never answers the ClientHello"},
    {"close_greeting", 0.3, "closes after accepting"},
    {"close_ehlo", 0.1, "closes after EHLO"},
    {"close_starttls", 0.1, "closes after the 220 to STARTTLS"},
    {"close_handshake", 0.1, "closes after the ClientHello"},
    {"reset_greeting", 0.2, "resets after accepting"},
    {"reset_ehlo", 0.1, "resets after EHLO"},
    {"reset_starttls", 0.1, "resets after the 220 to STARTTLS"},
    {"reset_handshake", 0.1, "resets after the ClientHello"},
    {"garbage_greeting", 0.1, "greets in another protocol"},
    {"greeting_354", 0.1, "greets with 354"},
    {"endless_greeting", 0.1, "a greeting line without an end"},
    {"endless_ehlo", 0.1, "an EHLO reply without an end"},
    {"tls_garbage", 0.1, "answers the ClientHello in plain text"},
    {"alert_handshake_failure", 0.2, "answers the ClientHello with this alert"},
    {"alert_protocol_version", 0.2, "answers the ClientHello with this alert"},
    {"alert_internal_error", 0.1, "answers the ClientHello with this alert"},
    {"connect_refused", 4.0, "nobody listens"},
    {"connect_timeout", 2.0, "drops every SYN"},
    {"blocked", 0.5, "on the blocklist that `serve` writes"},
};

constexpr PostureRow kStsRows[] = {
    {"enforce", 25.0, "mode enforce, every MX host by name; CRLF"},
    {"testing", 15.0, "mode testing, likewise"},
    {"mode_none", 4.0, "mode none, no mx"},
    {"wildcard", 8.0, "mode enforce, *.zone for every zone of an MX host"},
    {"chunked", 3.0, "in chunks of seven bytes"},
    {"duplicates", 2.0, "keys twice, of which the first counts, and unknown ones"},
    {"enforce_first_mx", 2.0, "mode enforce, one MX host alone"},
    {"enforce_mx_mismatch", 3.0, "mode enforce, other MX hosts, and a star for two labels"},
    {"testing_mx_mismatch", 3.0, "mode testing, likewise"},
    {"first_address_refuses", 1.0, "the policy host's first address refuses connections"},
    {"record_alias", 3.0, "the record is behind a CNAME"},
    {"record_split", 2.0, "the record has three strings"},
    {"record_among_others", 2.0, "the record stands beside others"},
    {"record_other", 1.0, "a TXT record that is none of MTA-STS"},
    {"record_multiple", 2.0, "two records"},
    {"record_bad_id", 2.0, "the id has hyphens"},
    {"record_no_semicolon", 2.0, "v=STSv1 without a semicolon"},
    {"record_servfail", 0.5, "SERVFAIL for the record"},
    {"record_timeout", 0.2, "queries for the record are never answered"},
    {"not_found", 3.0, "404"},
    {"redirect", 2.0, "301"},
    {"wrong_type", 2.0, "text/html"},
    {"gzip", 0.5, "a content coding that nobody asked for"},
    {"oversized", 0.5, "over 64 KiB"},
    {"trickle", 0.3, "a byte now and then, for ever"},
    {"silent", 0.3, "no answer to the request"},
    {"close", 0.5, "the end instead of an answer"},
    {"alert", 0.5, "an alert instead of a certificate"},
    {"malformed", 1.0, "a web page instead of a policy"},
    {"no_mx", 1.0, "mode enforce without mx"},
    {"bad_mode", 0.5, "a mode that there is not"},
    {"max_age_too_large", 0.7, "max_age over a year"},
    {"cert_expired", 2.0, "expired certificate"},
    {"cert_untrusted", 1.0, "an authority that nobody knows"},
    {"cert_self_signed", 1.0, "self-signed certificate"},
    {"cert_wrong_name", 2.0, "certificate for another name"},
    {"cert_common_name_only", 0.5, "no subjectAltName"},
    {"host_missing", 2.0, "no policy host"},
    {"host_servfail", 0.5, "SERVFAIL for the policy host"},
    {"connect_refused", 1.0, "nobody listens"},
    {"connect_timeout", 0.5, "drops every SYN"},
};

constexpr PostureRow kTlsRptRows[] = {
    {"mailto", 75.0, "reports by mail"},
    {"https", 8.0, "reports over HTTPS"},
    {"both", 8.0, "both, with blanks around the comma"},
    {"multiple", 3.0, "two records"},
    {"no_rua", 3.0, "a record without rua"},
    {"other_scheme", 2.0, "neither mailto: nor https:"},
    {"servfail", 1.0, "SERVFAIL for the record"},
};

constexpr PostureRow kCrowdRows[] = {
    {"none", 100.0, "nothing but what the domain's posture says"},
    {"pool", 0, "an MX host name for each domain, at two of a provider's few addresses"},
    {"shared_host", 0, "an MX host name of its own, at one address with thousands of others"},
    {"parked_refusing", 0, "no MX, and an address of a parking service: nobody listens"},
    {"parked_dropping", 0, "likewise: drops every SYN"},
    {"parked_silent", 0, "likewise: accepts and says nothing"},
    {"hostile_wide", 0, "256 MX hosts with 128 addresses each, where nobody listens"},
    {"hostile_names", 0, "256 MX hosts at one address that says nothing"},
};

static_assert(std::size(kDomainRows) == static_cast<size_t>(DomainPosture::kCount));
static_assert(std::size(kDaneRows) == static_cast<size_t>(DanePosture::kCount));
static_assert(std::size(kTlsRows) == static_cast<size_t>(TlsPosture::kCount));
static_assert(std::size(kKeyRows) == static_cast<size_t>(KeyKind::kCount));
static_assert(std::size(kCertRows) == static_cast<size_t>(CertPosture::kCount));
static_assert(std::size(kBehaviourRows) == static_cast<size_t>(Behaviour::kCount));
static_assert(std::size(kStsRows) == static_cast<size_t>(StsPosture::kCount));
static_assert(std::size(kTlsRptRows) == static_cast<size_t>(TlsRptPosture::kCount));
static_assert(std::size(kCrowdRows) == static_cast<size_t>(Crowd::kCount));

constexpr PostureTable kTables[] = {
    {"domain", kDomainRows}, {"dane", kDaneRows},     {"tls", kTlsRows},
    {"key", kKeyRows},       {"cert", kCertRows},     {"behaviour", kBehaviourRows},
    {"sts", kStsRows},       {"tlsrpt", kTlsRptRows}, {"crowd", kCrowdRows},
};
static_assert(std::size(kTables) == static_cast<size_t>(Subject::kCount));

constexpr double kMaxWeight = 1e9;

// Behaviours with which a handshake is completed come first in the enumeration.
constexpr size_t kFirstWithoutTls = static_cast<size_t>(Behaviour::kNoStarttls);
// TlsPosture: those that BoringSSL does not play.
constexpr size_t kFirstOldTls = static_cast<size_t>(TlsPosture::kDheOnly);

}  // namespace

std::span<const PostureTable> PostureTables() { return kTables; }

std::string_view KeyOf(Subject subject, size_t value) {
  return kTables[static_cast<size_t>(subject)].rows[value].key;
}

Mix::Mix() {
  for (const PostureTable& table : kTables) {
    std::vector<double>& weights = weights_.emplace_back();
    for (const PostureRow& row : table.rows) weights.push_back(row.weight);
  }
}

void Mix::SetSubject(Subject subject, double weight) {
  for (double& value : weights_[static_cast<size_t>(subject)]) value = weight;
}

void Mix::SetOnly(Subject subject, std::span<const size_t> values) {
  std::vector<double>& weights = weights_[static_cast<size_t>(subject)];
  std::vector<double> kept(weights.size(), 0.0);
  for (size_t value : values) kept[value] = weights[value];
  weights = kept;
}

void Mix::SetWeights(Subject subject, std::initializer_list<std::pair<size_t, double>> weights) {
  std::vector<double>& all = weights_[static_cast<size_t>(subject)];
  std::fill(all.begin(), all.end(), 0);
  for (const auto& [value, weight] : weights) all[value] = weight;
}

// Percent of all names on a list. docs/performance.md, "The mix internet", has the sources.
void Mix::MakeInternet() {
  using D = DomainPosture;
  const auto of = [](auto value) { return static_cast<size_t>(value); };
  skewed_ = true;
  SetWeights(Subject::kCrowd, {{of(Crowd::kNone), 65.99},
                               {of(Crowd::kPool), 6},
                               {of(Crowd::kSharedHost), 5},
                               {of(Crowd::kParkedRefusing), 8},
                               {of(Crowd::kParkedDropping), 12},
                               {of(Crowd::kParkedSilent), 3},
                               {of(Crowd::kHostileWide), 0.005},
                               {of(Crowd::kHostileNames), 0.005}});
  SetWeights(Subject::kDomain, {{of(D::kProvider), 40},
                                {of(D::kOwn), 7},
                                {of(D::kOwnSeveral), 1},
                                {of(D::kOwnWithBackup), 0.5},
                                {of(D::kNullMx), 1},
                                {of(D::kNoMail), 8},
                                {of(D::kNxdomain), 6},
                                {of(D::kServfail), 1},
                                {of(D::kTimeout), 0.5},
                                {of(D::kMxSingleLabel), 0.4},  // "localhost"
                                {of(D::kMxNoAddress), 0.3},
                                {of(D::kMxHostNxdomain), 0.3}});
}

absl::Status Mix::Apply(std::string_view assignment) {
  const size_t equals = assignment.find('=');
  const std::string_view key = assignment.substr(0, equals);
  const std::string_view number = assignment.substr(equals + 1);
  double weight = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), weight);
  if (error != std::errc() || end != number.data() + number.size() || !(weight >= 0) ||
      weight > kMaxWeight) {
    return absl::InvalidArgumentError(
        JoinText("--mix: \"", assignment, "\" is not SUBJECT.POSTURE=WEIGHT"));
  }
  for (size_t s = 0; s < std::size(kTables); ++s) {
    for (size_t i = 0; i < kTables[s].rows.size(); ++i) {
      if (JoinText(kTables[s].subject, ".", kTables[s].rows[i].key) == key) {
        weights_[s][i] = weight;
        return absl::OkStatus();
      }
    }
  }
  return absl::InvalidArgumentError(
      JoinText("--mix: no posture \"", key, "\"; `mxsweep-lab postures` lists them"));
}

absl::StatusOr<Mix> Mix::Parse(std::string_view text) {
  Mix mix;
  bool first = true;
  for (size_t at = 0; at < text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view word = text.substr(at, comma - at);
    at = comma + 1;
    const bool is_first = std::exchange(first, false);
    if (word.find('=') != word.npos) {
      const absl::Status status = mix.Apply(word);
      if (!status.ok()) return status;
    } else if (!is_first) {
      return absl::InvalidArgumentError("--mix: a preset comes first");
    } else if (word == "tls-only" || word == "happy") {
      const size_t domains[] = {static_cast<size_t>(DomainPosture::kProvider),
                                static_cast<size_t>(DomainPosture::kOwn)};
      mix.SetOnly(Subject::kDomain, domains);
      std::vector<double>& behaviours = mix.weights_[static_cast<size_t>(Subject::kBehaviour)];
      std::fill(behaviours.begin() + (word == "happy" ? 1 : kFirstWithoutTls), behaviours.end(), 0);
      const size_t normal[] = {0};
      for (Subject subject : {Subject::kSts, Subject::kTlsRpt}) mix.SetOnly(subject, normal);
      for (size_t tls = kFirstOldTls; tls < static_cast<size_t>(TlsPosture::kCount); ++tls) {
        mix.weights_[static_cast<size_t>(Subject::kTls)][tls] = 0;
      }
      for (const KeyKind key : {KeyKind::kRsaSmallFactor, KeyKind::kRsaBadExponent}) {
        mix.weights_[static_cast<size_t>(Subject::kKey)][static_cast<size_t>(key)] = 0;
      }
      if (word == "happy") {
        for (Subject subject : {Subject::kTls, Subject::kKey, Subject::kCert}) {
          mix.SetOnly(subject, normal);
        }
      }
    } else if (word == "uniform") {
      for (size_t s = 0; s < std::size(kTables); ++s) {
        const auto subject = static_cast<Subject>(s);
        if (subject != Subject::kCrowd) mix.SetSubject(subject, 1);
      }
    } else if (word == "internet") {
      mix.MakeInternet();
    } else if (word != "default") {
      return absl::InvalidArgumentError(JoinText(
          "--mix: no preset \"", word, "\" (default, tls-only, happy, uniform, internet)"));
    }
  }
  mix.Accumulate();
  for (size_t s = 0; s < std::size(kTables); ++s) {
    if (mix.cumulative_[s].back() <= 0) {
      return absl::InvalidArgumentError(
          JoinText("--mix: every weight of \"", kTables[s].subject, "\" is 0"));
    }
  }
  return mix;
}

void Mix::Accumulate() {
  cumulative_.clear();
  for (const std::vector<double>& weights : weights_) {
    std::vector<double>& sums = cumulative_.emplace_back();
    double sum = 0;
    for (double weight : weights) sums.push_back(sum += weight);
  }
}

bool Mix::HasWeight(Subject subject, size_t first) const {
  const std::vector<double>& weights = weights_[static_cast<size_t>(subject)];
  return std::any_of(weights.begin() + static_cast<ptrdiff_t>(first), weights.end(),
                     [](double weight) { return weight > 0; });
}

size_t Mix::PickIndex(size_t subject, Draw& draw) const {
  const std::vector<double>& sums = cumulative_[subject];
  const double at = draw.Unit() * sums.back();
  const size_t index = std::upper_bound(sums.begin(), sums.end(), at) - sums.begin();
  return std::min(index, sums.size() - 1);
}

BehaviourOutcome OutcomeOf(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::kFirst421:
      return {"tls_ok", "done", 2};
    case Behaviour::kStuckAfterTls:
    case Behaviour::kCloseAfterTls:
    case Behaviour::kEhloAfterTls421:
    case Behaviour::kEhloAfterTlsRefused:
    case Behaviour::kEhloAfterTlsClose:
      return {"tls_ok", "ehlo_after_tls", 1};
    case Behaviour::kNoQuitReply:
      return {"tls_ok", "quit", 1};
    case Behaviour::kNoStarttls:
    case Behaviour::kXStarttls:
    case Behaviour::kHeloOnly:
      return {"no_starttls", "ehlo", 1};
    case Behaviour::kStarttls454:
      return {"starttls_refused", "starttls", 2};
    case Behaviour::kStarttls501:
    case Behaviour::kStarttls502:
      return {"starttls_refused", "starttls", 1};
    case Behaviour::kStarttls421:
      return {"throttled_421", "starttls", 2};
    case Behaviour::kGreeting421:
      return {"throttled_421", "greeting", 2};
    case Behaviour::kGreeting450:
      return {"greeting_4xx", "greeting", 2};
    case Behaviour::kGreeting554:
      return {"greeting_5xx", "greeting", 1};
    case Behaviour::kEhlo421:
      return {"throttled_421", "ehlo", 2};
    case Behaviour::kEhlo451:
      return {"ehlo_refused", "ehlo", 2};
    case Behaviour::kEhloRefused:
      return {"ehlo_refused", "ehlo", 1};
    case Behaviour::kSilentGreeting:
      return {"greeting_timeout", "greeting", 2};
    case Behaviour::kSilentEhlo:
      return {"command_timeout", "ehlo", 2};
    case Behaviour::kSilentStarttls:
      return {"command_timeout", "starttls", 2};
    case Behaviour::kSilentHandshake:
      return {"tls_timeout", "handshake", 2};
    case Behaviour::kCloseGreeting:
      return {"closed_early", "greeting", 2};
    case Behaviour::kCloseEhlo:
      return {"closed_early", "ehlo", 2};
    case Behaviour::kCloseStarttls:
    case Behaviour::kCloseHandshake:
      return {"closed_early", "handshake", 2};
    case Behaviour::kResetGreeting:
      return {"reset", "greeting", 2};
    case Behaviour::kResetEhlo:
      return {"reset", "ehlo", 2};
    case Behaviour::kResetStarttls:
    case Behaviour::kResetHandshake:
      return {"reset", "handshake", 2};
    case Behaviour::kGarbageGreeting:
    case Behaviour::kGreeting354:
    case Behaviour::kEndlessGreeting:
      return {"smtp_protocol_error", "greeting", 1};
    case Behaviour::kEndlessEhlo:
      return {"smtp_protocol_error", "ehlo", 1};
    case Behaviour::kTlsGarbage:
      return {"tls_protocol_error", "handshake", 1};
    // The ClientHello may be at fault: one without TLS 1.3 and one without a server name follow.
    case Behaviour::kAlertHandshakeFailure:
    case Behaviour::kAlertInternalError:
      return {"tls_alert", "handshake", 3};
    case Behaviour::kAlertProtocolVersion:
      return {"tls_alert", "handshake", 2};
    case Behaviour::kConnectRefused:
      return {"connect_refused", "connect", 1};
    case Behaviour::kConnectTimeout:
      return {"connect_timeout", "connect", 2};
    case Behaviour::kBlocked:
      return {"blocked", "gate", 0};
    default:
      return {"tls_ok", "done", 1};
  }
}

}  // namespace mxsweep::lab
