// What Debian 12's OpenSSL 3.0.19 does, rule by rule; s_client and s_server with @SECLEVEL=N were
// the oracle for the protocol rules, EVP_PKEY_security_bits for the numbers.
#include "tls/session/security_level.h"
#include "tls/session/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

namespace mxsweep::tls {
namespace {

using ::testing::HasSubstr;

struct Negotiated {
  uint16_t version = 0x0304;
  uint16_t cipher = 0x1302;  // TLS_AES_256_GCM_SHA384
  int group = 25;            // P-521
  int scheme = 0x0806;       // rsa_pss_rsae_sha512
};

HandshakeFacts Facts(const Negotiated& negotiated) {
  HandshakeFacts facts;
  facts.version_wire = negotiated.version;
  facts.version = VersionName(negotiated.version);
  const SSL_CIPHER* cipher = SSL_get_cipher_by_value(negotiated.cipher);
  facts.cipher_wire = negotiated.cipher;
  facts.cipher = SSL_CIPHER_standard_name(cipher);
  facts.cipher_bits = static_cast<uint32_t>(SSL_CIPHER_get_bits(cipher, nullptr));
  if (negotiated.group != 0) {
    facts.group_wire = static_cast<uint16_t>(negotiated.group);
    facts.group = GroupName(*facts.group_wire);
  }
  if (negotiated.scheme != 0) {
    facts.signature_algorithm_wire = static_cast<uint16_t>(negotiated.scheme);
    facts.signature_algorithm = SignatureSchemeName(*facts.signature_algorithm_wire);
  }
  return facts;
}

const Certificate kStrong = {
    .key_bits = 521, .key_type = KeyType::kEc, .signature_digest = SignatureDigest::kSha512};

SecurityLevel Level(const Negotiated& negotiated,
                    const std::vector<Certificate>& chain = {kStrong}) {
  std::vector<CertificateRef> pointers;
  for (const Certificate& certificate : chain)
    pointers.push_back(std::make_shared<Certificate>(certificate));
  return JudgeSecurityLevel(Facts(negotiated), pointers);
}

TEST(SecurityLevel, IsFiveOnlyWhereEverythingHas256Bits) {
  EXPECT_EQ(Level({}).level, 5);
  EXPECT_EQ(Level({}).limited, "");
}

TEST(SecurityLevel, FollowsTheCipher) {
  EXPECT_EQ(Level({.cipher = 0x1301}).level, 3);                     // AES-128
  EXPECT_EQ(Level({.version = 0x0303, .cipher = 0xc014}).level, 3);  // SHA-1 as MAC
  EXPECT_EQ(Level({.version = 0x0303, .cipher = 0x009d, .group = 0, .scheme = 0}).level,
            2);  // static RSA
  EXPECT_EQ(Level({.version = 0x0303, .cipher = 0x000a, .group = 0, .scheme = 0}).level,
            2);  // 3DES
  EXPECT_THAT(Level({.version = 0x0303, .cipher = 0x009d, .group = 0, .scheme = 0}).limited,
              HasSubstr("forward secrecy"));
}

TEST(SecurityLevel, FollowsTheGroup) {
  EXPECT_EQ(Level({.group = 29}).level, 3);
  EXPECT_EQ(Level({.group = 23}).level, 3);
  EXPECT_EQ(Level({.group = 24}).level, 4);
  EXPECT_EQ(Level({.group = 21}).level, 2);
  EXPECT_EQ(Level({.group = 4588}).level, 4);
  EXPECT_EQ(Level({.group = 12345}).level, 0);
  EXPECT_THAT(Level({.group = 29}).limited, HasSubstr("X25519"));
}

TEST(SecurityLevel, FollowsTheHandshakeSignature) {
  EXPECT_EQ(Level({.scheme = 0x0804}).level, 3);
  EXPECT_EQ(Level({.scheme = 0x0503}).level, 4);
  EXPECT_EQ(Level({.scheme = 0x0807}).level, 3);
  EXPECT_EQ(Level({.version = 0x0303, .scheme = 0x0303}).level, 2);
  EXPECT_EQ(Level({.version = 0x0303, .scheme = 0x0201}).level, 0);
}

// ECDHE in TLS 1.0 fails at level 1 by its signature; static RSA in TLS 1.0 and 1.1 passes level 2
// and fails at 3.
TEST(SecurityLevel, OldVersionsFailByWhatTheySignWith) {
  EXPECT_EQ(Level({.version = 0x0301, .cipher = 0xc014, .scheme = 0xff01}).level, 0);
  EXPECT_EQ(Level({.version = 0x0302, .cipher = 0xc014, .scheme = 0xff01}).level, 0);
  EXPECT_EQ(Level({.version = 0x0301, .cipher = 0x0035, .group = 0, .scheme = 0}).level, 2);
  EXPECT_EQ(Level({.version = 0x0302, .cipher = 0x0035, .group = 0, .scheme = 0}).level, 2);
  EXPECT_EQ(Level({.version = 0x0300, .cipher = 0x0035, .group = 0, .scheme = 0}).level, 1);
}

TEST(SecurityLevel, FollowsEveryKeyOfTheChain) {
  const auto rsa = [](uint32_t bits) {
    return Certificate{
        .key_bits = bits, .key_type = KeyType::kRsa, .signature_digest = SignatureDigest::kSha512};
  };
  EXPECT_EQ(Level({}, {rsa(512)}).level, 0);
  EXPECT_EQ(Level({}, {rsa(1024)}).level, 1);
  EXPECT_EQ(Level({}, {rsa(2048)}).level, 2);
  EXPECT_EQ(Level({}, {rsa(3072)}).level, 3);
  EXPECT_EQ(Level({}, {rsa(4096)}).level, 3);
  EXPECT_EQ(Level({}, {rsa(7680)}).level, 4);
  EXPECT_EQ(Level({}, {rsa(15360)}).level, 5);
  EXPECT_EQ(Level({}, {kStrong, rsa(1024)}).level, 1);
  EXPECT_EQ(Level({}, {kStrong, rsa(1024)}).limited, "certificate 1 key: rsa 1024 bits");
  Certificate ed = kStrong;
  ed.key_type = KeyType::kEd25519;
  EXPECT_EQ(Level({}, {ed}).level, 3);
}

TEST(SecurityLevel, FollowsSignaturesOfTheChainButNotOfSelfSignedOnes) {
  const auto with = [](SignatureDigest digest, bool self_signed) {
    Certificate certificate = kStrong;
    certificate.signature_digest = digest;
    certificate.self_signed = self_signed;
    return certificate;
  };
  EXPECT_EQ(Level({}, {with(SignatureDigest::kMd5, false)}).level, 0);
  EXPECT_EQ(Level({}, {with(SignatureDigest::kSha1, false)}).level, 0);
  EXPECT_EQ(Level({}, {with(SignatureDigest::kSha224, false)}).level, 2);
  EXPECT_EQ(Level({}, {with(SignatureDigest::kSha256, false)}).level, 3);
  EXPECT_EQ(Level({}, {with(SignatureDigest::kSha384, false)}).level, 4);
  EXPECT_EQ(Level({}, {kStrong, with(SignatureDigest::kSha1, true)}).level, 5);
  EXPECT_THAT(Level({}, {kStrong, with(SignatureDigest::kSha1, false)}).limited,
              HasSubstr("SHA-1"));
}

TEST(SecurityLevel, WithoutAnyFactsLimitsNothing) {
  EXPECT_EQ(JudgeSecurityLevel({}, {}).level, 5);
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
