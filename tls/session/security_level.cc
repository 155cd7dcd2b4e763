// The rules of OpenSSL 3.0's default security callback and of its chain check, in our own words
// (man page SSL_CTX_set_security_level, and as observed with Debian 12's OpenSSL 3.0.19):
//
//   level                1     2     3     4     5
//   security bits >=    80   112   128   192   256   of cipher, group, keys and signatures alike
//   RSA, DH bits >=   1024  2048  3072  7680 15360   (what those bits mean for a modulus; half a
//   step is rounded EC bits >=         160   224   256   384   512    to whole bytes, so 1023
//   passes 1 and 2016 passes 2)
//
// - A signature counts as much as its hash resists collisions: half its length, but MD5 39, SHA-1
// 63 and the
//   MD5+SHA-1 pair of TLS 1.0 and 1.1 67: all of them level 0 only. So an ECDHE handshake in
//   TLS 1.0 or 1.1 is level 0, whatever its keys.
// - A certificate's signature does not count if it is self-signed.
// - Level 3 and up: forward secrecy (no static RSA), no TLS 1.0. Level 4 and up: no TLS 1.1, no
// SHA-1 as MAC.
//   Static RSA in TLS 1.0 is therefore level 2, although RSA with SHA-1 PRF: tried, and OpenSSL
//   agrees.
// - SSL 3.0: level 1 at most.
#include "tls/session/security_level.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include "scanner/base/text.h"
#include "tls/pki/certificate.h"
#include "tls/session/version.h"

namespace mxsweep::tls {
namespace {

constexpr int kMaxLevel = 5;
constexpr int kBitsOfLevel[] = {0, 80, 112, 128, 192, 256};

int LevelOfBits(int bits) {
  int level = 0;
  while (level < kMaxLevel && bits >= kBitsOfLevel[level + 1]) ++level;
  return level;
}

// NIST SP 800-56B rev 2, appendix D: the work of the number field sieve, rounded to whole bytes;
// the sizes that have a row in the tables are what the tables say.
int ModulusSecurityBits(uint32_t bits) {
  struct Row {
    uint32_t modulus;
    int security;
  };
  constexpr Row kTable[] = {{2048, 112}, {3072, 128}, {4096, 152}, {6144, 176},
                            {7680, 192}, {8192, 200}, {15360, 256}};
  const Row* row = std::ranges::find(kTable, bits, &Row::modulus);
  if (row != std::end(kTable)) return row->security;
  if (bits < 8) return 0;
  const double x = bits * std::log(2.0);
  const double log_x = std::log(x);
  const double work = (1.923 * std::cbrt(x * log_x * log_x) - 4.69) / std::log(2.0);
  const int cap = bits <= 7680 ? 192 : bits <= 15360 ? 256 : 1200;
  return std::min((static_cast<int>(work) + 4) & ~7, cap);
}

int CurveSecurityBits(uint32_t field_bits) {
  if (field_bits >= 512) return 256;
  if (field_bits >= 384) return 192;
  if (field_bits >= 256) return 128;
  if (field_bits >= 224) return 112;
  if (field_bits >= 160) return 80;
  return static_cast<int>(field_bits / 2);
}

int GroupSecurityBits(uint16_t group) {
  switch (group) {
    case 29:  // X25519
      return 128;
    case 30:  // X448
      return 224;
    case 4587:  // the hybrids count as their ML-KEM half does (OpenSSL 3.5)
    case 4588:
      return 192;
    case 4589:
      return 256;
    default:
      break;
  }
  const std::optional<uint32_t> bits = GroupBits(group);
  if (!bits) return 0;
  return group >= 256 && group <= 260 ? ModulusSecurityBits(*bits) : CurveSecurityBits(*bits);
}

int DigestSecurityBits(SignatureDigest digest, KeyType signer_hint) {
  switch (digest) {
    case SignatureDigest::kUnknown:
    case SignatureDigest::kMd2:
      return 0;
    case SignatureDigest::kMd4:
    case SignatureDigest::kMd5:
      return 39;
    case SignatureDigest::kSha1:
      return 63;
    case SignatureDigest::kSha224:
      return 112;
    case SignatureDigest::kSha256:
      return 128;
    case SignatureDigest::kSha384:
      return 192;
    case SignatureDigest::kSha512:
      return 256;
    case SignatureDigest::kNone:
      return signer_hint == KeyType::kEd448 ? 224 : 128;
  }
  return 0;
}

// Of a SignatureScheme.
int SchemeSecurityBits(uint16_t scheme) {
  switch (scheme) {
    case 0x0807:  // ed25519
      return 128;
    case 0x0808:  // ed448
      return 224;
    case 0x0804:
    case 0x0809:
      return 128;
    case 0x0805:
    case 0x080a:
      return 192;
    case 0x0806:
    case 0x080b:
      return 256;
    default:
      break;
  }
  switch (scheme >> 8) {  // the hash of TLS 1.2's pairs
    case 2:
      return 63;
    case 3:
      return 112;
    case 4:
      return 128;
    case 5:
      return 192;
    case 6:
      return 256;
    default:
      return 0;  // MD5, and the MD5 and SHA-1 pair: under any level but 0
  }
}

// Lowers the level, remembering what first did.
class Minimum {
 public:
  void Limit(int level, const std::string& what) {
    if (level >= result_.level) return;
    result_ = {level, what};
  }
  SecurityLevel Result() const { return result_; }

 private:
  SecurityLevel result_{kMaxLevel, ""};
};

void JudgeVersion(const HandshakeFacts& facts, Minimum* minimum) {
  if (!facts.version_wire) return;
  const std::string what = "version: " + facts.version;
  if (*facts.version_wire <= kSsl3) minimum->Limit(1, what);
  if (*facts.version_wire == kTls10) minimum->Limit(2, what);
  if (*facts.version_wire == kTls11) minimum->Limit(3, what);
}

void JudgeCipher(const HandshakeFacts& facts, Minimum* minimum) {
  if (!facts.cipher_wire) return;
  const std::string what = "cipher: " + facts.cipher;
  minimum->Limit(LevelOfBits(static_cast<int>(facts.cipher_bits.value_or(0))), what);
  if (facts.cipher.ends_with("_SHA")) minimum->Limit(3, what + ": SHA-1 as MAC");
  if (facts.cipher.starts_with("TLS_RSA_")) minimum->Limit(2, what + ": no forward secrecy");
}

void JudgeKeyExchange(const HandshakeFacts& facts, Minimum* minimum) {
  if (facts.group_wire) {
    minimum->Limit(LevelOfBits(GroupSecurityBits(*facts.group_wire)),
                   "key exchange: " + facts.group);
  }
  if (facts.signature_algorithm_wire) {
    minimum->Limit(LevelOfBits(SchemeSecurityBits(*facts.signature_algorithm_wire)),
                   "handshake signature: " + facts.signature_algorithm);
  }
}

void JudgeCertificate(const Certificate& certificate, size_t depth, Minimum* minimum) {
  const std::string who = depth == 0 ? "leaf" : JoinText("certificate ", depth);
  const std::string kind(KeyTypeName(certificate.key_type));
  minimum->Limit(LevelOfBits(KeySecurityBits(certificate.key_type, certificate.key_bits)),
                 JoinText(who, " key: ", kind, " ", certificate.key_bits, " bits"));
  if (certificate.self_signed) return;
  constexpr const char* kDigestNames[] = {"unknown", "no",      "MD2",     "MD4",     "MD5",
                                          "SHA-1",   "SHA-224", "SHA-256", "SHA-384", "SHA-512"};
  minimum->Limit(
      LevelOfBits(DigestSecurityBits(certificate.signature_digest, certificate.key_type)),
      JoinText(who, " signature: ", kDigestNames[static_cast<size_t>(certificate.signature_digest)],
               " hash"));
}

}  // namespace

int KeySecurityBits(KeyType type, uint32_t key_bits) {
  switch (type) {
    case KeyType::kRsa:
    case KeyType::kRsaPss:
    case KeyType::kDsa:
    case KeyType::kDh:
      return ModulusSecurityBits(key_bits);
    case KeyType::kEc:
      return CurveSecurityBits(key_bits);
    case KeyType::kEd25519:
    case KeyType::kX25519:
      return 128;
    case KeyType::kEd448:
      return 224;
    case KeyType::kGost:
    case KeyType::kUnknown:
      return 0;  // no OpenSSL without an engine takes it
  }
  return 0;
}

SecurityLevel JudgeSecurityLevel(const HandshakeFacts& facts,
                                 std::span<const CertificateRef> chain) {
  Minimum minimum;
  JudgeVersion(facts, &minimum);
  JudgeCipher(facts, &minimum);
  JudgeKeyExchange(facts, &minimum);
  for (size_t depth = 0; depth < chain.size(); ++depth)
    JudgeCertificate(*chain[depth], depth, &minimum);
  return minimum.Result();
}

}  // namespace mxsweep::tls
