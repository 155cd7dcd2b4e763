// Keys whose weakness is built in on purpose, and sound ones, for tests.
#ifndef MXSWEEP_TESTS_TLS_KEYS_WEAK_NUMBERS_H_
#define MXSWEEP_TESTS_TLS_KEYS_WEAK_NUMBERS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/keys/integer.h"

namespace mxsweep::tls::testing {

// Random numbers that are the same in every run.
class Numbers {
 public:
  explicit Numbers(unsigned long seed) {
    gmp_randinit_mt(state_);
    gmp_randseed_ui(state_, seed);
  }
  ~Numbers() { gmp_randclear(state_); }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;

  // Of at most so many bits.
  Integer Random(unsigned bits);
  // Of exactly so many bits, the two highest set, so that a product of two has twice as many.
  Integer Prime(unsigned bits);

 private:
  gmp_randstate_t state_;
};

Integer Product(const Integer& a, const Integer& b);

// A prime as Infineon's library made them (Nemec et al. 2017, §2.1): k·M + (65537^a mod M), M the
// product of the first `primes` primes. Keys of 512 to 960 bits have 39 of them, to 1952 bits 71,
// to 3936 bits 126.
Integer RocaPrime(unsigned bits, int primes, Numbers* numbers);

// The private exponent d of so many bits that is coprime to phi, and the public exponent of it.
struct ShortPrivateExponent {
  Integer d;
  Integer e;
};
ShortPrivateExponent MakeShortPrivateExponent(const Integer& p, const Integer& q, unsigned bits,
                                              Numbers* numbers);

// SubjectPublicKeyInfo (RFC 5280 §4.1), also of numbers that no library would write.
std::vector<uint8_t> RsaSpki(const Integer& modulus, const Integer& exponent);
std::vector<uint8_t> EcSpki(std::string_view curve_oid, std::span<const uint8_t> point);
std::vector<uint8_t> Ed25519Spki(std::span<const uint8_t> key);
std::vector<uint8_t> MlDsa44Spki(std::span<const uint8_t> key);

// Primes of 1024 bits, made by `openssl prime -generate -bits 1024 -hex` and kept in
// tests/tls/keys/primes_1024.txt; the products of any two are sound moduli of 2048 bits.
const std::vector<Integer>& OpensslPrimes();

// Moduli of 2048 bits no two of which have a factor in common, faster than primes of 1024 bits
// could be made: each is the product of 51 primes of some 40 bits, all of them different. What
// compares moduli sees nothing of them but their size.
std::vector<Integer> CoprimeModuli(size_t count);

}  // namespace mxsweep::tls::testing

#endif  // MXSWEEP_TESTS_TLS_KEYS_WEAK_NUMBERS_H_
