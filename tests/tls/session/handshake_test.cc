#include "tls/session/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/test_server.h"
#include "tls/pki/certificate.h"

namespace mxsweep::tls {
namespace {

using testing::AsBytes;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::KeyKind;
using testing::MakePki;
using testing::Shake;
using ::testing::SizeIs;
using testing::TestKey;
using testing::TestPki;
using testing::TestServer;
using testing::TestServerOptions;

std::unique_ptr<ClientContext> MakeContext() {
  absl::StatusOr<std::unique_ptr<ClientContext>> context = ClientContext::Create();
  EXPECT_TRUE(context.ok()) << context.status();
  return std::move(*context);
}

// A client, a server and the chain it shows.
struct Session {
  explicit Session(KeyKind key = KeyKind::kP256, const TestServerOptions& options = {})
      : pki(MakePki({}, key)), server({&pki.leaf, &pki.intermediate}, options) {}

  HandshakeOutcome Run(uint16_t max_version = kTls13, size_t step = SIZE_MAX) {
    std::string hello;
    EXPECT_TRUE(client.Start("mx.example.org", max_version, &hello).ok());
    return Shake(&client, hello, &server, step);
  }

  std::unique_ptr<ClientContext> context = MakeContext();
  TestPki pki;
  TestServer server;
  Handshake client{context.get()};
};

// --- Every version × key × group ---

using Combination = std::tuple<uint16_t, KeyKind, std::string>;

class EveryHandshake : public ::testing::TestWithParam<Combination> {};

std::string ExpectedSignature(uint16_t version, KeyKind key) {
  const bool rsa = key == KeyKind::kRsa2048;
  if (version < kTls12) return rsa ? "rsa_pkcs1_md5_sha1" : "ecdsa_sha1";
  switch (key) {
    case KeyKind::kRsa2048:
      return "rsa_pss_rsae_sha256";
    case KeyKind::kP384:
      return version == kTls13 ? "ecdsa_secp384r1_sha384" : "ecdsa_secp256r1_sha256";
    case KeyKind::kP521:
      return version == kTls13 ? "ecdsa_secp521r1_sha512" : "ecdsa_secp256r1_sha256";
    case KeyKind::kEd25519:
      return "ed25519";
    default:
      return "ecdsa_secp256r1_sha256";
  }
}

TEST_P(EveryHandshake, TellsWhatWasNegotiated) {
  const auto& [version, key, group] = GetParam();
  Session session(key, {.min_version = version, .max_version = version, .groups = group});
  ASSERT_EQ(session.Run(), HandshakeOutcome::kOk) << session.client.Facts().error_detail;
  const HandshakeFacts& facts = session.client.Facts();
  EXPECT_EQ(facts.outcome, HandshakeOutcome::kOk);
  EXPECT_EQ(facts.version_wire, version);
  EXPECT_EQ(facts.version, VersionName(version));
  EXPECT_EQ(facts.group, group);
  EXPECT_EQ(facts.group_bits, GroupBits(*facts.group_wire));
  EXPECT_EQ(facts.signature_algorithm, ExpectedSignature(version, key));
  EXPECT_EQ(facts.cipher_wire,
            SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(session.server.ssl())));
  EXPECT_EQ(facts.cipher, SSL_CIPHER_standard_name(SSL_get_current_cipher(session.server.ssl())));
  EXPECT_THAT(facts.cipher_bits, ::testing::Optional(::testing::Ge(128u)));
  EXPECT_EQ(facts.extended_master_secret, true);
  EXPECT_EQ(facts.secure_renegotiation, true);
  EXPECT_EQ(facts.hello_retry_request, version == kTls13 && group != "X25519");
  ASSERT_THAT(facts.chain, SizeIs(2));
  EXPECT_TRUE(std::ranges::equal(facts.chain[0].der(), session.pki.leaf.handle().der()));
  EXPECT_TRUE(std::ranges::equal(facts.chain[1].der(), session.pki.intermediate.handle().der()));
  EXPECT_THAT(facts.error_detail, IsEmpty());
  EXPECT_FALSE(facts.alert_sent.has_value());
  EXPECT_FALSE(facts.alert_received.has_value());
  EXPECT_GT(facts.bytes_in, 300u);
  EXPECT_GT(facts.bytes_out, 150u);
  EXPECT_EQ(session.server.server_name(), "mx.example.org");
}

std::string CombinationName(const ::testing::TestParamInfo<Combination>& info) {
  std::string name = VersionName(std::get<0>(info.param)) +
                     testing::KeyKindName(std::get<1>(info.param)) + std::get<2>(info.param);
  std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
  return name;
}

INSTANTIATE_TEST_SUITE_P(Modern, EveryHandshake,
                         ::testing::Combine(::testing::Values(kTls12, kTls13),
                                            ::testing::Values(KeyKind::kRsa2048, KeyKind::kP256,
                                                              KeyKind::kP384, KeyKind::kP521,
                                                              KeyKind::kEd25519),
                                            ::testing::Values("X25519", "P-256", "P-384", "P-521")),
                         CombinationName);
INSTANTIATE_TEST_SUITE_P(Old, EveryHandshake,
                         ::testing::Combine(::testing::Values(kTls10, kTls11),
                                            ::testing::Values(KeyKind::kRsa2048, KeyKind::kP256),
                                            ::testing::Values("X25519", "P-256", "P-384", "P-521")),
                         CombinationName);

// --- Every cipher suite ---

struct CipherCase {
  const char* openssl_name;
  const char* iana_name;
  uint32_t bits;
  KeyKind key;
};

class EveryCipher : public ::testing::TestWithParam<CipherCase> {};

TEST_P(EveryCipher, IsOfferedInTls12) {
  const CipherCase& cipher = GetParam();
  Session session(cipher.key, {.max_version = kTls12, .ciphers = cipher.openssl_name});
  ASSERT_EQ(session.Run(), HandshakeOutcome::kOk) << session.client.Facts().error_detail;
  EXPECT_EQ(session.client.Facts().cipher, cipher.iana_name);
  EXPECT_EQ(session.client.Facts().cipher_bits, cipher.bits);
}

INSTANTIATE_TEST_SUITE_P(
    Tls12, EveryCipher,
    ::testing::Values(
        CipherCase{"ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 128,
                   KeyKind::kP256},
        CipherCase{"ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 256,
                   KeyKind::kP256},
        CipherCase{"ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                   256, KeyKind::kP256},
        CipherCase{"ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", 128,
                   KeyKind::kP256},
        CipherCase{"ECDHE-ECDSA-AES256-SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", 256,
                   KeyKind::kP256},
        CipherCase{"ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 128,
                   KeyKind::kRsa2048},
        CipherCase{"ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 256,
                   KeyKind::kRsa2048},
        CipherCase{"ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                   256, KeyKind::kRsa2048},
        CipherCase{"ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", 128,
                   KeyKind::kRsa2048},
        CipherCase{"ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", 256,
                   KeyKind::kRsa2048},
        CipherCase{"AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256", 128, KeyKind::kRsa2048},
        CipherCase{"AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384", 256, KeyKind::kRsa2048},
        CipherCase{"AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", 128, KeyKind::kRsa2048},
        CipherCase{"AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA", 256, KeyKind::kRsa2048},
        CipherCase{"DES-CBC3-SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", 112, KeyKind::kRsa2048}),
    [](const ::testing::TestParamInfo<CipherCase>& test) {
      std::string name = test.param.openssl_name;
      std::erase(name, '-');
      return name;
    });

// --- What is special about some ---

TEST(Handshake, StaticRsaHasNeitherGroupNorHandshakeSignature) {
  Session session(KeyKind::kRsa2048, {.max_version = kTls12, .ciphers = "AES128-SHA"});
  ASSERT_EQ(session.Run(), HandshakeOutcome::kOk);
  const HandshakeFacts& facts = session.client.Facts();
  EXPECT_FALSE(facts.group_wire.has_value());
  EXPECT_FALSE(facts.group_bits.has_value());
  EXPECT_THAT(facts.group, IsEmpty());
  EXPECT_FALSE(facts.signature_algorithm_wire.has_value());
  EXPECT_THAT(facts.signature_algorithm, IsEmpty());
}

TEST(Handshake, TellsSha1AndPkcs1SignaturesInTls12) {
  for (const auto& [scheme, name] :
       {std::pair<uint16_t, std::string>{SSL_SIGN_RSA_PKCS1_SHA1, "rsa_pkcs1_sha1"},
        {SSL_SIGN_RSA_PKCS1_SHA512, "rsa_pkcs1_sha512"}}) {
    Session session(KeyKind::kRsa2048, {.max_version = kTls12, .signature_algorithms = {scheme}});
    ASSERT_EQ(session.Run(), HandshakeOutcome::kOk);
    EXPECT_EQ(session.client.Facts().signature_algorithm, name);
  }
}

TEST(Handshake, TellsStapledOcspAndScts) {
  const std::vector<uint8_t> ocsp = {0x30, 0x03, 0x0a, 0x01, 0x00};
  const std::vector<uint8_t> scts = {0, 8, 0, 2, 'a', 'b', 0, 2, 'c', 'd'};
  for (uint16_t version : {kTls12, kTls13}) {
    Session session(KeyKind::kP256,
                    {.max_version = version, .ocsp_response = ocsp, .sct_list = scts});
    ASSERT_EQ(session.Run(), HandshakeOutcome::kOk);
    EXPECT_TRUE(session.client.Facts().ocsp_stapled);
    EXPECT_EQ(session.client.Facts().ocsp_response, ocsp);
    EXPECT_EQ(session.client.Facts().sct_count, 2u);
  }
}

TEST(Handshake, WithoutServerNameSendsNoSni) {
  for (const char* name : {"", "192.0.2.1", "2001:db8::1"}) {
    Session session;
    std::string hello;
    ASSERT_TRUE(session.client.Start(name, kTls13, &hello).ok());
    EXPECT_EQ(Shake(&session.client, hello, &session.server), HandshakeOutcome::kOk);
    EXPECT_EQ(session.server.server_name(), "");
  }
}

TEST(Handshake, SendsTheServerNameWithoutItsTrailingDot) {
  Session session;
  std::string hello;
  ASSERT_TRUE(session.client.Start("mx.example.net.", kTls13, &hello).ok());
  Shake(&session.client, hello, &session.server);
  EXPECT_EQ(session.server.server_name(), "mx.example.net");
}

TEST(Handshake, RefusesANameThatSniCannotCarry) {
  const std::unique_ptr<ClientContext> context = MakeContext();
  for (const std::string& name : {std::string(300, 'a'), std::string("a\0b", 3)}) {
    Handshake client(context.get());
    std::string hello;
    EXPECT_EQ(client.Start(name, kTls13, &hello).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(client.Facts().outcome, HandshakeOutcome::kLocalError);
    EXPECT_THAT(hello, IsEmpty());
  }
}

TEST(Handshake, RefusesAVersionItDoesNotHave) {
  const std::unique_ptr<ClientContext> context = MakeContext();
  Handshake client(context.get());
  std::string hello;
  EXPECT_FALSE(client.Start("a.example", 0x0300, &hello).ok());
}

TEST(Handshake, MaxVersionKeepsFromTls13) {
  Session session;
  ASSERT_EQ(session.Run(kTls12), HandshakeOutcome::kOk);
  EXPECT_EQ(session.client.Facts().version, "TLSv1.2");
  EXPECT_FALSE(WorthRetryingWithTls12(session.client.Facts()));
}

// A 512 bit key is too short for the signatures of TLS 1.3, so the caller retries at 1.2.
TEST(Handshake, Rsa512LeafFailsInTls13AndIsReachedWithMaxVersion12) {
  Session session(KeyKind::kRsa512);
  EXPECT_NE(session.Run(kTls13), HandshakeOutcome::kOk);
  EXPECT_TRUE(WorthRetryingWithTls12(session.client.Facts()));
  Session again(KeyKind::kRsa512);
  ASSERT_EQ(again.Run(kTls12), HandshakeOutcome::kOk) << again.client.Facts().error_detail;
  EXPECT_EQ(ParseCertificateFacts(again.client.Facts().chain[0].der()).key_bits, 512u);
}

TEST(Handshake, GoesOnWithoutACertificateWhereTheServerAsksForOne) {
  for (uint16_t version : {kTls12, kTls13}) {
    Session session(KeyKind::kP256, {.max_version = version, .request_client_certificate = true});
    EXPECT_EQ(session.Run(), HandshakeOutcome::kOk);
    EXPECT_TRUE(session.server.done());
  }
}

TEST(Handshake, AcceptsExpiredSelfSignedAndMisnamedCertificates) {
  const std::unique_ptr<ClientContext> context = MakeContext();
  const testing::TestCertificate leaf =
      testing::MakeSelfSigned({.common_name = "other",
                               .subject_alt_names = "",
                               .not_after = testing::kNow - 9 * testing::kDay},
                              TestKey(KeyKind::kP256));
  TestServer server({&leaf});
  Handshake client(context.get());
  std::string hello;
  ASSERT_TRUE(client.Start("mx.example.org", kTls13, &hello).ok());
  EXPECT_EQ(Shake(&client, hello, &server), HandshakeOutcome::kOk);
}

// Has BoringSSL the switch? That of 2026 no longer has. A template, as in tls/handshake.cc.
template <typename Ssl>
constexpr bool KeyUsageCanBeLeftAside() {
  return requires(Ssl * ssl) { SSL_set_enforce_rsa_key_usage(ssl, 0); };
}

// OpenSSL senders take it in every version; BoringSSL insists on the key usage in TLS 1.3 and has
// no switch for that.
TEST(Handshake, AcceptsAnRsaKeyWhoseUsageForbidsItInTls12WhereTheLibraryCan) {
  const std::unique_ptr<ClientContext> context = MakeContext();
  const testing::TestCertificate leaf =
      testing::MakeSelfSigned({.key_usage = "keyEncipherment"}, TestKey(KeyKind::kRsa2048));
  for (uint16_t version : {kTls12, kTls13}) {
    TestServer server({&leaf});
    Handshake client(context.get());
    std::string hello;
    ASSERT_TRUE(client.Start("mx.example.org", version, &hello).ok());
    const HandshakeOutcome outcome = Shake(&client, hello, &server);
    EXPECT_EQ(outcome, version == kTls12 && KeyUsageCanBeLeftAside<SSL>()
                           ? HandshakeOutcome::kOk
                           : HandshakeOutcome::kProtocolError);
    EXPECT_EQ(WorthRetryingWithTls12(client.Facts()), version == kTls13);
    EXPECT_THAT(client.Facts().chain, SizeIs(1));
  }
}

TEST(Handshake, EqualCertificatesOfOneContextShareTheirBytes) {
  const std::unique_ptr<ClientContext> context = MakeContext();
  const TestPki pki = MakePki();
  std::vector<Handshake> clients;
  for (int i = 0; i < 2; ++i) {
    TestServer server({&pki.leaf, &pki.intermediate});
    Handshake& client = clients.emplace_back(context.get());
    std::string hello;
    ASSERT_TRUE(client.Start("mx.example.org", kTls13, &hello).ok());
    ASSERT_EQ(Shake(&client, hello, &server), HandshakeOutcome::kOk);
  }
  EXPECT_EQ(clients[0].Facts().chain[0].der().data(), clients[1].Facts().chain[0].der().data());
}

// --- Cut anywhere ---

class EveryBoundary : public ::testing::TestWithParam<uint16_t> {};

TEST_P(EveryBoundary, CanBeResumedByteByByte) {
  Session session(KeyKind::kRsa2048, {.max_version = GetParam(), .groups = "P-256"});
  ASSERT_EQ(session.Run(kTls13, 1), HandshakeOutcome::kOk) << session.client.Facts().error_detail;
  std::string out;
  std::string plaintext;
  ASSERT_TRUE(session.client.Encrypt("EHLO scanner.example\r\n", &out));
  std::string answer = session.server.Receive(out);
  answer += session.server.Send("250 mx.example.org\r\n");
  EXPECT_EQ(session.server.plaintext(), "EHLO scanner.example\r\n");
  out.clear();
  for (size_t i = 0; i < answer.size(); ++i) {
    ASSERT_EQ(session.client.Decrypt(AsBytes(answer).subspan(i, 1), &plaintext, &out),
              Handshake::DecryptState::kOpen);
  }
  EXPECT_EQ(plaintext, "250 mx.example.org\r\n");
}

TEST_P(EveryBoundary, ATruncatedFlightIsClosedAndNeverMore) {
  Session probe(KeyKind::kP256, {.max_version = GetParam()});
  std::string hello;
  ASSERT_TRUE(probe.client.Start("mx.example.org", kTls13, &hello).ok());
  const size_t flight = probe.server.Receive(hello).size();
  const TestPki pki = MakePki();
  for (size_t cut = 0; cut < flight; cut += cut < 16 || cut + 16 > flight ? 1 : 37) {
    TestServer server({&pki.leaf, &pki.intermediate}, {.max_version = GetParam()});
    Handshake client(probe.context.get());
    hello.clear();
    ASSERT_TRUE(client.Start("mx.example.org", kTls13, &hello).ok());
    const std::string bytes = server.Receive(hello);
    std::string out;
    ASSERT_EQ(client.Advance(AsBytes(bytes).first(std::min(cut, bytes.size() - 1)), &out),
              HandshakeOutcome::kInProgress)
        << cut;
    client.OnTransportClosed();
    EXPECT_EQ(client.Facts().outcome, HandshakeOutcome::kClosed);
    EXPECT_THAT(client.Facts().error_detail, HasSubstr("closed the connection"));
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, EveryBoundary, ::testing::Values(kTls10, kTls11, kTls12, kTls13),
                         [](const ::testing::TestParamInfo<uint16_t>& test) {
                           return "Wire" + std::to_string(test.param);
                         });

// --- After the handshake ---

TEST(Session, TellsCloseNotifyFromMore) {
  for (uint16_t version : {kTls12, kTls13}) {
    Session session(KeyKind::kP256, {.max_version = version});
    ASSERT_EQ(session.Run(), HandshakeOutcome::kOk);
    std::string plaintext;
    std::string out;
    std::string last = session.server.Send("221 bye\r\n");
    last += session.server.SendCloseNotify();
    EXPECT_EQ(session.client.Decrypt(AsBytes(last), &plaintext, &out),
              Handshake::DecryptState::kClosed);
    EXPECT_EQ(plaintext, "221 bye\r\n");
    EXPECT_FALSE(session.client.Facts().alert_received.has_value());
  }
}

TEST(Session, TellsAFatalAlert) {
  for (uint16_t version : {kTls12, kTls13}) {
    Session session(KeyKind::kP256, {.max_version = version});
    ASSERT_EQ(session.Run(), HandshakeOutcome::kOk);
    std::string plaintext;
    std::string out;
    const std::string alert = session.server.SendFatalAlert(SSL_AD_INTERNAL_ERROR);
    EXPECT_EQ(session.client.Decrypt(AsBytes(alert), &plaintext, &out),
              Handshake::DecryptState::kAlert);
    EXPECT_EQ(session.client.Facts().alert_received, SSL_AD_INTERNAL_ERROR);
    EXPECT_EQ(session.client.Facts().outcome, HandshakeOutcome::kOk);
    EXPECT_FALSE(session.client.Encrypt("QUIT\r\n", &out));
  }
}

TEST(Session, AnswersGarbageWithItsOwnAlert) {
  Session session;
  ASSERT_EQ(session.Run(), HandshakeOutcome::kOk);
  std::string plaintext;
  std::string out;
  const std::string garbage = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  EXPECT_EQ(session.client.Decrypt(AsBytes(garbage), &plaintext, &out),
            Handshake::DecryptState::kError);
  EXPECT_EQ(session.client.Facts().alert_sent, SSL_AD_BAD_RECORD_MAC);
  EXPECT_THAT(out, ::testing::Not(IsEmpty()));
  EXPECT_THAT(session.client.Facts().error_detail, HasSubstr("DECRYPTION_FAILED"));
}

TEST(Session, KeepsWhatCameWithTheLastFlightForDecrypt) {
  // Implicit TLS: in 1.2 the server's Finished and greeting may be one segment.
  Session session(KeyKind::kP256, {.max_version = kTls12});
  std::string to_server;
  ASSERT_TRUE(session.client.Start("mx.example.org", kTls13, &to_server).ok());
  const std::string flight = session.server.Receive(to_server);
  to_server.clear();
  ASSERT_EQ(session.client.Advance(AsBytes(flight), &to_server), HandshakeOutcome::kInProgress);
  std::string last = session.server.Receive(to_server);
  last += session.server.Send("220 hello\r\n");
  ASSERT_EQ(session.client.Advance(AsBytes(last), &to_server), HandshakeOutcome::kOk);
  std::string plaintext;
  EXPECT_EQ(session.client.Decrypt({}, &plaintext, &to_server), Handshake::DecryptState::kOpen);
  EXPECT_EQ(plaintext, "220 hello\r\n");
}

TEST(Session, CloseSendsCloseNotify) {
  Session session;
  ASSERT_EQ(session.Run(), HandshakeOutcome::kOk);
  std::string out;
  session.client.Close(&out);
  session.server.Receive(out);
  EXPECT_TRUE(session.server.client_closed());
}

TEST(Session, EncryptTakesManyRecordsAndRefusesMoreThanItsCap) {
  Session session;
  ASSERT_EQ(session.Run(), HandshakeOutcome::kOk);
  std::string out;
  const std::string large(kMaxEncryptBytes, 'x');
  ASSERT_TRUE(session.client.Encrypt(large, &out));
  session.server.Receive(out);
  EXPECT_EQ(session.server.plaintext(), large);
  EXPECT_FALSE(session.client.Encrypt(large + "x", &out));
}

TEST(Session, CountsBytesBothWays) {
  Session session;
  ASSERT_EQ(session.Run(), HandshakeOutcome::kOk);
  const uint64_t out_before = session.client.Facts().bytes_out;
  const uint64_t in_before = session.client.Facts().bytes_in;
  std::string out;
  std::string plaintext;
  ASSERT_TRUE(session.client.Encrypt("NOOP\r\n", &out));
  EXPECT_EQ(session.client.Facts().bytes_out - out_before, out.size());
  std::string answer = session.server.Receive(out);
  answer += session.server.Send("250 ok\r\n");
  session.client.Decrypt(AsBytes(answer), &plaintext, &out);
  EXPECT_EQ(session.client.Facts().bytes_in - in_before, answer.size());
}

}  // namespace
}  // namespace mxsweep::tls
