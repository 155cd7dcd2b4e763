#include "scanner/work/attempts.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace mxsweep::scanner {
namespace {

constexpr AttemptLimits kLimits{.retries = 2, .retry_delay_ns = 1000};
constexpr Offer kTls12{.max_version = tls::kTls12};

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

TEST(NextAttempt, BeginsWithTheUsualOfferAtOnce) {
  const auto attempt = NextAttempt({}, kLimits);
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
    EXPECT_FALSE(NextAttempt(tried, kLimits)) << static_cast<int>(outcome);
  }
}

TEST(NextAttempt, ComesBackAfterWhatMayPassTwiceAsLateEachTime) {
  std::vector<Tried> tried;
  for (const int64_t delay_ns : {1000, 2000}) {
    AddAttempt({}, Facts(Outcome::kGreetingTimeout), &tried);
    const auto attempt = NextAttempt(tried, kLimits);
    ASSERT_TRUE(attempt);
    EXPECT_EQ(attempt->offer, Offer());
    EXPECT_EQ(attempt->delay_ns, delay_ns);
  }
  AddAttempt({}, Facts(Outcome::kGreetingTimeout), &tried);
  EXPECT_FALSE(NextAttempt(tried, kLimits));
  EXPECT_EQ(CountAttempts(tried), 3u);
  EXPECT_EQ(tried.size(), 1u);
}

TEST(NextAttempt, NeverWaitsLongerThanADayWhateverTheOptions) {
  constexpr int64_t kDayNs = 86'400'000'000'000;
  const AttemptLimits absurd{.retries = 200, .retry_delay_ns = 365 * kDayNs};
  std::vector<Tried> tried;
  for (int i = 0; i < 100; ++i) {
    AddAttempt({}, Facts(Outcome::kReset), &tried);
    const auto attempt = NextAttempt(tried, absurd);
    ASSERT_TRUE(attempt);
    EXPECT_EQ(attempt->delay_ns, kDayNs);
  }
}

TEST(NextAttempt, DoesNotComeBackWhereRetriesAreOff) {
  std::vector<Tried> tried;
  AddAttempt({}, Facts(Outcome::kReset), &tried);
  EXPECT_FALSE(NextAttempt(tried, {.retries = 0}));
}

TEST(NextAttempt, ARefusalIsTriedAgainWhereItsCodeWasTransient) {
  std::vector<Tried> tried;
  AddAttempt({}, Facts(Outcome::kStartTlsRefused), &tried);
  EXPECT_FALSE(NextAttempt(tried, kLimits));
  tried.front().facts->transient_refusal = true;
  EXPECT_TRUE(NextAttempt(tried, kLimits));
}

TEST(NextAttempt, OffersTls12OnceAtOnceWhereTheHandshakeOf13Failed) {
  for (const uint8_t alert : {40, 80}) {  // handshake_failure, internal_error: RFC 8446 §6.2
    std::vector<Tried> tried;
    AddAttempt({}, Alert(alert), &tried);
    const auto attempt = NextAttempt(tried, kLimits);
    ASSERT_TRUE(attempt) << int{alert};
    EXPECT_EQ(attempt->offer, kTls12);
    EXPECT_EQ(attempt->delay_ns, 0);
    AddAttempt(kTls12, Alert(alert), &tried);
    EXPECT_FALSE(NextAttempt(tried, kLimits)) << int{alert};
  }
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

}  // namespace
}  // namespace mxsweep::scanner
