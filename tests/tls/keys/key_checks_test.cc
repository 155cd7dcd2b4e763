// What is said of single keys. The weak ones are made as their makers made them; the sound ones are
// made by OpenSSL.
#include "tls/keys/key_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bytestring.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "tests/interop/child_process.h"
#include "tests/tls/keys/weak_numbers.h"
#include "tests/tls/pki/certificate_factory.h"
#include "tls/keys/curve_points.h"
#include "tls/keys/roca.h"

namespace mxsweep::tls {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeShortPrivateExponent;
using ::testing::Not;
using testing::Numbers;
using testing::OpensslPrimes;
using testing::Product;
using testing::RocaPrime;
using testing::RsaSpki;

constexpr KeyCheckDepth kDepths[] = {KeyCheckDepth::kScan, KeyCheckDepth::kThorough};

std::vector<std::string> Words(const std::vector<uint8_t>& spki,
                               KeyCheckDepth depth = KeyCheckDepth::kThorough) {
  std::vector<std::string> words;
  for (const KeyWeakness weakness : CheckKey(ReadPublicKey(spki), depth).weaknesses) {
    words.emplace_back(KeyWeaknessName(weakness));
  }
  return words;
}

std::vector<std::string> RsaWords(const Integer& modulus, const Integer& exponent = Integer(65537),
                                  KeyCheckDepth depth = KeyCheckDepth::kThorough) {
  return Words(RsaSpki(modulus, exponent), depth);
}

KeyFindings RsaFindings(const Integer& modulus, const Integer& exponent = Integer(65537)) {
  const std::vector<uint8_t> spki = RsaSpki(modulus, exponent);
  return CheckKey(ReadPublicKey(spki), KeyCheckDepth::kThorough);
}

Integer SoundModulus() { return Product(OpensslPrimes()[0], OpensslPrimes()[1]); }

TEST(KeyChecks, SayNothingOfAHundredThousandSoundModuli) {
  const std::vector<Integer>& primes = OpensslPrimes();
  constexpr size_t kModuli = 100'000;
  std::vector<std::pair<size_t, size_t>> pairs;
  for (size_t i = 0; i < primes.size() && pairs.size() < kModuli; ++i) {
    for (size_t j = i + 1; j < primes.size() && pairs.size() < kModuli; ++j) {
      pairs.emplace_back(i, j);
    }
  }
  ASSERT_EQ(pairs.size(), kModuli);
  constexpr size_t kThreads = 4;
  std::vector<std::vector<std::string>> alarms(kThreads);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t k = t; k < pairs.size(); k += kThreads) {
        const Integer modulus = Product(primes[pairs[k].first], primes[pairs[k].second]);
        for (const KeyCheckDepth depth : kDepths) {
          for (std::string& word : RsaWords(modulus, Integer(65537), depth)) {
            alarms[t].push_back(std::move(word));
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<std::string>& words : alarms) EXPECT_THAT(words, IsEmpty());
}

// Exponents that are in use, and one as long as the modulus whose private exponent is long as well.
TEST(KeyChecks, SayNothingOfSoundExponents) {
  for (const unsigned long exponent : {65537ul, 65539ul, 4294967297ul}) {
    EXPECT_THAT(RsaWords(SoundModulus(), Integer(exponent)), IsEmpty()) << exponent;
  }
  Numbers numbers(1);
  const auto [d, e] =
      MakeShortPrivateExponent(OpensslPrimes()[0], OpensslPrimes()[1], 1000, &numbers);
  EXPECT_THAT(RsaWords(SoundModulus(), e), ElementsAre("absurd_exponent"));
}

TEST(KeyChecks, ExponentsAreToldApart) {
  EXPECT_THAT(RsaWords(SoundModulus(), Integer(3)), ElementsAre("small_exponent"));
  EXPECT_THAT(RsaWords(SoundModulus(), Integer(65535)), ElementsAre("small_exponent"));
  EXPECT_THAT(RsaWords(SoundModulus(), Integer(65536)),
              ElementsAre("small_exponent", "even_exponent"));
  EXPECT_THAT(RsaWords(SoundModulus(), Integer(65538)), ElementsAre("even_exponent"));
  EXPECT_THAT(RsaWords(SoundModulus(), Integer(1)),
              ElementsAre("small_exponent", "absurd_exponent"));
  EXPECT_THAT(RsaWords(SoundModulus(), Integer(0)),
              ElementsAre("small_exponent", "even_exponent", "absurd_exponent"));
  // FIPS 186-4 §B.3.1: under 2^256.
  Integer large(1);
  mpz_mul_2exp(large.get(), large.get(), 255);
  mpz_setbit(large.get(), 0);
  EXPECT_THAT(RsaWords(SoundModulus(), large), IsEmpty());
  mpz_setbit(large.get(), 256);
  EXPECT_THAT(RsaWords(SoundModulus(), large), ElementsAre("absurd_exponent"));
}

TEST(KeyChecks, ShortModuliAreShort) {
  Numbers numbers(2);
  EXPECT_THAT(RsaWords(Product(numbers.Prime(512), numbers.Prime(512))), ElementsAre("rsa_short"));
  const Integer modulus = Product(numbers.Prime(1023), numbers.Prime(1024));
  ASSERT_EQ(modulus.bits(), 2047u);
  EXPECT_THAT(RsaWords(modulus), ElementsAre("rsa_short"));
}

TEST(KeyChecks, SmallFactorsAreFoundUpToTheDepthsLimit) {
  Numbers numbers(3);
  const Integer large = numbers.Prime(2048);
  for (const unsigned long factor : {2ul, 3ul, 997ul}) {
    for (const KeyCheckDepth depth : kDepths) {
      EXPECT_THAT(RsaWords(Product(large, Integer(factor)), Integer(65537), depth),
                  ElementsAre("small_factor"))
          << factor;
    }
  }
  for (const unsigned long factor : {1009ul, 65537ul}) {
    const Integer modulus = Product(large, Integer(factor));
    EXPECT_THAT(RsaWords(modulus, Integer(65537), KeyCheckDepth::kScan), IsEmpty()) << factor;
    EXPECT_THAT(RsaWords(modulus), ElementsAre("small_factor")) << factor;
  }
  EXPECT_THAT(RsaWords(Product(large, Integer(65539))), IsEmpty());
  EXPECT_THAT(RsaFindings(Product(large, Integer(15))).detail, HasSubstr("3 divides"));
}

TEST(KeyChecks, ClosePrimesAreFoundByFermat) {
  Numbers numbers(4);
  const Integer p = numbers.Prime(1024);
  Integer q;
  mpz_nextprime(q.get(), p.get());
  for (const KeyCheckDepth depth : kDepths) {
    EXPECT_THAT(RsaWords(Product(p, q), Integer(65537), depth), ElementsAre("fermat"));
  }
  EXPECT_TRUE(RsaFindings(Product(p, q)).private_key_follows);
  EXPECT_THAT(RsaFindings(Product(p, p)).detail, HasSubstr("a square"));
  // (q - p)² / (8·root n) steps are needed: a distance of 2^(512+5) needs some 2^7 of them.
  const auto at_distance = [&](unsigned exponent) {
    Integer far;
    mpz_setbit(far.get(), exponent);
    mpz_add(far.get(), far.get(), p.get());
    mpz_nextprime(far.get(), far.get());
    return Product(p, far);
  };
  EXPECT_THAT(RsaWords(at_distance(516)), ElementsAre("fermat"));
  EXPECT_THAT(RsaWords(at_distance(520)), IsEmpty());
}

TEST(KeyChecks, RocaKeysOfEveryLengthAreFound) {
  struct Case {
    unsigned bits;  // of the key
    int primes;
  };
  Numbers numbers(5);
  for (const Case& c : {Case{512, 39}, Case{1024, 71}, Case{2048, 126}}) {
    const Integer modulus = Product(RocaPrime(c.bits / 2, c.primes, &numbers),
                                    RocaPrime(c.bits / 2, c.primes, &numbers));
    ASSERT_EQ(modulus.bits(), c.bits);
    for (const KeyCheckDepth depth : kDepths) {
      EXPECT_THAT(RsaWords(modulus, Integer(65537), depth), Contains("roca")) << c.bits;
    }
  }
  EXPECT_THAT(RsaWords(Integer(65537)), Not(Contains("roca")));
  // One such prime is no such key.
  const Integer half = Product(RocaPrime(1024, 126, &numbers), OpensslPrimes()[0]);
  EXPECT_THAT(RsaWords(half), IsEmpty());
}

// A number that is a power of 65537 modulo each prime, of another exponent modulo each, is one of
// them by chance once in 2^28: too often.
TEST(KeyChecks, RocaDemandsOneExponentForAllPrimes) {
  Numbers numbers(6);
  int fingerprints = 0;
  for (int round = 0; round < 20; ++round) {
    Integer n(1);  // by the Chinese remainder theorem, prime by prime
    Integer m(2);
    for (Integer prime(3); mpz_cmp_ui(prime.get(), 167) <= 0;
         mpz_nextprime(prime.get(), prime.get())) {
      Integer power;
      const Integer generator(65537);
      const Integer exponent = numbers.Random(30);
      mpz_powm(power.get(), generator.get(), exponent.get(), prime.get());
      while (mpz_fdiv_ui(n.get(), mpz_get_ui(prime.get())) != mpz_get_ui(power.get())) {
        mpz_add(n.get(), n.get(), m.get());
      }
      m = Product(m, prime);
    }
    fingerprints += HasRocaFingerprint(n.ToBytes());
  }
  EXPECT_EQ(fingerprints, 0);
}

TEST(KeyChecks, RepeatedBytesAreAPattern) {
  Numbers numbers(7);
  const auto with = [&](const std::vector<uint8_t>& pattern, size_t count) {
    std::vector<uint8_t> bytes = SoundModulus().ToBytes();
    for (size_t i = 0; i < count; ++i) bytes[40 + i] = pattern[i % pattern.size()];
    return Words(RsaSpki(Integer::FromBytes(bytes), Integer(65537)));
  };
  // The changed numbers have small factors more often than not; that is not the question here.
  EXPECT_THAT(with({0xab}, 20), Contains("repeating_pattern"));
  EXPECT_THAT(with({0x12, 0x34, 0x56, 0x78}, 24), Contains("repeating_pattern"));
  EXPECT_THAT(with({1, 2, 3, 4, 5, 6, 7, 8}, 32), Contains("repeating_pattern"));
  EXPECT_THAT(with({0xab}, 14), Not(Contains("repeating_pattern")));
  EXPECT_THAT(with({1, 2, 3, 4, 5, 6, 7, 8, 9}, 64), Not(Contains("repeating_pattern")));
}

TEST(KeyChecks, AHalfWithoutRandomnessIsNoted) {
  Numbers numbers(8);
  const auto with_half = [&](bool upper, auto&& byte) {
    std::vector<uint8_t> bytes = SoundModulus().ToBytes();
    for (size_t i = 0; i < 128; ++i) bytes[i + (upper ? 0 : 128)] = byte(i);
    bytes.front() |= 0x80;
    bytes.back() |= 1;
    return RsaFindings(Integer::FromBytes(bytes));
  };
  // Few one bits; and few different bytes, half of whose bits are one.
  const auto sparse = [&](size_t) {
    return static_cast<uint8_t>(mpz_get_ui(Product(numbers.Random(8), Integer(1)).get()) &
                                mpz_get_ui(numbers.Random(8).get()));
  };
  const auto digits = [&](size_t) {
    constexpr char kDigits[] = "0123456789abcdefGHIJKLMNOPQRSTUV";
    return static_cast<uint8_t>(kDigits[mpz_get_ui(numbers.Random(5).get())] ^ 0x0f);
  };
  EXPECT_TRUE(with_half(true, sparse).Has(KeyWeakness::kLowEntropy));
  EXPECT_THAT(with_half(true, sparse).detail, HasSubstr("the upper half"));
  EXPECT_THAT(with_half(false, sparse).detail, HasSubstr("the lower half"));
  EXPECT_TRUE(with_half(false, digits).Has(KeyWeakness::kLowEntropy));
  const auto random = [&](size_t) {
    return static_cast<uint8_t>(mpz_get_ui(numbers.Random(8).get()));
  };
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(with_half(i % 2 == 0, random).Has(KeyWeakness::kLowEntropy));
  }
}

// M. Wiener 1990: d under n^(1/4)/3.
TEST(KeyChecks, SmallPrivateExponentsAreFound) {
  Numbers numbers(9);
  const Integer& p = OpensslPrimes()[2];
  const Integer& q = OpensslPrimes()[3];
  for (const unsigned bits : {32u, 200u, 400u, 509u}) {
    const auto [d, e] = MakeShortPrivateExponent(p, q, bits, &numbers);
    for (const KeyCheckDepth depth : kDepths) {
      EXPECT_THAT(RsaWords(Product(p, q), e, depth), Contains("small_private_exponent")) << bits;
    }
    EXPECT_TRUE(RsaFindings(Product(p, q), e).private_key_follows);
  }
  for (const unsigned bits : {530u, 700u}) {
    const auto [d, e] = MakeShortPrivateExponent(p, q, bits, &numbers);
    EXPECT_THAT(RsaWords(Product(p, q), e), ElementsAre("absurd_exponent")) << bits;
  }
}

// Nothing takes long, and nothing is read beyond its end.
TEST(KeyChecks, OddNumbersAreSurvived) {
  Numbers numbers(10);
  for (const unsigned long n : {0ul, 1ul, 2ul, 3ul, 4ul, 9ul, 15ul, 255ul, 257ul}) {
    for (const unsigned long e : {0ul, 1ul, 3ul, 65537ul}) {
      for (const KeyCheckDepth depth : kDepths) {
        EXPECT_THAT(RsaWords(Integer(n), Integer(e), depth), Contains("rsa_short"))
            << n << " " << e;
      }
    }
  }
  Integer huge = numbers.Random(100'000);
  mpz_setbit(huge.get(), 99'999);
  EXPECT_THAT(RsaWords(huge, huge), Contains("absurd_exponent"));
  Integer largest = numbers.Random(16'384);
  mpz_setbit(largest.get(), 16'383);
  mpz_setbit(largest.get(), 0);
  EXPECT_THAT(RsaWords(largest, largest), Contains("absurd_exponent"));
  EXPECT_THAT(Words({}), IsEmpty());
  EXPECT_THAT(Words({0x30, 0x00}), IsEmpty());
}

struct OpensslCurve {
  const char* name;  // openssl's
  const char* oid;
};
constexpr OpensslCurve kCurves[] = {
    {"prime192v1", "1.2.840.10045.3.1.1"},
    {"secp224r1", "1.3.132.0.33"},
    {"prime256v1", "1.2.840.10045.3.1.7"},
    {"secp384r1", "1.3.132.0.34"},
    {"secp521r1", "1.3.132.0.35"},
    {"secp256k1", "1.3.132.0.10"},
    {"brainpoolP256r1", "1.3.36.3.3.2.8.1.1.7"},
    {"brainpoolP384r1", "1.3.36.3.3.2.8.1.1.11"},
    {"brainpoolP512r1", "1.3.36.3.3.2.8.1.1.13"},
    {"SM2", "1.2.156.10197.1.301"},
};

// Of this process alone: tests run side by side.
std::string TemporaryPath(const std::string& name) {
  static const std::string folder = [] {
    std::string pattern = ::testing::TempDir() + "mxsweep_key_checks_XXXXXX";
    return std::string(mkdtemp(pattern.data()));
  }();
  return folder + "/" + name;
}

// The public key that OpenSSL makes, as a SubjectPublicKeyInfo.
std::vector<uint8_t> OpensslKey(const interop::Arguments& make,
                                const interop::Arguments& write = {"pkey"}) {
  const std::string path = TemporaryPath("key.pem");
  interop::Arguments arguments = {"openssl", "genpkey", "-out", path};
  arguments.insert(arguments.end(), make.begin(), make.end());
  EXPECT_EQ(interop::RunCommand(arguments).exit_code, 0);
  const std::string der = TemporaryPath("key.der");
  arguments = {"openssl"};
  arguments.insert(arguments.end(), write.begin(), write.end());
  arguments.insert(arguments.end(), {"-in", path, "-pubout", "-outform", "DER", "-out", der});
  EXPECT_EQ(interop::RunCommand(arguments).exit_code, 0);
  std::ifstream file(der, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(KeyChecks, PointsOfOpensslsCurvesAreOnThem) {
  for (const OpensslCurve& curve : kCurves) {
    for (const char* form : {"uncompressed", "compressed"}) {
      SCOPED_TRACE(std::string(curve.name) + " " + form);
      const std::vector<uint8_t> spki = OpensslKey(
          {"-algorithm", "EC", "-pkeyopt", std::string("ec_paramgen_curve:") + curve.name},
          {"ec", "-conv_form", form});
      const PublicKeyFacts key = ReadPublicKey(spki);
      ASSERT_EQ(key.error, "");
      EXPECT_EQ(CheckCurvePoint(key.curve.value_or(""), key.key), PointCheck::kOnCurve);
      EXPECT_THAT(Words(spki), IsEmpty());
      std::vector<uint8_t> point(key.key.begin(), key.key.end());
      if (point[0] == 4) {
        point.back() ^= 1;
        EXPECT_THAT(Words(testing::EcSpki(curve.oid, point)), ElementsAre("ec_point_off_curve"));
        point.back() ^= 1;
      }
      point.pop_back();
      EXPECT_THAT(Words(testing::EcSpki(curve.oid, point)), ElementsAre("ec_point_off_curve"));
    }
    // The point at infinity, and a coordinate that is not reduced.
    EXPECT_THAT(Words(testing::EcSpki(curve.oid, std::vector<uint8_t>{0})),
                ElementsAre("ec_point_off_curve"));
  }
  std::vector<uint8_t> unreduced(33, 0xff);
  unreduced[0] = 2;
  EXPECT_THAT(Words(testing::EcSpki("1.2.840.10045.3.1.7", unreduced)),
              ElementsAre("ec_point_off_curve"));
  EXPECT_EQ(CheckCurvePoint("sect233k1", unreduced), PointCheck::kNotKnown);
}

// Of the x coordinates that one can think of half have no point.
TEST(KeyChecks, CompressedPointsThatNoPointBelongsToAreOff) {
  int off = 0;
  std::vector<uint8_t> point(33, 7);
  point[0] = 3;
  for (int i = 0; i < 200; ++i) {
    point.back() = static_cast<uint8_t>(i);
    off += !Words(testing::EcSpki("1.2.840.10045.3.1.7", point)).empty();
  }
  EXPECT_GT(off, 60);
  EXPECT_LT(off, 140);
}

TEST(KeyChecks, Ed25519KeysOfOpensslAreOnTheCurve) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Words(OpensslKey({"-algorithm", "ED25519"})), IsEmpty());
  }
  // y = 2 belongs to no point, p is not reduced, 31 bytes are none.
  std::vector<uint8_t> key(32, 0);
  key[0] = 2;
  EXPECT_THAT(Words(testing::Ed25519Spki(key)), ElementsAre("ec_point_off_curve"));
  std::ranges::fill(key, 0xff);
  key[0] = 0xed;
  key[31] = 0x7f;
  EXPECT_THAT(Words(testing::Ed25519Spki(key)), ElementsAre("ec_point_off_curve"));
}

// The prime that OpenSSL writes for `option`: the first number of SEQUENCE { prime, generator … }.
Integer OpensslDhPrime(const std::string& algorithm, const std::string& option) {
  const std::string pem = TemporaryPath("dh.pem");
  const std::string path = TemporaryPath("dh.der");
  EXPECT_EQ(interop::RunCommand({"openssl", "genpkey", "-genparam", "-algorithm", algorithm,
                                 "-pkeyopt", option, "-out", pem})
                .exit_code,
            0);
  EXPECT_EQ(
      interop::RunCommand({"openssl", "asn1parse", "-in", pem, "-noout", "-out", path}).exit_code,
      0);
  std::ifstream file(path, std::ios::binary);
  const std::vector<uint8_t> der{std::istreambuf_iterator<char>(file),
                                 std::istreambuf_iterator<char>()};
  CBS reader, sequence, prime;
  CBS_init(&reader, der.data(), der.size());
  if (!CBS_get_asn1(&reader, &sequence, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&sequence, &prime, CBS_ASN1_INTEGER)) {
    ADD_FAILURE() << "no prime of " << option;
    return Integer(0);
  }
  return Integer::FromBytes({CBS_data(&prime), CBS_len(&prime)});
}

// The groups of RFC 7919 have safe primes, those of RFC 5114 have none.
TEST(KeyChecks, PrimesOfDheAreToldApart) {
  const auto words = [](const Integer& prime) {
    std::vector<std::string> found;
    for (const KeyWeakness weakness : CheckDhPrime(prime.ToBytes()).weaknesses) {
      found.emplace_back(KeyWeaknessName(weakness));
    }
    return found;
  };
  for (const char* group : {"group:ffdhe2048", "group:ffdhe3072"}) {
    const Integer p = OpensslDhPrime("DH", group);
    EXPECT_THAT(words(p), IsEmpty()) << group;
    Integer even = p;
    mpz_add_ui(even.get(), even.get(), 1);
    EXPECT_THAT(words(even), ElementsAre("small_factor", "dh_composite")) << group;
  }
  EXPECT_THAT(words(OpensslDhPrime("DHX", "dh_rfc5114:1")), ElementsAre("dh_short", "dh_not_safe"));
  EXPECT_THAT(words(OpensslDhPrime("DHX", "dh_rfc5114:2")), ElementsAre("dh_not_safe"));
  EXPECT_THAT(words(OpensslDhPrime("DHX", "dh_rfc5114:3")), ElementsAre("dh_not_safe"));
  EXPECT_THAT(words(OpensslPrimes()[0]), ElementsAre("dh_short", "dh_not_safe"));
  EXPECT_THAT(words(SoundModulus()), ElementsAre("dh_composite"));
  EXPECT_THAT(words(Integer(0)), ElementsAre("dh_short"));
  // The smallest ones: (7 - 1) / 2 is prime, (13 - 1) / 2 and (3 - 1) / 2 are not.
  EXPECT_THAT(words(Integer(7)), ElementsAre("dh_short"));
  for (const unsigned long p : {3ul, 13ul}) {
    EXPECT_THAT(words(Integer(p)), ElementsAre("dh_short", "dh_not_safe")) << p;
  }
}

TEST(KeyChecks, WordsOfACertificateAreItsKeysAndItsSignatures) {
  using testing::CaSpec;
  using testing::KeyKind;
  const auto ca = testing::MakeSelfSigned(CaSpec("CA"), testing::TestKey(KeyKind::kRsa2048, 1));
  const auto words = [&](KeyKind kind, const EVP_MD* digest) {
    const std::vector<uint8_t> der =
        testing::MakeSigned({.digest = digest}, testing::TestKey(kind), ca).der();
    return WeakKeyWords(ParseCertificateFacts(der), der, KeyCheckDepth::kScan);
  };
  EXPECT_THAT(words(KeyKind::kRsa2048, nullptr), IsEmpty());
  EXPECT_THAT(words(KeyKind::kRsa512, EVP_md5()), ElementsAre("rsa_short", "md5_signature"));
  EXPECT_THAT(words(KeyKind::kRsa2048Exponent3, EVP_sha1()),
              ElementsAre("small_exponent", "sha1_signature"));
}

}  // namespace
}  // namespace mxsweep::tls
