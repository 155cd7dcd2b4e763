// Sound keys, each made of its own random numbers, of which nothing must be said: of RSA, of the
// curves, and Ed25519. As many of each as MXSWEEP_SOUND_KEYS says; docs/keys.md tells what a
// hundred thousand came to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/ec.h>
#include <openssl/nid.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/tls/keys/weak_numbers.h"
#include "tls/keys/curve_points.h"
#include "tls/keys/key_checks.h"

namespace mxsweep::tls {
namespace {

using testing::EcSpki;
using testing::Ed25519Spki;
using ::testing::IsEmpty;
using testing::Numbers;
using testing::Product;
using testing::RsaSpki;

size_t KeysOfEach(size_t by_default) {
  const char* const told = std::getenv("MXSWEEP_SOUND_KEYS");
  return told == nullptr ? by_default : std::strtoul(told, nullptr, 10);
}

// What is said of a key, at both depths.
std::vector<std::string> Words(const std::vector<uint8_t>& spki) {
  std::vector<std::string> words;
  const PublicKeyFacts key = ReadPublicKey(spki);
  if (!key.error.empty()) words.push_back(key.error);
  for (const KeyCheckDepth depth : {KeyCheckDepth::kScan, KeyCheckDepth::kThorough}) {
    for (const KeyWeakness weakness : CheckKey(key, depth).weaknesses) {
      words.emplace_back(KeyWeaknessName(weakness));
    }
  }
  return words;
}

// Random primes of 1024 bits, faster than a library makes them, which goes for one at a time: the
// numbers from a random one on, but for those that a small prime divides, are asked by Fermat's
// test to the base 2, and what passes, by GMP (Baillie-PSW).
class PrimeMaker {
 public:
  explicit PrimeMaker(unsigned long seed) : numbers_(seed), context_(BN_CTX_new()) {
    std::vector<bool> composite(kLargestDivisor);
    for (uint32_t i = 3; i < kLargestDivisor; i += 2) {
      if (composite[i]) continue;
      divisors_.push_back(i);
      for (uint64_t j = uint64_t{i} * i; j < kLargestDivisor; j += 2 * i) composite[j] = true;
    }
  }

  Integer Next() {
    while (true) {
      // The two highest bits, so that a product of two has 2048.
      Integer start = numbers_.Random(kBits);
      for (const mp_bitcnt_t bit : {0u, kBits - 1, kBits - 2}) mpz_setbit(start.get(), bit);
      std::array<bool, kWindow> divided = {};
      for (const uint32_t divisor : divisors_) {
        // The first i of which start + 2i is a multiple.
        const auto rest = static_cast<uint32_t>(mpz_fdiv_ui(start.get(), divisor));
        uint32_t i = rest == 0 ? 0 : divisor - rest;
        if (i % 2 == 1) i += divisor;
        for (i /= 2; i < kWindow; i += divisor) divided[i] = true;
      }
      for (uint32_t i = 0; i < kWindow; ++i) {
        if (divided[i]) continue;
        Integer candidate;
        mpz_add_ui(candidate.get(), start.get(), 2 * i);
        if (candidate.bits() != kBits) break;
        if (PassesFermat(candidate) && mpz_probab_prime_p(candidate.get(), 1) != 0) {
          return candidate;
        }
      }
    }
  }

 private:
  static constexpr uint32_t kBits = 1024;
  static constexpr uint32_t kWindow = 4096;  // odd numbers; some eleven primes are among them
  static constexpr uint32_t kLargestDivisor = 1 << 17;

  bool PassesFermat(const Integer& number) const {
    const std::vector<uint8_t> bytes = number.ToBytes();
    const bssl::UniquePtr<BIGNUM> n(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
    const bssl::UniquePtr<BIGNUM> less(BN_dup(n.get())), two(BN_new()), power(BN_new());
    const bssl::UniquePtr<BN_MONT_CTX> montgomery(
        BN_MONT_CTX_new_for_modulus(n.get(), context_.get()));
    return BN_sub_word(less.get(), 1) && BN_set_word(two.get(), 2) &&
           BN_mod_exp_mont_consttime(power.get(), two.get(), less.get(), n.get(), context_.get(),
                                     montgomery.get()) &&
           BN_is_one(power.get());
  }

  Numbers numbers_;
  bssl::UniquePtr<BN_CTX> context_;
  std::vector<uint32_t> divisors_;
};

// So many, made by all cores; the same ones in every run on as many cores.
std::vector<Integer> MakePrimes(size_t count) {
  const size_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<Integer> primes(count);
  std::vector<std::thread> workers;
  for (size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&primes, t, threads] {
      PrimeMaker maker(1'000 + t);
      for (size_t i = t; i < primes.size(); i += threads) primes[i] = maker.Next();
    });
  }
  for (std::thread& worker : workers) worker.join();
  return primes;
}

// Each prime with the next ten: two keys have one prime in common at most, which is nothing that
// a single key shows.
TEST(SoundKeys, OfRsaGiveNoAlarm) {
  constexpr size_t kPartners = 10;
  const size_t count = KeysOfEach(4'000);
  const std::vector<Integer> primes = MakePrimes(count / kPartners + kPartners);
  std::set<std::vector<uint8_t>> distinct;
  for (const Integer& prime : primes) distinct.insert(prime.ToBytes());
  EXPECT_EQ(distinct.size(), primes.size());
  const size_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::vector<std::string>> alarms(threads);
  std::vector<std::thread> workers;
  for (size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      for (size_t i = t; i < count; i += threads) {
        const size_t first = i / kPartners;
        const Integer modulus = Product(primes[first], primes[first + 1 + i % kPartners]);
        for (std::string& word : Words(RsaSpki(modulus, Integer(65537)))) {
          alarms[t].push_back(std::move(word));
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const std::vector<std::string>& words : alarms) EXPECT_THAT(words, IsEmpty());
}

struct NamedCurve {
  const char* oid;
  int nid;
};
constexpr NamedCurve kCurves[] = {{"1.2.840.10045.3.1.7", NID_X9_62_prime256v1},
                                  {"1.3.132.0.34", NID_secp384r1},
                                  {"1.3.132.0.35", NID_secp521r1},
                                  {"1.3.132.0.33", NID_secp224r1}};

// kG, (k+1)G, (k+2)G … from a random k on: every one is somebody's public key, and BoringSSL, not
// we, says where it lies. By turns of the curves, and of the two forms.
TEST(SoundKeys, OfTheCurvesGiveNoAlarm) {
  const size_t count = KeysOfEach(10'000);
  const bssl::UniquePtr<BN_CTX> context(BN_CTX_new());
  std::vector<std::string> alarms;
  std::set<std::vector<uint8_t>> keys;
  for (size_t c = 0; c < std::size(kCurves); ++c) {
    const bssl::UniquePtr<EC_GROUP> group(EC_GROUP_new_by_curve_name(kCurves[c].nid));
    const bssl::UniquePtr<EC_POINT> point(EC_POINT_new(group.get()));
    const bssl::UniquePtr<BIGNUM> scalar(BN_new());
    ASSERT_TRUE(BN_rand_range(scalar.get(), EC_GROUP_get0_order(group.get())));
    ASSERT_TRUE(
        EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, context.get()));
    for (size_t i = c; i < count; i += std::size(kCurves)) {
      const auto form = i / std::size(kCurves) % 2 == 0 ? POINT_CONVERSION_UNCOMPRESSED
                                                        : POINT_CONVERSION_COMPRESSED;
      std::vector<uint8_t> bytes(1 + 2 * 66);
      bytes.resize(EC_POINT_point2oct(group.get(), point.get(), form, bytes.data(), bytes.size(),
                                      context.get()));
      const std::vector<uint8_t> spki = EcSpki(kCurves[c].oid, bytes);
      const PublicKeyFacts facts = ReadPublicKey(spki);
      if (CheckCurvePoint(facts.curve.value_or(""), facts.key) != PointCheck::kOnCurve) {
        alarms.push_back("not found on " + facts.curve.value_or("no curve"));
      }
      for (std::string& word : Words(spki)) alarms.push_back(std::move(word));
      keys.insert(spki);
      ASSERT_TRUE(EC_POINT_add(group.get(), point.get(), point.get(),
                               EC_GROUP_get0_generator(group.get()), context.get()));
    }
  }
  EXPECT_THAT(alarms, IsEmpty());
  EXPECT_EQ(keys.size(), count);
}

// Of the seeds 0, 1, 2 …: what comes of a seed is as good as random (RFC 8032 §5.1.5).
TEST(SoundKeys, OfEd25519GiveNoAlarm) {
  const size_t count = KeysOfEach(10'000);
  std::vector<std::string> alarms;
  std::set<std::vector<uint8_t>> keys;
  for (size_t i = 0; i < count; ++i) {
    std::array<uint8_t, 32> seed = {};
    for (size_t k = 0; k < sizeof(i); ++k) seed[k] = static_cast<uint8_t>(i >> (8 * k));
    std::vector<uint8_t> key(ED25519_PUBLIC_KEY_LEN);
    std::array<uint8_t, ED25519_PRIVATE_KEY_LEN> private_key;
    ED25519_keypair_from_seed(key.data(), private_key.data(), seed.data());
    for (std::string& word : Words(Ed25519Spki(key))) alarms.push_back(std::move(word));
    keys.insert(std::move(key));
  }
  EXPECT_THAT(alarms, IsEmpty());
  EXPECT_EQ(keys.size(), count);
}

}  // namespace
}  // namespace mxsweep::tls
