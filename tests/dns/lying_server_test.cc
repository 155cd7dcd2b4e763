// Resolvers that lie, and what stands between us and them: whatever comes, a question ends with one
// clear outcome, in time, and never with "there is none" where that was not said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/cares_resolver.h"
#include "dns/mx_plan.h"
#include "tests/dns/message_writer.h"
#include "tests/dns/poll_event_loop.h"
#include "tests/dns/scripted_server.h"

namespace mxsweep::dns {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Bytes = std::vector<uint8_t>;
using Messages = std::vector<Bytes>;

constexpr milliseconds kDeadline{700};

MessageWriter To(const ScriptedQuery& query, ResponseFlags flags = {}) {
  flags.id = query.id;
  return MessageWriter(query.name, query.type, flags);
}

Bytes Good(const ScriptedQuery& query) {
  MessageWriter writer = To(query);
  writer.Address(query.name, "192.0.2.1");
  return writer.Done();
}

Bytes Forged(const ScriptedQuery& query) {
  MessageWriter writer = To(query);
  writer.Address(query.name, "203.0.113.66");
  return writer.Done();
}

Bytes CallToTcp(const ScriptedQuery& query) { return To(query, {.tc = true}).Done(); }

// A script that says nothing over UDP but "come over TCP".
Script OverTcp(Script script) {
  return [script = std::move(script)](const ScriptedQuery& query) {
    return query.over_tcp ? script(query) : Messages{CallToTcp(query)};
  };
}

class LyingServerTest : public ::testing::Test {
 protected:
  Response Ask(ScriptedServer& server, RrType type = RrType::kA) {
    ResolverOptions options;
    options.servers = {server.address()};
    options.attempt_timeout = milliseconds(100);
    options.deadline = kDeadline;
    options.tick = milliseconds(10);
    resolver_ = CaresResolver::Create(loop_, options).value();
    std::optional<Response> response;
    int calls = 0;
    const int64_t start_ns = loop_.NowNanos();
    resolver_->Query("mx.example", type, [&](Response r) {
      ++calls;
      response = std::move(r);
    });
    EXPECT_TRUE(loop_.RunUntil([&] { return response.has_value(); }, seconds(10)));
    EXPECT_LT(std::chrono::nanoseconds(loop_.NowNanos() - start_ns), kDeadline + milliseconds(800));
    // Whatever still comes is too late to be heard.
    loop_.RunUntil([] { return false; }, milliseconds(30));
    EXPECT_EQ(calls, 1);
    return response.value_or(Response());
  }

  // The script's answer, over UDP and over TCP: each must come to `status`.
  void ExpectBothWays(const Script& script, ResponseStatus status, const std::string& detail,
                      RrType type = RrType::kA) {
    for (const bool tcp : {false, true}) {
      SCOPED_TRACE(tcp ? "TCP" : "UDP");
      ScriptedServer server(tcp ? OverTcp(script) : script);
      const Response response = Ask(server, type);
      EXPECT_EQ(Word(response.status), Word(status)) << response.detail;
      EXPECT_THAT(response.detail, HasSubstr(detail));
      EXPECT_TRUE(response.records.empty());
      EXPECT_EQ(response.dnssec, DnssecState::kError);
      EXPECT_EQ(server.tcp_queries() > 0, tcp);
    }
  }

  // Only the one good answer counts, over UDP and over TCP.
  void ExpectOnlyTheGoodOneCounts(const Script& script) {
    for (const bool tcp : {false, true}) {
      SCOPED_TRACE(tcp ? "TCP" : "UDP");
      ScriptedServer server(tcp ? OverTcp(script) : script);
      const Response response = Ask(server);
      ASSERT_EQ(response.status, ResponseStatus::kOk) << response.detail;
      ASSERT_EQ(response.records.size(), 1u);
      EXPECT_EQ(response.records[0].data, RecordData(*IpAddress::Parse("192.0.2.1")));
    }
  }

  PollEventLoop loop_;
  std::unique_ptr<CaresResolver> resolver_;
};

Bytes WithId(Bytes message, uint16_t id) {
  message[0] = static_cast<uint8_t>(id >> 8);
  message[1] = static_cast<uint8_t>(id);
  return message;
}

// --- Answers to what was not asked (RFC 5452 §9.1: id, question, address and port must fit) ---

TEST_F(LyingServerTest, AnswersWithAnotherIdAreNotHeard) {
  ExpectOnlyTheGoodOneCounts([](const ScriptedQuery& query) -> Messages {
    Messages messages;
    for (uint16_t offset = 1; offset <= 50; ++offset) {
      messages.push_back(WithId(Forged(query), static_cast<uint16_t>(query.id + offset)));
    }
    messages.push_back(Good(query));
    return messages;
  });
}

TEST_F(LyingServerTest, NothingButWrongIdsIsATimeout) {
  ExpectBothWays(
      [](const ScriptedQuery& query) -> Messages {
        return {WithId(Forged(query), static_cast<uint16_t>(query.id ^ 0x8000))};
      },
      ResponseStatus::kTimeout, "no answer");
}

TEST_F(LyingServerTest, AnswersToAnotherQuestionAreNotHeard) {
  ExpectOnlyTheGoodOneCounts([](const ScriptedQuery& query) -> Messages {
    MessageWriter other_name("other.example", query.type, {.id = query.id});
    other_name.Address("other.example", "203.0.113.66");
    MessageWriter longer_name("mx.example.evil.example", query.type, {.id = query.id});
    longer_name.Address(query.name, "203.0.113.66");
    MessageWriter other_type(query.name, RrType::kAaaa, {.id = query.id});
    other_type.Address(query.name, "203.0.113.66");
    Bytes other_class = Forged(query);
    // The question's class stands after twelve bytes of header, a name of twelve and a type.
    other_class[12 + 12 + 3] = 3;
    return {other_name.Done(), longer_name.Done(), other_type.Done(), other_class, Good(query)};
  });
}

TEST_F(LyingServerTest, NothingButOtherQuestionsIsATimeout) {
  ExpectBothWays(
      [](const ScriptedQuery& query) -> Messages {
        MessageWriter other("other.example", query.type, {.id = query.id});
        other.Address("other.example", "203.0.113.66");
        return {other.Done()};
      },
      ResponseStatus::kTimeout, "no answer");
}

// Sends `message` to whoever asked, from `source` at a port of the kernel's choice.
void SendFrom(const char* source, const sockaddr_in& peer, const Bytes& message) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in own = {};
  own.sin_family = AF_INET;
  const IpAddress address = IpAddress::Parse(source).value();
  std::copy(address.bytes().begin(), address.bytes().end(),
            reinterpret_cast<uint8_t*>(&own.sin_addr.s_addr));
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof(own)), 0);
  ASSERT_EQ(sendto(fd, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&peer),
                   sizeof(peer)),
            static_cast<ssize_t>(message.size()));
  close(fd);
}

TEST_F(LyingServerTest, AnswersFromAnotherPortOrAddressAreNotHeard) {
  for (const char* source : {"127.0.0.1", "127.0.0.9"}) {
    SCOPED_TRACE(source);
    ScriptedServer helped([source](const ScriptedQuery& query) -> Messages {
      SendFrom(source, query.peer, Forged(query));
      return {Good(query)};
    });
    const Response response = Ask(helped);
    ASSERT_EQ(response.status, ResponseStatus::kOk);
    EXPECT_EQ(response.records[0].data, RecordData(*IpAddress::Parse("192.0.2.1")));
    ScriptedServer alone([source](const ScriptedQuery& query) -> Messages {
      SendFrom(source, query.peer, Forged(query));
      return {};
    });
    EXPECT_EQ(Ask(alone).status, ResponseStatus::kTimeout);
  }
}

TEST_F(LyingServerTest, AQueryThatComesBackIsNotAnAnswer) {
  ExpectBothWays(
      [](const ScriptedQuery& query) -> Messages {
        Bytes echo = Forged(query);
        echo[2] &= 0x7F;  // QR
        return {echo};
      },
      ResponseStatus::kMalformed, "not a response");
}

// --- Answers that are about somebody else ---

TEST_F(LyingServerTest, RecordsOfAnotherNameAreNeitherTheAnswerNorNone) {
  ExpectBothWays(
      [](const ScriptedQuery& query) -> Messages {
        MessageWriter writer = To(query, {.ad = true});
        writer.Address("other.example", "203.0.113.66");
        return {writer.Done()};
      },
      ResponseStatus::kMalformed, "about another name");
}

TEST_F(LyingServerTest, ACnameThatLeadsElsewhereThanTheRecordsIsNotFollowed) {
  ExpectBothWays(
      [](const ScriptedQuery& query) -> Messages {
        MessageWriter writer = To(query);
        writer.Cname(query.name, "there.example");
        writer.Address("elsewhere.example", "203.0.113.66");
        return {writer.Done()};
      },
      ResponseStatus::kMalformed, "about another name");
}

TEST_F(LyingServerTest, RecordsBesideTheAnswerAreLeftOut) {
  ExpectOnlyTheGoodOneCounts([](const ScriptedQuery& query) -> Messages {
    MessageWriter writer = To(query);
    writer.Address("other.example", "203.0.113.66");
    writer.Address(query.name, "192.0.2.1");
    writer.Mx(query.name, 10, "evil.example");
    return {writer.Done()};
  });
}

TEST_F(LyingServerTest, NxDomainWithRecordsIsBelievedInNeither) {
  ExpectBothWays(
      [](const ScriptedQuery& query) -> Messages {
        MessageWriter writer = To(query, {.rcode = 3});
        writer.Address(query.name, "203.0.113.66");
        return {writer.Done()};
      },
      ResponseStatus::kMalformed, "NXDOMAIN, with records");
}

// RFC 6604 §3: of the last name of the chain.
TEST_F(LyingServerTest, NxDomainBehindACnameIsHonest) {
  ScriptedServer server([](const ScriptedQuery& query) -> Messages {
    MessageWriter writer = To(query, {.rcode = 3});
    writer.Cname(query.name, "gone.example");
    return {writer.Done()};
  });
  EXPECT_EQ(Ask(server).status, ResponseStatus::kNxDomain);
}

// --- Circles ---

TEST_F(LyingServerTest, CnamesInACircleEnd) {
  ExpectBothWays(
      [](const ScriptedQuery& query) -> Messages {
        MessageWriter writer = To(query);
        writer.Cname(query.name, "b.example");
        writer.Cname("b.example", "c.example");
        writer.Cname("c.example", query.name);
        writer.Address(query.name, "203.0.113.66");
        return {writer.Done()};
      },
      ResponseStatus::kMalformed, "CNAME loop");
  ExpectBothWays(
      [](const ScriptedQuery& query) -> Messages {
        MessageWriter writer = To(query);
        writer.Cname(query.name, query.name);
        return {writer.Done()};
      },
      ResponseStatus::kMalformed, "CNAME loop");
}

TEST_F(LyingServerTest, EndlessCnamesEnd) {
  ExpectBothWays(
      [](const ScriptedQuery& query) -> Messages {
        MessageWriter writer = To(query);
        writer.Cname(query.name, "n0.example");
        for (int i = 0; i < 40; ++i) {
          writer.Cname("n" + std::to_string(i) + ".example",
                       "n" + std::to_string(i + 1) + ".example");
        }
        return {writer.Done()};
      },
      ResponseStatus::kMalformed, "more than 16 CNAMEs");
}

TEST_F(LyingServerTest, CompressionInACircleEnds) {
  // An owner that points at itself; a pair that point at each other; one that points forward.
  for (const int kind : {0, 1, 2}) {
    SCOPED_TRACE(kind);
    ExpectBothWays(
        [kind](const ScriptedQuery& query) -> Messages {
          MessageWriter writer = To(query);
          const uint16_t here = static_cast<uint16_t>(writer.Done().size());
          writer.RawRecordAt(kind == 0   ? here
                             : kind == 1 ? here + 12
                                         : here + 40,
                             RrType::kCname,
                             {static_cast<uint8_t>(0xC0 | here >> 8), static_cast<uint8_t>(here)});
          return {writer.Done()};
        },
        ResponseStatus::kMalformed, "unreadable answer");
  }
}

// --- Records that are not of their form, or too large ---

Script WithRecord(RrType type, Bytes data) {
  return [type, data = std::move(data)](const ScriptedQuery& query) -> Messages {
    MessageWriter writer = To(query, {.ad = true});
    writer.RawRecord(query.name, type, 1, data);
    return {writer.Done()};
  };
}

TEST_F(LyingServerTest, MalformedTlsaRecordsAreNoRecordsAndNotNone) {
  for (const Bytes& data : {Bytes{}, Bytes{3}, Bytes{3, 1}}) {
    ExpectBothWays(WithRecord(RrType::kTlsa, data), ResponseStatus::kMalformed, "TLSA",
                   RrType::kTlsa);
  }
}

TEST_F(LyingServerTest, MalformedTextRecordsAreNoRecordsAndNotNone) {
  for (const Bytes& data : {Bytes{}, Bytes{5, 'a'}, Bytes{1, 'a', 200}}) {
    ExpectBothWays(WithRecord(RrType::kTxt, data), ResponseStatus::kMalformed, "TXT", RrType::kTxt);
  }
}

// Only TCP carries them.
TEST_F(LyingServerTest, OversizedRecordsAreRefused) {
  Bytes tlsa(40'000, 0xAB);
  tlsa[0] = 3;
  tlsa[1] = tlsa[2] = 0;
  ScriptedServer tlsa_server(OverTcp(WithRecord(RrType::kTlsa, tlsa)));
  const Response too_much = Ask(tlsa_server, RrType::kTlsa);
  EXPECT_EQ(too_much.status, ResponseStatus::kMalformed);
  EXPECT_THAT(too_much.detail, HasSubstr("TLSA record too long"));
  Bytes txt;
  for (int i = 0; i < 200; ++i) {
    txt.push_back(255);
    txt.insert(txt.end(), 255, 'x');
  }
  ScriptedServer txt_server(OverTcp(WithRecord(RrType::kTxt, txt)));
  EXPECT_EQ(Ask(txt_server, RrType::kTxt).status, ResponseStatus::kMalformed);
}

// RFC 1035 has no limit but the message's; ours is told.
TEST_F(LyingServerTest, OfMoreRecordsThanAnybodyHasTheFirstAreKept) {
  ScriptedServer server(OverTcp([](const ScriptedQuery& query) -> Messages {
    MessageWriter writer = To(query);
    for (int i = 0; i < 4000; ++i) {
      writer.RawRecordAt(12, RrType::kA,
                         {10, 0, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)});
    }
    return {writer.Done()};
  }));
  const Response response = Ask(server);
  EXPECT_EQ(response.status, ResponseStatus::kOk);
  EXPECT_EQ(response.records.size(), kMaxAnswerRecords);
  EXPECT_THAT(response.left_out, HasSubstr("too many"));
}

TEST_F(LyingServerTest, CountsThatPromiseMoreThanThereIsAreRefused) {
  ExpectBothWays(
      [](const ScriptedQuery& query) -> Messages {
        Bytes message = Good(query);
        message[6] = message[7] = 0xFF;
        return {message};
      },
      ResponseStatus::kMalformed, "unreadable answer");
}

// --- Truncation and TCP ---

TEST_F(LyingServerTest, TruncatedForeverIsMalformed) {
  ScriptedServer server([](const ScriptedQuery& query) -> Messages { return {CallToTcp(query)}; });
  const Response response = Ask(server);
  EXPECT_EQ(response.status, ResponseStatus::kMalformed);
  EXPECT_THAT(response.detail, HasSubstr("truncated, although over TCP"));
  EXPECT_LE(server.queries(), 20);
}

// A truncated answer is not an answer, not even to "is there any?" (RFC 2181 §9).
TEST_F(LyingServerTest, TruncatedAndThenSilentIsATimeout) {
  ScriptedServer server(OverTcp([](const ScriptedQuery&) -> Messages { return {}; }));
  const Response response = Ask(server);
  EXPECT_EQ(response.status, ResponseStatus::kTimeout);
  EXPECT_LE(server.queries(), 20);
}

TEST_F(LyingServerTest, TcpLengthsThatLieEndInTime) {
  const Framing kLies[] = {
      // More is promised than comes.
      [](const Bytes& message) {
        Bytes framed = FrameHonestly(message);
        framed[0] = 0xFF;
        return framed;
      },
      // Nothing is promised, and then comes a message.
      [](const Bytes& message) {
        Bytes framed = FrameHonestly(message);
        framed[0] = framed[1] = 0;
        return framed;
      },
      // Less is promised: the message is cut, and its rest is taken for the next one.
      [](const Bytes& message) {
        Bytes framed = FrameHonestly(message);
        framed[0] = 0;
        framed[1] = 14;
        return framed;
      },
      // One byte, and no more.
      [](const Bytes&) { return Bytes{0}; },
  };
  for (const Framing& framing : kLies) {
    ScriptedServer server(
        OverTcp([](const ScriptedQuery& query) -> Messages { return {Good(query)}; }), framing);
    const Response response = Ask(server);
    EXPECT_FALSE(IsAnswer(response.status)) << Word(response.status);
    EXPECT_FALSE(IsLocal(response.status)) << Word(response.status);
    EXPECT_TRUE(response.records.empty());
    EXPECT_LE(server.queries(), 40);
  }
}

TEST_F(LyingServerTest, JunkIsNeverAnAnswer) {
  for (const size_t length : {1u, 2u, 11u, 12u, 13u, 100u, 1200u}) {
    SCOPED_TRACE(length);
    for (const bool tcp : {false, true}) {
      const Script junk = [length](const ScriptedQuery& query) -> Messages {
        Bytes bytes(length, 0xC0);
        return {length >= 2 ? WithId(bytes, query.id) : bytes};
      };
      ScriptedServer server(tcp ? OverTcp(junk) : junk);
      const Response response = Ask(server);
      EXPECT_FALSE(IsAnswer(response.status)) << Word(response.status);
      EXPECT_FALSE(IsLocal(response.status)) << Word(response.status);
    }
  }
}

// --- What comes of it ---

// RFC 7672 §2.1.1: a lie about TLSA must not pass for "no DANE".
TEST_F(LyingServerTest, ALieAboutTlsaIsALookupErrorOfTheHost) {
  ScriptedServer server([](const ScriptedQuery& query) -> Messages {
    MessageWriter writer = To(query, {.ad = true});
    if (query.type == RrType::kA) writer.Address(query.name, "192.0.2.1");
    if (query.type == RrType::kTlsa) writer.Tlsa("_25._tcp.other.example", {3, 1, 1, Bytes(32)});
    return {writer.Done()};
  });
  ResolverOptions options;
  options.servers = {server.address()};
  options.attempt_timeout = milliseconds(100);
  options.deadline = kDeadline;
  resolver_ = CaresResolver::Create(loop_, options).value();
  std::optional<HostAnswer> answer;
  const auto lookup =
      HostLookup::Start(*resolver_, "mx.example", {}, [&](HostAnswer a) { answer = std::move(a); });
  ASSERT_TRUE(loop_.RunUntil([&] { return answer.has_value(); }, seconds(10)));
  EXPECT_EQ(answer->address_status, LookupStatus::kOk);
  EXPECT_EQ(answer->tlsa_status, TlsaStatus::kLookupError);
  EXPECT_TRUE(answer->tlsa.empty());
  EXPECT_THAT(answer->error_detail, HasSubstr("about another name"));
}

// And about MX not for "no mail" or "no such domain".
TEST_F(LyingServerTest, ALieAboutMxIsAFailureOfTheLookUp) {
  ScriptedServer server([](const ScriptedQuery& query) -> Messages {
    MessageWriter writer = To(query, {.ad = true});
    writer.Mx("other.example", 10, "mx.evil.example");
    return {writer.Done()};
  });
  ResolverOptions options;
  options.servers = {server.address()};
  options.attempt_timeout = milliseconds(100);
  options.deadline = kDeadline;
  resolver_ = CaresResolver::Create(loop_, options).value();
  std::optional<MxAnswer> answer;
  const auto lookup =
      MxLookup::Start(*resolver_, "example.org", [&](MxAnswer a) { answer = std::move(a); });
  ASSERT_TRUE(loop_.RunUntil([&] { return answer.has_value(); }, seconds(10)));
  EXPECT_EQ(answer->status, MxStatus::kServfail);
  EXPECT_TRUE(answer->records.empty());
  EXPECT_THAT(answer->error_detail, HasSubstr("about another name"));
}

}  // namespace
}  // namespace mxsweep::dns
