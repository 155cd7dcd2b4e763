// Servers that do what no server should: whatever they do is an outcome, and what they had shown by
// then is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <random>
#include <string>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/test_server.h"
#include "tls/session/errors.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

using testing::AsBytes;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::KeyKind;
using testing::MakePki;
using ::testing::Not;
using ::testing::SizeIs;
using testing::TestPki;
using testing::TestServer;
using testing::TestServerOptions;

class MisbehavingServer : public ::testing::Test {
 protected:
  void SetUp() override {
    context_ = std::move(*ClientContext::Create());
    Restart();
  }

  // A fresh client that has said hello.
  void Restart() {
    client_ = std::make_unique<Handshake>(context_.get());
    hello_.clear();
    sent_.clear();
    ASSERT_TRUE(client_->Start("mx.example.org", kTls13, &hello_).ok());
  }

  // The first flight of a proper server.
  std::string Flight(const TestServerOptions& options, KeyKind key = KeyKind::kP256) {
    pki_ = std::make_unique<TestPki>(MakePki({}, key));
    server_ = std::make_unique<TestServer>(
        std::vector<const testing::TestCertificate*>{&pki_->leaf, &pki_->intermediate}, options);
    return server_->Receive(hello_);
  }

  HandshakeOutcome Feed(const std::string& bytes) {
    return client_->Advance(AsBytes(bytes), &sent_);
  }
  const HandshakeFacts& Facts() const { return client_->Facts(); }

  static std::string Record(char type, const std::string& body) {
    std::string record = {type, 3, 3, static_cast<char>(body.size() >> 8),
                          static_cast<char>(body.size())};
    return record + body;
  }
  static std::string Alert(uint8_t level, uint8_t number) {
    return Record(21, {static_cast<char>(level), static_cast<char>(number)});
  }

  std::unique_ptr<ClientContext> context_;
  std::unique_ptr<Handshake> client_;
  std::unique_ptr<TestPki> pki_;
  std::unique_ptr<TestServer> server_;
  std::string hello_;
  std::string sent_;
};

TEST_F(MisbehavingServer, AlertInsteadOfServerHelloIsNamed) {
  for (uint8_t number : {40, 70, 71, 80, 112, 255}) {
    Restart();
    EXPECT_EQ(Feed(Alert(2, number)), HandshakeOutcome::kAlertReceived);
    EXPECT_EQ(Facts().alert_received, number);
    EXPECT_FALSE(Facts().version_wire.has_value());
    EXPECT_THAT(Facts().error_detail, HasSubstr(AlertText(number)));
    EXPECT_THAT(Facts().chain, IsEmpty());
  }
}

TEST_F(MisbehavingServer, WarningIsPassedOver) {
  const std::string flight = Flight({.max_version = kTls12});
  EXPECT_EQ(Feed(Alert(1, 112)), HandshakeOutcome::kInProgress);
  EXPECT_EQ(Feed(flight), HandshakeOutcome::kInProgress);
  EXPECT_EQ(Feed(server_->Receive(sent_)), HandshakeOutcome::kOk);
  EXPECT_FALSE(Facts().alert_received.has_value());
}

TEST_F(MisbehavingServer, AlertAfterTheFlightKeepsEverythingShown) {
  EXPECT_EQ(Feed(Flight({.max_version = kTls12,
                         .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256",
                         .ocsp_response = {1, 2, 3}})),
            HandshakeOutcome::kInProgress);
  EXPECT_THAT(sent_, Not(IsEmpty()));
  EXPECT_EQ(Feed(Alert(2, 42)), HandshakeOutcome::kAlertReceived);
  EXPECT_THAT(Facts().chain, SizeIs(2));
  EXPECT_EQ(Facts().version, "TLSv1.2");
  EXPECT_EQ(Facts().cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(Facts().group, "X25519");
  EXPECT_EQ(Facts().signature_algorithm, "ecdsa_secp256r1_sha256");
  EXPECT_TRUE(Facts().ocsp_stapled);
}

TEST_F(MisbehavingServer, CloseNotifyDuringTheHandshakeIsClosed) {
  EXPECT_EQ(Feed(Alert(1, 0)), HandshakeOutcome::kClosed);
  EXPECT_FALSE(Facts().alert_received.has_value());
  EXPECT_THAT(Facts().error_detail, HasSubstr("close_notify"));
}

TEST_F(MisbehavingServer, ForgedSignatureIsAnsweredWithAnAlertAndTheChainIsKept) {
  std::string flight = Flight({.max_version = kTls12});
  // The flight ends with the ServerKeyExchange's signature and a ServerHelloDone of four bytes.
  flight[flight.size() - 10] ^= 1;
  EXPECT_EQ(Feed(flight), HandshakeOutcome::kProtocolError);
  EXPECT_THAT(Facts().alert_sent,
              ::testing::Optional(::testing::AnyOf(SSL_AD_DECRYPT_ERROR, SSL_AD_DECODE_ERROR)));
  EXPECT_THAT(sent_, HasSubstr(std::string("\x15\x03\x03", 3)));
  EXPECT_THAT(Facts().chain, SizeIs(2));
  EXPECT_THAT(Facts().error_detail, Not(IsEmpty()));
}

// A leaf that BoringSSL cannot use at all is kept nonetheless: OpenSSL senders reach such servers.
TEST_F(MisbehavingServer, CertificateThatCannotBeUsedIsKept) {
  std::string flight = Flight({.max_version = kTls12}, KeyKind::kRsa2048);
  // The leaf's rsaEncryption OID becomes an unknown one.
  const std::string oid("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9);
  const size_t at = flight.find(oid);
  ASSERT_NE(at, std::string::npos);
  flight[at + 8] = 0x7f;
  EXPECT_EQ(Feed(flight), HandshakeOutcome::kProtocolError);
  EXPECT_THAT(Facts().chain, SizeIs(2));
  EXPECT_TRUE(Facts().alert_sent.has_value());
}

TEST_F(MisbehavingServer, PlaintextIsAProtocolError) {
  for (const std::string bytes :
       {"220 ready\r\n", "554 go away, go away, go away\r\n", "GET / HTTP/1.1\r\n"}) {
    Restart();
    EXPECT_EQ(Feed(bytes), HandshakeOutcome::kProtocolError) << bytes;
    EXPECT_THAT(Facts().error_detail, Not(IsEmpty()));
    EXPECT_FALSE(WorthRetryingWithTls12(Facts()));
  }
}

TEST_F(MisbehavingServer, ZeroBytesAndSslv2AreProtocolErrors) {
  EXPECT_EQ(Feed(std::string(64, '\0')), HandshakeOutcome::kProtocolError);
  Restart();
  EXPECT_EQ(Feed(std::string("\x80\x2b\x04\x00\x01\x00\x02", 7)), HandshakeOutcome::kProtocolError);
}

TEST_F(MisbehavingServer, OversizedRecordIsRefusedByItsHeader) {
  EXPECT_EQ(Feed(std::string("\x16\x03\x03\xff\xff", 5)), HandshakeOutcome::kProtocolError);
  EXPECT_EQ(Facts().alert_sent, SSL_AD_RECORD_OVERFLOW);
}

TEST_F(MisbehavingServer, OversizedMessageIsRefusedBeforeItIsBuffered) {
  // A Certificate of 16 MB is announced after a ServerHello.
  std::string flight = Flight({.max_version = kTls12});
  const size_t hello_length =
      5 + 4 + static_cast<uint8_t>(flight[7]) * 256 + static_cast<uint8_t>(flight[8]);
  const std::string server_hello = Record(22, flight.substr(5, hello_length - 5));
  EXPECT_EQ(Feed(server_hello), HandshakeOutcome::kInProgress);
  HandshakeOutcome outcome = Feed(Record(22, std::string("\x0b\xff\xff\xff", 4)));
  size_t fed = 0;
  while (outcome == HandshakeOutcome::kInProgress && fed < 2 * kMaxHandshakeBytesIn) {
    outcome = Feed(Record(22, std::string(16000, 'x')));
    fed += 16000;
  }
  EXPECT_EQ(outcome, HandshakeOutcome::kProtocolError);
  EXPECT_LE(fed, 32000u);
  EXPECT_EQ(Facts().version, "TLSv1.2");
}

TEST_F(MisbehavingServer, EndlessHandshakeEndsAtTheCap) {
  // Warnings forever: BoringSSL has its own limit for those, ours is above all of them.
  HandshakeOutcome outcome = HandshakeOutcome::kInProgress;
  size_t fed = 0;
  const std::string warning = Alert(1, 112);
  while (outcome == HandshakeOutcome::kInProgress && fed < 2 * kMaxHandshakeBytesIn) {
    outcome = Feed(warning);
    fed += warning.size();
  }
  EXPECT_EQ(outcome, HandshakeOutcome::kProtocolError);
  EXPECT_LE(fed, kMaxHandshakeBytesIn + warning.size());
}

TEST_F(MisbehavingServer, UnknownVersionIsToldAndRefused) {
  std::string flight = Flight({.max_version = kTls12});
  flight[9] = 3;  // ServerHello.server_version: SSLv3
  flight[10] = 0;
  EXPECT_EQ(Feed(flight), HandshakeOutcome::kProtocolError);
  EXPECT_EQ(Facts().version, "SSLv3");
  EXPECT_EQ(Facts().alert_sent, SSL_AD_PROTOCOL_VERSION);
}

TEST_F(MisbehavingServer, CipherThatWasNotOfferedIsToldAndRefused) {
  std::string flight = Flight({.max_version = kTls12});
  const size_t session_id_length = static_cast<uint8_t>(flight[5 + 4 + 2 + 32]);
  const size_t cipher_at = 5 + 4 + 2 + 32 + 1 + session_id_length;
  flight[cipher_at] = 0x00;
  flight[cipher_at + 1] = 0x05;  // TLS_RSA_WITH_RC4_128_SHA
  EXPECT_EQ(Feed(flight), HandshakeOutcome::kProtocolError);
  EXPECT_EQ(Facts().cipher, "0x0005");
  EXPECT_EQ(Facts().cipher_wire, 5);
}

// Found by fuzzing: BoringSSL refuses this one without putting a reason into its error queue.
TEST_F(MisbehavingServer, MalformedSupportedVersionsHasAnErrorDetailToo) {
  // legacy_version, random, empty session id, cipher, compression; supported_versions holds three
  // bytes, not two.
  const std::string body = "\x03\x03" + std::string(32, 'r') + std::string("\0\x13\x01\0", 4) +
                           std::string("\0\x07\0\x2b\0\x03\x03\x04\0", 9);
  const std::string hello = std::string("\x02\0\0", 3) + static_cast<char>(body.size()) + body;
  EXPECT_EQ(Feed(Record(22, hello)), HandshakeOutcome::kProtocolError);
  EXPECT_THAT(Facts().error_detail, Not(IsEmpty()));
}

TEST_F(MisbehavingServer, EveryFlippedByteEndsInAnOutcome) {
  const std::string flight = Flight({.max_version = kTls12});
  for (size_t i = 0; i < flight.size(); i += 3) {
    client_ = std::make_unique<Handshake>(context_.get());
    sent_.clear();
    std::string hello;
    ASSERT_TRUE(client_->Start("mx.example.org", kTls13, &hello).ok());
    std::string bytes = flight;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x40);
    const HandshakeOutcome outcome = Feed(bytes);
    client_->OnTransportClosed();
    EXPECT_TRUE(outcome != HandshakeOutcome::kOk) << i;
    EXPECT_NE(Facts().outcome, HandshakeOutcome::kInProgress) << i;
    EXPECT_THAT(Facts().error_detail, Not(IsEmpty())) << i;
  }
}

TEST_F(MisbehavingServer, RandomBytesEndInAnOutcome) {
  std::mt19937 random(20260115);
  for (int round = 0; round < 200; ++round) {
    Restart();
    std::string bytes(random() % 600 + 5, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (round % 2 == 0) bytes.replace(0, 3, std::string("\x16\x03\x03", 3));
    Feed(bytes);
    client_->OnTransportClosed();
    EXPECT_NE(Facts().outcome, HandshakeOutcome::kInProgress);
    EXPECT_NE(Facts().outcome, HandshakeOutcome::kOk);
  }
}

TEST_F(MisbehavingServer, NothingMoreIsTakenAfterAFinalOutcome) {
  ASSERT_EQ(Feed(Alert(2, 40)), HandshakeOutcome::kAlertReceived);
  const uint64_t bytes_in = Facts().bytes_in;
  EXPECT_EQ(Feed("more"), HandshakeOutcome::kAlertReceived);
  client_->OnTransportClosed();
  EXPECT_EQ(Facts().outcome, HandshakeOutcome::kAlertReceived);
  EXPECT_EQ(Facts().bytes_in, bytes_in);
  std::string plaintext;
  EXPECT_EQ(client_->Decrypt({}, &plaintext, &sent_), Handshake::DecryptState::kError);
  EXPECT_FALSE(client_->Encrypt("x", &sent_));
}

TEST_F(MisbehavingServer, DowngradeSentinelIsRefused) {
  // A man in the middle takes TLS 1.3 out of the ClientHello: the server of both versions says so
  // in its random.
  Flight({});
  Handshake old(context_.get());
  std::string old_hello;
  ASSERT_TRUE(old.Start("mx.example.org", kTls12, &old_hello).ok());
  TestServer server({&pki_->leaf, &pki_->intermediate});
  EXPECT_EQ(Feed(server.Receive(old_hello)), HandshakeOutcome::kProtocolError);
  EXPECT_EQ(Facts().alert_sent, SSL_AD_ILLEGAL_PARAMETER);
}

}  // namespace
}  // namespace mxsweep::tls
