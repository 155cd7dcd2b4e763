#include "scanner/work/address_memory.h"

#include <gtest/gtest.h>

#include <string>

namespace mxsweep::scanner {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
const SocketAddress kServer{dns::IpAddress::FromV4(0x05090001), 25};
const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

EndpointFacts Facts(Outcome outcome, Stage stage) {
  EndpointFacts facts;
  facts.outcome = outcome;
  facts.stage = stage;
  facts.started_at = kNow;
  return facts;
}

TEST(AddressMemory, TellsOfTwoFailuresInARowBeforeAnyName) {
  const EndpointFacts silent = Facts(Outcome::kGreetingTimeout, Stage::kGreeting);
  AddressMemory memory;
  memory.Note(kServer, silent, 0);
  EXPECT_FALSE(memory.IsDead(kServer, 0));
  memory.Note(kServer, silent, 60 * kSecond);
  ASSERT_TRUE(memory.IsDead(kServer, 61 * kSecond));
  EXPECT_FALSE(memory.IsDead({kServer.address, 443}, 61 * kSecond));
  const auto told = memory.Conclude(kServer, kNow + absl::Seconds(61));
  EXPECT_EQ(told->outcome, Outcome::kGreetingTimeout);
  EXPECT_EQ(told->stage, Stage::kGate);
  EXPECT_TRUE(told->inferred());
  EXPECT_EQ(told->inferred_from, kNow);
  // Five minutes later it is tried again, and has to fail twice again.
  EXPECT_FALSE(memory.IsDead(kServer, 360 * kSecond));
  memory.Note(kServer, silent, 361 * kSecond);
  EXPECT_FALSE(memory.IsDead(kServer, 361 * kSecond));
}

TEST(AddressMemory, ForgetsFailuresOfAServerThatAnswers) {
  const EndpointFacts refused = Facts(Outcome::kConnectRefused, Stage::kConnect);
  AddressMemory memory;
  memory.Note(kServer, refused, 0);
  memory.Note(kServer, Facts(Outcome::kTlsOk, Stage::kDone), 1);
  memory.Note(kServer, refused, 2);
  EXPECT_FALSE(memory.IsDead(kServer, 3));
  // Two kinds are not the same twice.
  memory.Note(kServer, Facts(Outcome::kConnectTimeout, Stage::kConnect), 4);
  EXPECT_FALSE(memory.IsDead(kServer, 5));
  memory.Note(kServer, Facts(Outcome::kConnectTimeout, Stage::kConnect), 6);
  EXPECT_TRUE(memory.IsDead(kServer, 7));
}

// What is about a name, what the server says may pass, and what is ours is told of nobody else.
TEST(AddressMemory, KeepsOnlyWhatIsAboutTheAddress) {
  for (const EndpointFacts& facts :
       {Facts(Outcome::kTlsAlert, Stage::kHandshake), Facts(Outcome::kReset, Stage::kHandshake),
        Facts(Outcome::kClosedEarly, Stage::kEhlo), Facts(Outcome::kCommandTimeout, Stage::kEhlo),
        Facts(Outcome::kGreeting4xx, Stage::kGreeting),
        Facts(Outcome::kThrottled421, Stage::kGreeting),
        Facts(Outcome::kLocalNoRoute, Stage::kConnect),
        Facts(Outcome::kLocalNoDescriptors, Stage::kConnect)}) {
    AddressMemory memory;
    for (int i = 0; i < 5; ++i) memory.Note(kServer, facts, i);
    EXPECT_FALSE(memory.IsDead(kServer, 5)) << OutcomeName(facts.outcome);
  }
  for (const EndpointFacts& facts :
       {Facts(Outcome::kClosedEarly, Stage::kGreeting), Facts(Outcome::kReset, Stage::kConnect),
        Facts(Outcome::kGreeting5xx, Stage::kGreeting),
        Facts(Outcome::kUnreachable, Stage::kConnect)}) {
    AddressMemory memory;
    for (int i = 0; i < 2; ++i) memory.Note(kServer, facts, i);
    EXPECT_TRUE(memory.IsDead(kServer, 5)) << OutcomeName(facts.outcome);
  }
}

TEST(AddressMemory, IsBoundedHoweverManyAreDead) {
  const EndpointFacts refused = Facts(Outcome::kConnectRefused, Stage::kConnect);
  AddressMemory memory;
  const auto server = [](uint32_t i) {
    return SocketAddress{dns::IpAddress::FromV4(0x0b000000 + i), 25};
  };
  const auto count = static_cast<uint32_t>(3 * AddressMemory::kMostFailed);
  for (uint32_t i = 0; i < count; ++i) {
    memory.Note(server(i), refused, i);
    memory.Note(server(i), refused, i);
  }
  EXPECT_TRUE(memory.IsDead(server(count - 1), count));
  EXPECT_FALSE(memory.IsDead(server(0), count));
}

TEST(AddressMemory, TellsOfPolicyHostsToo) {
  const SocketAddress web{kServer.address, 443};
  FetchFacts facts;
  facts.outcome = FetchOutcome::kConnectTimeout;
  facts.stage = FetchStage::kConnect;
  AddressMemory memory;
  for (int i = 0; i < 2; ++i) memory.Note(web, facts, i);
  ASSERT_TRUE(memory.IsDead(web, 5));
  EXPECT_FALSE(memory.IsDead(kServer, 5));
  EXPECT_EQ(memory.ConcludeFetch(web, kNow).outcome, FetchOutcome::kConnectTimeout);
  EXPECT_EQ(memory.ConcludeFetch(web, kNow).stage, FetchStage::kGate);
}

TEST(AddressMemory, InfersWhatFiftyMetAlike) {
  EndpointFacts met = Facts(Outcome::kTlsOk, Stage::kDone);
  met.ehlo.emplace().keywords = {"STARTTLS", "SIZE 1000"};
  met.handshake.emplace().version = "TLSv1.3";
  met.connect_ns = 5;
  met.elapsed_ns = 7;
  AddressMemory memory;
  for (uint32_t i = 1; i < AddressMemory::kMetBeforeInferring; ++i) memory.NoteCrowd(kServer, met);
  EXPECT_EQ(memory.Infer(kServer, kNow), nullptr);
  memory.NoteCrowd(kServer, met);
  const auto told = memory.Infer(kServer, kNow + absl::Hours(1));
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->outcome, Outcome::kTlsOk);
  EXPECT_EQ(told->handshake->version, "TLSv1.3");
  EXPECT_EQ(told->inferred_from, kNow);
  EXPECT_FALSE(told->connect_ns.has_value());
  EXPECT_EQ(told->elapsed_ns, 0);
  // One that met something else undoes it for good.
  EndpointFacts other = met;
  other.ehlo->keywords.push_back("8BITMIME");
  memory.NoteCrowd(kServer, other);
  for (int i = 0; i < 100; ++i) memory.NoteCrowd(kServer, met);
  EXPECT_EQ(memory.Infer(kServer, kNow), nullptr);
  memory.ForgetCrowd(kServer);
  EXPECT_EQ(memory.Infer(kServer, kNow), nullptr);
}

}  // namespace
}  // namespace mxsweep::scanner
