// The RSA keys of the lab as numbers: sound ones, and ones that have a weakness because they were
// made so. Each follows from its label alone.
#ifndef MXSWEEP_TOOLS_LAB_RSA_NUMBERS_H_
#define MXSWEEP_TOOLS_LAB_RSA_NUMBERS_H_

#include <openssl/bn.h>
#include <openssl/evp.h>

#include <cstdint>
#include <string>

namespace mxsweep::lab {

// How a key is made. The weak ones have 2048 bits.
enum class RsaShape : uint8_t {
  kSound,
  // CVE-2022-26320: the second prime is the next one after the first plus 2^514, so that Fermat's
  // method is done in some three steps.
  kClosePrimes,
  // CVE-2017-15361: both primes are k·M + (65537^a mod M), M the product of the first 126 primes
  // (M. Nemec et al., "The Return of Coppersmith's Attack", CCS 2017, §2).
  kRoca,
  // One of its primes is that of all keys of this shape.
  kSharedPrime,
  // The modulus of all keys of the two shapes, with the exponents 3 and 65537.
  kSharedModulus3,
  kSharedModulus65537,
  // The upper half of the modulus repeats eight bytes.
  kPattern,
  // With the following nobody signs: they have a public half alone. Three primes, of which one is
  // small: a scan looks for those under 1,000, `mxsweep keys` for those under 65,537.
  kFactor11,
  kFactor7919,
  kExponent65538,
  kExponent1,
  // A private exponent of 384 bits (M. Wiener, 1990); the public one is as long as the modulus.
  kSmallPrivateExponent,
};

struct RsaNumbers {
  bssl::UniquePtr<BIGNUM> n, e;
  bssl::UniquePtr<BIGNUM> d, p, q;  // null of a public half
};

RsaNumbers DeriveRsaNumbers(RsaShape shape, int bits, const std::string& label);

// The private key, or the public one. Null if they are none.
bssl::UniquePtr<EVP_PKEY> RsaKeyOf(const RsaNumbers& numbers);

// `size` bytes that depend on the label alone.
class ByteStream {
 public:
  explicit ByteStream(std::string label) : label_(std::move(label)) {}
  std::string Take(size_t size);

 private:
  std::string label_;
  uint64_t counter_ = 0;
};

// Big-endian, without leading zeros.
std::string BytesOf(const BIGNUM& number);
bssl::UniquePtr<BIGNUM> NumberOf(std::string_view bytes);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_RSA_NUMBERS_H_
