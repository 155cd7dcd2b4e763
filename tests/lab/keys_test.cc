// That the weak keys of the lab are what they are called, by arithmetic of the test's own.
#include "tools/lab/keys.h"

#include <gtest/gtest.h>
#include <openssl/bytestring.h>
#include <openssl/rsa.h>

#include <set>
#include <string>

#include "tests/lab/lab_fixture.h"
#include "tools/lab/rsa_numbers.h"

namespace mxsweep::lab {
namespace {

using Number = bssl::UniquePtr<BIGNUM>;

Number ModulusOf(KeyKind kind, uint32_t index) {
  const std::string& spki = TestKeys().Get(kind, index).spki;
  CBS cbs;
  CBS_init(&cbs, reinterpret_cast<const uint8_t*>(spki.data()), spki.size());
  const bssl::UniquePtr<EVP_PKEY> key(EVP_parse_public_key(&cbs));
  EXPECT_TRUE(key);
  return Number(BN_dup(RSA_get0_n(EVP_PKEY_get0_RSA(key.get()))));
}

Number Gcd(const BIGNUM& a, const BIGNUM& b) {
  const bssl::UniquePtr<BN_CTX> ctx(BN_CTX_new());
  Number common(BN_new());
  EXPECT_TRUE(BN_gcd(common.get(), &a, &b, ctx.get()));
  return common;
}

TEST(WeakKeys, ShareOnePrimeAndNoOtherHasIt) {
  for (uint32_t i = 0; i < 3; ++i) {
    for (uint32_t j = 0; j < i; ++j) {
      const Number common =
          Gcd(*ModulusOf(KeyKind::kRsaSharedPrime, i), *ModulusOf(KeyKind::kRsaSharedPrime, j));
      EXPECT_EQ(BN_num_bits(common.get()), 1024u);
    }
    EXPECT_TRUE(BN_is_one(
        Gcd(*ModulusOf(KeyKind::kRsaSharedPrime, i), *ModulusOf(KeyKind::kRsa2048, 0)).get()));
  }
}

TEST(WeakKeys, HaveOneModulusAndTwoExponents) {
  const Key& a = TestKeys().Get(KeyKind::kRsaSharedModulus, 0);
  const Key& b = TestKeys().Get(KeyKind::kRsaSharedModulus, 1);
  EXPECT_EQ(a.modulus_sha256, b.modulus_sha256);
  EXPECT_NE(a.spki, b.spki);
  EXPECT_EQ(a.rsa_exponent, std::string(1, 3));
  EXPECT_EQ(b.rsa_exponent, std::string("\1\0\1", 3));
}

TEST(WeakKeys, HaveASmallFactor) {
  EXPECT_EQ(BN_mod_word(ModulusOf(KeyKind::kRsaSmallFactor, 0).get(), 11), 0u);
  EXPECT_EQ(BN_mod_word(ModulusOf(KeyKind::kRsaSmallFactor, 1).get(), 7919), 0u);
  EXPECT_EQ(TestKeys().Get(KeyKind::kRsaSmallFactor, 0).private_key, nullptr);
}

TEST(WeakKeys, AreAllOfTheLengthThatTheyAreSaidToHave) {
  std::set<std::string> moduli;
  for (size_t kind = 0; kind < static_cast<size_t>(KeyKind::kCount); ++kind) {
    if (FactsOf(static_cast<KeyKind>(kind)).type != "rsa") continue;
    // BoringSSL does not read its exponents.
    if (static_cast<KeyKind>(kind) == KeyKind::kRsaBadExponent) continue;
    for (uint32_t i = 0; i < 3; ++i) {
      const Number n = ModulusOf(static_cast<KeyKind>(kind), i);
      EXPECT_EQ(BN_num_bits(n.get()), FactsOf(static_cast<KeyKind>(kind)).bits);
      moduli.insert(BytesOf(*n));
    }
  }
  EXPECT_EQ(moduli.size(), 16u);
}

}  // namespace
}  // namespace mxsweep::lab
