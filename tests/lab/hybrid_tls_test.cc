#include "tools/lab/hybrid_tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "tools/lab/hello_records.h"
#include "tools/lab/tls_server.h"

namespace mxsweep::lab {
namespace {

constexpr uint16_t kX25519 = 29;
constexpr uint16_t kX25519MlKem768 = 4588;
constexpr uint16_t kMlKem768 = 513;
constexpr uint16_t kKyberDraft = 25497;

Hello HelloWith(std::vector<uint16_t> groups, std::vector<uint16_t> key_shares) {
  Hello hello;
  hello.version = TLS1_2_VERSION;
  hello.session_id = "abc";
  hello.suites = {0x1302, 0x1301};
  hello.versions = {TLS1_3_VERSION};
  hello.groups = std::move(groups);
  hello.key_shares = std::move(key_shares);
  hello.signature_algorithms = {SSL_SIGN_ECDSA_SECP256R1_SHA256};
  return hello;
}

std::optional<std::string> Answer(TlsPosture posture, const Hello& hello) {
  return AnswerByHand(*HybridTlsOf(posture), hello);
}

// What a plain client sends, as the server reads it.
TEST(ClientHello, IsReadAsBoringSslSendsIt) {
  bssl::UniquePtr<SSL_CTX> ctx(SSL_CTX_new(TLS_method()));
  OfferEverything(ctx.get());
  bssl::UniquePtr<SSL> client(SSL_new(ctx.get()));
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(client.get(), BIO_new(BIO_s_mem()), out);
  SSL_set_connect_state(client.get());
  SSL_set_tlsext_host_name(client.get(), "mx1.perfect.lab");
  SSL_do_handshake(client.get());
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  ASSERT_TRUE(BIO_mem_contents(out, &bytes, &size));
  const std::string record(reinterpret_cast<const char*>(bytes), size);
  EXPECT_EQ(RecordLength(record), size);
  EXPECT_EQ(RecordLength(record.substr(0, 4)), std::nullopt);
  const std::optional<Hello> hello = ReadClientHello(record);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->version, TLS1_2_VERSION);
  EXPECT_EQ(hello->random.size(), 32u);
  EXPECT_EQ(hello->session_id.size(), 32u);
  EXPECT_EQ(hello->server_name, "mx1.perfect.lab");
  EXPECT_EQ(hello->versions.back(), TLS1_VERSION);
  EXPECT_EQ(hello->groups.back(), SSL_CURVE_SECP521R1);
  EXPECT_EQ(hello->key_shares.back(), kX25519);
  EXPECT_EQ(hello->signature_algorithms.back(), SSL_SIGN_RSA_PKCS1_SHA1);
  EXPECT_TRUE(hello->renegotiation_info);
  // Cut short, it is read as far as it goes or not at all, and nothing is read behind its end.
  for (size_t length = 0; length < size; ++length) ReadClientHello(record.substr(0, length));
}

// The bytes are RFC 8446's: the random of §4.1.3, supported_versions and key_share as §4.1.4 has
// them.
TEST(HybridTls, AsksForItsGroupWithAHelloRetryRequest) {
  const auto answer = Answer(TlsPosture::kHybridFirst, HelloWith({kX25519MlKem768}, {}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(absl::BytesToHexString(*answer),
            "160303003b"
            "02000037"
            "0303"
            "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
            "03616263"
            "130100"
            "000c"
            "002b00020304"
            "0033000211ec");
}

TEST(HybridTls, AnswersAShareOfItsGroupWithItsOwn) {
  const auto answer = Answer(TlsPosture::kHybridFirst,
                             HelloWith({kX25519MlKem768, kX25519}, {kX25519MlKem768, kX25519}));
  // A BoringSSL that knows the group makes the handshake itself.
  if (KnowsHybridGroups()) {
    EXPECT_EQ(answer, std::nullopt);
    return;
  }
  ASSERT_TRUE(answer);
  // 1088 bytes of ML-KEM-768's ciphertext and 32 of X25519 (draft-ietf-tls-ecdhe-mlkem §4.2).
  EXPECT_EQ(absl::BytesToHexString(answer->substr(answer->size() - 1124, 4)), "11ec0460");
}

TEST(HybridTls, LeavesToBoringSslWhatIsNotItsOwn) {
  const Hello both = HelloWith({kX25519MlKem768, kX25519}, {kX25519});
  EXPECT_NE(Answer(TlsPosture::kHybridFirst, both), std::nullopt);
  EXPECT_EQ(Answer(TlsPosture::kHybridLast, both), std::nullopt);
  EXPECT_EQ(Answer(TlsPosture::kHybridDraft, both), std::nullopt);
  EXPECT_NE(Answer(TlsPosture::kHybridDraft, HelloWith({kKyberDraft, kX25519}, {kX25519})),
            std::nullopt);
  EXPECT_EQ(Answer(TlsPosture::kMlKemAlone, both), std::nullopt);
  EXPECT_NE(Answer(TlsPosture::kMlKemAlone, HelloWith({kMlKem768}, {})), std::nullopt);
  Hello old = both;
  old.versions.clear();
  EXPECT_EQ(Answer(TlsPosture::kHybridFirst, old), std::nullopt);
}

TEST(HybridTls, HasAnMlDsaCertificateForWhoTakesNoOther) {
  Hello hello = HelloWith({kX25519}, {kX25519});
  EXPECT_EQ(Answer(TlsPosture::kMlDsa, hello), std::nullopt);
  hello.signature_algorithms = {0x0905};  // mldsa65
  const auto answer = Answer(TlsPosture::kMlDsa, hello);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->substr(5, 1), "\2");  // a ServerHello
  EXPECT_EQ(Answer(TlsPosture::kHybridFirst, hello), std::nullopt);
  hello.signature_algorithms = {0xfe2a};  // nobody's
  EXPECT_EQ(Answer(TlsPosture::kMlDsa, hello),
            FatalAlert(TLS1_2_VERSION, SSL_AD_HANDSHAKE_FAILURE));
}

}  // namespace
}  // namespace mxsweep::lab
