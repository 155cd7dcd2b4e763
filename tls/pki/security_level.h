// What OpenSSL's security levels (SSL_CTX_set_security_level) are made of: security bits.
//
//   level                1     2     3     4     5
//   security bits >=    80   112   128   192   256   of cipher, group, keys and signatures alike
//   RSA, DH bits >=   1024  2048  3072  7680 15360   (what those bits mean for a modulus; half a
//   EC bits >=         160   224   256   384   512    step is rounded to whole bytes, so 1023
//                                                     passes 1 and 2016 passes 2)
//
// A level has two halves, and they end different handshakes. What it says of version, cipher,
// group, DH prime and handshake signature ends that of every client at the level
// (tls/session/session_level.h). What it says of certificates are verification errors, which end it
// only where verification is enforced (tls/pki/certificate_level.h).
#ifndef MXSWEEP_TLS_PKI_SECURITY_LEVEL_H_
#define MXSWEEP_TLS_PKI_SECURITY_LEVEL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "tls/pki/certificate.h"

namespace mxsweep::tls {

inline constexpr int kMaxSecurityLevel = 5;

struct SecurityLevel {
  int level = kMaxSecurityLevel;  // 0–5: the highest that is passed
  std::string limited;  // what keeps it from the next ("leaf key: rsa 2048 bits"); empty at 5

  // Lowers the level; what first brought it so low is remembered.
  void Limit(int to, const std::string& what);

  friend bool operator==(const SecurityLevel&, const SecurityLevel&) = default;
};

// The highest level that asks for no more than these security bits.
int LevelOfSecurityBits(int bits);

// Security bits as OpenSSL counts them: of a key (NIST SP 800-57 part 1, table 2, interpolated for
// RSA and DH); nothing for a kind of key that we do not know. `key_bits` as in CertificateFacts.
std::optional<int> KeySecurityBits(KeyType type, uint32_t key_bits);
// Of a modulus (RSA, DSA, finite-field DH), and of an elliptic curve by the bits of its field.
int ModulusSecurityBits(uint32_t bits);
int CurveSecurityBits(uint32_t field_bits);

// Of a signature over such a digest: half its length, that is how far it resists collisions; but
// MD5 39 and SHA-1 63. `key` is the signer's kind of key, which counts where there is no digest.
int SignatureSecurityBits(SignatureDigest digest, KeyType key);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_SECURITY_LEVEL_H_
