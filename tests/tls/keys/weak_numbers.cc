#include "tests/tls/keys/weak_numbers.h"

#include <openssl/bytestring.h>
#include <openssl/mem.h>

#include <fstream>
#include <string>

#include "scanner/base/check.h"

namespace mxsweep::tls::testing {
namespace {

void AddInteger(CBB* out, const Integer& number) {
  CBB integer;
  MXSWEEP_CHECK(CBB_add_asn1(out, &integer, CBS_ASN1_INTEGER));
  const std::vector<uint8_t> bytes = number.ToBytes();
  // Positive: a zero byte before one with the highest bit set, and for 0.
  if (bytes.empty() || (bytes[0] & 0x80) != 0) MXSWEEP_CHECK(CBB_add_u8(&integer, 0));
  MXSWEEP_CHECK(CBB_add_bytes(&integer, bytes.data(), bytes.size()));
  MXSWEEP_CHECK(CBB_flush(out));
}

std::vector<uint8_t> Spki(std::string_view algorithm_oid, std::string_view parameter_oid,
                          bool null_parameter, std::span<const uint8_t> key) {
  bssl::ScopedCBB out;
  CBB sequence, algorithm, oid, bits;
  MXSWEEP_CHECK(CBB_init(out.get(), 64));
  MXSWEEP_CHECK(CBB_add_asn1(out.get(), &sequence, CBS_ASN1_SEQUENCE));
  MXSWEEP_CHECK(CBB_add_asn1(&sequence, &algorithm, CBS_ASN1_SEQUENCE));
  for (const std::string_view text : {algorithm_oid, parameter_oid}) {
    if (text.empty()) continue;
    MXSWEEP_CHECK(CBB_add_asn1(&algorithm, &oid, CBS_ASN1_OBJECT));
    MXSWEEP_CHECK(CBB_add_asn1_oid_from_text(&oid, text.data(), text.size()));
    MXSWEEP_CHECK(CBB_flush(&algorithm));
  }
  if (null_parameter) {
    CBB null;
    MXSWEEP_CHECK(CBB_add_asn1(&algorithm, &null, CBS_ASN1_NULL));
  }
  MXSWEEP_CHECK(CBB_add_asn1(&sequence, &bits, CBS_ASN1_BITSTRING));
  MXSWEEP_CHECK(CBB_add_u8(&bits, 0));
  MXSWEEP_CHECK(CBB_add_bytes(&bits, key.data(), key.size()));
  uint8_t* data = nullptr;
  size_t size = 0;
  MXSWEEP_CHECK(CBB_finish(out.get(), &data, &size));
  const bssl::UniquePtr<uint8_t> owner(data);
  return {data, data + size};
}

}  // namespace

Integer Numbers::Random(unsigned bits) {
  Integer number;
  mpz_urandomb(number.get(), state_, bits);
  return number;
}

Integer Numbers::Prime(unsigned bits) {
  Integer prime;
  do {
    prime = Random(bits);
    mpz_setbit(prime.get(), bits - 1);
    mpz_setbit(prime.get(), bits - 2);
    mpz_nextprime(prime.get(), prime.get());
  } while (prime.bits() != bits);
  return prime;
}

Integer Product(const Integer& a, const Integer& b) {
  Integer product;
  mpz_mul(product.get(), a.get(), b.get());
  return product;
}

Integer RocaPrime(unsigned bits, int primes, Numbers* numbers) {
  Integer m(1);
  Integer prime(1);
  for (int i = 0; i < primes; ++i) {
    mpz_nextprime(prime.get(), prime.get());
    m = Product(m, prime);
  }
  const Integer generator(65537);
  while (true) {
    const Integer exponent = numbers->Random(64);
    Integer power;
    mpz_powm(power.get(), generator.get(), exponent.get(), m.get());
    Integer candidate = numbers->Random(bits);
    mpz_setbit(candidate.get(), bits - 1);
    mpz_setbit(candidate.get(), bits - 2);
    mpz_tdiv_q(candidate.get(), candidate.get(), m.get());  // k
    candidate = Product(candidate, m);
    mpz_add(candidate.get(), candidate.get(), power.get());
    if (candidate.bits() == bits && mpz_probab_prime_p(candidate.get(), 20)) return candidate;
  }
}

ShortPrivateExponent MakeShortPrivateExponent(const Integer& p, const Integer& q, unsigned bits,
                                              Numbers* numbers) {
  Integer p1, q1;
  mpz_sub_ui(p1.get(), p.get(), 1);
  mpz_sub_ui(q1.get(), q.get(), 1);
  const Integer phi = Product(p1, q1);
  ShortPrivateExponent made;
  do {
    made.d = numbers->Random(bits);
    mpz_setbit(made.d.get(), bits - 1);
    mpz_setbit(made.d.get(), 0);
  } while (mpz_invert(made.e.get(), made.d.get(), phi.get()) == 0);
  return made;
}

std::vector<uint8_t> RsaSpki(const Integer& modulus, const Integer& exponent) {
  bssl::ScopedCBB out;
  CBB sequence;
  MXSWEEP_CHECK(CBB_init(out.get(), 64));
  MXSWEEP_CHECK(CBB_add_asn1(out.get(), &sequence, CBS_ASN1_SEQUENCE));
  AddInteger(&sequence, modulus);
  AddInteger(&sequence, exponent);
  uint8_t* data = nullptr;
  size_t size = 0;
  MXSWEEP_CHECK(CBB_finish(out.get(), &data, &size));
  const bssl::UniquePtr<uint8_t> owner(data);
  return Spki("1.2.840.113549.1.1.1", "", true, {data, size});
}

std::vector<uint8_t> EcSpki(std::string_view curve_oid, std::span<const uint8_t> point) {
  return Spki("1.2.840.10045.2.1", curve_oid, false, point);
}

std::vector<uint8_t> Ed25519Spki(std::span<const uint8_t> key) {
  return Spki("1.3.101.112", "", false, key);
}

std::vector<uint8_t> MlDsa44Spki(std::span<const uint8_t> key) {
  return Spki("2.16.840.1.101.3.4.3.17", "", false, key);
}

std::vector<Integer> CoprimeModuli(size_t count) {
  constexpr size_t kFactors = 51;
  // 51 factors between 2^40.137 and 2^40.157 have a product of 2048 bits.
  constexpr uint64_t kFirst = 1'212'000'000'001;
  constexpr uint64_t kSegment = 1 << 22;           // odd numbers sieved at once
  constexpr uint32_t kLargestDivisor = 1'110'000;  // its square is over all that is sieved
  std::vector<bool> composite(kLargestDivisor);
  std::vector<uint32_t> divisors;
  for (uint32_t i = 3; i < kLargestDivisor; i += 2) {
    if (composite[i]) continue;
    divisors.push_back(i);
    for (uint64_t j = uint64_t{i} * i; j < kLargestDivisor; j += 2 * i) composite[j] = true;
  }
  std::vector<uint64_t> primes;
  for (uint64_t start = kFirst; primes.size() < count * kFactors; start += 2 * kSegment) {
    std::vector<uint8_t> sieve(kSegment);
    for (const uint32_t divisor : divisors) {
      // The first odd multiple from `start` on.
      uint64_t multiple = (start + divisor - 1) / divisor * divisor;
      if (multiple % 2 == 0) multiple += divisor;
      for (uint64_t i = (multiple - start) / 2; i < kSegment; i += divisor) sieve[i] = 1;
    }
    for (uint64_t i = 0; i < kSegment && primes.size() < count * kFactors; ++i) {
      if (sieve[i] == 0) primes.push_back(start + 2 * i);
    }
  }
  MXSWEEP_CHECK(primes.back() < uint64_t{kLargestDivisor} * kLargestDivisor);
  std::vector<Integer> moduli(count, Integer(1));
  for (size_t i = 0; i < count; ++i) {
    for (size_t k = 0; k < kFactors; ++k) {
      mpz_mul_ui(moduli[i].get(), moduli[i].get(), primes[k * count + i]);
    }
    MXSWEEP_CHECK(moduli[i].bits() == 2048);
  }
  return moduli;
}

const std::vector<Integer>& OpensslPrimes() {
  static const auto* const primes = [] {
    auto* all = new std::vector<Integer>();
    std::ifstream file("tests/tls/keys/primes_1024.txt");
    for (std::string line; std::getline(file, line);) {
      if (line.empty() || line[0] == '#') continue;
      Integer prime;
      MXSWEEP_CHECK(mpz_set_str(prime.get(), line.c_str(), 16) == 0);
      all->push_back(std::move(prime));
    }
    MXSWEEP_CHECK(all->size() >= 448);
    return all;
  }();
  return *primes;
}

}  // namespace mxsweep::tls::testing
