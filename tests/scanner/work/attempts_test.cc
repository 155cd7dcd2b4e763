#include "scanner/work/attempts.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace mxsweep::scanner {
namespace {

constexpr AttemptLimits kLimits{.retries = 2, .retry_delay_ns = 1000};
constexpr Offer kTls12{.max_version = tls::kTls12};
constexpr Offer kNoServerName{.server_name = false};

std::unique_ptr<EndpointFacts> Facts(Outcome outcome) {
  auto facts = std::make_unique<EndpointFacts>();
  facts->outcome = outcome;
  return facts;
}

// A server that broke off the handshake with an alert before it had said anything.
std::unique_ptr<EndpointFacts> Alert(uint8_t alert) {
  auto facts = Facts(Outcome::kTlsAlert);
  facts->handshake.emplace() = {.outcome = tls::HandshakeOutcome::kAlertReceived,
                                .alert_received = alert};
  return facts;
}

// Of a probe that was answered.
std::unique_ptr<EndpointFacts> Flight(tls::FlightKind kind) {
  auto facts = Facts(Outcome::kTlsAlert);
  facts->stage = Stage::kHandshake;
  facts->flight.emplace() = {.kind = kind, .end = tls::FlightEnd::kAlert};
  return facts;
}

std::unique_ptr<EndpointFacts> Completed() {
  auto facts = Facts(Outcome::kTlsOk);
  facts->handshake.emplace() = {
      .outcome = tls::HandshakeOutcome::kOk, .version_wire = tls::kTls13, .cipher_wire = 0x1301};
  return facts;
}

TEST(NextAttempt, BeginsWithTheUsualOfferAtOnce) {
  const auto attempt = NextAttempt({}, nullptr, kLimits);
  ASSERT_TRUE(attempt);
  EXPECT_EQ(attempt->offer, Offer());
  EXPECT_EQ(attempt->offer.max_version, tls::kTls13);
  EXPECT_EQ(attempt->last_stage, Stage::kDone);
  EXPECT_EQ(attempt->delay_ns, 0);
}

TEST(NextAttempt, EndsWithAnAnswer) {
  for (const Outcome outcome : {Outcome::kTlsOk, Outcome::kNoStartTls, Outcome::kConnectRefused,
                                Outcome::kGreeting5xx, Outcome::kSmtpProtocolError}) {
    std::vector<Tried> tried;
    AddAttempt({}, Facts(outcome), &tried);
    EXPECT_FALSE(NextAttempt(tried, nullptr, kLimits)) << static_cast<int>(outcome);
  }
}

TEST(NextAttempt, ComesBackAfterWhatMayPassTwiceAsLateEachTime) {
  std::vector<Tried> tried;
  for (const int64_t delay_ns : {1000, 2000}) {
    AddAttempt({}, Facts(Outcome::kGreetingTimeout), &tried);
    const auto attempt = NextAttempt(tried, nullptr, kLimits);
    ASSERT_TRUE(attempt);
    EXPECT_EQ(attempt->offer, Offer());
    EXPECT_EQ(attempt->delay_ns, delay_ns);
  }
  AddAttempt({}, Facts(Outcome::kGreetingTimeout), &tried);
  EXPECT_FALSE(NextAttempt(tried, nullptr, kLimits));
  EXPECT_EQ(CountAttempts(tried), 3u);
  EXPECT_EQ(tried.size(), 1u);
}

TEST(NextAttempt, NeverWaitsLongerThanADayWhateverTheOptions) {
  constexpr int64_t kDayNs = 86'400'000'000'000;
  const AttemptLimits absurd{.retries = 200, .retry_delay_ns = 365 * kDayNs};
  std::vector<Tried> tried;
  for (int i = 0; i < 100; ++i) {
    AddAttempt({}, Facts(Outcome::kReset), &tried);
    const auto attempt = NextAttempt(tried, nullptr, absurd);
    ASSERT_TRUE(attempt);
    EXPECT_EQ(attempt->delay_ns, kDayNs);
  }
}

TEST(NextAttempt, DoesNotComeBackWhereRetriesAreOff) {
  std::vector<Tried> tried;
  AddAttempt({}, Facts(Outcome::kReset), &tried);
  EXPECT_FALSE(NextAttempt(tried, nullptr, {.retries = 0}));
}

TEST(NextAttempt, ARefusalIsTriedAgainWhereItsCodeWasTransient) {
  std::vector<Tried> tried;
  AddAttempt({}, Facts(Outcome::kStartTlsRefused), &tried);
  EXPECT_FALSE(NextAttempt(tried, nullptr, kLimits));
  tried.front().facts->transient_refusal = true;
  EXPECT_TRUE(NextAttempt(tried, nullptr, kLimits));
}

TEST(NextAttempt, OffersOnceAndAtOnceWhatMaySettleAFailedHandshake) {
  struct Case {
    uint8_t alert;  // RFC 8446 §6.2, RFC 6066 §3
    std::vector<Offer> offers;
  };
  for (const Case& c : {Case{40, {kTls12, kNoServerName}}, Case{80, {kNoServerName, kTls12}},
                        Case{112, {kNoServerName, kTls12}}}) {
    std::vector<Tried> tried;
    AddAttempt({}, Alert(c.alert), &tried);
    for (const Offer& offer : c.offers) {
      const auto attempt = NextAttempt(tried, nullptr, kLimits);
      ASSERT_TRUE(attempt) << int{c.alert};
      EXPECT_EQ(attempt->offer, offer) << int{c.alert};
      EXPECT_EQ(attempt->delay_ns, 0);
      AddAttempt(offer, Alert(c.alert), &tried);
    }
    // What a sender with another library would have met is found out by a probe, once.
    const auto follow_up = NextAttempt(tried, nullptr, kLimits);
    ASSERT_TRUE(follow_up && follow_up->probe) << int{c.alert};
    EXPECT_EQ(follow_up->probe->kind, tls::ProbeKind::kFollowUp);
    Probed probed{.ordinary = OrdinaryOf(tried)};
    AddProbe(*follow_up->probe, Flight(tls::FlightKind::kAlert), &probed);
    EXPECT_FALSE(NextAttempt(tried, &probed, kLimits)) << int{c.alert};
    EXPECT_EQ(CountAttempts(tried), 3u) << "probes are counted apart";
    EXPECT_EQ(ChosenFacts(&tried).other_offer.has_value(), false);
  }
}

TEST(NextAttempt, LeavesTheServerNameWhereThereWasNone) {
  std::vector<Tried> tried;
  AddAttempt({}, Alert(112), &tried);
  tried.front().facts->sent_server_name = false;
  const auto attempt = NextAttempt(tried, nullptr, kLimits);
  ASSERT_TRUE(attempt);
  EXPECT_EQ(attempt->offer, kTls12);
}

TEST(NextAttempt, EndsWithAnOfferThatWentWellAndTheRowSaysWhichAndWhy) {
  std::vector<Tried> tried;
  AddAttempt({}, Alert(112), &tried);
  AddAttempt(kNoServerName, Facts(Outcome::kTlsOk), &tried);
  EXPECT_FALSE(NextAttempt(tried, nullptr, kLimits));
  const EndpointFacts& facts = ChosenFacts(&tried);
  EXPECT_EQ(facts.outcome, Outcome::kTlsOk);
  ASSERT_TRUE(facts.other_offer);
  EXPECT_EQ(facts.other_offer->word, "no_server_name");
  EXPECT_EQ(facts.other_offer->usual_failure, "tls_alert: unrecognized_name");
}

// A server, or a firewall before it, that cannot take a ClientHello of two packets.
TEST(NextAttempt, LeavesTheHybridGroupOutOnceWhereNothingCameButSilenceOrTheEnd) {
  constexpr Offer kNoPostQuantum{.post_quantum = false};
  for (const Outcome outcome : {Outcome::kTlsTimeout, Outcome::kReset, Outcome::kClosedEarly}) {
    const auto failed = [outcome] {
      auto facts = Facts(outcome);
      facts->stage = Stage::kHandshake;
      facts->handshake.emplace() = {.offered_post_quantum = true};
      return facts;
    };
    std::vector<Tried> tried;
    AddAttempt({}, failed(), &tried);
    // What may have been chance is tried again as it was: the same twice is no chance.
    for (uint32_t retry = 0; retry < kLimits.retries; ++retry) {
      const auto attempt = NextAttempt(tried, nullptr, kLimits);
      ASSERT_TRUE(attempt);
      EXPECT_EQ(attempt->offer, Offer());
      AddAttempt({}, failed(), &tried);
    }
    const auto attempt = NextAttempt(tried, nullptr, kLimits);
    ASSERT_TRUE(attempt);
    EXPECT_EQ(attempt->offer, kNoPostQuantum);
    EXPECT_EQ(attempt->delay_ns, 0);
    std::vector<Tried> in_vain;
    for (uint32_t i = 0; i <= kLimits.retries; ++i) AddAttempt({}, failed(), &in_vain);
    AddAttempt(attempt->offer, failed(), &in_vain);
    EXPECT_FALSE(NextAttempt(in_vain, nullptr, kLimits)) << "once";
    EXPECT_FALSE(ChosenFacts(&in_vain).other_offer);
    AddAttempt(attempt->offer, Completed(), &tried);
    EXPECT_FALSE(NextAttempt(tried, nullptr, kLimits));
    const EndpointFacts& facts = ChosenFacts(&tried);
    ASSERT_TRUE(facts.other_offer);
    EXPECT_EQ(facts.other_offer->word, "no_post_quantum");
    EXPECT_EQ(facts.other_offer->usual_failure, OutcomeName(outcome));
  }
}

TEST(NextAttempt, LeavesOutNothingThatWasNotOffered) {
  for (const Outcome outcome : {Outcome::kTlsTimeout, Outcome::kReset, Outcome::kClosedEarly}) {
    std::vector<Tried> tried;
    AddAttempt({}, Facts(outcome), &tried);
    tried.front().facts->handshake.emplace();
    EXPECT_FALSE(NextAttempt(tried, nullptr, {.retries = 0}));
    tried.front().facts->handshake->offered_post_quantum = true;
    EXPECT_TRUE(NextAttempt(tried, nullptr, {.retries = 0}));
    // Before the handshake its ClientHello had not been sent.
    tried.front().facts->handshake.reset();
    EXPECT_FALSE(NextAttempt(tried, nullptr, {.retries = 0}));
  }
}

// As Postfix (--offer postfix), no attempt sends a name.
TEST(NextAttempt, BeginsWithTheUsualOfferOfTheScanAndKeepsToIt) {
  constexpr AttemptLimits kAsPostfix{.usual = kNoServerName, .retries = 1};
  const auto first = NextAttempt({}, nullptr, kAsPostfix);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->offer, kNoServerName);
  std::vector<Tried> tried;
  AddAttempt(first->offer, Facts(Outcome::kReset), &tried);
  const auto again = NextAttempt(tried, nullptr, kAsPostfix);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->offer, kNoServerName);
  tried.clear();
  AddAttempt(first->offer, Alert(40), &tried);
  tried.back().facts->sent_server_name = false;
  const auto tls12 = NextAttempt(tried, nullptr, kAsPostfix);
  ASSERT_TRUE(tls12);
  EXPECT_EQ(tls12->offer, (Offer{.max_version = tls::kTls12, .server_name = false}));
  AddAttempt(tls12->offer, Facts(Outcome::kTlsOk), &tried);
  EXPECT_EQ(ChosenFacts(&tried).other_offer->word, "tls12");
}

TEST(ChooseAttempt, TellsWhatWentWellElseWhatTheUsualOfferMet) {
  std::vector<Tried> tried;
  AddAttempt({}, Alert(40), &tried);
  EXPECT_EQ(ChooseAttempt(tried), 0u);
  AddAttempt(kTls12, Facts(Outcome::kReset), &tried);
  EXPECT_EQ(ChooseAttempt(tried), 0u);
  tried.back().facts = Facts(Outcome::kTlsOk);
  EXPECT_EQ(ChooseAttempt(tried), 1u);
  EXPECT_EQ(CountAttempts(tried), 2u);
}

// Senders that send no server name may be shown something else.
TEST(NextAttempt, AsksOnceMoreWithoutAServerNameWhereThatIsWanted) {
  constexpr AttemptLimits kAlso{.also_without_server_name = true};
  std::vector<Tried> tried;
  AddAttempt({}, Facts(Outcome::kTlsOk), &tried);
  EXPECT_FALSE(NextAttempt(tried, nullptr, kLimits));
  const auto attempt = NextAttempt(tried, nullptr, kAlso);
  ASSERT_TRUE(attempt);
  EXPECT_EQ(attempt->offer, kNoServerName);
  EXPECT_EQ(attempt->last_stage, Stage::kHandshake);
  EXPECT_EQ(attempt->delay_ns, 0);
  EXPECT_EQ(FactsWithoutServerName(tried), nullptr);
  for (const Outcome outcome : {Outcome::kTlsOk, Outcome::kTlsAlert, Outcome::kGreetingTimeout}) {
    std::vector<Tried> both;
    AddAttempt({}, Facts(Outcome::kTlsOk), &both);
    AddAttempt(attempt->offer, Facts(outcome), &both);
    EXPECT_FALSE(NextAttempt(both, nullptr, kAlso)) << "once, whatever comes of it";
    EXPECT_EQ(&ChosenFacts(&both), both.front().facts.get()) << "the row tells of the usual one";
    EXPECT_FALSE(ChosenFacts(&both).other_offer);
    EXPECT_EQ(FactsWithoutServerName(both), both.back().facts.get());
  }
}

TEST(NextAttempt, AsksForNothingMoreWhereTheRowHasNoServerNameOrNoHandshake) {
  constexpr AttemptLimits kAlso{.also_without_server_name = true};
  std::vector<Tried> tried;
  AddAttempt({}, Facts(Outcome::kNoStartTls), &tried);
  EXPECT_FALSE(NextAttempt(tried, nullptr, kAlso));
  tried.clear();
  AddAttempt({}, Facts(Outcome::kTlsOk), &tried);
  tried.front().facts->sent_server_name = false;
  EXPECT_FALSE(NextAttempt(tried, nullptr, kAlso));
  // After `unrecognized_name` the row itself is of an attempt without one.
  tried.clear();
  AddAttempt({}, Alert(112), &tried);
  AddAttempt(kNoServerName, Facts(Outcome::kTlsOk), &tried);
  tried.back().facts->sent_server_name = false;
  EXPECT_FALSE(NextAttempt(tried, nullptr, kAlso));
  EXPECT_EQ(FactsWithoutServerName(tried), nullptr);
}

TEST(NextAttempt, AsksWithTheVersionsThatHadGoneWell) {
  std::vector<Tried> tried;
  AddAttempt({}, Alert(40), &tried);
  AddAttempt(kTls12, Facts(Outcome::kTlsOk), &tried);
  const auto attempt = NextAttempt(tried, nullptr, {.also_without_server_name = true});
  ASSERT_TRUE(attempt);
  EXPECT_EQ(attempt->offer, (Offer{.max_version = tls::kTls12, .server_name = false}));
}

TEST(NextAttempt, ProbesWhatIsAskedForOnceEachAndNothingElse) {
  for (const tls::Survey survey : tls::kSurveys) {
    AttemptLimits limits;
    limits.surveys.Add(survey);
    std::vector<Tried> tried;
    AddAttempt({}, Completed(), &tried);
    EXPECT_FALSE(NextAttempt(tried, nullptr, {}));
    Probed probed{.ordinary = OrdinaryOf(tried)};
    while (const auto attempt =
               NextAttempt(tried, probed.results.empty() ? nullptr : &probed, limits)) {
      ASSERT_TRUE(attempt->probe) << tls::SurveyName(survey);
      for (const tls::ProbeResult& before : probed.results) {
        EXPECT_FALSE(before.probe == *attempt->probe);
      }
      AddProbe(*attempt->probe, Flight(tls::FlightKind::kAlert), &probed);
      ASSERT_LE(probed.results.size(), 40u);
    }
    EXPECT_GE(probed.results.size(), 1u) << tls::SurveyName(survey);
    EXPECT_LE(probed.results.size(), static_cast<size_t>(tls::MostConnections(survey)));
  }
}

TEST(NextAttempt, ProbesNobodyWhoHasNoTls) {
  const AttemptLimits limits{.retries = 0, .surveys = tls::SurveySet::All()};
  for (const Outcome outcome : {Outcome::kNoStartTls, Outcome::kConnectRefused,
                                Outcome::kStartTlsRefused, Outcome::kGreeting5xx}) {
    std::vector<Tried> tried;
    AddAttempt({}, Facts(outcome), &tried);
    EXPECT_FALSE(NextAttempt(tried, nullptr, limits)) << static_cast<int>(outcome);
  }
}

// A server that throttles, or is gone, is not asked again and again.
TEST(NextAttempt, EndsAServersProbesWhereItIsNotReached) {
  const AttemptLimits limits{.surveys = tls::SurveySet::All()};
  std::vector<Tried> tried;
  AddAttempt({}, Completed(), &tried);
  Probed probed{.ordinary = OrdinaryOf(tried)};
  while (const auto attempt = NextAttempt(tried, &probed, limits)) {
    AddProbe(*attempt->probe, Facts(Outcome::kThrottled421), &probed);
  }
  EXPECT_EQ(probed.results.size(), 2u);
  EXPECT_FALSE(probed.results.front().reached_tls);
}

TEST(OrdinaryOf, TellsThePlanOfTheRowsHandshake) {
  std::vector<Tried> tried;
  AddAttempt({}, Alert(40), &tried);
  EXPECT_TRUE(OrdinaryOf(tried).reached_tls);
  EXPECT_FALSE(OrdinaryOf(tried).completed);
  EXPECT_EQ(OrdinaryOf(tried).may_be_ours, "no_common_cipher");
  AddAttempt(kTls12, Completed(), &tried);
  tried.back().facts->handshake->version_wire = tls::kTls12;
  EXPECT_TRUE(OrdinaryOf(tried).completed);
  EXPECT_EQ(OrdinaryOf(tried).max_version_offered, tls::kTls12);
  EXPECT_EQ(OrdinaryOf(tried).version, tls::kTls12);
  EXPECT_EQ(OrdinaryOf(tried).suite, 0x1301);
  EXPECT_TRUE(OrdinaryOf(tried).may_be_ours.empty());
}

}  // namespace
}  // namespace mxsweep::scanner
