// A row of `weak_keys`: one public key, or prime of DHE, about which there is something to say,
// from as many scans and files as `mxsweep keys` was given. Written by that command, not by a scan.
//
// Where a factor was found it is not written down: the row would be the private key.
#ifndef MXSWEEP_OUTPUT_TABLES_WEAK_KEY_ROW_H_
#define MXSWEEP_OUTPUT_TABLES_WEAK_KEY_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "output/tables/column.h"

namespace mxsweep::output {

// Where a key was shown.
struct WeakKeyEndpoint {
  std::string host;
  std::string address;
  uint16_t port = 0;

  friend bool operator==(const WeakKeyEndpoint&, const WeakKeyEndpoint&) = default;

  template <typename Visitor>
  static void VisitFields(Visitor&& visit) {
    visit(Column{"host", &WeakKeyEndpoint::host, "MX host, joins endpoints.host"});
    visit(Column{"address", &WeakKeyEndpoint::address, "joins endpoints.address"});
    visit(Column{"port", &WeakKeyEndpoint::port, "joins endpoints.port"});
  }
};

struct WeakKeyRow {
  std::string spki_sha256;
  std::optional<std::string> modulus_sha256;
  std::optional<std::string> key_type;
  std::optional<uint32_t> key_bits;
  std::optional<std::string> curve;

  std::vector<std::string> weaknesses;
  std::optional<std::string> detail;
  bool private_key_follows = false;
  std::optional<bool> known_private_key;
  std::optional<std::string> known_key_list;
  std::optional<uint64_t> shared_prime_count;
  std::optional<std::vector<std::string>> shared_prime_spki_sha256;

  uint64_t certificate_count = 0;
  std::vector<std::string> certificate_sha256;
  uint64_t endpoint_count = 0;
  std::vector<WeakKeyEndpoint> endpoints;
  uint64_t host_count = 0;
  uint64_t provider_count = 0;
  std::vector<std::string> providers;
  uint64_t domain_count = 0;
  std::vector<std::string> domains;
  std::vector<std::string> sources;
  std::optional<absl::Time> first_seen;

  friend bool operator==(const WeakKeyRow&, const WeakKeyRow&) = default;
};

template <>
struct Table<WeakKeyRow> {
  static constexpr TableId kId = TableId::kWeakKeys;
  static constexpr std::string_view kName = "weak_keys";
  static constexpr std::string_view kDescription =
      "a row per key about which there is something to say; written by `mxsweep keys --output "
      "FILE`";

  template <typename Visitor>
  static void VisitColumns(Visitor&& visit) {
    using R = WeakKeyRow;
    visit(
        Column{"spki_sha256", &R::spki_sha256,
               "SHA-256 of the public key (SubjectPublicKeyInfo), joins certificates.spki_sha256; "
               "of a prime of DHE (big-endian, no leading zeros)",
               kBloomFilter});
    visit(Column{
        "modulus_sha256", &R::modulus_sha256,
        "RSA, DHE: SHA-256 of the modulus (big-endian, no leading zeros); the same in keys that "
        "differ in the exponent alone"});
    visit(Column{"key_type", &R::key_type, "as in certificates; dh_prime: a prime of DHE"});
    visit(Column{"key_bits", &R::key_bits, "as in certificates"});
    visit(Column{"curve", &R::curve, "as in certificates"});
    visit(Column{"weaknesses", &R::weaknesses,
                 "words of docs/keys.md: those of certificates.weak_key (here with all checks), "
                 "dh_short, dh_composite, dh_not_safe, shared_prime, shared_modulus, "
                 "shared_key, known_private_key"});
    visit(Column{"detail", &R::detail, "what was found, for people"});
    visit(Column{"private_key_follows", &R::private_key_follows,
                 "from what was found anybody can compute the private key"});
    visit(Column{"known_private_key", &R::known_private_key,
                 "its private key is published, says the blocklist; null without a blocklist"});
    visit(Column{"known_key_list", &R::known_key_list, "the blocklist's part that has it"});
    visit(Column{"shared_prime_count", &R::shared_prime_count,
                 "how many other moduli have a prime in common with it, in these inputs and in the "
                 "store; null for keys without a modulus"});
    visit(Column{"shared_prime_spki_sha256", &R::shared_prime_spki_sha256,
                 "keys of those, at most 32"});
    visit(Column{"certificate_count", &R::certificate_count, "distinct certificates of this key"});
    visit(Column{"certificate_sha256", &R::certificate_sha256,
                 "those, at most 100; joins certificates.sha256"});
    visit(
        Column{"endpoint_count", &R::endpoint_count,
               "distinct endpoints (host, address, port) that showed one of them, as their own or "
               "as an issuer's; or used the prime"});
    visit(Column{"endpoints", &R::endpoints, "those, at most 100"});
    visit(Column{"host_count", &R::host_count, "distinct MX hosts among the endpoints"});
    visit(Column{"provider_count", &R::provider_count,
                 "distinct registrable domains of those hosts"});
    visit(Column{"providers", &R::providers, "those, at most 100"});
    visit(Column{"domain_count", &R::domain_count, "distinct input domains with such an MX host"});
    visit(Column{"domains", &R::domains, "those, at most 100"});
    visit(Column{"sources", &R::sources,
                 "scans and files that it was met in, as they were named, at most 32"});
    visit(Column{"first_seen", &R::first_seen,
                 "when a scan first met it, or the store; null for files"});
  }
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_TABLES_WEAK_KEY_ROW_H_
