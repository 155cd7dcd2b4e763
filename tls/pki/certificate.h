#ifndef MXSWEEP_TLS_PKI_CERTIFICATE_H_
#define MXSWEEP_TLS_PKI_CERTIFICATE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/pki/der_handle.h"
#include "tls/pki/revocation_sources.h"

namespace mxsweep::tls {

enum class KeyType : uint8_t {
  kUnknown,
  kRsa,
  kRsaPss,
  kEc,
  kEd25519,
  kEd448,
  kDsa,
  kDh,
  kX25519,
  kGost,
};

// The hash a signature was made over; kNone for Ed25519 and Ed448, which need none.
enum class SignatureDigest : uint8_t {
  kUnknown,
  kNone,
  kMd2,
  kMd4,
  kMd5,
  kSha1,
  kSha224,
  kSha256,
  kSha384,
  kSha512
};

// A digest whose collisions are made on purpose since long.
constexpr bool IsMd5OrOlder(SignatureDigest digest) {
  return digest == SignatureDigest::kMd2 || digest == SignatureDigest::kMd4 ||
         digest == SignatureDigest::kMd5;
}

// Reasons to call a certificate's key or signature weak; a bit each, so that a set fits an integer.
enum class WeakKey : uint16_t {
  kRsaShort = 1 << 0,       // "rsa_short": RSA modulus under 2048 bits
  kSmallExponent = 1 << 1,  // "small_exponent": RSA exponent under 65537 (FIPS 186-4 §B.3.1)
  kMd5Signature =
      1 << 2,  // "md5_signature": signed over MD2, MD4 or MD5; not said of self-signed ones
  kSha1Signature = 1 << 3,  // "sha1_signature": signed over SHA-1; not said of self-signed ones
};

// A row of the `certificates` table, from the DER alone. Optional or empty: could not be read.
struct CertificateFacts {
  Sha256 sha256{};
  std::optional<Sha256> spki_sha256;

  // RFC 4514 text in UTF-8 ("CN=mx.example.org,O=Example"); a name that X.509 rules refuse is "#"
  // and the hex of its DER (RFC 4514 §2.4). An empty name is "".
  std::optional<std::string> subject;
  std::optional<std::string> issuer;
  // In certificate order: "dns:mx.example.org", "ip:192.0.2.1", "email:a@example.org",
  // "uri:https://…", "dirname:CN=…", "rid:1.2.3", "other:1.2.3.4" (its type only). Bytes that are
  // not printable ASCII: "\xNN".
  std::vector<std::string> subject_alt_names;
  std::optional<std::string>
      serial;  // lower-case hex of the value, no leading zero byte, "-" if negative

  // Seconds since 1970-01-01T00:00:00Z, negative before it; years 0 to 9999 (RFC 5280 §4.1.2.5).
  std::optional<int64_t> not_before;
  std::optional<int64_t> not_after;

  // "rsa", "rsa_pss", "ec", "ed25519", "ed448", "dsa", "dh", "x25519", "gost", else the algorithm's
  // OID.
  std::optional<std::string> key_type;
  // RSA: bits of the modulus. EC: of the curve's field (P-256: 256). Ed25519 255, Ed448 448, X25519
  // 255. DSA, DH: of the prime.
  std::optional<uint32_t> key_bits;
  std::optional<std::string> rsa_exponent;  // decimal up to 64 bits, else "0x…"
  // "P-256", "P-384", "P-521", "P-224", "P-192", "secp256k1", "brainpoolP256r1" …; "explicit" for
  // parameters written out; else the curve's OID.
  std::optional<std::string> curve;
  // OpenSSL's long names: "sha256WithRSAEncryption", "ecdsa-with-SHA384", "ED25519",
  // "dsa_with_SHA256", …; RSASSA-PSS with its hash ("rsassaPss-sha256"); else the OID.
  std::optional<std::string> signature_algorithm;

  bool is_ca = false;        // basicConstraints says so
  bool self_signed = false;  // issuer equals subject, and the signature verifies with its own key

  std::vector<std::string> crl_urls;  // RevocationSources::crl_urls
  bool ocsp_must_staple = false;      // RevocationSources::ocsp_must_staple

  uint16_t weak_keys = 0;  // of WeakKey
  // The words of weak_keys, in the order of the bits.
  std::vector<std::string> WeakKeyNames() const;

  // What the verdicts need of all that, as numbers.
  KeyType key_kind = KeyType::kUnknown;
  SignatureDigest signature_digest = SignatureDigest::kUnknown;

  // What could not be read, first trouble first; empty for a well-formed certificate.
  std::string error;
};

// Reads whatever can be read. Never fails: a certificate that is not one at all has its hash and an
// error.
CertificateFacts ParseCertificateFacts(std::span<const uint8_t> der);

std::string_view KeyTypeName(
    KeyType type);  // as in CertificateFacts::key_type; "unknown" for kUnknown

std::string HexLower(std::span<const uint8_t> bytes);
// Nothing for what is no 64 digits of hex.
std::optional<Sha256> Sha256FromHex(std::string_view hex);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_CERTIFICATE_H_
