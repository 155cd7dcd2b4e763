// The session half of OpenSSL's levels, rule by rule; what whole handshakes come to is held against
// the openssl program in openssl_levels_test.cc.
#include "tls/session/session_level.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

#include "tls/session/version.h"

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

SecurityLevel Level(const Negotiated& negotiated, OpenSslRules rules = OpenSslRules::k3_1,
                    const Certificate* leaf = nullptr) {
  return JudgeSessionLevel(Facts(negotiated), leaf, rules);
}

TEST(SessionLevel, IsFiveOnlyWhereEverythingHas256Bits) {
  EXPECT_EQ(Level({}).level, 5);
  EXPECT_EQ(Level({}).limited, "");
}

TEST(SessionLevel, FollowsTheCipher) {
  EXPECT_EQ(Level({.cipher = 0x1301}).level, 3);                     // AES-128
  EXPECT_EQ(Level({.version = 0x0303, .cipher = 0xc014}).level, 3);  // SHA-1 as MAC
  EXPECT_EQ(Level({.version = 0x0303, .cipher = 0x009d, .group = 0, .scheme = 0}).level,
            2);  // static RSA
  EXPECT_EQ(Level({.version = 0x0303, .cipher = 0x000a, .group = 0, .scheme = 0}).level,
            2);  // 3DES
  EXPECT_THAT(Level({.version = 0x0303, .cipher = 0x009d, .group = 0, .scheme = 0}).limited,
              HasSubstr("forward secrecy"));
}

TEST(SessionLevel, FollowsTheGroup) {
  EXPECT_EQ(Level({.group = 29}).level, 3);
  EXPECT_EQ(Level({.group = 23}).level, 3);
  EXPECT_EQ(Level({.group = 24}).level, 4);
  EXPECT_EQ(Level({.group = 21}).level, 2);
  EXPECT_EQ(Level({.group = 4588}).level, 4);
  EXPECT_EQ(Level({.group = 12345}).level, 0);
  EXPECT_THAT(Level({.group = 29}).limited, HasSubstr("X25519"));
}

TEST(SessionLevel, FollowsTheHandshakeSignature) {
  EXPECT_EQ(Level({.scheme = 0x0804}).level, 3);
  EXPECT_EQ(Level({.scheme = 0x0503}).level, 4);
  EXPECT_EQ(Level({.scheme = 0x0807}).level, 3);
  EXPECT_EQ(Level({.version = 0x0303, .scheme = 0x0303}).level, 2);
  EXPECT_EQ(Level({.version = 0x0303, .scheme = 0x0201}).level, 0);
}

// ECDHE in TLS 1.0 fails at level 1 by its signature; static RSA in TLS 1.0 and 1.1 passes level 2
// and fails at 3.
TEST(SessionLevel, InOpenSsl30OldVersionsFailByWhatTheySignWith) {
  const auto old = OpenSslRules::k3_0;
  EXPECT_EQ(Level({.version = 0x0301, .cipher = 0xc014, .scheme = 0xff01}, old).level, 0);
  EXPECT_EQ(Level({.version = 0x0302, .cipher = 0xc014, .scheme = 0xff01}, old).level, 0);
  EXPECT_EQ(Level({.version = 0x0301, .cipher = 0x0035, .group = 0, .scheme = 0}, old).level, 2);
  EXPECT_EQ(Level({.version = 0x0302, .cipher = 0x0035, .group = 0, .scheme = 0}, old).level, 2);
  EXPECT_EQ(Level({.version = 0x0300, .cipher = 0x0035, .group = 0, .scheme = 0}, old).level, 1);
}

// OpenSSL's CHANGES for 3.1: "SSL 3, TLS 1.0, TLS 1.1, and DTLS 1.0 only work at security level 0".
TEST(SessionLevel, SinceOpenSsl31OldVersionsAreForLevel0) {
  for (const uint16_t version : {0x0300, 0x0301, 0x0302}) {
    const SecurityLevel level =
        Level({.version = version, .cipher = 0x0035, .group = 0, .scheme = 0});
    EXPECT_EQ(level.level, 0) << version;
    EXPECT_THAT(level.limited, HasSubstr("version: ")) << version;
  }
  EXPECT_EQ(Level({.version = 0x0303, .cipher = 0x0035, .group = 0, .scheme = 0}).level, 2);
}

// RFC 8422 §5.1: before TLS 1.3 the groups offered are those of certificates, too.
TEST(SessionLevel, FollowsTheCurveOfAnEcdsaKeyBeforeTls13) {
  const Certificate p256 = {.key_bits = 256, .key_type = KeyType::kEc};
  const Certificate rsa = {.key_bits = 1024, .key_type = KeyType::kRsa};
  const Negotiated tls12 = {.version = 0x0303, .cipher = 0xc02c, .scheme = 0x0603};
  EXPECT_EQ(Level(tls12, OpenSslRules::k3_1, &p256).level, 3);
  EXPECT_EQ(Level(tls12, OpenSslRules::k3_1, &rsa).level, 5);
  EXPECT_EQ(Level({}, OpenSslRules::k3_1, &p256).level, 5);
}

TEST(SessionLevel, WithoutAnyFactsLimitsNothing) {
  EXPECT_EQ(JudgeSessionLevel({}, nullptr, OpenSslRules::k3_1).level, 5);
}

}  // namespace
}  // namespace mxsweep::tls
