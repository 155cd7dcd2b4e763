// The cipher suites of TLS, also those that no library of today speaks: their numbers, their names,
// and what follows from the names.
#ifndef MXSWEEP_TLS_PROBE_SUITES_H_
#define MXSWEEP_TLS_PROBE_SUITES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::tls {

// Signalling values that stand among the suites of a ClientHello and are none.
inline constexpr uint16_t kRenegotiationInfoScsv = 0x00ff;  // RFC 5746 §3.3
inline constexpr uint16_t kFallbackScsv = 0x5600;           // RFC 7507 §2

enum class KeyExchange : uint8_t {
  kTls13Ephemeral,  // the suite does not say: always (EC)DHE here
  kEcdhe,           // the three with a fresh key for each handshake are forward-secret
  kDhe,
  kRsa,       // the secret is encrypted for the certificate's key
  kStaticDh,  // DH or ECDH with the certificate's key
  kEcdhAnon,  // fresh keys, nobody signs them
  kDhAnon,
};

// The key a certificate must have for a suite.
enum class SuiteKey : uint8_t { kAny, kRsa, kDss, kEcdsa, kNone };

struct Suite {
  uint16_t wire = 0;
  std::string_view name;  // IANA's
  KeyExchange key_exchange = KeyExchange::kTls13Ephemeral;
  SuiteKey key = SuiteKey::kAny;
  bool is_export = false;  // 40 or 56 bits by the export rules of before 2000
  bool is_null = false;    // nothing is encrypted
  bool is_rc4 = false;     // full-strength; the weak RC4 is is_export
  bool is_des = false;     // single DES with 56 bits
  bool is_3des = false;
  // ARIA, and Camellia with GCM: few libraries ever had them, and nobody's servers want them.
  bool is_rare = false;
  bool needs_tls12 = false;  // AEAD, or an HMAC with SHA-2 (RFC 5246 §A.5, RFC 5289)

  bool anonymous() const { return key == SuiteKey::kNone; }
  bool forward_secret() const {
    return key_exchange != KeyExchange::kRsa && key_exchange != KeyExchange::kStaticDh;
  }
};

// Null for a number that is no suite we know: PSK, SRP, Kerberos and GOST among them, which are
// never offered.
const Suite* FindSuite(uint16_t wire);

// IANA's name, "0xNNNN" where FindSuite knows none.
std::string SuiteName(uint16_t wire);

// All known suites for which `wanted` holds, the stronger ones first: a server that goes by the
// client's order then takes what a good client gets.
std::vector<uint16_t> SuitesThat(const std::function<bool(const Suite&)>& wanted);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PROBE_SUITES_H_
