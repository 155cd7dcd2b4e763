#include "tls/pki/security_level.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace mxsweep::tls {
namespace {

constexpr int kBitsOfLevel[kMaxSecurityLevel + 1] = {0, 80, 112, 128, 192, 256};

}  // namespace

void SecurityLevel::Limit(int to, const std::string& what) {
  if (to >= level) return;
  level = to;
  limited = what;
}

int LevelOfSecurityBits(int bits) {
  int level = 0;
  while (level < kMaxSecurityLevel && bits >= kBitsOfLevel[level + 1]) ++level;
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

std::optional<int> KeySecurityBits(KeyType type, uint32_t key_bits) {
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
      return 0;  // no OpenSSL without an engine takes it
    case KeyType::kUnknown:
      return std::nullopt;
  }
  return std::nullopt;
}

int SignatureSecurityBits(SignatureDigest digest, KeyType key) {
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
      return key == KeyType::kEd448 ? 224 : 128;
  }
  return 0;
}

}  // namespace mxsweep::tls
