// What we offer as another program, held against what that program sent (client_hello_reader.cc).
// tests/interop/offers_test.cc asks the programs themselves.
#include "tls/session/client_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/base.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/client_hello_reader.h"
#include "tests/tls/session/test_server.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::ExpectedHello;
using testing::HelloText;
using ::testing::IsSupersetOf;
using ::testing::Not;
using testing::ReadHello;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

using Numbers = std::vector<uint16_t>;

constexpr size_t kTls13Suites = 3;
constexpr uint16_t kX25519MlKem768 = 0x11ec;

struct Sent {
  std::string records;
  HelloText hello;
  HandshakeFacts facts;
};

Sent Send(ClientProfile profile, uint16_t max_version = kTls13, bool post_quantum = true) {
  const auto context = ClientContext::Create({.profile = profile}).value();
  Handshake client(context.get());
  Sent sent;
  const std::string name = SendsServerName(profile) ? "mx.example.org" : "";
  EXPECT_TRUE(client.Start(name, max_version, &sent.records, post_quantum).ok());
  const std::optional<HelloText> hello = ReadHello(sent.records);
  EXPECT_TRUE(hello.has_value());
  sent.hello = hello.value_or(HelloText());
  sent.facts = client.TakeFacts();
  return sent;
}

Numbers From(const Numbers& numbers, size_t first) {
  return {numbers.begin() + static_cast<ptrdiff_t>(std::min(first, numbers.size())), numbers.end()};
}
Numbers FirstOf(const Numbers& numbers, size_t count) {
  return {numbers.begin(),
          numbers.begin() + static_cast<ptrdiff_t>(std::min(count, numbers.size()))};
}

class AsAnotherProgram : public ::testing::TestWithParam<ClientProfile> {};

TEST_P(AsAnotherProgram, OffersWhatItOffersInItsOrder) {
  const HelloText ours = Send(GetParam()).hello;
  const HelloText expected = ExpectedHello(GetParam());
  EXPECT_EQ(ours.versions, expected.versions);
  EXPECT_EQ(ours.groups, expected.groups);
  EXPECT_EQ(ours.key_shares, expected.key_shares);
  EXPECT_EQ(ours.signature_algorithms, expected.signature_algorithms);
  EXPECT_EQ(From(ours.suites, kTls13Suites), From(expected.suites, kTls13Suites));
  // BoringSSL has an order of its own for those of TLS 1.3.
  EXPECT_THAT(FirstOf(ours.suites, kTls13Suites),
              UnorderedElementsAreArray(FirstOf(expected.suites, kTls13Suites)));
#if BORINGSSL_API_VERSION >= 33
  EXPECT_EQ(ours.suites.front(), expected.suites.front());
#endif
}

// What neither version, suite, group nor signature algorithm says, servers may heed as well: that
// no OCSP response is asked for, and no protocol (ALPN).
TEST_P(AsAnotherProgram, HasItsExtensionsAndNoOther) {
  Numbers ours = Send(GetParam()).hello.extensions;
  Numbers expected = ExpectedHello(GetParam()).extensions;
  // Padding (RFC 7685) goes by the length of the rest; renegotiation_info may be a suite instead.
  for (Numbers* each : {&ours, &expected}) {
    std::erase(*each, 21);
    std::erase(*each, 65281);
  }
  EXPECT_THAT(ours, UnorderedElementsAreArray(expected));
}

TEST_P(AsAnotherProgram, OffersNothingThatItDoesNotHave) {
  const HelloText ours = Send(GetParam()).hello;
  const HelloText& captured = testing::CapturedHello(GetParam());
  EXPECT_THAT(captured.suites, IsSupersetOf(ours.suites));
  EXPECT_THAT(captured.groups, IsSupersetOf(ours.groups));
  EXPECT_THAT(captured.signature_algorithms, IsSupersetOf(ours.signature_algorithms));
}

// The facts say what was offered, and what was not asked for is not "absent".
TEST_P(AsAnotherProgram, SaysSoInTheFacts) {
  const HandshakeFacts facts = Send(GetParam()).facts;
  EXPECT_EQ(facts.profile, GetParam());
  EXPECT_FALSE(facts.asked_for_status);
  EXPECT_EQ(facts.offered_post_quantum, GetParam() == ClientProfile::kOpenssl && HasPostQuantum());
}

TEST_P(AsAnotherProgram, GetsOnWithAServer) {
  const testing::TestPki pki = testing::MakePki();
  const auto context = ClientContext::Create({.profile = GetParam()}).value();
  for (const uint16_t version : {kTls12, kTls13}) {
    testing::TestServer server({&pki.leaf, &pki.intermediate}, {.max_version = version});
    Handshake client(context.get());
    std::string hello;
    ASSERT_TRUE(client.Start("", kTls13, &hello).ok());
    EXPECT_EQ(testing::Shake(&client, hello, &server), HandshakeOutcome::kOk)
        << client.Facts().error_detail;
    EXPECT_EQ(client.Facts().version_wire, version);
  }
}

INSTANTIATE_TEST_SUITE_P(ClientProfile, AsAnotherProgram,
                         ::testing::Values(ClientProfile::kOpenssl, ClientProfile::kPostfix),
                         [](const auto& tested) {
                           return std::string(ClientProfileWord(tested.param));
                         });

TEST(ClientProfile, OfEverythingLacksNothingThatOthersOffer) {
  const HelloText everything = Send(ClientProfile::kEverything).hello;
  for (const ClientProfile profile : {ClientProfile::kOpenssl, ClientProfile::kPostfix}) {
    const HelloText other = Send(profile).hello;
    // Of the two suites of CBC with SHA-256, the one for ECDSA is left out.
    Numbers suites = other.suites;
    std::erase(suites, 0xc023);
    EXPECT_THAT(everything.suites, IsSupersetOf(suites));
    EXPECT_THAT(everything.groups, IsSupersetOf(other.groups));
    EXPECT_THAT(everything.signature_algorithms, IsSupersetOf(other.signature_algorithms));
    EXPECT_THAT(everything.versions, IsSupersetOf(other.versions));
  }
  EXPECT_THAT(everything.suites, Contains(0x000a));  // 3DES
  EXPECT_THAT(everything.versions, Contains(kTls10));
}

// A version that the program would not speak is not begun with.
TEST(ClientProfile, OfOpensslBeginsWithNothingOlderThanTls12) {
  const auto context = ClientContext::Create({.profile = ClientProfile::kOpenssl}).value();
  std::string out;
  EXPECT_FALSE(Handshake(context.get()).Start("", kTls11, &out).ok());
  EXPECT_TRUE(out.empty());
  EXPECT_THAT(Send(ClientProfile::kOpenssl, kTls12).hello.suites, Not(Contains(0x1301)));
}

class Hybrid : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!HasPostQuantum()) {
      GTEST_SKIP() << "built with a BoringSSL that has no X25519MLKEM768 (Debian's of 2022); "
                      "see tools/boringssl --upstream";
    }
  }
};

// As OpenSSL 3.5 and Postfix 3.11 do: with its key share, before X25519's.
TEST_F(Hybrid, IsOfferedFirstWithItsKeyShare) {
  for (const ClientProfile profile : {ClientProfile::kEverything, ClientProfile::kOpenssl}) {
    const Sent sent = Send(profile);
    EXPECT_EQ(sent.hello.groups.front(), kX25519MlKem768);
    EXPECT_THAT(sent.hello.key_shares, ElementsAre(kX25519MlKem768, 29));
    EXPECT_TRUE(sent.facts.offered_post_quantum);
    EXPECT_GT(sent.records.size(), 1'460u);
  }
}

TEST_F(Hybrid, IsLeftOutWhereItIsNotWantedAndTheHelloFitsIntoAPacket) {
  for (const ClientProfile profile : {ClientProfile::kEverything, ClientProfile::kOpenssl}) {
    const Sent sent = Send(profile, kTls13, /*post_quantum=*/false);
    EXPECT_THAT(sent.hello.groups, ElementsAre(29, 23, 24, 25));
    EXPECT_THAT(sent.hello.key_shares, ElementsAre(29));
    EXPECT_FALSE(sent.facts.offered_post_quantum);
    EXPECT_LT(sent.records.size(), 600u);
  }
}

TEST_F(Hybrid, IsNotOfferedInTls12) {
  const Sent sent = Send(ClientProfile::kEverything, kTls12);
  EXPECT_THAT(sent.hello.groups, Not(Contains(kX25519MlKem768)));
  EXPECT_FALSE(sent.facts.offered_post_quantum);
}

TEST_F(Hybrid, IsNegotiatedWithAServerThatHasIt) {
  const testing::TestPki pki = testing::MakePki();
  const auto context = ClientContext::Create().value();
  for (const char* groups : {"X25519MLKEM768:X25519", "X25519"}) {
    testing::TestServer server({&pki.leaf, &pki.intermediate}, {.groups = groups});
    Handshake client(context.get());
    std::string hello;
    ASSERT_TRUE(client.Start("mx.example.org", kTls13, &hello).ok());
    ASSERT_EQ(testing::Shake(&client, hello, &server), HandshakeOutcome::kOk);
    EXPECT_EQ(client.Facts().group, std::string(groups).substr(0, std::string(groups).find(':')));
    EXPECT_FALSE(client.Facts().hello_retry_request);
  }
}

// Where it is missing nothing says that it was offered.
TEST(ClientProfile, WithoutAHybridGroupSaysThatNoneWasOffered) {
  const Sent sent = Send(ClientProfile::kEverything);
  EXPECT_EQ(sent.facts.offered_post_quantum, HasPostQuantum());
  EXPECT_EQ(std::ranges::count(sent.hello.groups, kX25519MlKem768), HasPostQuantum() ? 1 : 0);
  EXPECT_THAT(sent.hello.key_shares, SizeIs(HasPostQuantum() ? 2 : 1));
}

}  // namespace
}  // namespace mxsweep::tls
