// What is weak about one public key, from its numbers alone: no other key, no list, no network.
// Pure and cheap enough to be asked of every certificate that a scan meets. docs/keys.md says of
// each word what it means, how it is found out and how often it is wrong.
#ifndef MXSWEEP_TLS_KEYS_KEY_CHECKS_H_
#define MXSWEEP_TLS_KEYS_KEY_CHECKS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tls/pki/certificate.h"
#include "tls/pki/public_key.h"

namespace mxsweep::tls {

enum class KeyWeakness : uint8_t {
  kRsaShort,
  kSmallExponent,
  kEvenExponent,
  kAbsurdExponent,
  kSmallFactor,
  kFermat,
  kRoca,
  kRepeatingPattern,
  kLowEntropy,
  kSmallPrivateExponent,
  kEcPointOffCurve,
  kDhShort,
  kDhComposite,
  kDhNotSafe,
};
inline constexpr size_t kKeyWeaknesses = 14;

// "rsa_short", "fermat" …: the words of certificates.weak_key and weak_keys.weaknesses.
std::string_view KeyWeaknessName(KeyWeakness weakness);

// How much a look may cost: a scan's is some ten microseconds a key, a thorough one some hundred.
enum class KeyCheckDepth : uint8_t { kScan, kThorough };

// Primes under this are tried as factors.
constexpr uint32_t SmallFactorLimit(KeyCheckDepth depth) {
  return depth == KeyCheckDepth::kScan ? 1'000 : 65'537 + 1;
}

// Steps of Fermat's method. Keys of real printers need up to some thirty.
inline constexpr int kFermatSteps = 100;

// Moduli longer than this are looked at for their size and exponent only (OpenSSL uses none of
// them), and ones longer than kMaxSmallPrivateExponentBits not for a small private exponent: what a
// stranger's key may cost is bounded.
inline constexpr uint32_t kMaxCheckedRsaBits = 16'384;
inline constexpr uint32_t kMaxSmallPrivateExponentBits = 8'192;

struct KeyFindings {
  std::vector<KeyWeakness> weaknesses;  // in the order of the enumeration
  // For people: "3 divides the modulus; its primes are close (step 1)". Holds no secret that is not
  // as easily found again.
  std::string detail;
  // The private key follows from what was found.
  bool private_key_follows = false;
  // Of this kind of key, or of its curve, nothing is checked: that nothing was found says nothing.
  bool unchecked = false;

  bool Has(KeyWeakness weakness) const;
};

// REQUIRES: what `key` was read from is still there.
KeyFindings CheckKey(const PublicKeyFacts& key, KeyCheckDepth depth);

// The same of a finite-field Diffie-Hellman group's prime (big-endian, no leading zeros), which a
// server need not have chosen well: short, no prime at all, with a small factor, or not safe.
// Thorough: some tens of milliseconds for a prime of 2048 bits.
KeyFindings CheckDhPrime(Bytes prime);

// The words for a certificate: those of its key, then those of its signature ("md5_signature",
// "sha1_signature"). `facts` are those of `der`.
std::vector<std::string> WeakKeyWords(const CertificateFacts& facts, Bytes der,
                                      KeyCheckDepth depth);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_KEYS_KEY_CHECKS_H_
