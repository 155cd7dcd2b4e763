// A row of `probes`: one connection with a hand-built ClientHello, and what came back in the clear
// (tls/probe). What follows from all probes of an endpoint is in `endpoints`.
#ifndef MXSWEEP_OUTPUT_TABLES_PROBE_ROW_H_
#define MXSWEEP_OUTPUT_TABLES_PROBE_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "output/tables/column.h"

namespace mxsweep::output {

struct ProbeRow {
  std::string host;
  std::string address;
  uint16_t port = 25;

  std::string probe;
  std::string offered;
  std::optional<std::string> server_name;
  std::string outcome;
  std::string stage;
  std::optional<std::string> detail;

  std::optional<std::string> tls_version;
  std::optional<std::string> cipher;
  std::optional<std::string> group;
  std::optional<std::string> alert;
  std::optional<std::string> downgrade_sentinel;
  std::optional<std::vector<std::string>> chain_sha256;
  std::optional<std::string> dh_prime;
  std::optional<uint32_t> dh_prime_bits;
  std::optional<std::string> dh_generator;
  std::optional<std::string> dh_public_sha256;
  std::optional<uint32_t> export_rsa_bits;

  absl::Time started_at;
  uint64_t elapsed_us = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;

  friend bool operator==(const ProbeRow&, const ProbeRow&) = default;
};

template <>
struct Table<ProbeRow> {
  static constexpr TableId kId = TableId::kProbes;
  static constexpr std::string_view kName = "probes";
  static constexpr std::string_view kDescription =
      "a row per connection with a hand-built ClientHello (follow-up, --probe)";

  template <typename Visitor>
  static void VisitColumns(Visitor&& visit) {
    using R = ProbeRow;
    visit(Column{"host", &R::host, "the MX host, joins endpoints.host"});
    visit(Column{"address", &R::address, "IPv4 or IPv6 address, joins endpoints.address"});
    visit(Column{"port", &R::port, "TCP port"});
    visit(
        Column{"probe", &R::probe,
               "which probe: follow_up, version_sslv3, weak_rc4, export_rsa, dhe …; docs/probes.md"});
    visit(Column{"offered", &R::offered, "what its ClientHello offered, one line for people"});
    visit(Column{"server_name", &R::server_name, "server name (SNI) sent; null: none"});
    visit(Column{"outcome", &R::outcome,
                 "what came: server_hello, hello_retry_request, alert, closed, ssl2, not_tls, "
                 "truncated, oversized, malformed, reset, timeout; where no ClientHello was sent, "
                 "the word of endpoints.outcome that says why"});
    visit(Column{"stage", &R::stage, "how far the dialogue had come when it ended"});
    visit(Column{"detail", &R::detail, "more about what was wrong, a sentence"});
    visit(Column{"tls_version", &R::tls_version, "version of the ServerHello"});
    visit(Column{"cipher", &R::cipher, "cipher suite of the ServerHello, IANA name"});
    visit(Column{"group", &R::group, "key exchange group that it names"});
    visit(Column{"alert", &R::alert, "alert that ended it, RFC 8446 §6 name"});
    visit(Column{"downgrade_sentinel", &R::downgrade_sentinel,
                 "what the server random says of a downgrade (RFC 8446 §4.1.3): none, below_tls13, "
                 "below_tls12; null without a ServerHello"});
    visit(Column{"chain_sha256", &R::chain_sha256,
                 "the certificates sent in the clear (TLS 1.2 and before), leaf first; joins "
                 "certificates.sha256"});
    visit(Column{"dh_prime", &R::dh_prime,
                 "prime of a finite-field Diffie-Hellman exchange, lower-case hex without leading "
                 "zeros"});
    visit(Column{"dh_prime_bits", &R::dh_prime_bits, "bits of it"});
    visit(Column{"dh_generator", &R::dh_generator, "generator: decimal, or hex behind 0x"});
    visit(Column{"dh_public_sha256", &R::dh_public_sha256,
                 "SHA-256 of the server's public value, lower-case hex"});
    visit(
        Column{"export_rsa_bits", &R::export_rsa_bits, "bits of a temporary RSA key (RSA_EXPORT)"});
    visit(Column{"started_at", &R::started_at, "when the connection began"});
    visit(Column{"elapsed_us", &R::elapsed_us, "microseconds until its end"});
    visit(Column{"bytes_in", &R::bytes_in, "bytes received"});
    visit(Column{"bytes_out", &R::bytes_out, "bytes sent"});
  }
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_TABLES_PROBE_ROW_H_
