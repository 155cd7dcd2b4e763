#include "tls/session/offers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/test_server.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

using testing::AsBytes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::KeyKind;
using testing::Shake;
using testing::TestKey;
using testing::TestServer;

class Offers : public ::testing::Test {
 protected:
  void Start(uint16_t max_version = kTls13, const std::string& name = "mx.example.org") {
    client_ = std::make_unique<Handshake>(context_.get());
    hello_.clear();
    // What a hybrid group may have done has a test of its own.
    ASSERT_TRUE(client_->Start(name, max_version, &hello_, /*post_quantum=*/false).ok());
  }
  // A fatal alert in a record of TLS 1.0.
  void FeedAlert(char number) {
    const std::string record = {21, 3, 1, 0, 2, 2, number};
    std::string out;
    client_->Advance(AsBytes(record), &out);
  }
  const HandshakeFacts& Facts() const { return client_->Facts(); }

  std::unique_ptr<ClientContext> context_ = std::move(*ClientContext::Create());
  std::unique_ptr<Handshake> client_;
  std::string hello_;
};

// RFC 8446 §4.1.2: type, length, version, random, and then the length of the session id.
size_t SessionIdBytes(const std::string& hello) {
  return static_cast<uint8_t>(hello[5 + 4 + 2 + 32]);
}

// RFC 8446 §D.4: the compatibility mode is of TLS 1.3.
TEST_F(Offers, OfTls12HaveNoSessionId) {
  Start(kTls13);
  EXPECT_EQ(SessionIdBytes(hello_), 32u);
  Start(kTls12);
  EXPECT_EQ(SessionIdBytes(hello_), 0u);
}

TEST_F(Offers, WithoutAServerNameSendNone) {
  const testing::TestPki pki = testing::MakePki();
  for (const char* name : {"mx.example.org", ""}) {
    TestServer server({&pki.leaf, &pki.intermediate});
    Start(kTls13, name);
    server.Receive(hello_);
    EXPECT_EQ(server.server_name(), name);
  }
}

TEST_F(Offers, AnAlertBeforeAnyServerHelloMayBeOurs) {
  const struct {
    uint8_t alert;
    const char* word;
  } cases[] = {{40, "no_common_cipher"}, {71, "no_common_cipher"}, {70, "no_common_version"},
               {112, "client_hello"},    {80, "client_hello"},     {50, "client_hello"}};
  for (const auto& [alert, word] : cases) {
    Start();
    FeedAlert(static_cast<char>(alert));
    EXPECT_EQ(MayBeOurs(Facts()), word) << int{alert};
  }
}

TEST_F(Offers, WithoutANameSettleWhatTheNameMayHaveDone) {
  for (const char alert : {112, 80}) {
    Start();
    FeedAlert(alert);
    EXPECT_THAT(SecondOffers(Facts(), true),
                ElementsAre(SecondOffer::kNoServerName, SecondOffer::kTls12NoSessionId));
    EXPECT_THAT(SecondOffers(Facts(), false), ElementsAre(SecondOffer::kTls12NoSessionId));
  }
  Start();
  FeedAlert(40);
  EXPECT_THAT(SecondOffers(Facts(), true),
              ElementsAre(SecondOffer::kTls12NoSessionId, SecondOffer::kNoServerName));
  Start();
  FeedAlert(50);
  EXPECT_THAT(SecondOffers(Facts(), true), ElementsAre(SecondOffer::kTls12NoSessionId));
}

// A ServerHello of TLS 1.2 that sends the client's session id back.
TEST_F(Offers, WithoutASessionIdSettleThatItCameBack) {
  const testing::TestPki pki = testing::MakePki();
  TestServer server({&pki.leaf, &pki.intermediate}, {.max_version = kTls12});
  Start();
  const std::string session_id = hello_.substr(5 + 4 + 2 + 32 + 1, 32);
  std::string flight = server.Receive(hello_);
  // Of a server that keeps no sessions the session id is empty: it is put in, and the lengths of
  // record (2 bytes), message (3) and session id (1) grow.
  const size_t at = 5 + 4 + 2 + 32;
  const size_t own = static_cast<uint8_t>(flight[at]);
  flight.replace(at, 1 + own, "\x20" + session_id);
  const auto grow = [&](size_t high) {
    const size_t length =
        (static_cast<uint8_t>(flight[high]) << 8 | static_cast<uint8_t>(flight[high + 1])) + 32 -
        own;
    flight[high] = static_cast<char>(length >> 8);
    flight[high + 1] = static_cast<char>(length & 0xff);
  };
  grow(3);
  grow(7);
  std::string out;
  EXPECT_EQ(client_->Advance(AsBytes(flight), &out), HandshakeOutcome::kProtocolError);
  EXPECT_EQ(MayBeOurs(Facts()), "session_id_echoed") << Facts().error_detail;
  EXPECT_THAT(SecondOffers(Facts(), true), ElementsAre(SecondOffer::kTls12NoSessionId));
}

TEST_F(Offers, KeyUsageThatForbidsSigningMayBeOurs) {
  const testing::TestCertificate leaf =
      testing::MakeSelfSigned({.key_usage = "keyEncipherment"}, TestKey(KeyKind::kRsa2048));
  TestServer server({&leaf});
  Start();
  EXPECT_EQ(Shake(client_.get(), hello_, &server), HandshakeOutcome::kProtocolError);
  EXPECT_EQ(MayBeOurs(Facts()), "key_usage") << Facts().error_detail;
  EXPECT_THAT(SecondOffers(Facts(), true), ElementsAre(SecondOffer::kTls12NoSessionId));
}

// A ClientHello with X25519MLKEM768 takes two packets. Servers and firewalls that read one only
// fail in every way before anything of TLS has come.
TEST_F(Offers, WithoutTheHybridGroupSettleWhatTheLongHelloMayHaveDone) {
  using enum HandshakeOutcome;
  // Of time-out and reset nothing is said in the facts.
  for (const HandshakeOutcome outcome : {kInProgress, kClosed}) {
    HandshakeFacts facts{.outcome = outcome, .offered_post_quantum = true};
    EXPECT_THAT(SecondOffers(facts, true), ElementsAre(SecondOffer::kNoPostQuantum));
    facts.offered_post_quantum = false;
    EXPECT_THAT(SecondOffers(facts, true), IsEmpty());
    facts = {.outcome = outcome, .offered_post_quantum = true, .version_wire = kTls13};
    EXPECT_THAT(SecondOffers(facts, true), IsEmpty()) << "it was understood";
    facts = {.outcome = outcome, .offered_post_quantum = true, .hello_retry_request = true};
    EXPECT_THAT(SecondOffers(facts, true), IsEmpty()) << "it was understood";
  }
  const HandshakeFacts decode_error{
      .outcome = kAlertReceived, .offered_post_quantum = true, .alert_received = 50};
  EXPECT_THAT(SecondOffers(decode_error, true),
              ElementsAre(SecondOffer::kNoPostQuantum, SecondOffer::kTls12NoSessionId));
  const HandshakeFacts unrecognized_name{
      .outcome = kAlertReceived, .offered_post_quantum = true, .alert_received = 112};
  EXPECT_THAT(SecondOffers(unrecognized_name, true),
              ElementsAre(SecondOffer::kNoServerName, SecondOffer::kNoPostQuantum,
                          SecondOffer::kTls12NoSessionId));
  // "250 what?": no shorter one would be understood.
  const HandshakeFacts no_tls{.outcome = kProtocolError, .offered_post_quantum = true};
  EXPECT_THAT(SecondOffers(no_tls, true), IsEmpty());
}

TEST_F(Offers, OfWhatIsTheServersFaultThereIsNoWord) {
  const testing::TestPki pki = testing::MakePki();
  TestServer server({&pki.leaf, &pki.intermediate});
  Start();
  EXPECT_EQ(Shake(client_.get(), hello_, &server), HandshakeOutcome::kOk);
  EXPECT_THAT(MayBeOurs(Facts()), IsEmpty());
  EXPECT_THAT(SecondOffers(Facts(), true), IsEmpty());
  Start();
  std::string out;
  client_->Advance(AsBytes(std::string("250 no TLS here\r\n")), &out);
  EXPECT_EQ(Facts().outcome, HandshakeOutcome::kProtocolError);
  EXPECT_THAT(MayBeOurs(Facts()), IsEmpty());
  Start();
  client_->OnTransportClosed();
  EXPECT_THAT(MayBeOurs(Facts()), IsEmpty());
}

}  // namespace
}  // namespace mxsweep::tls
