// The rules of SMTP, one by one, each on servers that put it to the test: what the client may say
// and when, and what a row says of the answers.
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "output/tables/tables.h"
#include "tests/simulation/simulated_scan.h"

namespace mxsweep::scanner::simulation {
namespace {

using output::EndpointRow;

// The rows of two hosts whose servers have this manner. The simulated server complains of a client
// that speaks before its turn, gives another name than its own, or comes too often or too soon.
ScanResult ScanOf(Manner manner, ScanSettings settings = {}) {
  const ScanResult result = Scan(World::Uniform(manner, 2), settings);
  EXPECT_TRUE(result.ended);
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_TRUE(result.complaints.empty()) << result.complaints.front();
  EXPECT_EQ(result.All<EndpointRow>().size(), 2u);
  return result;
}

EndpointRow RowOf(Manner manner, ScanSettings settings = {}) {
  const ScanResult result = ScanOf(manner, settings);
  return result.All<EndpointRow>().empty() ? EndpointRow{} : *result.All<EndpointRow>().front();
}

// RFC 5321 §4.5.3.2.1: a server may take its time; §3.1: nothing is said before its 220.
TEST(SmtpRules, WaitsForTheWholeGreetingBeforeItSaysAnything) {
  World world = World::Uniform(Manner::kGood, 1);
  for (auto& [address, server] : world.servers) {
    server.script.greet_delay_ns = 25'000 * kMs;
    server.script.max_piece_bytes = 1;
  }
  const ScanResult result = Scan(world, {});
  EXPECT_TRUE(result.complaints.empty());
  ASSERT_EQ(result.All<EndpointRow>().size(), 1u);
  EXPECT_EQ(result.All<EndpointRow>()[0]->outcome, "tls_ok");
  EXPECT_EQ(result.All<EndpointRow>()[0]->attempts, 1u);
}

// RFC 5321 §4.1.1.1: the argument of EHLO is the client's own name (else the server complains).
TEST(SmtpRules, SaysItsOwnNameBeforeAndAfterTls) {
  EXPECT_EQ(RowOf(Manner::kGood).outcome, "tls_ok");
}

// RFC 5321 §4.1.1.1, §3.2: HELO only where EHLO was refused for good.
TEST(SmtpRules, TurnsToHeloOnlyAfterAPermanentRefusal) {
  EXPECT_EQ(RowOf(Manner::kHeloOnly).outcome, "no_starttls");
  EXPECT_EQ(RowOf(Manner::kEhlo4xx).outcome, "ehlo_refused");
}

// RFC 5321 §4.1.1.1, RFC 3207 §2: a keyword is a whole word in any case. XSTARTTLS is another one,
// StartTLS is not.
TEST(SmtpRules, KnowsStartTlsInAnyCaseAsAWholeWord) {
  const EndpointRow other = RowOf(Manner::kNoStartTls);
  EXPECT_EQ(other.outcome, "no_starttls");
  EXPECT_EQ(other.ehlo_keywords, (std::vector<std::string>{"XSTARTTLS", "SIZE 1000"}));
  EXPECT_EQ(RowOf(Manner::kGood).outcome, "tls_ok");
}

// RFC 5321 §4.2.1: the line without a hyphen is the last. What stands behind it is told.
TEST(SmtpRules, SaysThatStartTlsCameBehindTheReply) {
  const EndpointRow row = RowOf(Manner::kStartTlsTooLate);
  EXPECT_EQ(row.outcome, "no_starttls");
  EXPECT_EQ(row.error_detail, "the reply to EHLO ends before \"250 STARTTLS\"");
  EXPECT_FALSE(RowOf(Manner::kNoStartTls).error_detail);
}

// RFC 5321 §4.2, §3.1: the code and the text are kept.
TEST(SmtpRules, KeepsCodeAndTextOfAGreetingThatEndsTheDialogue) {
  const EndpointRow transient = RowOf(Manner::kGreeting4xx);
  EXPECT_EQ(transient.outcome, "greeting_4xx");
  EXPECT_EQ(transient.greeting, "450 4.3.2 not now");
  EXPECT_EQ(transient.attempts, 2u);
  const EndpointRow permanent = RowOf(Manner::kGreeting5xx);
  EXPECT_EQ(permanent.outcome, "greeting_5xx");
  EXPECT_EQ(permanent.greeting, "554 5.7.1 not you");
  EXPECT_EQ(permanent.attempts, 1u);
}

// RFC 5321 §3.8, §4.2.3: 421 at any moment is throttling, and the address is left in peace for a
// while (else the server complains).
TEST(SmtpRules, SlowsDownAfter421AndTriesAgainLater) {
  ScanSettings settings;
  settings.gate.backoff_initial_ns = 30'000 * kMs;
  for (const Manner manner : {Manner::kThrottled, Manner::kThrottledAtStartTls}) {
    const EndpointRow row = RowOf(manner, settings);
    EXPECT_EQ(row.outcome, "throttled_421");
    EXPECT_EQ(row.attempts, 2u);
  }
}

// RFC 3207 §4: offered and refused is neither "not offered" nor "unknown".
// RFC 5321 §3.8: who says 421 closes. The address is left alone from that moment on, not from when
// its slow goodbye has come.
TEST(SmtpRules, HangsUpAtOnceAfter421) {
  for (const Manner manner :
       {Manner::kThrottled, Manner::kThrottledAtStartTls, Manner::kThrottledWithinTls}) {
    World world = World::Uniform(manner, 2);
    world.hosts[1].addresses = world.hosts[0].addresses;
    for (auto& [address, server] : world.servers) server.script.reply_delay_ns = 3 * kSecond;
    // The second connection is due at some moment of the first.
    for (int64_t interval_ns = kSecond; interval_ns < 20 * kSecond; interval_ns += kSecond) {
      ScanSettings settings;
      settings.gate.per_address_concurrency = 2;
      settings.gate.per_address_interval_ns = interval_ns;
      const ScanResult result = Scan(world, settings);
      EXPECT_TRUE(result.complaints.empty()) << result.complaints.front();
      EXPECT_EQ(result.All<EndpointRow>().size(), 2u);
    }
  }
}

TEST(SmtpRules, TellsRefusedStartTlsFromMissingAndFromUnknown) {
  EXPECT_EQ(RowOf(Manner::kStartTls4xx).outcome, "starttls_refused");
  EXPECT_EQ(RowOf(Manner::kStartTls5xx).outcome, "starttls_refused");
  EXPECT_EQ(RowOf(Manner::kNoStartTls).outcome, "no_starttls");
  for (const Manner manner : {Manner::kSilent, Manner::kRefused, Manner::kIgnoresConnect,
                              Manner::kSilentAtEhlo, Manner::kGarbageGreeting}) {
    const EndpointRow row = RowOf(manner);
    EXPECT_NE(row.outcome, "no_starttls");
    EXPECT_FALSE(row.ehlo_keywords.has_value());
    EXPECT_FALSE(row.tls_version.has_value());
  }
}

// RFC 3207 §4.2: what came in clear behind the 220 is dropped, and counted.
TEST(SmtpRules, CountsInjectedPlaintextAndDoesNotFeedItToTls) {
  const EndpointRow row = RowOf(Manner::kInjects);
  EXPECT_EQ(row.outcome, "tls_ok");
  EXPECT_EQ(row.injected_plaintext_bytes, std::string("250 injected\r\n").size());
  EXPECT_EQ(RowOf(Manner::kGood).injected_plaintext_bytes, 0u);
}

// RFC 3207 §4.2: what was learnt before the handshake is forgotten; EHLO is said again.
TEST(SmtpRules, SaysEhloAgainWithinTlsAndKeepsBothAnswers) {
  const EndpointRow row = RowOf(Manner::kGood);
  ASSERT_TRUE(row.ehlo_keywords && row.ehlo_after_tls);
  EXPECT_EQ(*row.ehlo_keywords, (std::vector<std::string>{"SIZE 35882577", "STARTTLS"}));
  EXPECT_EQ(*row.ehlo_after_tls, (std::vector<std::string>{"REQUIRETLS"}));
  EXPECT_EQ(row.requiretls, true);
}

// The handshake is not the end: who is turned away within TLS hands over no mail. HELO is tried
// where EHLO is refused, as senders do, and not after 421.
TEST(SmtpRules, TellsWhatBecameOfTheEhloWithinTls) {
  const std::tuple<Manner, const char*, std::optional<uint16_t>, const char*> cases[] = {
      {Manner::kGood, "ok", 250, "done"},
      {Manner::kHeloOnlyWithinTls, "helo", 250, "done"},
      {Manner::kRefusesWithinTls, "refused", 550, "ehlo_after_tls"},
      {Manner::kThrottledWithinTls, "throttled_421", 421, "ehlo_after_tls"},
      {Manner::kClosesAfterHandshake, "closed", std::nullopt, "ehlo_after_tls"},
      {Manner::kSilentWithinTls, "timeout", std::nullopt, "ehlo_after_tls"},
      {Manner::kGarbageWithinTls, "not_smtp", std::nullopt, "ehlo_after_tls"},
  };
  for (const auto& [manner, word, code, stage] : cases) {
    const EndpointRow row = RowOf(manner);
    EXPECT_EQ(row.outcome, "tls_ok") << word;
    EXPECT_EQ(row.after_tls, word);
    EXPECT_EQ(row.after_tls_code, code) << word;
    EXPECT_EQ(row.stage, stage) << word;
  }
  EXPECT_FALSE(RowOf(Manner::kNoStartTls).after_tls);
  EXPECT_FALSE(RowOf(Manner::kAlertInHandshake).after_tls);
}

// Postfix and OpenSSL take any 2xx for 220.
TEST(SmtpRules, TakesAnyPositiveReplyToStartTlsForConsent) {
  const EndpointRow row = RowOf(Manner::kStartTls250);
  EXPECT_EQ(row.outcome, "tls_ok");
  EXPECT_EQ(row.starttls_code, 250);
}

// RFC 5321 §4.2.1 has one code for a reply. Where there are several, the last one is gone by, as
// Postfix and sendmail do, and the row says so.
TEST(SmtpRules, GoesByTheLastCodeWhereTheLinesOfAReplyDiffer) {
  const EndpointRow greeting = RowOf(Manner::kMixedGreeting);
  EXPECT_EQ(greeting.outcome, "tls_ok");
  EXPECT_EQ(greeting.greeting_code, 220);
  EXPECT_EQ(greeting.reply_codes, "greeting 554 220");
  const EndpointRow consent = RowOf(Manner::kMixedStartTls);
  EXPECT_EQ(consent.outcome, "starttls_refused");
  EXPECT_EQ(consent.starttls_code, 454);
  EXPECT_EQ(consent.reply_codes, "starttls 220 454");
  EXPECT_FALSE(RowOf(Manner::kGood).reply_codes);
}

// What a server shows to who sends no name is asked for in a connection of its own, which ends
// behind the handshake, and is judged on its own.
TEST(SmtpRules, SeesWhatIsShownWithoutAServerName) {
  const auto& pki = SimulatedPki();
  const std::vector<const tls::testing::TestCertificate*> bare = {&pki.leaf};
  const std::tuple<const std::vector<const tls::testing::TestCertificate*>*, bool, const char*>
      cases[] = {{nullptr, true, "same"}, {&bare, true, "invalid"}, {nullptr, false, ""}};
  for (const auto& [other, asked, word] : cases) {
    for (const bool revocation : {false, true}) {
      World world = World::Uniform(Manner::kGood, 1);
      for (auto& [address, server] : world.servers) server.script.chain_without_name = other;
      const ScanResult result =
          Scan(world, {.revocation = revocation, .also_without_server_name = asked});
      EXPECT_TRUE(result.complaints.empty()) << result.complaints.front();
      ASSERT_EQ(result.All<EndpointRow>().size(), 1u);
      const EndpointRow& row = *result.All<EndpointRow>().front();
      EXPECT_EQ(row.without_server_name.value_or(""), word);
      EXPECT_EQ(row.attempts, asked ? 2u : 1u);
      EXPECT_EQ(row.stage, "done");
      EXPECT_EQ(row.offer, "usual");
    }
  }
}

// Servers, and firewalls before them, that read no ClientHello but what comes in one packet: with
// X25519MLKEM768 it takes two. (Where BoringSSL has no such group, none is too long.)
TEST(SmtpRules, GetsOnWithoutTheHybridGroupWhereALongClientHelloIsNotTaken) {
  constexpr std::pair<Manner, const char*> kManners[] = {
      {Manner::kResetsInHandshake, "reset"},
      {Manner::kClosesInHandshake, "closed_early"},
      {Manner::kSilentInHandshake, "tls_timeout"},
      {Manner::kAlertInHandshake, "tls_alert: handshake_failure"}};
  for (const auto& [manner, failure] : kManners) {
    SCOPED_TRACE(failure);
    World world = World::Uniform(Manner::kGood, 1);
    for (auto& [address, server] : world.servers) {
      server.script.longest_hello_bytes = 1'300;
      server.script.on_longer_hello = manner;
    }
    const ScanResult result = Scan(world, {.retries = 1});
    EXPECT_TRUE(result.complaints.empty()) << result.complaints.front();
    ASSERT_EQ(result.All<EndpointRow>().size(), 1u);
    const EndpointRow& row = *result.All<EndpointRow>().front();
    EXPECT_EQ(row.outcome, "tls_ok");
    EXPECT_EQ(row.tls_version, "TLSv1.3");
    EXPECT_EQ(row.group, "X25519");
    EXPECT_EQ(row.offered_as, "everything");
    EXPECT_EQ(row.offered_post_quantum, false);
    if (!tls::HasPostQuantum()) {
      EXPECT_EQ(row.offer, "usual");
      EXPECT_EQ(row.attempts, 1u);
      continue;
    }
    EXPECT_EQ(row.offer, "no_post_quantum");
    EXPECT_THAT(row.usual_offer_failure.value_or(""), ::testing::StartsWith(failure));
    // An alert is no chance: the usual offer is not repeated.
    EXPECT_EQ(row.attempts, manner == Manner::kAlertInHandshake ? 2u : 3u);
  }
}

// --offer: the row says whose ClientHello it was, and a Postfix sends no server name.
TEST(SmtpRules, OffersWhatTheScanIsToldToOffer) {
  for (const tls::ClientProfile profile : tls::kClientProfiles) {
    World world = World::Uniform(Manner::kGood, 2);
    // Without a name the server shows a chain without its issuer.
    const std::vector<const tls::testing::TestCertificate*> bare = {&SimulatedPki().leaf};
    for (auto& [address, server] : world.servers) server.script.chain_without_name = &bare;
    const ScanResult result = Scan(world, {.offer = profile});
    EXPECT_TRUE(result.complaints.empty()) << result.complaints.front();
    ASSERT_EQ(result.All<EndpointRow>().size(), 2u);
    for (const EndpointRow* row : result.All<EndpointRow>()) {
      const bool postfix = profile == tls::ClientProfile::kPostfix;
      EXPECT_EQ(row->outcome, "tls_ok");
      EXPECT_EQ(row->offer, "usual");
      EXPECT_EQ(row->offered_as, tls::ClientProfileWord(profile));
      EXPECT_EQ(row->offered_post_quantum, !postfix && tls::HasPostQuantum());
      EXPECT_EQ(row->server_name.has_value(), !postfix);
      ASSERT_TRUE(row->chain_sha256.has_value());
      EXPECT_EQ(row->chain_sha256->size(), postfix ? 1u : 2u);
      // What was not asked for is not known to be absent.
      EXPECT_EQ(row->ocsp_stapled.has_value(), profile == tls::ClientProfile::kEverything);
      EXPECT_EQ(row->sct_count.has_value(), profile == tls::ClientProfile::kEverything);
    }
  }
}

// A server that says 220 and goes on in clear has said why.
TEST(SmtpRules, QuotesAServerThatGoesOnInClearAfterItsConsent) {
  const EndpointRow row = RowOf(Manner::kGarbageInHandshake);
  EXPECT_EQ(row.outcome, "tls_protocol_error");
  ASSERT_TRUE(row.error_detail);
  EXPECT_TRUE(row.error_detail->starts_with("the server goes on in clear: \"250 what"))
      << *row.error_detail;
}

// A server that first ends the handshake, too.
TEST(SmtpRules, QuotesAServerThatGoesOnInClearBehindItsAlert) {
  const EndpointRow row = RowOf(Manner::kAlertThenClearText);
  EXPECT_EQ(row.outcome, "tls_alert");
  EXPECT_EQ(row.alert_received, "handshake_failure");
  EXPECT_EQ(row.error_detail, "alert handshake_failure, and in clear: \"454 no key\"");
  EXPECT_EQ(RowOf(Manner::kAlertInHandshake).error_detail, "alert handshake_failure");
}

// RFC 5321 §4.1.1.10: QUIT, and its answer is waited for, briefly.
TEST(SmtpRules, SaysQuitAndWaitsForTheAnswerOnlySoLong) {
  EXPECT_EQ(RowOf(Manner::kGood).stage, "done");
  EXPECT_EQ(RowOf(Manner::kIgnoresQuit).stage, "quit");
}

// RFC 5321 §5: every address, of both families, is an endpoint of its own.
TEST(SmtpRules, AsksEveryAddressOfBothFamilies) {
  World world = World::Uniform(Manner::kGood, 1);
  const std::string v4 = world.hosts[0].addresses[0];
  const std::string v6 = "2a07:1::1";
  world.hosts[0].addresses.push_back(v6);
  world.servers[v6] = world.servers[v4];
  const ScanResult result = Scan(world, {});
  ASSERT_EQ(result.All<EndpointRow>().size(), 2u);
  for (const EndpointRow* row : result.All<EndpointRow>()) EXPECT_EQ(row->outcome, "tls_ok");
}

}  // namespace
}  // namespace mxsweep::scanner::simulation
