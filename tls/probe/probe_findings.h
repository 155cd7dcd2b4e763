// What the probes of one server come to: a pure function of their results.
#ifndef MXSWEEP_TLS_PROBE_PROBE_FINDINGS_H_
#define MXSWEEP_TLS_PROBE_PROBE_FINDINGS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/probe/probes.h"
#include "tls/probe/surveys.h"

namespace mxsweep::tls {

// Empty is "not known": not asked, or asked without an answer. It is never "no".
struct ProbeFindings {
  // By kPart…: SSL 3.0, TLS 1.0, 1.1, 1.2, and last 1.3.
  std::array<std::optional<bool>, 5> accepts_version;
  // Set only where everything below, or above, is known not to be accepted.
  std::optional<uint16_t> min_version_accepted;
  std::optional<uint16_t> max_version_accepted;
  std::optional<bool> accepts_sslv3;

  // Each once, in the order met; the ordinary handshake's is among them.
  std::vector<uint16_t> accepted_suites;
  std::optional<bool> accepts_rc4;
  std::optional<bool> accepts_3des;
  std::optional<bool> accepts_null;
  std::optional<bool> accepts_anonymous;
  std::optional<bool> accepts_export_rsa;
  std::optional<bool> accepts_export_dhe;
  // Either; false if neither.
  std::optional<bool> accepts_export;
  std::optional<bool> accepts_static_rsa;
  std::optional<bool> accepts_forward_secret;
  std::optional<bool> static_rsa_only;

  // An older version with TLS_FALLBACK_SCSV is refused with inappropriate_fallback (RFC 7507 §3).
  std::optional<bool> fallback_scsv;
  // RFC 8446 §4.1.3 in every answer of an older version than the server's newest.
  std::optional<bool> downgrade_sentinel;

  // Finite-field DHE, by the first of its probes that was answered, else by the follow-up.
  std::optional<bool> accepts_dhe;
  std::optional<uint32_t> dhe_bits;
  std::optional<std::string> dhe_prime;      // WellKnownPrime::name, else "sha256:" and 64 digits
  std::optional<std::string> dhe_generator;  // decimal up to 64 bits, else "0x…" up to 64 digits
  // "safe", "prime", "composite". Of a well-known prime; of any other JudgePrime() must say.
  std::optional<std::string> dhe_prime_kind;
  std::optional<bool> dhe_public_value_repeats;
  std::optional<size_t> dhe_result;  // whose flight has the prime

  // TLS 1.2 and before. An index: of the result whose flight has the chain.
  std::optional<bool> has_rsa_certificate;
  std::optional<bool> has_ecdsa_certificate;
  std::optional<size_t> rsa_chain_result;
  std::optional<size_t> ecdsa_chain_result;
  std::optional<size_t> no_server_name_chain_result;
  // A client without a server name gets a ServerHello.
  std::optional<bool> accepts_no_server_name;

  // The groups with ML-KEM it takes, of HybridGroups(), in the server's order of preference as far
  // as it showed. An empty list: it takes none of them. Where pq_groups_unknown is not 0 there may
  // be more.
  std::optional<std::vector<uint16_t>> pq_groups;
  // Bits of HybridGroups() of which nothing is known.
  uint8_t pq_groups_unknown = (1u << kHybridGroupCount) - 1;
  std::optional<uint16_t> pq_preferred;  // the group it takes of OpenSSL 3.5's offer, hybrid or not
  std::optional<bool> mldsa;             // it has a certificate with an ML-DSA key

  // What a sender with OpenSSL would have met.
  std::optional<size_t> follow_up_result;
  // "server_hello", "alert", … as FlightWord(); "not_reached": not as far as TLS.
  std::optional<std::string_view> follow_up_outcome;
  std::optional<uint16_t> follow_up_version;
  std::optional<uint16_t> follow_up_suite;
  std::optional<uint16_t> follow_up_group;
  std::optional<uint8_t> follow_up_alert;
};

ProbeFindings Conclude(const OrdinaryHandshake& ordinary, std::span<const ProbeResult> done);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PROBE_PROBE_FINDINGS_H_
