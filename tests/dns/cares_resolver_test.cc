#include "dns/cares_resolver.h"

#include <ares.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/dns/message_writer.h"
#include "tests/dns/poll_event_loop.h"
#include "tests/dns/scripted_server.h"

namespace mxsweep::dns {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

// From 1.32 on c-ares repeats queries by itself, too.
constexpr int kQueriesPerAttempt = ARES_VERSION >= 0x012000 ? 4 : 1;

Bytes AddressAnswer(const ScriptedQuery& query, const ResponseFlags& flags = {}) {
  ResponseFlags own = flags;
  own.id = query.id;
  MessageWriter writer(query.name, query.type, own);
  writer.Address(query.name, "192.0.2.1");
  return writer.Done();
}

Bytes CodeAnswer(const ScriptedQuery& query, uint8_t rcode) {
  return MessageWriter(query.name, query.type, {.id = query.id, .rcode = rcode}).Done();
}

std::vector<Bytes> AnswerWell(const ScriptedQuery& query) { return {AddressAnswer(query)}; }

ResolverOptions Options(std::vector<ServerAddress> servers) {
  ResolverOptions options;
  options.servers = std::move(servers);
  options.attempt_timeout = milliseconds(100);
  options.deadline = milliseconds(1500);
  options.tick = milliseconds(10);
  return options;
}

// Says "truncated" to everything, and has no TCP.
class UdpOnlyServer {
 public:
  UdpOnlyServer() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    const timeval wait = {.tv_sec = 0, .tv_usec = 20'000};
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
        setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0) {
      std::abort();
    }
    address_ = {IpAddress::FromV4(INADDR_LOOPBACK), ntohs(address.sin_port)};
    thread_ = std::thread([this] { Serve(); });
  }
  ~UdpOnlyServer() {
    stop_ = true;
    thread_.join();
    close(fd_);
  }
  ServerAddress address() const { return address_; }

 private:
  void Serve() {
    while (!stop_) {
      uint8_t bytes[2048];
      sockaddr_in peer = {};
      socklen_t length = sizeof(peer);
      const ssize_t count =
          recvfrom(fd_, bytes, sizeof(bytes), 0, reinterpret_cast<sockaddr*>(&peer), &length);
      if (count < 12) continue;
      bytes[2] |= 0x82;  // QR, TC
      (void)sendto(fd_, bytes, static_cast<size_t>(count), 0,
                   reinterpret_cast<const sockaddr*>(&peer), length);
    }
  }

  int fd_;
  ServerAddress address_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// An address on which nothing listens, and ICMP says so.
ServerAddress ClosedPort() {
  ScriptedServer server(AnswerWell);
  return server.address();
}

class CaresResolverTest : public ::testing::Test {
 protected:
  void Start(const ResolverOptions& options) {
    auto resolver = CaresResolver::Create(loop_, options);
    ASSERT_TRUE(resolver.ok()) << resolver.status();
    resolver_ = *std::move(resolver);
  }

  Response Ask(const std::string& name, RrType type = RrType::kA) {
    std::optional<Response> response;
    resolver_->Query(name, type, [&](Response r) { response = std::move(r); });
    EXPECT_FALSE(response.has_value()) << "called back from inside Query";
    EXPECT_TRUE(loop_.RunUntil([&] { return response.has_value(); }, seconds(10)));
    return response.value_or(Response());
  }

  PollEventLoop loop_;
  std::unique_ptr<CaresResolver> resolver_;
};

TEST_F(CaresResolverTest, AsksWithRecursionAdAndEdns) {
  std::atomic<bool> as_wanted = false;
  ScriptedServer server([&](const ScriptedQuery& query) -> std::vector<Bytes> {
    as_wanted = query.ad && !query.cd && query.has_edns;
    return {AddressAnswer(query)};
  });
  Start(Options({server.address()}));
  const Response response = Ask("Mx.Example.org.");
  EXPECT_EQ(response.status, ResponseStatus::kOk);
  ASSERT_EQ(response.records.size(), 1u);
  EXPECT_EQ(response.records[0].data, RecordData(*IpAddress::Parse("192.0.2.1")));
  EXPECT_EQ(response.attempts, 1);
  EXPECT_EQ(response.ttl_seconds, 300u);
  EXPECT_TRUE(as_wanted);
}

TEST_F(CaresResolverTest, TellsNoDataNxDomainAndRefusalApart) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.name == "gone.example") return {CodeAnswer(query, 3)};
    if (query.name == "refused.example") return {CodeAnswer(query, 5)};
    if (query.name == "formerr.example") return {CodeAnswer(query, 1)};
    if (query.name == "referral.example") {
      return {MessageWriter(query.name, query.type, {.id = query.id, .ra = false}).Done()};
    }
    return {CodeAnswer(query, 0)};
  });
  Start(Options({server.address()}));
  EXPECT_EQ(Ask("empty.example").status, ResponseStatus::kNoData);
  EXPECT_EQ(Ask("gone.example").status, ResponseStatus::kNxDomain);
  const Response refused = Ask("refused.example");
  EXPECT_EQ(refused.status, ResponseStatus::kRefused);
  EXPECT_EQ(refused.dnssec, DnssecState::kError);
  EXPECT_EQ(refused.detail, "REFUSED");
  EXPECT_EQ(Ask("formerr.example").status, ResponseStatus::kRefused);
  EXPECT_EQ(Ask("referral.example").status, ResponseStatus::kRefused);
  // One FORMERR must not change how others are asked.
  EXPECT_EQ(Ask("empty.example").status, ResponseStatus::kNoData);
}

// RFC 6895 §2.3: FORMERR is 1, NOTIMP is 4, and each is told as what it is.
TEST_F(CaresResolverTest, TellsFormerrFromNotimp) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    return {CodeAnswer(query, query.name == "formerr.example" ? 1 : 4)};
  });
  Start(Options({server.address()}));
  const Response formerr = Ask("formerr.example");
  EXPECT_EQ(formerr.status, ResponseStatus::kRefused);
  EXPECT_EQ(formerr.detail, "FORMERR");
  const Response notimp = Ask("notimp.example");
  EXPECT_EQ(notimp.status, ResponseStatus::kRefused);
  EXPECT_EQ(notimp.detail, "NOTIMP");
}

// RFC 6891 §7: FORMERR without an OPT record comes from those that do not know EDNS.
TEST_F(CaresResolverTest, AsksAgainWithoutEdnsAfterFormerr) {
  for (const bool header_alone : {false, true}) {
    std::atomic<int> with_edns = 0;
    ScriptedServer server([&](const ScriptedQuery& query) -> std::vector<Bytes> {
      if (query.has_edns) {
        ++with_edns;
        Bytes formerr = CodeAnswer(query, 1);
        if (header_alone) {
          formerr.resize(12);
          formerr[5] = 0;
        }
        return {formerr};
      }
      // What does not fit into 512 bytes is truncated, as it was before EDNS.
      if (!query.over_tcp && query.name == "many.example") {
        return {MessageWriter(query.name, query.type, {.id = query.id, .tc = true}).Done()};
      }
      return {AddressAnswer(query, {.ad = query.ad})};
    });
    Start(Options({server.address()}));
    const Response response = Ask("mx.example");
    EXPECT_EQ(response.status, ResponseStatus::kOk) << response.detail;
    EXPECT_EQ(response.dnssec, DnssecState::kSecure);
    EXPECT_EQ(response.attempts, 2);
    EXPECT_EQ(Ask("many.example").status, ResponseStatus::kOk);
    EXPECT_EQ(server.tcp_queries(), 1);
    EXPECT_EQ(with_edns, 2);
  }
}

TEST_F(CaresResolverTest, DoesNotAskWithoutEdnsWhereFormerrIsAboutSomethingElse) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    MessageWriter writer(query.name, query.type, {.id = query.id, .rcode = 1});
    writer.Opt(0, {});
    return {writer.Done()};
  });
  Start(Options({server.address()}));
  EXPECT_EQ(Ask("mx.example").detail, "FORMERR");
  EXPECT_EQ(server.queries(), 1);
}

// Some say no with the header alone. It says nothing of the name, but it is an answer.
TEST_F(CaresResolverTest, TakesARefusalWithoutAQuestionSectionForAnAnswer) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.name == "mx.example") return {AddressAnswer(query)};
    Bytes header = CodeAnswer(query, query.name == "refused.example" ? 5 : 2);
    header.resize(12);
    header[5] = 0;
    return {header};
  });
  ResolverOptions options = Options({server.address()});
  options.tell_bogus_from_servfail = false;
  Start(options);
  const Response refused = Ask("refused.example");
  EXPECT_EQ(refused.status, ResponseStatus::kRefused);
  EXPECT_EQ(refused.detail, "REFUSED (without a question section)");
  EXPECT_EQ(refused.attempts, 1);
  EXPECT_EQ(Ask("failed.example").status, ResponseStatus::kServfail);
  EXPECT_EQ(server.queries(), 2);
  EXPECT_EQ(Ask("mx.example").status, ResponseStatus::kOk);
}

// RFC 5452 §9.1: but an answer must have the question, and a code the id.
TEST_F(CaresResolverTest, BelievesNothingElseWithoutAQuestionSection) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    Bytes denial = CodeAnswer(query, 3);
    denial.resize(12);
    denial[5] = 0;
    Bytes nothing = denial;
    nothing[3] = 0x80;
    Bytes other = denial;
    other[0] = static_cast<uint8_t>(other[0] ^ 0x55);
    other[3] = 0x85;
    return {denial, nothing, other, AddressAnswer(query)};
  });
  Start(Options({server.address()}));
  const Response response = Ask("mx.example");
  EXPECT_EQ(response.status, ResponseStatus::kOk) << response.detail;
  EXPECT_EQ(response.attempts, 1);
}

// A chain may come without its end: that is no denial, which would have an SOA record (RFC 2308
// §2.2).
TEST_F(CaresResolverTest, AsksForTheTargetThatDidNotComeWithItsCname) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    MessageWriter writer(query.name, query.type, {.id = query.id, .ad = query.name != "b.example"});
    if (query.name == "a.example") writer.Cname("a.example", "b.example");
    if (query.name == "b.example") {
      writer.Cname("b.example", "c.example");
      writer.Cname("c.example", "d.example");
    }
    if (query.name == "d.example") writer.Address("d.example", "192.0.2.7");
    if (query.name == "empty.example") {
      writer.Cname("empty.example", "nothing.example");
      writer.Soa("example", 60, 60);
    }
    if (query.name == "gone.example") writer.Cname("gone.example", "nowhere.example");
    if (query.name == "nowhere.example") return {CodeAnswer(query, 3)};
    if (query.name == "lame.example") writer.Cname("lame.example", "failing.example");
    if (query.name == "failing.example") return {CodeAnswer(query, 5)};
    return {writer.Done()};
  });
  Start(Options({server.address()}));
  const Response response = Ask("a.example");
  EXPECT_EQ(response.status, ResponseStatus::kOk) << response.detail;
  EXPECT_THAT(response.cname_chain, ElementsAre("b.example", "c.example", "d.example"));
  ASSERT_EQ(response.records.size(), 1u);
  EXPECT_EQ(response.records[0].owner, "d.example");
  EXPECT_EQ(response.attempts, 3);
  // As secure as its worst link.
  EXPECT_EQ(response.dnssec, DnssecState::kInsecure);
  EXPECT_FALSE(response.authentic_data);
  EXPECT_EQ(Ask("d.example").dnssec, DnssecState::kSecure);

  const int before = server.queries();
  const Response empty = Ask("empty.example");
  EXPECT_EQ(empty.status, ResponseStatus::kNoData);
  EXPECT_EQ(empty.dnssec, DnssecState::kSecure);
  EXPECT_EQ(server.queries(), before + 1);
  const Response gone = Ask("gone.example");
  EXPECT_EQ(gone.status, ResponseStatus::kNxDomain);
  EXPECT_THAT(gone.cname_chain, ElementsAre("nowhere.example"));
  const Response lame = Ask("lame.example");
  EXPECT_EQ(lame.status, ResponseStatus::kRefused);
  EXPECT_EQ(lame.detail, "REFUSED");
}

TEST_F(CaresResolverTest, FollowsNoCnamesInCirclesNorForEver) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    MessageWriter writer(query.name, query.type, {.id = query.id});
    if (query.name == "a.example") writer.Cname("a.example", "b.example");
    if (query.name == "b.example") writer.Cname("b.example", "a.example");
    if (query.name.starts_with("n")) {
      writer.Cname(query.name, "n" + std::to_string(std::stoi(query.name.substr(1)) + 1));
    }
    return {writer.Done()};
  });
  Start(Options({server.address()}));
  const Response loop = Ask("a.example");
  EXPECT_EQ(loop.status, ResponseStatus::kMalformed);
  EXPECT_EQ(loop.detail, "CNAME loop at a.example");
  const Response endless = Ask("n0");
  EXPECT_EQ(endless.status, ResponseStatus::kMalformed);
  EXPECT_THAT(endless.detail, HasSubstr("CNAMEs"));
  EXPECT_LE(server.queries(), 2 + static_cast<int>(kMaxCnameChain) + 1);
}

TEST_F(CaresResolverTest, FollowsTheCnameChain) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    MessageWriter writer(query.name, query.type, {.id = query.id});
    writer.Cname(query.name, "b.example");
    writer.Cname("b.example", "c.example");
    writer.Address("c.example", "192.0.2.7");
    return {writer.Done()};
  });
  Start(Options({server.address()}));
  const Response response = Ask("a.example");
  EXPECT_EQ(response.status, ResponseStatus::kOk);
  EXPECT_THAT(response.cname_chain, ElementsAre("b.example", "c.example"));
}

TEST_F(CaresResolverTest, AsksAgainWhenAPacketIsLost) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.repeat <= 2) return {};
    return {AddressAnswer(query)};
  });
  Start(Options({server.address()}));
  const Response response = Ask("mx.example");
  EXPECT_EQ(response.status, ResponseStatus::kOk);
  EXPECT_EQ(server.queries(), 3);
  if (kQueriesPerAttempt == 1) {
    EXPECT_EQ(response.attempts, 3);
  }
}

TEST_F(CaresResolverTest, TakesALateAnswerToAnEarlierAttempt) {
  std::optional<Bytes> held_back;
  ScriptedServer server([&](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.repeat == 1) {
      held_back = AddressAnswer(query);
      return {};
    }
    return {*held_back};
  });
  Start(Options({server.address()}));
  const Response response = Ask("slow.example");
  EXPECT_EQ(response.status, ResponseStatus::kOk);
  EXPECT_EQ(response.attempts, 2);
}

TEST_F(CaresResolverTest, TurnsToTcpWhenTheAnswerIsTruncated) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (!query.over_tcp) {
      return {MessageWriter(query.name, query.type, {.id = query.id, .tc = true}).Done()};
    }
    MessageWriter writer(query.name, query.type, {.id = query.id});
    for (int i = 0; i < 200; ++i) writer.Address(query.name, "192.0.2." + std::to_string(i));
    return {writer.Done()};
  });
  Start(Options({server.address()}));
  const Response response = Ask("many.example");
  EXPECT_EQ(response.status, ResponseStatus::kOk);
  EXPECT_EQ(response.records.size(), 200u);
  EXPECT_EQ(server.tcp_queries(), 1);
}

TEST_F(CaresResolverTest, SaysMalformedWhenTruncatedOverTcpToo) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    return {MessageWriter(query.name, query.type, {.id = query.id, .tc = true}).Done()};
  });
  Start(Options({server.address()}));
  EXPECT_EQ(Ask("many.example").status, ResponseStatus::kMalformed);
}

// It has answered: that is no time-out.
TEST_F(CaresResolverTest, SaysThatATruncatedAnswerIsNotToBeHadOverTcp) {
  UdpOnlyServer server;
  Start(Options({server.address()}));
  const Response response = Ask("many.example");
  EXPECT_EQ(response.status, ResponseStatus::kMalformed);
  EXPECT_EQ(response.dnssec, DnssecState::kError);
  EXPECT_THAT(response.detail,
              HasSubstr("the answer is truncated, and over TCP there is no answer"));
  EXPECT_THAT(response.detail, HasSubstr("Connection refused"));
  ScriptedServer silent([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.over_tcp) return {};
    return {MessageWriter(query.name, query.type, {.id = query.id, .tc = true}).Done()};
  });
  Start(Options({silent.address()}));
  const Response waiting = Ask("many.example");
  EXPECT_EQ(waiting.status, ResponseStatus::kTimeout);
  EXPECT_EQ(waiting.detail, "the answer is truncated, and over TCP there is no answer");
}

TEST_F(CaresResolverTest, KeepsWhatFitsOfAnAnswerAndSaysSo) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (!query.over_tcp) {
      return {MessageWriter(query.name, query.type, {.id = query.id, .tc = true}).Done()};
    }
    MessageWriter writer(query.name, query.type, {.id = query.id});
    for (size_t i = 0; i <= kMaxAnswerRecords; ++i) {
      const bool other = query.name == "hidden.example";
      writer.RawRecordAt(12, other ? RrType::kTxt : query.type, {3, 1, 1, static_cast<uint8_t>(i)});
    }
    if (query.name == "hidden.example") writer.Address(query.name, "192.0.2.1");
    return {writer.Done()};
  });
  Start(Options({server.address()}));
  const Response response = Ask("many.example");
  EXPECT_EQ(response.status, ResponseStatus::kOk) << response.detail;
  EXPECT_EQ(response.records.size(), kMaxAnswerRecords);
  EXPECT_EQ(response.left_out, "too many answer records");
  // What was asked for may be among those that were not read: that is no denial.
  const Response hidden = Ask("hidden.example");
  EXPECT_EQ(hidden.status, ResponseStatus::kMalformed);
  EXPECT_EQ(hidden.detail, "too many answer records");
}

TEST_F(CaresResolverTest, TakesLargeUdpAnswersWithoutTcp) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    MessageWriter writer(query.name, query.type, {.id = query.id});
    for (int i = 0; i < 60; ++i) {
      writer.RawRecordAt(12, RrType::kA, {192, 0, 2, static_cast<uint8_t>(i)});
    }
    return {writer.Done()};
  });
  Start(Options({server.address()}));
  const Response response = Ask("many.example");
  EXPECT_EQ(response.records.size(), 60u);
  EXPECT_EQ(server.tcp_queries(), 0);
}

TEST_F(CaresResolverTest, IgnoresAnswersWithAnotherId) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    ScriptedQuery other = query;
    other.id = static_cast<uint16_t>(query.id + 1);
    MessageWriter forged(query.name, query.type, {.id = other.id});
    forged.Address(query.name, "203.0.113.66");
    return {forged.Done(), AddressAnswer(query)};
  });
  Start(Options({server.address()}));
  const Response response = Ask("mx.example");
  ASSERT_EQ(response.status, ResponseStatus::kOk);
  EXPECT_EQ(response.records[0].data, RecordData(*IpAddress::Parse("192.0.2.1")));
}

TEST_F(CaresResolverTest, IgnoresAnswersToAnotherQuestion) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    MessageWriter other_name("other.example", query.type, {.id = query.id});
    other_name.Address("other.example", "203.0.113.66");
    MessageWriter other_type(query.name, RrType::kMx, {.id = query.id});
    other_type.Address(query.name, "203.0.113.66");
    return {other_name.Done(), other_type.Done(), AddressAnswer(query)};
  });
  Start(Options({server.address()}));
  const Response response = Ask("mx.example");
  ASSERT_EQ(response.status, ResponseStatus::kOk);
  EXPECT_EQ(response.records[0].data, RecordData(*IpAddress::Parse("192.0.2.1")));
  EXPECT_EQ(response.attempts, 1);
}

TEST_F(CaresResolverTest, SaysMalformedWhenTheAnswerCannotBeRead) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    Bytes bytes = AddressAnswer(query);
    bytes.pop_back();
    bytes.pop_back();
    return {bytes};
  });
  Start(Options({server.address()}));
  const Response response = Ask("mx.example");
  EXPECT_EQ(response.status, ResponseStatus::kMalformed);
  EXPECT_THAT(response.detail, HasSubstr("unreadable answer"));
}

TEST_F(CaresResolverTest, SaysTimeoutAndNeverNoneWhenNobodyAnswers) {
  ScriptedServer silent([](const ScriptedQuery&) { return std::vector<Bytes>(); });
  ResolverOptions options = Options({silent.address()});
  Start(options);
  const int64_t start_ns = loop_.NowNanos();
  const Response response = Ask("mx.example");
  const auto elapsed = std::chrono::nanoseconds(loop_.NowNanos() - start_ns);
  EXPECT_EQ(response.status, ResponseStatus::kTimeout);
  EXPECT_EQ(response.dnssec, DnssecState::kError);
  EXPECT_EQ(response.attempts, options.max_attempts);
  EXPECT_GE(elapsed, options.deadline);
  EXPECT_LT(elapsed, options.deadline + milliseconds(500));
  EXPECT_EQ(resolver_->counters().timeouts, 1u);
}

TEST_F(CaresResolverTest, SaysTimeoutWhenTheResolverIsNotRunning) {
  Start(Options({ClosedPort()}));
  const Response response = Ask("mx.example");
  EXPECT_EQ(response.status, ResponseStatus::kTimeout);
  EXPECT_THAT(response.detail, HasSubstr("Connection refused"));
}

TEST_F(CaresResolverTest, GoesOnWithTheOtherServerWhenOneRefusesConnections) {
  ScriptedServer good(AnswerWell);
  Start(Options({ClosedPort(), good.address()}));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Ask("mx" + std::to_string(i) + ".example").status, ResponseStatus::kOk);
  }
}

TEST_F(CaresResolverTest, LeavesASilentServerAloneAfterAWhile) {
  ScriptedServer silent([](const ScriptedQuery&) { return std::vector<Bytes>(); });
  ScriptedServer good(AnswerWell);
  Start(Options({silent.address(), good.address()}));
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(Ask("mx" + std::to_string(i) + ".example").status, ResponseStatus::kOk);
  }
  EXPECT_GE(silent.queries(), 8);
  EXPECT_LE(silent.queries(), 10 * kQueriesPerAttempt);
}

TEST_F(CaresResolverTest, SpreadsQuestionsOverServers) {
  ScriptedServer first(AnswerWell);
  ScriptedServer second(AnswerWell);
  Start(Options({first.address(), second.address()}));
  for (int i = 0; i < 20; ++i) Ask("mx" + std::to_string(i) + ".example");
  EXPECT_EQ(first.queries(), 10);
  EXPECT_EQ(second.queries(), 10);
}

TEST_F(CaresResolverTest, AsksTheOtherServerAfterServfail) {
  ScriptedServer failing(
      [](const ScriptedQuery& query) -> std::vector<Bytes> { return {CodeAnswer(query, 2)}; });
  ScriptedServer good(AnswerWell);
  Start(Options({failing.address(), good.address()}));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(Ask("mx" + std::to_string(i) + ".example").status, ResponseStatus::kOk);
  }
}

TEST_F(CaresResolverTest, HoldsTwoThousandQuestionsAtOnce) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    MessageWriter writer(query.name, query.type, {.id = query.id});
    const int n = std::stoi(query.name.substr(1));
    writer.Address(query.name, "10.0." + std::to_string(n / 250) + "." + std::to_string(n % 250));
    return {writer.Done()};
  });
  ResolverOptions options = Options({server.address()});
  options.deadline = seconds(20);
  options.attempt_timeout = milliseconds(1000);
  options.initial_window = 10000;
  Start(options);
  constexpr int kQuestions = 2000;
  int right = 0;
  int done = 0;
  for (int i = 0; i < kQuestions; ++i) {
    resolver_->Query("n" + std::to_string(i) + ".example", RrType::kA, [&, i](Response response) {
      ++done;
      const auto want =
          IpAddress::Parse("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250));
      right +=
          response.status == ResponseStatus::kOk && response.records[0].data == RecordData(*want);
    });
  }
  EXPECT_EQ(resolver_->counters().in_flight, static_cast<size_t>(kQuestions));
  EXPECT_TRUE(loop_.RunUntil([&] { return done == kQuestions; }, seconds(30)));
  EXPECT_EQ(right, kQuestions);
}

TEST_F(CaresResolverTest, QueuesWhatIsBeyondTheCap) {
  ScriptedServer server(AnswerWell);
  ResolverOptions options = Options({server.address()});
  options.max_open = 10;
  Start(options);
  int done = 0;
  for (int i = 0; i < 500; ++i) {
    resolver_->Query("n" + std::to_string(i) + ".example", RrType::kA, [&](Response response) {
      EXPECT_EQ(response.status, ResponseStatus::kOk);
      ++done;
    });
  }
  EXPECT_EQ(resolver_->counters().in_flight, 10u);
  EXPECT_EQ(resolver_->counters().waiting, 490u);
  EXPECT_TRUE(loop_.RunUntil([&] { return done == 500; }, seconds(10)));
  EXPECT_EQ(server.queries(), 500);
}

// Open at once are so many questions, not so many for each server.
TEST_F(CaresResolverTest, CountsOpenQuestionsOverAllServersTogether) {
  const auto answer_late = [](const ScriptedQuery& query) -> std::vector<Bytes> {
    std::this_thread::sleep_for(milliseconds(1));
    return {AddressAnswer(query)};
  };
  ScriptedServer first(answer_late);
  ScriptedServer second(answer_late);
  ScriptedServer third(answer_late);
  ResolverOptions options = Options({first.address(), second.address(), third.address()});
  options.max_open = 12;
  options.attempt_timeout = options.deadline = seconds(10);
  Start(options);
  int done = 0;
  size_t most_in_flight = 0;
  for (int i = 0; i < 300; ++i) {
    resolver_->Query("n" + std::to_string(i) + ".example", RrType::kA, [&](Response response) {
      EXPECT_EQ(response.status, ResponseStatus::kOk);
      most_in_flight = std::max(most_in_flight, resolver_->counters().in_flight);
      ++done;
    });
  }
  EXPECT_EQ(resolver_->counters().in_flight, 12u);
  EXPECT_EQ(resolver_->counters().waiting, 288u);
  EXPECT_TRUE(loop_.RunUntil([&] { return done == 300; }, seconds(20)));
  EXPECT_LE(most_in_flight, 12u);
  EXPECT_EQ(first.queries() + second.queries() + third.queries(), 300);
  for (const ScriptedServer* server : {&first, &second, &third}) EXPECT_GT(server->queries(), 50);
}

// A question whose server is silent goes on to the next one, although nothing new may begin.
TEST_F(CaresResolverTest, AsksFurtherServersForWhatIsOpenFirst) {
  ScriptedServer silent([](const ScriptedQuery&) { return std::vector<Bytes>(); });
  ScriptedServer good(AnswerWell);
  ResolverOptions options = Options({silent.address(), good.address()});
  options.max_open = 2;
  Start(options);
  int done = 0;
  for (int i = 0; i < 40; ++i) {
    resolver_->Query("n" + std::to_string(i) + ".example", RrType::kA, [&](Response response) {
      EXPECT_EQ(response.status, ResponseStatus::kOk);
      ++done;
    });
  }
  EXPECT_TRUE(loop_.RunUntil([&] { return done == 40; }, seconds(10)));
}

// When queries came, at which server.
class Arrivals {
 public:
  Script Note() {
    return [this](const ScriptedQuery& query) -> std::vector<Bytes> {
      const std::lock_guard lock(mutex_);
      times_.push_back(std::chrono::steady_clock::now());
      return {AddressAnswer(query)};
    };
  }
  // The most within any `length`.
  int MostWithin(milliseconds length) const {
    const std::lock_guard lock(mutex_);
    std::ptrdiff_t most = 0;
    for (auto from = times_.begin(); from != times_.end(); ++from) {
      most = std::max(most, std::lower_bound(from, times_.end(), *from + length) - from);
    }
    return static_cast<int>(most);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::chrono::steady_clock::time_point> times_;
};

TEST_F(CaresResolverTest, KeepsTheRateOfEachAddress) {
  Arrivals arrivals;  // of both: their ports are of one address
  ScriptedServer first(arrivals.Note());
  ScriptedServer second(arrivals.Note());
  ResolverOptions options = Options({first.address(), second.address()});
  options.loopback_queries_per_second = 200;
  options.attempt_timeout = options.deadline = seconds(10);
  Start(options);
  constexpr int kQuestions = 200;
  int done = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kQuestions; ++i) {
    resolver_->Query("n" + std::to_string(i) + ".example", RrType::kA, [&](Response response) {
      EXPECT_EQ(response.status, ResponseStatus::kOk);
      ++done;
    });
  }
  EXPECT_TRUE(loop_.RunUntil([&] { return done == kQuestions; }, seconds(20)));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took.count(), 0.9);
  EXPECT_EQ(first.queries() + second.queries(), kQuestions) << "asked again";
  // 100 in half a second, ten at the beginning, and what a busy machine delivers late.
  EXPECT_LE(arrivals.MostWithin(milliseconds(500)), 150);
}

TEST_F(CaresResolverTest, HasNoRateForThisMachineUnlessToldTo) {
  ScriptedServer server(AnswerWell);
  ResolverOptions options = Options({server.address()});
  options.queries_per_second = 1;
  Start(options);
  int done = 0;
  for (int i = 0; i < 50; ++i) {
    resolver_->Query("n" + std::to_string(i) + ".example", RrType::kA,
                     [&](const Response&) { ++done; });
  }
  EXPECT_TRUE(loop_.RunUntil([&] { return done == 50; }, seconds(10)));
}

// RFC 5452 §9.2: source ports change, and cannot be told in advance.
TEST_F(CaresResolverTest, VariesItsSourcePort) {
  std::mutex mutex;
  std::map<uint16_t, int> queries_by_port;
  ScriptedServer server([&](const ScriptedQuery& query) -> std::vector<Bytes> {
    const std::lock_guard lock(mutex);
    ++queries_by_port[query.peer.sin_port];
    return {AddressAnswer(query)};
  });
  Start(Options({server.address()}));
  constexpr int kQuestions = 2000;
  int done = 0;
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto descriptors_before = descriptors();
  std::ptrdiff_t most_descriptors = 0;
  const std::function<void()> ask = [&] {
    resolver_->Query("n" + std::to_string(done) + ".example", RrType::kA, [&](Response response) {
      EXPECT_EQ(response.status, ResponseStatus::kOk);
      most_descriptors = std::max(most_descriptors, descriptors());
      if (++done < kQuestions) ask();
    });
  };
  ask();
  EXPECT_TRUE(loop_.RunUntil([&] { return done == kQuestions; }, seconds(20)));
  const std::lock_guard lock(mutex);
  EXPECT_GE(queries_by_port.size(), 25u);
  for (const auto& [port, queries] : queries_by_port) EXPECT_LE(queries, 128) << ntohs(port);
  // Where every question is answered, a socket goes when the next one comes.
  EXPECT_LE(most_descriptors - descriptors_before, 4);
}

TEST_F(CaresResolverTest, KeepsFewSocketsWhereManyQuestionsStayOpen) {
  std::mutex mutex;
  std::set<uint16_t> ports;
  std::atomic<bool> answers = false;
  ScriptedServer server([&](const ScriptedQuery& query) -> std::vector<Bytes> {
    const std::lock_guard lock(mutex);
    ports.insert(query.peer.sin_port);
    if (!answers) return {};
    return {AddressAnswer(query)};
  });
  ResolverOptions options = Options({server.address()});
  options.attempt_timeout = seconds(1);
  options.deadline = seconds(20);
  options.initial_window = 5000;
  Start(options);
  constexpr int kQuestions = 3000;
  int done = 0;
  for (int i = 0; i < kQuestions; ++i) {
    resolver_->Query("n" + std::to_string(i) + ".example", RrType::kA, [&](Response response) {
      EXPECT_EQ(response.status, ResponseStatus::kOk);
      ++done;
    });
  }
  EXPECT_TRUE(loop_.RunUntil([&] { return server.queries() == kQuestions; }, seconds(10)));
  const auto open = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  answers = true;
  EXPECT_TRUE(loop_.RunUntil([&] { return done == kQuestions; }, seconds(20)));
  const std::lock_guard lock(mutex);
  EXPECT_GE(ports.size(), 10u);
  EXPECT_LE(open, 64);
}

// Who guesses an id has to guess the port of the same query, too.
TEST_F(CaresResolverTest, TakesNoAnswerAtAnotherPortThanTheQueryCameFrom) {
  std::mutex mutex;
  std::optional<sockaddr_in> waiting_peer;
  std::string victim;  // the one question that the forgery is for
  ScriptedServer* self = nullptr;
  ScriptedServer server([&](const ScriptedQuery& query) -> std::vector<Bytes> {
    const std::lock_guard lock(mutex);
    // This one keeps the socket open that it was last asked from.
    if (query.name == "waits.example") {
      waiting_peer = query.peer;
      return {};
    }
    if (!query.name.starts_with("victim") || !victim.empty()) return {AddressAnswer(query)};
    if (waiting_peer->sin_port == query.peer.sin_port) return {AddressAnswer(query)};
    MessageWriter forgery(query.name, query.type, {.id = query.id});
    forgery.Address(query.name, "192.0.2.66");
    self->SendTo(*waiting_peer, forgery.Done());
    victim = query.name;
    return {};
  });
  self = &server;
  ResolverOptions options = Options({server.address()});
  options.attempt_timeout = milliseconds(500);
  options.deadline = seconds(60);
  options.max_attempts = 120;
  Start(options);
  resolver_->Query("waits.example", RrType::kA, [](const Response&) {});
  // Where the question that waits was asked again just now, it shares its socket with the victim
  // and nothing can be forged: then the next one is the victim.
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 200; ++i) Ask(absl::StrCat("n", round, "-", i, ".example"));
    const Response response = Ask(absl::StrCat("victim", round, ".example"));
    ASSERT_EQ(response.status, ResponseStatus::kOk);
    EXPECT_EQ(response.records[0].data, RecordData(*IpAddress::Parse("192.0.2.1")));
    const std::lock_guard lock(mutex);
    if (!victim.empty()) break;
  }
  const std::lock_guard lock(mutex);
  EXPECT_NE(victim, "") << "nothing was forged";
}

TEST_F(CaresResolverTest, SendsAFewAtFirstAndMoreAsAnswersCome) {
  ScriptedServer server(AnswerWell);
  ResolverOptions options = Options({server.address()});
  options.initial_window = 8;
  Start(options);
  int done = 0;
  size_t most_in_flight = 0;
  for (int i = 0; i < 1000; ++i) {
    resolver_->Query("n" + std::to_string(i) + ".example", RrType::kA, [&](const Response&) {
      ++done;
      most_in_flight = std::max(most_in_flight, resolver_->counters().in_flight);
    });
  }
  EXPECT_EQ(resolver_->counters().in_flight, 8u);
  EXPECT_TRUE(loop_.RunUntil([&] { return done == 1000; }, seconds(10)));
  EXPECT_GT(most_in_flight, 16u);
}

TEST_F(CaresResolverTest, AsksForNoMoreAnswersThanItsSocketHolds) {
  ScriptedServer server(AnswerWell);
  ResolverOptions options = Options({server.address()});
  options.socket_buffer_bytes = 64 * 1024;
  options.initial_window = 64;
  options.attempt_timeout = options.deadline = seconds(20);
  Start(options);
  constexpr int kQuestions = 3000;
  int done = 0;
  size_t most_in_flight = 0;
  for (int i = 0; i < kQuestions; ++i) {
    resolver_->Query("n" + std::to_string(i) + ".example", RrType::kA, [&](const Response&) {
      most_in_flight = std::max(most_in_flight, resolver_->counters().in_flight);
      ++done;
    });
  }
  EXPECT_TRUE(loop_.RunUntil([&] { return done == kQuestions; }, seconds(15)));
  EXPECT_EQ(server.queries(), kQuestions) << "some were lost";
  EXPECT_GE(most_in_flight, 64u);
  EXPECT_LE(most_in_flight, 128u);  // The kernel doubles the buffer.
}

TEST_F(CaresResolverTest, NamesWithoutAnAnswerDoNotKeepOthersWaitingForLong) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.name.starts_with("dead")) return {};
    return {AddressAnswer(query)};
  });
  ResolverOptions options = Options({server.address()});
  options.initial_window = 4;
  options.attempt_timeout = milliseconds(500);
  options.deadline = seconds(10);
  Start(options);
  int dead = 0;
  for (int i = 0; i < 4; ++i) {
    resolver_->Query("dead" + std::to_string(i) + ".example", RrType::kA,
                     [&](const Response&) { ++dead; });
  }
  bool alive = false;
  resolver_->Query("alive.example", RrType::kA, [&](const Response& response) {
    alive = response.status == ResponseStatus::kOk;
  });
  EXPECT_EQ(resolver_->counters().waiting, 1u);
  EXPECT_TRUE(loop_.RunUntil([&] { return alive; }, seconds(2)));
  EXPECT_EQ(dead, 0);
}

TEST_F(CaresResolverTest, ACancelledQuestionMakesRoom) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.name == "dead.example") return {};
    return {AddressAnswer(query)};
  });
  ResolverOptions options = Options({server.address()});
  options.initial_window = 1;
  options.attempt_timeout = options.deadline = seconds(20);
  Start(options);
  const auto dead = resolver_->Query("dead.example", RrType::kA, [](const Response&) { FAIL(); });
  bool alive = false;
  resolver_->Query("alive.example", RrType::kA, [&](const Response&) { alive = true; });
  EXPECT_FALSE(loop_.RunUntil([&] { return alive; }, milliseconds(50)));
  resolver_->Cancel(dead);
  EXPECT_TRUE(loop_.RunUntil([&] { return alive; }, seconds(2)));
}

// A lost datagram costs half a second where answers mostly come at once, not the attempt's time.
TEST_F(CaresResolverTest, AsksAgainSoonerWhereAnswersComeFast) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.name == "lost.example" && query.repeat == 1) return {};
    return {AddressAnswer(query)};
  });
  ResolverOptions options = Options({server.address()});
  options.attempt_timeout = seconds(10);
  options.deadline = seconds(20);
  Start(options);
  for (int i = 0; i < 20; ++i) Ask("n" + std::to_string(i) + ".example");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Ask("lost.example").attempts, 2);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
}

TEST_F(CaresResolverTest, EndsEveryQuestionWhenTheOnlyServerIsSilentAndFull) {
  ScriptedServer silent([](const ScriptedQuery&) { return std::vector<Bytes>(); });
  ResolverOptions options = Options({silent.address()});
  options.deadline = milliseconds(300);
  options.max_open = 4;
  Start(options);
  int timeouts = 0;
  for (int i = 0; i < 12; ++i) {
    resolver_->Query("n" + std::to_string(i) + ".example", RrType::kA, [&](Response response) {
      timeouts += response.status == ResponseStatus::kTimeout;
    });
  }
  EXPECT_TRUE(loop_.RunUntil([&] { return timeouts == 12; }, seconds(10)));
}

// AD counts only where the path is safe (RFC 6840 §5.7, RFC 4035 §4.9.3).
TEST_F(CaresResolverTest, BelievesAdFromLoopback) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    return {AddressAnswer(query, {.ad = query.name == "signed.example"})};
  });
  Start(Options({server.address()}));
  EXPECT_EQ(Ask("signed.example").dnssec, DnssecState::kSecure);
  EXPECT_EQ(Ask("unsigned.example").dnssec, DnssecState::kInsecure);
  EXPECT_TRUE(resolver_->server_trusted(0));
}

TEST(ServerTrust, NeedsALoopbackAddressOrTheUsersWord) {
  PollEventLoop loop;
  ResolverOptions options;
  options.servers = {*ParseServerAddress("192.0.2.53"), *ParseServerAddress("127.9.9.9:5353"),
                     *ParseServerAddress("[::1]:53"), *ParseServerAddress("2001:db8::1"),
                     *ParseServerAddress("::ffff:127.0.0.1")};
  auto careful = CaresResolver::Create(loop, options);
  ASSERT_TRUE(careful.ok()) << careful.status();
  const bool expected[] = {false, true, true, false, true};
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ((*careful)->server_trusted(i), expected[i]) << i;
  options.trust_ad = true;
  auto trusting = CaresResolver::Create(loop, options);
  ASSERT_TRUE(trusting.ok());
  for (size_t i = 0; i < 5; ++i) EXPECT_TRUE((*trusting)->server_trusted(i));
}

TEST_F(CaresResolverTest, CallsServfailBogusWhenCheckingDisabledFindsData) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.cd) return {AddressAnswer(query)};
    return {CodeAnswer(query, 2)};
  });
  Start(Options({server.address()}));
  const Response response = Ask("bogus.example");
  EXPECT_EQ(response.status, ResponseStatus::kBogus);
  EXPECT_EQ(response.dnssec, DnssecState::kBogus);
  EXPECT_TRUE(response.records.empty());
  EXPECT_EQ(response.attempts, 3);
}

TEST_F(CaresResolverTest, KeepsServfailWhenCheckingDisabledFailsToo) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.cd && query.name == "silent.example") return {};
    return {CodeAnswer(query, 2)};
  });
  Start(Options({server.address()}));
  EXPECT_EQ(Ask("lame.example").status, ResponseStatus::kServfail);
  EXPECT_EQ(Ask("silent.example").status, ResponseStatus::kServfail);
}

TEST_F(CaresResolverTest, DoesNotTakeAPassingServfailForBogus) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.repeat == 1) return {CodeAnswer(query, 2)};
    return {AddressAnswer(query)};
  });
  Start(Options({server.address()}));
  EXPECT_EQ(Ask("flaky.example").status, ResponseStatus::kOk);
}

// The slow server has not been asked in vain, although SERVFAIL is being looked into at the other.
TEST_F(CaresResolverTest, TakesASlowServersAnswerWhileServfailIsLookedInto) {
  std::optional<Bytes> held_back;
  std::atomic<int> with_cd = 0;
  ScriptedServer slow([&](const ScriptedQuery& query) -> std::vector<Bytes> {
    // It answers when it is asked for the second name, by when the other has been asked with CD.
    if (query.name == "slow.example") {
      held_back = AddressAnswer(query);
      return {};
    }
    return {*held_back, AddressAnswer(query)};
  });
  ScriptedServer failing([&](const ScriptedQuery& query) -> std::vector<Bytes> {
    if (query.cd) {
      ++with_cd;
      return {};
    }
    return {CodeAnswer(query, 2)};
  });
  ResolverOptions options = Options({slow.address(), failing.address()});
  options.max_attempts = 2;
  options.deadline = seconds(8);
  Start(options);
  std::optional<Response> response;
  resolver_->Query("slow.example", RrType::kA, [&](Response r) { response = std::move(r); });
  ASSERT_TRUE(loop_.RunUntil([&] { return with_cd > 0; }, seconds(5)));
  EXPECT_FALSE(response.has_value());
  std::optional<Response> other;
  resolver_->QueryServer(0, "other.example", RrType::kA, [&](Response r) { other = std::move(r); });
  ASSERT_TRUE(
      loop_.RunUntil([&] { return response.has_value() && other.has_value(); }, seconds(5)));
  EXPECT_EQ(response->status, ResponseStatus::kOk) << response->detail;
}

TEST_F(CaresResolverTest, LeavesServfailAloneWhereToldTo) {
  ScriptedServer server(
      [](const ScriptedQuery& query) -> std::vector<Bytes> { return {CodeAnswer(query, 2)}; });
  ResolverOptions options = Options({server.address()});
  options.tell_bogus_from_servfail = false;
  Start(options);
  EXPECT_EQ(Ask("lame.example").status, ResponseStatus::kServfail);
  EXPECT_EQ(server.queries(), 1);
}

// RFC 8914 §4.7 onwards.
TEST_F(CaresResolverTest, TakesTheExtendedErrorsWordForBogus) {
  ScriptedServer server([](const ScriptedQuery& query) -> std::vector<Bytes> {
    MessageWriter writer(query.name, query.type, {.id = query.id, .rcode = 2});
    writer.Opt(0, {{7, "signature\nexpired"}});
    return {writer.Done()};
  });
  Start(Options({server.address()}));
  const Response response = Ask("bogus.example");
  EXPECT_EQ(response.status, ResponseStatus::kBogus);
  EXPECT_EQ(response.attempts, 1);
  EXPECT_EQ(response.detail, "SERVFAIL (extended error 7: signature\\nexpired)");
}

TEST_F(CaresResolverTest, RefusesNamesThatCannotBeAsked) {
  ScriptedServer server(AnswerWell);
  Start(Options({server.address()}));
  const Response response = Ask("a..b");
  EXPECT_EQ(response.status, ResponseStatus::kLocalError);
  EXPECT_EQ(server.queries(), 0);
}

TEST_F(CaresResolverTest, SaysThatDescriptorsAreMissing) {
#ifdef MXSWEEP_SANITIZED
  GTEST_SKIP() << "UBSan needs a pipe to look at an object, and takes it for a foreign one without";
#endif
  ScriptedServer server(AnswerWell);
  Start(Options({server.address()}));
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const Response response = Ask("mx.example");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(response.status, ResponseStatus::kLocalNoDescriptors);
  EXPECT_EQ(response.attempts, 0);
  // And it recovers.
  EXPECT_EQ(Ask("mx.example").status, ResponseStatus::kOk);
}

TEST_F(CaresResolverTest, CallsItsServersEndOurOwnTroubleWhereTheyWereOurs) {
  ScriptedServer silent([](const ScriptedQuery&) { return std::vector<Bytes>(); });
  Start(Options({silent.address()}));
  std::vector<Response> responses;
  const auto take = [&](Response response) { responses.push_back(std::move(response)); };
  resolver_->Query("a.example", RrType::kA, take);
  resolver_->Query("b.example", RrType::kMx, take);
  loop_.RunUntil([] { return false; }, milliseconds(50));
  resolver_->Abandon("it was killed");
  EXPECT_TRUE(responses.empty()) << "called back from inside Abandon";
  resolver_->Query("c.example", RrType::kA, take);
  ASSERT_TRUE(loop_.RunUntil([&] { return responses.size() == 3; }, seconds(2)));
  for (const Response& response : responses) {
    EXPECT_EQ(response.status, ResponseStatus::kLocalError);
    EXPECT_EQ(response.detail, "it was killed");
  }
  EXPECT_EQ(resolver_->counters().in_flight, 0u);
}

TEST_F(CaresResolverTest, DropsCancelledQuestions) {
  ScriptedServer server(AnswerWell);
  Start(Options({server.address()}));
  bool called = false;
  const auto id = resolver_->Query("a.example", RrType::kA, [&](Response) { called = true; });
  resolver_->Cancel(id);
  resolver_->Cancel(id);
  EXPECT_EQ(Ask("b.example").status, ResponseStatus::kOk);
  EXPECT_FALSE(called);
}

TEST_F(CaresResolverTest, LetsCallbacksAskAndCancel) {
  ScriptedServer server(AnswerWell);
  Start(Options({server.address()}));
  int answers = 0;
  Resolver::QueryId other = 0;
  bool other_called = false;
  resolver_->Query("a.example", RrType::kA, [&](Response) {
    ++answers;
    resolver_->Cancel(other);
    resolver_->Query("b.example", RrType::kA, [&](Response) {
      ++answers;
      resolver_->Query("a..b", RrType::kA, [&](Response) { ++answers; });
    });
    other = resolver_->Query("c.example", RrType::kA, [&](Response) { other_called = true; });
    resolver_->Cancel(other);
  });
  EXPECT_TRUE(loop_.RunUntil([&] { return answers == 3; }, seconds(5)));
  EXPECT_FALSE(other_called);
}

TEST_F(CaresResolverTest, GoesAwayWithQuestionsOutstanding) {
  ScriptedServer silent([](const ScriptedQuery&) { return std::vector<Bytes>(); });
  Start(Options({silent.address()}));
  bool called = false;
  for (int i = 0; i < 5; ++i) {
    resolver_->Query("n" + std::to_string(i), RrType::kA, [&](Response) { called = true; });
  }
  loop_.RunUntil([] { return false; }, milliseconds(150));
  resolver_.reset();
  EXPECT_EQ(loop_.watched(), 0u);
  EXPECT_EQ(loop_.pending_timers(), 0u);
  EXPECT_FALSE(called);
}

TEST_F(CaresResolverTest, SetsNoTimersWhenIdle) {
  ScriptedServer server(AnswerWell);
  Start(Options({server.address()}));
  EXPECT_EQ(loop_.pending_timers(), 0u);
  Ask("mx.example");
  EXPECT_TRUE(loop_.RunUntil([&] { return loop_.pending_timers() == 0; }, seconds(2)));
}

TEST_F(CaresResolverTest, IsProbedServerByServer) {
  ScriptedServer validating([](const ScriptedQuery& query) -> std::vector<Bytes> {
    const bool exists = query.type == RrType::kSoa;
    MessageWriter writer(
        query.name, query.type,
        {.id = query.id, .rcode = static_cast<uint8_t>(exists ? 0 : 3), .ad = true});
    if (exists) writer.RawRecord(".", RrType::kSoa, 1, Bytes(22));
    return {writer.Done()};
  });
  // It has an answer to every question.
  ScriptedServer plain([](const ScriptedQuery& query) -> std::vector<Bytes> {
    MessageWriter writer(query.name, query.type, {.id = query.id});
    writer.RawRecord(".", RrType::kSoa, 1, Bytes(22));
    return {writer.Done()};
  });
  Start(Options({validating.address(), plain.address(), ClosedPort()}));
  std::optional<ResolverState> state;
  ProbeResolver(*resolver_, {}, [&](ResolverState s) { state = std::move(s); });
  ASSERT_TRUE(loop_.RunUntil([&] { return state.has_value(); }, seconds(5)));
  EXPECT_TRUE(state->answers);
  EXPECT_FALSE(state->validates);
  ASSERT_EQ(state->servers.size(), 3u);
  EXPECT_TRUE(state->servers[0].validates);
  EXPECT_FALSE(state->servers[1].validates);
  EXPECT_TRUE(state->servers[1].answers);
  EXPECT_TRUE(state->servers[0].denies);
  EXPECT_FALSE(state->servers[2].answers);
  EXPECT_EQ(validating.queries(), 2);  // and once for a name that cannot exist
}

TEST(ParseServerAddress, ReadsAddressesWithAndWithoutPort) {
  EXPECT_EQ(ParseServerAddress("127.0.0.1")->ToString(), "127.0.0.1:53");
  EXPECT_EQ(ParseServerAddress("127.0.0.1:5353")->ToString(), "127.0.0.1:5353");
  EXPECT_EQ(ParseServerAddress("::1")->ToString(), "[::1]:53");
  EXPECT_EQ(ParseServerAddress("[::1]")->ToString(), "[::1]:53");
  EXPECT_EQ(ParseServerAddress("[2001:db8::1]:5353")->ToString(), "[2001:db8::1]:5353");
  for (const char* bad :
       {"", "example.org", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:53x",
        "[127.0.0.1]:53", "[::1", "[::1]53", "::1:53:", "1.2.3"}) {
    EXPECT_FALSE(ParseServerAddress(bad).ok()) << bad;
  }
}

TEST(ServerAddress, IsReadWithAndWithoutPort) {
  EXPECT_EQ(*ParseServerAddress("127.0.0.1"), (ServerAddress{*IpAddress::Parse("127.0.0.1"), 53}));
  EXPECT_EQ(ParseServerAddress("127.0.0.1:5353")->port, 5353);
  EXPECT_EQ(*ParseServerAddress("::1"), (ServerAddress{*IpAddress::Parse("::1"), 53}));
  EXPECT_EQ(*ParseServerAddress("[::1]:5353"), (ServerAddress{*IpAddress::Parse("::1"), 5353}));
  EXPECT_EQ(ParseServerAddress("[::1]")->port, 53);
}

TEST(ServerAddress, IsRefusedWhereItIsNone) {
  for (const char* text : {"", "localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
                           "127.0.0.1:-1", "127.0.0.1: 53", "[::1", "[::1]53", "[::1]:", "::1:x"}) {
    EXPECT_FALSE(ParseServerAddress(text).ok()) << text;
  }
}

TEST(SystemServers, ReadsNameserverLines) {
  const std::string path = ::testing::TempDir() + "mxsweep_resolv_conf_" + std::to_string(getpid());
  std::ofstream(path) << "# comment\nsearch example.org\nnameserver 192.0.2.1\n"
                         "nameserver fe80::1%eth0\nnameserver\t2001:db8::1 # main\n";
  const auto servers = SystemServers(path);
  ASSERT_TRUE(servers.ok());
  ASSERT_EQ(servers->size(), 2u);
  EXPECT_EQ((*servers)[1].ToString(), "[2001:db8::1]:53");
  std::ofstream(path) << "options edns0\n";
  const auto none = SystemServers(path);
  ASSERT_TRUE(none.ok());
  ASSERT_EQ(none->size(), 1u);
  EXPECT_EQ((*none)[0].ToString(), "127.0.0.1:53");
  unlink(path.c_str());
  EXPECT_FALSE(SystemServers(path).ok());
}

TEST(CaresResolverOptions, MustMakeSense) {
  PollEventLoop loop;
  ResolverOptions options;
  options.servers = {*ParseServerAddress("127.0.0.1")};
  options.max_attempts = 0;
  EXPECT_FALSE(CaresResolver::Create(loop, options).ok());
  options.max_attempts = 1;
  options.deadline = milliseconds(1);
  EXPECT_FALSE(CaresResolver::Create(loop, options).ok());
  options.deadline = seconds(20);
  EXPECT_TRUE(CaresResolver::Create(loop, options).ok());
  options.servers.assign(kMaxServers + 1, options.servers.front());
  EXPECT_FALSE(CaresResolver::Create(loop, options).ok());
}

}  // namespace
}  // namespace mxsweep::dns
