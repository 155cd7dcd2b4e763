// The certificate half of OpenSSL's levels; the numbers are EVP_PKEY_security_bits's. Whole chains
// are held against the openssl program in tests/tls/session/openssl_levels_test.cc.
#include "tls/pki/certificate_level.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/digest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::tls {
namespace {

using testing::CaSpec;
using ::testing::HasSubstr;
using testing::KeyKind;
using testing::MakeSelfSigned;
using testing::MakeSigned;
using testing::TestCertificate;
using testing::TestKey;

struct Made {
  KeyKind leaf = KeyKind::kP521;
  KeyKind ca = KeyKind::kP521;
  KeyKind root = KeyKind::kP521;
  const EVP_MD* leaf_digest = EVP_sha512();
  const EVP_MD* root_digest = EVP_sha512();
};

// leaf, intermediate, root.
std::vector<std::vector<uint8_t>> Path(const Made& made) {
  testing::CertificateSpec root_spec = CaSpec("Root");
  root_spec.digest = made.root_digest;
  const TestCertificate root = MakeSelfSigned(root_spec, TestKey(made.root, 3));
  testing::CertificateSpec ca_spec = CaSpec("CA");
  ca_spec.digest = EVP_sha512();
  const TestCertificate ca = MakeSigned(ca_spec, TestKey(made.ca, 2), root);
  testing::CertificateSpec leaf_spec;
  leaf_spec.digest = made.leaf_digest;
  return {MakeSigned(leaf_spec, TestKey(made.leaf, 1), ca).der(), ca.der(), root.der()};
}

SecurityLevel Level(const std::vector<std::vector<uint8_t>>& path, bool anchored = true) {
  return JudgeCertificateLevel(path, anchored).value();
}

TEST(CertificateLevel, IsFiveOnlyWhereEverythingHas256Bits) {
  EXPECT_EQ(Level(Path({})), SecurityLevel());
}

TEST(CertificateLevel, FollowsEveryKeyOfThePathTheAnchorsToo) {
  EXPECT_EQ(Level(Path({.leaf = KeyKind::kRsa512})).level, 0);
  EXPECT_EQ(Level(Path({.leaf = KeyKind::kRsa1024})).level, 1);
  EXPECT_EQ(Level(Path({.leaf = KeyKind::kRsa2048})).level, 2);
  EXPECT_EQ(Level(Path({.leaf = KeyKind::kRsa3072})).level, 3);
  EXPECT_EQ(Level(Path({.leaf = KeyKind::kRsa4096})).level, 3);
  EXPECT_EQ(Level(Path({.leaf = KeyKind::kP384})).level, 4);
  EXPECT_EQ(Level(Path({.leaf = KeyKind::kEd25519})).level, 3);
  EXPECT_EQ(Level(Path({.leaf = KeyKind::kRsa1024})).limited, "leaf key: rsa 1024 bits");
  EXPECT_EQ(Level(Path({.ca = KeyKind::kRsa1024})).limited, "certificate 1 key: rsa 1024 bits");
  EXPECT_EQ(Level(Path({.root = KeyKind::kRsa1024})).level, 1);
  EXPECT_EQ(Level(Path({.root = KeyKind::kRsa1024})).limited, "trust anchor key: rsa 1024 bits");
  EXPECT_EQ(Level(Path({.root = KeyKind::kRsa1024}), false).limited,
            "certificate 2 key: rsa 1024 bits");
}

TEST(CertificateLevel, FollowsEverySignatureButTheLastOnes) {
  EXPECT_EQ(Level(Path({.ca = KeyKind::kRsa4096, .leaf_digest = EVP_md5()})).limited,
            "leaf signature: MD5 hash");
  EXPECT_EQ(Level(Path({.leaf_digest = EVP_sha1()})).level, 0);
  EXPECT_EQ(Level(Path({.leaf_digest = EVP_sha224()})).level, 2);
  EXPECT_EQ(Level(Path({.leaf_digest = EVP_sha256()})).level, 3);
  EXPECT_EQ(Level(Path({.leaf_digest = EVP_sha384()})).level, 4);
  EXPECT_EQ(Level(Path({.root_digest = EVP_sha1()})).level, 5);
  EXPECT_THAT(Level(Path({.leaf_digest = EVP_sha1()})).limited, HasSubstr("leaf signature: SHA-1"));
  // Where nothing above the leaf was found nobody has looked at its signature.
  std::vector<std::vector<uint8_t>> alone = Path({.leaf_digest = EVP_sha1()});
  alone.resize(1);
  EXPECT_EQ(Level(alone, false).level, 5);
}

TEST(CertificateLevel, IsNotKnownWhereAKeyIsOfAnUnknownKind) {
  std::vector<std::vector<uint8_t>> path = Path({.leaf = KeyKind::kEd25519});
  // The OID 1.3.101.112 of its key becomes 1.3.101.119.
  const std::vector<uint8_t> spki = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21};
  const auto at = std::search(path[0].begin(), path[0].end(), spki.begin(), spki.end());
  ASSERT_NE(at, path[0].end());
  at[6] = 0x77;
  EXPECT_EQ(JudgeCertificateLevel(path, true), std::nullopt);
}

TEST(SecurityLevels, OfLargeRsaKeys) {
  const auto level = [](uint32_t bits) {
    return LevelOfSecurityBits(KeySecurityBits(KeyType::kRsa, bits).value());
  };
  EXPECT_EQ(level(4096), 3);
  EXPECT_EQ(level(7680), 4);
  EXPECT_EQ(level(15360), 5);
}

TEST(KeySecurityBits, OfRsaAreWhatOpenSslSays) {
  const std::pair<uint32_t, int> cases[] = {
      {511, 56},   {512, 56},   {768, 72},   {1023, 80},   {1024, 80},   {1025, 80},  {1279, 88},
      {1280, 88},  {1535, 96},  {1536, 96},  {2016, 112},  {2047, 112},  {2048, 112}, {2049, 112},
      {2432, 120}, {3000, 128}, {3071, 128}, {3072, 128},  {4095, 152},  {4096, 152}, {6144, 176},
      {7679, 192}, {7680, 192}, {8192, 200}, {15359, 256}, {15360, 256}, {16384, 272}};
  for (const auto& [modulus, bits] : cases)
    EXPECT_EQ(KeySecurityBits(KeyType::kRsa, modulus), bits) << modulus;
  EXPECT_EQ(KeySecurityBits(KeyType::kRsa, 0), 0);
}

}  // namespace
}  // namespace mxsweep::tls
