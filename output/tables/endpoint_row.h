// A row of `endpoints`: one MX host at one address, and everything the dialogue with it showed. The
// words of `outcome`, `stage`, `rpt_result` and the verdicts are those of docs/outcomes.md. A
// column that the dialogue did not reach is null.
#ifndef MXSWEEP_OUTPUT_TABLES_ENDPOINT_ROW_H_
#define MXSWEEP_OUTPUT_TABLES_ENDPOINT_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "output/tables/column.h"

namespace mxsweep::output {

// A certificate that a probe was shown, judged like the endpoint's own.
struct ShownCertificate {
  std::string probe;
  std::string leaf_sha256;
  std::string key_type;
  uint32_t key_bits = 0;
  std::string pkix_status;
  std::string name_match;
  std::string dane_status;
  std::string certificate_level;

  friend bool operator==(const ShownCertificate&, const ShownCertificate&) = default;

  template <typename Visitor>
  static void VisitFields(Visitor&& visit) {
    using S = ShownCertificate;
    visit(Column{"probe", &S::probe, "which probe, as in probes.probe"});
    visit(Column{"leaf_sha256", &S::leaf_sha256, "joins certificates.sha256"});
    visit(Column{"key_type", &S::key_type, "as leaf_key_type"});
    visit(Column{"key_bits", &S::key_bits, "as leaf_key_bits; 0: not known"});
    visit(Column{"pkix_status", &S::pkix_status, "as pkix_status"});
    visit(Column{"name_match", &S::name_match, "as name_match; not_known without a host name"});
    visit(Column{"dane_status", &S::dane_status, "as dane_status; not_known where that is null"});
    visit(Column{"certificate_level", &S::certificate_level,
                 "as certificate_level; not_known where that is null"});
  }
};

struct EndpointRow {
  // Where.
  std::string host;
  std::string address;
  uint16_t port = 25;
  std::optional<std::string> provider;

  // Outcome.
  std::string outcome;
  std::optional<std::string> rpt_result;
  std::string stage;
  uint32_t attempts = 0;
  bool inferred = false;
  std::optional<absl::Time> inferred_from_at;
  std::optional<std::string> error_detail;

  // SMTP.
  std::optional<uint16_t> greeting_code;
  std::optional<std::string> greeting;
  std::optional<bool> helo_used;
  std::optional<std::vector<std::string>> ehlo_keywords;
  std::optional<uint64_t> size_limit;
  std::optional<uint16_t> starttls_code;
  std::optional<std::string> starttls_reply;
  std::optional<uint32_t> injected_plaintext_bytes;
  std::optional<std::vector<std::string>> ehlo_after_tls;
  std::optional<bool> requiretls;
  std::optional<std::string> after_tls;
  std::optional<uint16_t> after_tls_code;
  std::optional<std::string> reply_codes;

  // TLS.
  std::optional<std::string> server_name;
  std::optional<std::string> offer;
  std::optional<std::string> offered_as;
  std::optional<bool> offered_post_quantum;
  std::optional<std::string> usual_offer_failure;
  std::optional<std::string> may_be_ours;
  std::optional<std::string> without_server_name;
  std::optional<std::string> without_server_name_detail;
  std::optional<std::string> tls_version;
  std::optional<std::string> cipher;
  std::optional<uint16_t> cipher_bits;
  std::optional<std::string> group;
  std::optional<uint16_t> group_bits;
  std::optional<std::string> signature_algorithm;
  std::optional<bool> ocsp_stapled;
  std::optional<uint16_t> sct_count;
  std::optional<bool> extended_master_secret;
  std::optional<bool> secure_renegotiation;
  std::optional<std::string> alert_sent;
  std::optional<std::string> alert_received;

  // Keys and certificates.
  std::optional<std::string> leaf_key_type;
  std::optional<uint32_t> leaf_key_bits;
  std::optional<std::string> leaf_signature_algorithm;
  std::optional<uint8_t> session_level;
  std::optional<std::string> session_level_limit;
  std::optional<uint8_t> session_level_openssl_3_0;
  std::optional<uint8_t> certificate_level;
  std::optional<std::string> certificate_level_limit;
  std::optional<std::vector<std::string>> chain_sha256;
  std::optional<std::string> pkix_status;
  std::optional<std::string> pkix_error;
  std::optional<std::string> name_match;
  std::optional<absl::Time> not_after;

  // Revocation.
  std::optional<std::string> ocsp_status;
  std::optional<std::string> revocation_status;
  std::optional<std::string> revocation_source;
  std::optional<std::string> revocation_detail;

  // DANE.
  std::optional<std::string> dane_status;
  std::optional<std::string> dane_matched_record;
  std::optional<uint8_t> dane_matched_depth;
  std::optional<std::string> dane_detail;
  std::optional<std::vector<std::string>> dane_record_results;

  // Probes.
  uint32_t probe_count = 0;
  std::optional<std::string> follow_up;
  std::optional<std::string> follow_up_tls_version;
  std::optional<std::string> follow_up_cipher;
  std::optional<std::string> follow_up_group;
  std::optional<std::string> follow_up_alert;
  std::optional<uint8_t> follow_up_session_level;
  std::optional<std::string> follow_up_session_level_limit;
  std::optional<uint8_t> follow_up_session_level_openssl_3_0;
  std::optional<std::string> min_version_accepted;
  std::optional<std::string> max_version_accepted;
  std::optional<bool> accepts_sslv3;
  std::optional<bool> accepts_rc4;
  std::optional<bool> accepts_3des;
  std::optional<bool> accepts_null;
  std::optional<bool> accepts_anonymous;
  std::optional<bool> accepts_export_rsa;
  std::optional<bool> accepts_export_dhe;
  std::optional<bool> accepts_export;
  std::optional<bool> accepts_static_rsa;
  std::optional<bool> static_rsa_only;
  std::optional<bool> fallback_scsv;
  std::optional<bool> downgrade_sentinel;
  std::optional<bool> accepts_dhe;
  std::optional<uint32_t> dhe_bits;
  std::optional<std::string> dhe_prime;
  std::optional<std::string> dhe_generator;
  std::optional<std::string> dhe_prime_kind;
  std::optional<bool> dhe_public_value_repeats;
  std::optional<bool> has_rsa_certificate;
  std::optional<bool> has_ecdsa_certificate;
  std::optional<bool> accepts_no_server_name;
  std::optional<std::vector<ShownCertificate>> shown_certificates;
  std::optional<std::vector<std::string>> pq_groups;
  std::optional<std::vector<std::string>> pq_groups_unknown;
  std::optional<std::string> pq_preferred;
  std::optional<bool> mldsa;

  // Yardsticks.
  std::optional<std::vector<std::string>> nist_sp800_52r2;
  std::optional<std::vector<std::string>> ncsc_nl_2021;
  std::optional<std::string> ncsc_nl_2021_at_most;
  std::optional<std::vector<std::string>> ncsc_nl_2025;
  std::optional<std::string> ncsc_nl_2025_at_most;
  std::optional<std::vector<std::string>> mozilla_modern;
  std::optional<std::vector<std::string>> mozilla_intermediate;
  std::optional<std::vector<std::string>> mozilla_old;
  std::optional<std::vector<std::string>> yardsticks_unseen;

  std::optional<Binary> summary;

  // Timing and volume, of the last attempt.
  absl::Time started_at;
  std::optional<uint32_t> connect_us;
  std::optional<uint32_t> greeting_us;
  std::optional<uint32_t> starttls_us;
  std::optional<uint32_t> handshake_us;
  uint64_t elapsed_us = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;

  friend bool operator==(const EndpointRow&, const EndpointRow&) = default;
};

template <>
struct Table<EndpointRow> {
  static constexpr TableId kId = TableId::kEndpoints;
  static constexpr std::string_view kName = "endpoints";
  static constexpr std::string_view kDescription = "a row per MX host × address";

  template <typename Visitor>
  static void VisitColumns(Visitor&& visit) {
    VisitDialogue(visit);
    VisitTls(visit);
    VisitVerdicts(visit);
    VisitProbes(visit);
    VisitYardsticks(visit);
    VisitTiming(visit);
  }

 private:
  using R = EndpointRow;

  template <typename Visitor>
  static void VisitDialogue(Visitor&& visit) {
    visit(Column{"host", &R::host, "the MX host, joins mx_hosts.host", kBloomFilter});
    visit(Column{"address", &R::address, "IPv4 or IPv6 address as text (RFC 5952)", kBloomFilter});
    visit(Column{"port", &R::port, "TCP port"});
    visit(Column{"provider", &R::provider, "registrable domain of the host"});
    visit(Column{"outcome", &R::outcome, "why the dialogue ended where it did, one word"});
    visit(Column{"rpt_result", &R::rpt_result,
                 "the outcome in the words of TLS reports (RFC 8460 §4.3)"});
    visit(Column{"stage", &R::stage, "how far the dialogue had come when it ended"});
    visit(Column{"attempts", &R::attempts, "connections made or tried; the row is of the last"});
    visit(Column{"inferred", &R::inferred,
                 "nobody asked for this host: it is told what other names met at the address; "
                 "verdicts on names are its own"});
    visit(Column{"inferred_from_at", &R::inferred_from_at,
                 "when the last of those was met; null unless inferred"});
    visit(Column{"error_detail", &R::error_detail, "more about what went wrong, a sentence"});
    visit(Column{"greeting_code", &R::greeting_code, "code of the greeting"});
    visit(Column{"greeting", &R::greeting, "text of the greeting"});
    visit(Column{"helo_used", &R::helo_used, "EHLO was refused and HELO sent instead"});
    visit(Column{"ehlo_keywords", &R::ehlo_keywords,
                 "keywords of the first EHLO reply, upper case, with their parameters"});
    visit(Column{"size_limit", &R::size_limit, "parameter of SIZE (RFC 1870), bytes"});
    visit(Column{"starttls_code", &R::starttls_code, "code of the reply to STARTTLS"});
    visit(Column{"starttls_reply", &R::starttls_reply, "text of the reply to STARTTLS"});
    visit(Column{"injected_plaintext_bytes", &R::injected_plaintext_bytes,
                 "bytes that came in the clear after the 220 to STARTTLS"});
    visit(Column{"ehlo_after_tls", &R::ehlo_after_tls,
                 "keywords of the EHLO reply inside TLS, as in `ehlo_keywords`"});
    visit(Column{"requiretls", &R::requiretls, "REQUIRETLS is offered inside TLS (RFC 8689)"});
    visit(Column{"after_tls", &R::after_tls,
                 "what became of the EHLO within TLS: ok, helo, refused, throttled_421, closed, "
                 "timeout, not_smtp; null where it was not said"});
    visit(Column{"after_tls_code", &R::after_tls_code,
                 "code of the last reply to EHLO or HELO within TLS"});
    visit(Column{"reply_codes", &R::reply_codes,
                 "of the first reply whose lines had different codes (RFC 5321 §4.2.1): its stage, "
                 "the first line's code and the last one's, by which we went on; null: of none"});
  }

  template <typename Visitor>
  static void VisitTls(Visitor&& visit) {
    visit(Column{"server_name", &R::server_name, "server name (SNI) sent in the ClientHello"});
    visit(Column{"offer", &R::offer,
                 "what this attempt's ClientHello offered: usual (see offered_as), or without what "
                 "the server may have stumbled over: tls12 (nothing newer), no_server_name, "
                 "no_post_quantum (a ClientHello that fits into one packet)"});
    visit(Column{"offered_as", &R::offered_as,
                 "whose ClientHello it resembled (--offer), on which the server's choices depend: "
                 "everything (nobody's: all that BoringSSL has, TLS 1.0 to 1.3), openssl (OpenSSL "
                 "3.5), postfix (Postfix 3.7 at level may; no server name)"});
    visit(
        Column{"offered_post_quantum", &R::offered_post_quantum,
               "X25519MLKEM768 was offered first, with a key share; false: mxsweep was built with "
               "a BoringSSL that does not have it, or this attempt left it out"});
    visit(Column{"usual_offer_failure", &R::usual_offer_failure,
                 "what the usual offer had come to, where this is another one"});
    visit(Column{"may_be_ours", &R::may_be_ours,
                 "why a failed handshake may be our own client's doing: no_common_cipher, "
                 "certificate_not_parsed …; null: it is the server's, or did not fail"});
    visit(Column{"without_server_name", &R::without_server_name,
                 "what a second connection without a server name (SNI) was shown: same (the same "
                 "certificates), valid or invalid (others), not_known, failed (no handshake); null "
                 "where none was made (--without-sni) or it broke off"});
    visit(Column{"without_server_name_detail", &R::without_server_name_detail,
                 "what is wrong with those certificates, or how that connection ended"});
    visit(Column{"tls_version", &R::tls_version, "version negotiated: TLSv1.3, TLSv1.2 …"});
    visit(Column{"cipher", &R::cipher, "cipher suite negotiated, IANA name"});
    visit(Column{"cipher_bits", &R::cipher_bits, "strength of the cipher, bits"});
    visit(Column{"group", &R::group, "key exchange group: X25519, P-256 …; null for static RSA"});
    visit(Column{"group_bits", &R::group_bits, "bits of the group's field or prime"});
    visit(Column{"signature_algorithm", &R::signature_algorithm,
                 "algorithm by which the server signed the handshake"});
    visit(Column{"ocsp_stapled", &R::ocsp_stapled,
                 "an OCSP response was stapled; null: none was asked for"});
    visit(Column{"sct_count", &R::sct_count,
                 "certificate timestamps sent in the handshake (RFC 6962)"});
    visit(Column{"extended_master_secret", &R::extended_master_secret,
                 "RFC 7627 was negotiated; true in TLS 1.3"});
    visit(Column{"secure_renegotiation", &R::secure_renegotiation,
                 "RFC 5746 was negotiated; true in TLS 1.3"});
    visit(Column{"alert_sent", &R::alert_sent, "alert that we sent, RFC 8446 §6 name"});
    visit(Column{"alert_received", &R::alert_received, "alert that came, RFC 8446 §6 name"});
  }

  template <typename Visitor>
  static void VisitVerdicts(Visitor&& visit) {
    visit(Column{"leaf_key_type", &R::leaf_key_type,
                 "kind of the certificate's key: a word of certificates.key_type, or unknown"});
    visit(Column{"leaf_key_bits", &R::leaf_key_bits, "bits of the certificate's key"});
    visit(Column{"leaf_signature_algorithm", &R::leaf_signature_algorithm,
                 "algorithm by which the certificate's issuer signed it"});
    visit(Column{"session_level", &R::session_level,
                 "highest OpenSSL security level (0–5, rules of 3.1 and later) at which a client "
                 "makes this session, verifying or not"});
    visit(Column{"session_level_limit", &R::session_level_limit,
                 "what keeps it from the next level; null at 5"});
    visit(Column{"session_level_openssl_3_0", &R::session_level_openssl_3_0,
                 "the same by the rules of OpenSSL 3.0: TLS 1.0 and 1.1 pass some levels with "
                 "static RSA"});
    visit(Column{"certificate_level", &R::certificate_level,
                 "highest OpenSSL security level (0–5) at which verification finds no key too "
                 "small and no digest too weak on the certificate's path; null where a key is of "
                 "an unknown kind"});
    visit(Column{"certificate_level_limit", &R::certificate_level_limit,
                 "what keeps it from the next level; null at 5"});
    visit(Column{"chain_sha256", &R::chain_sha256,
                 "the certificates sent, leaf first; joins certificates.sha256"});
    visit(Column{"pkix_status", &R::pkix_status,
                 "verdict on the chain alone; null without one, or where it is not known"});
    visit(Column{"pkix_error", &R::pkix_error, "why not valid, or not known: a sentence"});
    visit(Column{"name_match", &R::name_match,
                 "where the host's name was found in the leaf: san, cn, none"});
    visit(Column{"not_after", &R::not_after, "end of the leaf's validity"});
    visit(Column{"ocsp_status", &R::ocsp_status,
                 "what the stapled OCSP response is worth; null if none was stapled"});
    visit(Column{"revocation_status", &R::revocation_status,
                 "whether a certificate of the path is revoked; null where nobody was asked"});
    visit(Column{"revocation_source", &R::revocation_source,
                 "who said so: ocsp_staple, crl; null if nobody did"});
    visit(Column{"revocation_detail", &R::revocation_detail,
                 "which certificate, since when, why; or why it is not known"});
    visit(Column{"dane_status", &R::dane_status,
                 "none, insecure, lookup_error, unusable, match, mismatch, no_starttls, "
                 "tls_failed; null where it could not be judged"});
    visit(Column{"dane_matched_record", &R::dane_matched_record,
                 "the TLSA record that matched: \"3 1 1 hex\""});
    visit(Column{"dane_matched_depth", &R::dane_matched_depth,
                 "where in the chain as sent that was: 0 the leaf"});
    visit(Column{"dane_detail", &R::dane_detail,
                 "a sentence: what matched where, and why the other records did not"});
    visit(Column{"dane_record_results", &R::dane_record_results,
                 "one for each record of mx_hosts.tlsa, in that order: match, or why it is not"});
  }

  template <typename Visitor>
  static void VisitProbes(Visitor&& visit) {
    visit(Column{"probe_count", &R::probe_count,
                 "connections with a hand-built ClientHello: rows of probes; not in `attempts`"});
    visit(Column{"follow_up", &R::follow_up,
                 "what a ClientHello like OpenSSL's met where the handshake failed perhaps for our "
                 "own: server_hello, alert …, as probes.outcome; null: not asked"});
    visit(Column{"follow_up_tls_version", &R::follow_up_tls_version, "version it got"});
    visit(Column{"follow_up_cipher", &R::follow_up_cipher, "cipher suite it got, IANA name"});
    visit(Column{"follow_up_group", &R::follow_up_group,
                 "key exchange group it got; of a finite-field exchange the bits of its prime"});
    visit(Column{"follow_up_alert", &R::follow_up_alert, "alert it got, RFC 8446 §6 name"});
    visit(Column{"follow_up_session_level", &R::follow_up_session_level,
                 "session_level of what it got, as far as it came in the clear"});
    visit(Column{"follow_up_session_level_limit", &R::follow_up_session_level_limit,
                 "what keeps it from the next level; null at 5"});
    visit(Column{"follow_up_session_level_openssl_3_0", &R::follow_up_session_level_openssl_3_0,
                 "the same by the rules of OpenSSL 3.0"});
    visit(Column{"min_version_accepted", &R::min_version_accepted,
                 "oldest version the server accepts: SSLv3, TLSv1 …; like all below null unless "
                 "probes were made (--probe) and showed it"});
    visit(Column{"max_version_accepted", &R::max_version_accepted, "newest"});
    visit(Column{"accepts_sslv3", &R::accepts_sslv3, "it accepts SSL 3.0"});
    visit(Column{"accepts_rc4", &R::accepts_rc4, "it accepts RC4, if nothing else is offered"});
    visit(Column{"accepts_3des", &R::accepts_3des, "… triple DES"});
    visit(Column{"accepts_null", &R::accepts_null, "… suites without encryption"});
    visit(Column{"accepts_anonymous", &R::accepts_anonymous, "… suites without a certificate"});
    visit(Column{"accepts_export_rsa", &R::accepts_export_rsa, "… RSA_EXPORT (FREAK)"});
    visit(Column{"accepts_export_dhe", &R::accepts_export_dhe, "… DHE_EXPORT (Logjam)"});
    visit(Column{"accepts_export", &R::accepts_export, "either of them"});
    visit(Column{"accepts_static_rsa", &R::accepts_static_rsa,
                 "it accepts RSA key exchange, without forward secrecy"});
    visit(Column{"static_rsa_only", &R::static_rsa_only, "it accepts nothing else"});
    visit(Column{"fallback_scsv", &R::fallback_scsv,
                 "an older version with TLS_FALLBACK_SCSV is refused (RFC 7507)"});
    visit(Column{"downgrade_sentinel", &R::downgrade_sentinel,
                 "answers in an older version say so in the server random (RFC 8446 §4.1.3)"});
    visit(Column{"accepts_dhe", &R::accepts_dhe, "it accepts finite-field DHE"});
    visit(Column{"dhe_bits", &R::dhe_bits, "bits of its prime"});
    visit(Column{"dhe_prime", &R::dhe_prime,
                 "the prime: a well-known one's name (docs/probes.md), else sha256: and its hash"});
    visit(Column{"dhe_generator", &R::dhe_generator, "generator: decimal, or hex behind 0x"});
    visit(Column{"dhe_prime_kind", &R::dhe_prime_kind,
                 "safe, prime or composite; null over 4096 bits unless it is well known"});
    visit(Column{"dhe_public_value_repeats", &R::dhe_public_value_repeats,
                 "two connections met the same public value"});
    visit(Column{"has_rsa_certificate", &R::has_rsa_certificate,
                 "a client that takes only RSA certificates gets one (TLS 1.2 and before)"});
    visit(Column{"has_ecdsa_certificate", &R::has_ecdsa_certificate, "the same of ECDSA"});
    visit(Column{"accepts_no_server_name", &R::accepts_no_server_name,
                 "a client that sends no server name gets a ServerHello"});
    visit(Column{"shown_certificates", &R::shown_certificates,
                 "what probes were shown, each with its own verdicts (TLS 1.2 and before)"});
    visit(
        Column{"pq_groups", &R::pq_groups,
               "key exchange groups with ML-KEM that it accepts, as IANA names them; empty: none"});
    visit(Column{"pq_groups_unknown", &R::pq_groups_unknown, "of which of them that is not known"});
    visit(Column{"pq_preferred", &R::pq_preferred,
                 "the group it takes of what OpenSSL 3.5 and Postfix 3.11 offer"});
    visit(Column{"mldsa", &R::mldsa, "it has a certificate with an ML-DSA key"});
  }

  // docs/yardsticks.md has the rules.
  template <typename Visitor>
  static void VisitYardsticks(Visitor&& visit) {
    visit(Column{"nist_sp800_52r2", &R::nist_sp800_52r2,
                 "what of it fails NIST SP 800-52 revision 2, by section (docs/yardsticks.md); "
                 "empty: nothing that was seen, which is no pass; null: no ServerHello was seen"});
    visit(Column{"ncsc_nl_2021", &R::ncsc_nl_2021,
                 "the same by the Dutch NCSC's TLS guidelines v2.1 of 2021: what is insufficient "
                 "or to be phased out"});
    visit(Column{"ncsc_nl_2021_at_most", &R::ncsc_nl_2021_at_most,
                 "the lowest level by them of what was seen: insufficient, phase_out, sufficient, "
                 "good; what was not seen may be worse"});
    visit(Column{"ncsc_nl_2025", &R::ncsc_nl_2025, "as ncsc_nl_2021, by their version 2025-05"});
    visit(Column{"ncsc_nl_2025_at_most", &R::ncsc_nl_2025_at_most, "the lowest level by that"});
    visit(Column{"mozilla_modern", &R::mozilla_modern,
                 "as nist_sp800_52r2, by Mozilla's server side TLS 5.7, profile modern; by the "
                 "keys of its JSON"});
    visit(Column{"mozilla_intermediate", &R::mozilla_intermediate, "… profile intermediate"});
    visit(Column{"mozilla_old", &R::mozilla_old, "… profile old"});
    visit(Column{"yardsticks_unseen", &R::yardsticks_unseen,
                 "what the rules ask about and was not seen here: versions, weak_suites, "
                 "export_suites, dhe, certificates, tls12_extensions, fallback_scsv; empty: the "
                 "lists before are all that the rules can find"});
  }

  template <typename Visitor>
  static void VisitTiming(Visitor&& visit) {
    visit(Column{"summary", &R::summary,
                 "what a scan that goes on (--resume) needs to know of an endpoint that is done, "
                 "packed; for mxsweep alone"});
    visit(Column{"started_at", &R::started_at, "when the last attempt began"});
    visit(Column{"connect_us", &R::connect_us, "microseconds until connected"});
    visit(Column{"greeting_us", &R::greeting_us, "from then until the greeting was complete"});
    visit(Column{"starttls_us", &R::starttls_us,
                 "from the greeting until the reply to STARTTLS was complete"});
    visit(Column{"handshake_us", &R::handshake_us, "from then until the handshake was complete"});
    visit(Column{"elapsed_us", &R::elapsed_us, "microseconds from `started_at` to the end"});
    visit(Column{"bytes_in", &R::bytes_in, "bytes received"});
    visit(Column{"bytes_out", &R::bytes_out, "bytes sent"});
  }
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_TABLES_ENDPOINT_ROW_H_
