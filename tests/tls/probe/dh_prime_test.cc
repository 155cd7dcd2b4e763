#include "tls/probe/dh_prime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace mxsweep::tls {
namespace {

using Number = bssl::UniquePtr<BIGNUM>;

Number Zero() { return Number(BN_new()); }

std::vector<uint8_t> BytesOf(const BIGNUM* number) {
  std::vector<uint8_t> bytes(BN_num_bytes(number));
  BN_bn2bin(number, bytes.data());
  return bytes;
}

std::vector<uint8_t> FromHex(const std::string& hex) {
  BIGNUM* number = nullptr;
  if (!BN_hex2bn(&number, hex.c_str())) std::abort();
  const Number owner(number);
  return BytesOf(number);
}

// floor(2^bits · e), by its series; 64 more bits hold the rounding.
Number EulerTimes2To(int bits) {
  Number sum = Zero(), term = Zero();
  BN_set_bit(term.get(), bits + 64);
  for (BN_ULONG k = 1; !BN_is_zero(term.get()); ++k) {
    BN_add(sum.get(), sum.get(), term.get());
    BN_div_word(term.get(), k);
  }
  BN_rshift(sum.get(), sum.get(), 64);
  return sum;
}

// floor(2^bits · arctan(1 / x)), nearly, with 64 more bits.
Number ArcTangent(BN_ULONG x, int bits) {
  Number sum = Zero(), power = Zero();
  BN_set_bit(power.get(), bits + 64);
  BN_div_word(power.get(), x);
  for (BN_ULONG n = 1; !BN_is_zero(power.get()); n += 2) {
    Number term(BN_dup(power.get()));
    BN_div_word(term.get(), n);
    (n % 4 == 1 ? BN_add : BN_sub)(sum.get(), sum.get(), term.get());
    BN_div_word(power.get(), x * x);
  }
  return sum;
}

// floor(2^bits · pi): Machin's formula, pi / 4 = 4 arctan(1/5) - arctan(1/239).
Number PiTimes2To(int bits) {
  const Number fifth = ArcTangent(5, bits), small = ArcTangent(239, bits);
  BN_mul_word(fifth.get(), 16);
  BN_mul_word(small.get(), 4);
  Number pi = Zero();
  BN_sub(pi.get(), fifth.get(), small.get());
  BN_rshift(pi.get(), pi.get(), 64);
  return pi;
}

// 2^n - 2^(n-64) + 2^64 · (constant + addend) - 1: RFC 2409 §6, RFC 3526, RFC 7919 §A, where the
// constant is 2^(n-130) · pi or e.
std::vector<uint8_t> PrimeOf(int n, Number constant, BN_ULONG addend) {
  BN_add_word(constant.get(), addend);
  BN_lshift(constant.get(), constant.get(), 64);
  Number prime = Zero(), ones = Zero();
  BN_set_bit(prime.get(), n);
  BN_set_bit(ones.get(), n - 64);
  BN_sub(prime.get(), prime.get(), ones.get());
  BN_add(prime.get(), prime.get(), constant.get());
  BN_sub_word(prime.get(), 1);
  return BytesOf(prime.get());
}

struct Formula {
  const char* name;
  int bits;
  BN_ULONG addend;
};

TEST(WellKnownPrimes, OfOakleyFollowFromPi) {
  for (const auto& [name, bits, addend] : {Formula{"rfc2409_768", 768, 149686},
                                           {"rfc2409_1024", 1024, 129093},
                                           {"rfc3526_1536", 1536, 741804},
                                           {"rfc3526_2048", 2048, 124476},
                                           {"rfc3526_3072", 3072, 1690314},
                                           {"rfc3526_4096", 4096, 240904},
                                           {"rfc3526_6144", 6144, 929484},
                                           {"rfc3526_8192", 8192, 4743158}}) {
    const WellKnownPrime* known = FindWellKnownPrime(PrimeOf(bits, PiTimes2To(bits - 130), addend));
    ASSERT_NE(known, nullptr) << name;
    EXPECT_EQ(known->name, name);
    EXPECT_EQ(known->bits, static_cast<uint32_t>(bits));
    EXPECT_EQ(known->kind, PrimeKind::kSafe);
  }
}

TEST(WellKnownPrimes, OfTls13FollowFromE) {
  for (const auto& [name, bits, addend] : {Formula{"ffdhe2048", 2048, 560316},
                                           {"ffdhe3072", 3072, 2625351},
                                           {"ffdhe4096", 4096, 5736041},
                                           {"ffdhe6144", 6144, 15705020},
                                           {"ffdhe8192", 8192, 10965728}}) {
    const WellKnownPrime* known =
        FindWellKnownPrime(PrimeOf(bits, EulerTimes2To(bits - 130), addend));
    ASSERT_NE(known, nullptr) << name;
    EXPECT_EQ(known->name, name);
  }
}

std::string OutputOf(const std::string& command) {
  FILE* const from = popen(command.c_str(), "r");
  std::string text;
  char buffer[4096];
  size_t got;
  while ((got = std::fread(buffer, 1, sizeof(buffer), from)) > 0) text.append(buffer, got);
  pclose(from);
  return text;
}

// BoringSSL's own test of primes, not through our function's table.
PrimeKind KindOf(const std::vector<uint8_t>& p) {
  const Number number(BN_bin2bn(p.data(), p.size(), nullptr));
  const bssl::UniquePtr<BN_CTX> context(BN_CTX_new());
  const auto is_prime = [&] {
    int prime = 0;
    BN_primality_test(&prime, number.get(), 8, context.get(), 1, nullptr);
    return prime == 1;
  };
  if (!is_prime()) return PrimeKind::kComposite;
  BN_rshift1(number.get(), number.get());
  return is_prime() ? PrimeKind::kSafe : PrimeKind::kPrime;
}

// The first INTEGER of its parameters (RFC 3279 §2.3.3).
TEST(WellKnownPrimes, OfRfc5114AreThoseOfOpenssl) {
  const struct {
    const char* group;
    const char* name;
  } cases[] = {{"dh_1024_160", "rfc5114_1024_160"},
               {"dh_2048_224", "rfc5114_2048_224"},
               {"dh_2048_256", "rfc5114_2048_256"}};
  for (const auto& [group, name] : cases) {
    const std::string text =
        OutputOf("openssl genpkey -genparam -algorithm DH -pkeyopt group:" + std::string(group) +
                 " 2>/dev/null | openssl asn1parse 2>/dev/null");
    if (text.empty()) GTEST_SKIP() << "no openssl program";
    const size_t begin = text.find("INTEGER           :") + 19;
    const std::vector<uint8_t> p = FromHex(text.substr(begin, text.find('\n', begin) - begin));
    EXPECT_EQ(PrimeName(p), name) << text;
    EXPECT_EQ(FindWellKnownPrime(p)->kind, KindOf(p));
  }
}

struct Builtin {
  std::string name;
  std::vector<uint8_t> p;
};

// Lines "# where it stands", then "name HEX".
std::vector<Builtin> Builtins() {
  std::ifstream file("tests/tls/probe/builtin_primes.txt");
  std::vector<Builtin> primes;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name, hex;
    words >> name >> hex;
    primes.push_back({name, FromHex(hex)});
  }
  return primes;
}

TEST(WellKnownPrimes, OfSoftwareAreNamedAndJudgedRight) {
  const std::vector<Builtin> builtins = Builtins();
  EXPECT_GT(builtins.size(), 35u);
  for (const Builtin& builtin : builtins) {
    const WellKnownPrime* known = FindWellKnownPrime(builtin.p);
    ASSERT_NE(known, nullptr) << builtin.name;
    EXPECT_EQ(known->name, builtin.name);
    EXPECT_EQ(known->bits, 8 * builtin.p.size());
    if (known->bits <= 2048) {
      EXPECT_EQ(known->kind, KindOf(builtin.p)) << builtin.name;
    }
  }
}

// Each row of the table is held against something: a formula, OpenSSL, or the file.
TEST(WellKnownPrimes, AreAllTested) {
  std::set<std::string> in_file;
  for (const Builtin& builtin : Builtins()) in_file.insert(builtin.name);
  std::set<std::string> names;
  for (const WellKnownPrime& known : WellKnownPrimes()) {
    EXPECT_TRUE(names.insert(std::string(known.name)).second) << known.name;
    EXPECT_TRUE(in_file.contains(std::string(known.name)) || known.name.starts_with("rfc") ||
                known.name.starts_with("ffdhe"))
        << known.name;
  }
  EXPECT_EQ(names.size(), in_file.size() + 8 + 5 + 3);
}

TEST(Primes, AreTheSameWithLeadingZeros) {
  std::vector<uint8_t> p = PrimeOf(1024, PiTimes2To(1024 - 130), 129093);
  p.insert(p.begin(), {0, 0});
  EXPECT_EQ(PrimeName(p), "rfc2409_1024");
}

TEST(Primes, ThatNobodyKnowsAreNamedByTheirHash) {
  // printf '\x17' | sha256sum
  EXPECT_EQ(PrimeName(std::vector<uint8_t>{0, 0x17}),
            "sha256:8f11b05da785e43e713d03774c6bd3405d99cd3024af334ffd68db663aa37034");
}

TEST(Primes, AreJudged) {
  const Number safe = Zero(), prime = Zero();
  ASSERT_TRUE(BN_generate_prime_ex(safe.get(), 256, 1, nullptr, nullptr, nullptr));
  ASSERT_TRUE(BN_generate_prime_ex(prime.get(), 256, 0, nullptr, nullptr, nullptr));
  EXPECT_EQ(JudgePrime(BytesOf(safe.get())), PrimeKind::kSafe);
  // A random prime is safe once in a hundred times.
  Number half = Zero();
  BN_rshift1(half.get(), prime.get());
  EXPECT_EQ(JudgePrime(BytesOf(prime.get())), KindOf(BytesOf(prime.get())));
  Number product = Zero();
  const bssl::UniquePtr<BN_CTX> context(BN_CTX_new());
  BN_mul(product.get(), safe.get(), prime.get(), context.get());
  EXPECT_EQ(JudgePrime(BytesOf(product.get())), PrimeKind::kComposite);
  EXPECT_EQ(JudgePrime(std::vector<uint8_t>{1}), PrimeKind::kComposite);
  EXPECT_EQ(JudgePrime(std::vector<uint8_t>{}), PrimeKind::kComposite);
  EXPECT_EQ(JudgePrime(std::vector<uint8_t>{7}), PrimeKind::kSafe);    // (7 - 1) / 2 = 3
  EXPECT_EQ(JudgePrime(std::vector<uint8_t>{13}), PrimeKind::kPrime);  // 6
}

// Against trial division.
TEST(Primes, OfOneOrTwoBytesAreJudged) {
  const auto is_prime = [](unsigned n) {
    for (unsigned d = 2; d * d <= n; ++d) {
      if (n % d == 0) return false;
    }
    return n >= 2;
  };
  for (unsigned n = 2; n < 3000; ++n) {
    const std::vector<uint8_t> p = {static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n)};
    const PrimeKind kind = !is_prime(n)            ? PrimeKind::kComposite
                           : is_prime((n - 1) / 2) ? PrimeKind::kSafe
                                                   : PrimeKind::kPrime;
    EXPECT_EQ(JudgePrime(p), kind) << n;
  }
}

TEST(Primes, TooLargeAreNotJudged) {
  EXPECT_EQ(JudgePrime(std::vector<uint8_t>(513, 0xff)), std::nullopt);
  // But those of the table are known.
  EXPECT_EQ(JudgePrime(PrimeOf(8192, PiTimes2To(8192 - 130), 4743158)), PrimeKind::kSafe);
}

TEST(Generators, AreForPeople) {
  EXPECT_EQ(GeneratorText(std::vector<uint8_t>{0, 5}), "5");
  EXPECT_EQ(GeneratorText(std::vector<uint8_t>(8, 0xff)), "18446744073709551615");
  EXPECT_EQ(GeneratorText(std::vector<uint8_t>(9, 0xab)), "0xababababababababab");
  EXPECT_EQ(GeneratorText(std::vector<uint8_t>(256, 0xab)).size(), 2u + 64u);
}

}  // namespace
}  // namespace mxsweep::tls
