#include "tests/simulation/simulated_keys.h"

#include <gmp.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdint>
#include <map>

#include "scanner/base/check.h"

namespace mxsweep::scanner::simulation {
namespace {

constexpr int kPrimeBits = 1024;
constexpr unsigned kExponent = 65'537;

class Number {
 public:
  Number() { mpz_init(value_); }
  ~Number() { mpz_clear(value_); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;

  mpz_ptr get() { return value_; }
  // Owned by the caller.
  BIGNUM* ToBignum() const {
    std::array<uint8_t, 2 * kPrimeBits / 8> bytes;
    size_t count = 0;
    MXSWEEP_CHECK(mpz_sizeinbase(value_, 2) <= 2 * kPrimeBits);
    mpz_export(bytes.data(), &count, 1, 1, 1, 0, value_);
    return BN_bin2bn(bytes.data(), count, nullptr);
  }

 private:
  mpz_t value_;
};

// With both upper bits set, so that two make a modulus of twice as many, and kExponent is no
// divisor of what is one less.
void SetPrime(gmp_randstate_t random, Number* prime) {
  do {
    mpz_urandomb(prime->get(), random, kPrimeBits - 2);
    mpz_setbit(prime->get(), kPrimeBits - 1);
    mpz_setbit(prime->get(), kPrimeBits - 2);
    mpz_nextprime(prime->get(), prime->get());
  } while (mpz_fdiv_ui(prime->get(), kExponent) == 1);
}

bssl::UniquePtr<EVP_PKEY> MakeKey(unsigned long seed) {
  gmp_randstate_t random;
  gmp_randinit_mt(random);
  gmp_randseed_ui(random, seed);
  Number p, q, n, e, d, less_p, less_q, both, of_p, of_q, inverse;
  SetPrime(random, &p);
  SetPrime(random, &q);
  gmp_randclear(random);
  if (mpz_cmp(p.get(), q.get()) < 0) mpz_swap(p.get(), q.get());
  mpz_mul(n.get(), p.get(), q.get());
  mpz_sub_ui(less_p.get(), p.get(), 1);
  mpz_sub_ui(less_q.get(), q.get(), 1);
  mpz_lcm(both.get(), less_p.get(), less_q.get());
  mpz_set_ui(e.get(), kExponent);
  MXSWEEP_CHECK(mpz_invert(d.get(), e.get(), both.get()) != 0);
  mpz_mod(of_p.get(), d.get(), less_p.get());
  mpz_mod(of_q.get(), d.get(), less_q.get());
  MXSWEEP_CHECK(mpz_invert(inverse.get(), q.get(), p.get()) != 0);

  const bssl::UniquePtr<RSA> rsa(RSA_new());
  MXSWEEP_CHECK(
      RSA_set0_key(rsa.get(), n.ToBignum(), e.ToBignum(), d.ToBignum()) == 1 &&
      RSA_set0_factors(rsa.get(), p.ToBignum(), q.ToBignum()) == 1 &&
      RSA_set0_crt_params(rsa.get(), of_p.ToBignum(), of_q.ToBignum(), inverse.ToBignum()) == 1 &&
      RSA_check_key(rsa.get()) == 1);
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  MXSWEEP_CHECK(EVP_PKEY_set1_RSA(key.get(), rsa.get()) == 1);
  return key;
}

}  // namespace

EVP_PKEY* SimulatedKey(int index) {
  static auto* keys = new std::map<int, bssl::UniquePtr<EVP_PKEY>>;
  bssl::UniquePtr<EVP_PKEY>& key = (*keys)[index];
  if (!key) key = MakeKey(static_cast<unsigned long>(index) + 1);
  return key.get();
}

}  // namespace mxsweep::scanner::simulation
