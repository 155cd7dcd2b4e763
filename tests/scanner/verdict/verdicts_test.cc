// What an outcome means in other words, against docs/outcomes.md.
#include "scanner/verdict/verdicts.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

#include "scanner/smtp/outcome.h"

namespace mxsweep::scanner {
namespace {

TEST(OutcomeOfIo, TellsTheServersTroubleFromTheNetworksAndOurs) {
  struct Case {
    Stage stage;
    IoError error;
    Outcome outcome;
  };
  const Case table[] = {
      {Stage::kConnect, ECONNREFUSED, Outcome::kConnectRefused},
      {Stage::kConnect, kDeadline, Outcome::kConnectTimeout},
      {Stage::kConnect, ETIMEDOUT, Outcome::kConnectTimeout},
      {Stage::kConnect, ECONNRESET, Outcome::kReset},
      {Stage::kConnect, EHOSTUNREACH, Outcome::kUnreachable},
      {Stage::kConnect, ENETUNREACH, Outcome::kUnreachable},
      {Stage::kConnect, EACCES, Outcome::kUnreachable},
      {Stage::kConnect, kNoRoute, Outcome::kLocalNoRoute},
      {Stage::kConnect, EAFNOSUPPORT, Outcome::kLocalNoRoute},
      {Stage::kConnect, ENFILE, Outcome::kLocalNoDescriptors},
      {Stage::kConnect, EMFILE, Outcome::kLocalNoDescriptors},
      {Stage::kConnect, EADDRNOTAVAIL, Outcome::kLocalNoPorts},
      {Stage::kConnect, EADDRINUSE, Outcome::kLocalNoPorts},
      {Stage::kConnect, ENOBUFS, Outcome::kLocalNoBuffers},
      {Stage::kConnect, ENOMEM, Outcome::kLocalNoBuffers},
      {Stage::kConnect, EPERM, Outcome::kLocalError},
      {Stage::kConnect, ECANCELED, Outcome::kLocalError},
      {Stage::kConnect, EBADF, Outcome::kLocalError},
      {Stage::kGreeting, 0, Outcome::kClosedEarly},
      {Stage::kGreeting, kDeadline, Outcome::kGreetingTimeout},
      {Stage::kGreeting, ECONNRESET, Outcome::kReset},
      {Stage::kGreeting, kInboxFull, Outcome::kSmtpProtocolError},
      {Stage::kEhlo, 0, Outcome::kClosedEarly},
      {Stage::kEhlo, kDeadline, Outcome::kCommandTimeout},
      {Stage::kEhlo, EPIPE, Outcome::kReset},
      {Stage::kStartTls, kDeadline, Outcome::kCommandTimeout},
      {Stage::kStartTls, ECONNABORTED, Outcome::kReset},
      {Stage::kHandshake, 0, Outcome::kClosedEarly},
      {Stage::kHandshake, kDeadline, Outcome::kTlsTimeout},
      {Stage::kHandshake, ETIMEDOUT, Outcome::kTlsTimeout},
      {Stage::kHandshake, ECONNRESET, Outcome::kReset},
      {Stage::kHandshake, kInboxFull, Outcome::kTlsProtocolError},
      {Stage::kHandshake, ENOBUFS, Outcome::kLocalNoBuffers},
  };
  for (const Case& c : table) {
    EXPECT_EQ(OutcomeName(OutcomeOfIo(c.stage, c.error)), OutcomeName(c.outcome))
        << StageName(c.stage) << " " << c.error;
  }
}

TEST(Outcome, EveryOneHasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Outcome::kLocalError); ++i) {
    const std::string_view word = OutcomeName(static_cast<Outcome>(i));
    EXPECT_FALSE(word.empty());
    EXPECT_TRUE(words.insert(word).second) << word;
    EXPECT_EQ(IsLocal(static_cast<Outcome>(i)), word.starts_with("local_")) << word;
  }
  for (int i = 0; i <= static_cast<int>(Stage::kDone); ++i) {
    EXPECT_FALSE(StageName(static_cast<Stage>(i)).empty());
  }
}

std::string_view Rpt(Outcome outcome, Stage stage) {
  EndpointFacts facts;
  facts.outcome = outcome;
  facts.stage = stage;
  return RptResult(facts, {});
}

TEST(RptResult, UsesTheWordsOfRfc8460WhereOneFits) {
  EXPECT_EQ(Rpt(Outcome::kNoStartTls, Stage::kEhlo), "starttls-not-supported");
  EXPECT_EQ(Rpt(Outcome::kStartTlsRefused, Stage::kStartTls), "starttls-not-supported");
  EXPECT_EQ(Rpt(Outcome::kTlsAlert, Stage::kHandshake), "validation-failure");
  EXPECT_EQ(Rpt(Outcome::kTlsProtocolError, Stage::kHandshake), "validation-failure");
  EXPECT_EQ(Rpt(Outcome::kClosedEarly, Stage::kHandshake), "validation-failure");
  EXPECT_EQ(Rpt(Outcome::kReset, Stage::kHandshake), "validation-failure");
  EXPECT_EQ(Rpt(Outcome::kClosedEarly, Stage::kGreeting), "closed_early");
  EXPECT_EQ(Rpt(Outcome::kReset, Stage::kEhlo), "reset");
  for (const Outcome outcome :
       {Outcome::kTlsTimeout, Outcome::kConnectRefused, Outcome::kConnectTimeout,
        Outcome::kUnreachable, Outcome::kGreetingTimeout, Outcome::kCommandTimeout,
        Outcome::kThrottled421, Outcome::kGreeting4xx, Outcome::kGreeting5xx, Outcome::kEhloRefused,
        Outcome::kSmtpProtocolError}) {
    EXPECT_EQ(Rpt(outcome, Stage::kConnect), OutcomeName(outcome));
  }
  for (const Outcome outcome : {Outcome::kBlocked, Outcome::kLocalNoRoute,
                                Outcome::kLocalNoDescriptors, Outcome::kLocalError}) {
    EXPECT_EQ(Rpt(outcome, Stage::kConnect), "");
  }
}

// RFC 8460 §4.3 counts the sessions of the sender that reports: another one may get on.
TEST(RptResult, ReportsNoFailureThatMayBeOurs) {
  EndpointFacts facts;
  facts.outcome = Outcome::kTlsAlert;
  facts.stage = Stage::kHandshake;
  tls::HandshakeFacts& handshake = facts.handshake.emplace();
  handshake.outcome = tls::HandshakeOutcome::kAlertReceived;
  handshake.alert_received = 40;  // handshake_failure, before any ServerHello
  ASSERT_EQ(FailurePerhapsOurs(facts), "no_common_cipher");
  EXPECT_EQ(RptResult(facts, {}), "");
  // Who uses DANE, and cannot look the records up, does not connect at all.
  EXPECT_EQ(RptResult(facts, {.dane = EndpointDane::kLookupError}), "dnssec-invalid");
}

std::string_view RptOf(EndpointDane dane, tls::DaneFailure failure, tls::PkixStatus pkix,
                       tls::NameMatch name) {
  EndpointFacts facts;
  facts.outcome = Outcome::kTlsOk;
  EndpointVerdicts verdicts;
  verdicts.dane = dane;
  verdicts.dane_verdict.emplace().failure = failure;
  verdicts.pkix = tls::PkixVerdict{pkix, ""};
  verdicts.name_match = name;
  return RptResult(facts, verdicts);
}

// RFC 8460 §4.3; docs/outcomes.md argues the order.
TEST(RptResult, DaneComesBeforePkixAndWhatIsMostPreciseFirst) {
  using D = EndpointDane;
  using F = tls::DaneFailure;
  using P = tls::PkixStatus;
  using N = tls::NameMatch;
  EXPECT_EQ(RptOf(D::kMatch, F::kNone, P::kExpired, N::kNone), "success");
  EXPECT_EQ(RptOf(D::kMismatch, F::kOther, P::kValid, N::kSan), "validation-failure");
  EXPECT_EQ(RptOf(D::kMismatch, F::kExpired, P::kValid, N::kSan), "certificate-expired");
  EXPECT_EQ(RptOf(D::kMismatch, F::kHostMismatch, P::kValid, N::kSan), "certificate-host-mismatch");
  for (const D dane : {D::kNone, D::kInsecure, D::kUnknown}) {
    EXPECT_EQ(RptOf(dane, F::kNone, P::kValid, N::kSan), "success");
    EXPECT_EQ(RptOf(dane, F::kNone, P::kValid, N::kCn), "success");
    EXPECT_EQ(RptOf(dane, F::kNone, P::kExpired, N::kNone), "certificate-expired");
    EXPECT_EQ(RptOf(dane, F::kNone, P::kValid, N::kNone), "certificate-host-mismatch");
    for (const P pkix : {P::kSelfSigned, P::kUntrusted, P::kIncomplete, P::kConstraint,
                         P::kWeakSignature, P::kMalformed, P::kNotYetValid}) {
      EXPECT_EQ(RptOf(dane, F::kNone, pkix, N::kSan), "certificate-not-trusted");
      EXPECT_EQ(RptOf(dane, F::kNone, pkix, N::kNone), "certificate-host-mismatch");
    }
  }
}

// RFC 8460 §4.3.2.1
TEST(RptResult, HasWordsForTlsaRecordsThatCannotBeUsedOrLookedUp) {
  using D = EndpointDane;
  using P = tls::PkixStatus;
  using N = tls::NameMatch;
  const auto none = tls::DaneFailure::kNone;
  EXPECT_EQ(RptOf(D::kUnusable, none, P::kValid, N::kSan), "tlsa-invalid");
  EXPECT_EQ(RptOf(D::kUnusable, none, P::kExpired, N::kNone), "tlsa-invalid");
  EXPECT_EQ(RptOf(D::kLookupError, none, P::kValid, N::kSan), "dnssec-invalid");
  EndpointVerdicts verdicts;
  verdicts.dane = D::kLookupError;
  EndpointFacts facts;
  for (const Outcome outcome : {Outcome::kConnectRefused, Outcome::kNoStartTls, Outcome::kTlsAlert,
                                Outcome::kThrottled421}) {
    facts.outcome = outcome;
    EXPECT_EQ(RptResult(facts, verdicts), "dnssec-invalid");
  }
  for (const Outcome outcome : {Outcome::kBlocked, Outcome::kLocalNoRoute}) {
    facts.outcome = outcome;
    EXPECT_EQ(RptResult(facts, verdicts), "");
  }
}

HostContext HostWith(std::optional<dns::TlsaStatus> status) {
  HostContext host;
  host.host = "mx.example.org";
  host.answer.emplace().tlsa_status = status;
  return host;
}

// RFC 7672 §8.1, RFC 7671 §10.2.
TEST(JudgeEndpoint, SniIsTheTlsaBaseDomain) {
  HostContext host;
  host.host = "mx.example.org";
  EXPECT_EQ(host.server_name(), "mx.example.org");
  host.answer.emplace().tlsa_base_domain = "mail.provider.example";
  EXPECT_EQ(host.server_name(), "mail.provider.example");
}

// RFC 7672 §2.2.2: TLSA is looked up after a secure answer, and A and AAAA are two answers.
TEST(JudgeEndpoint, AddressesThatCameInsecurelyHaveNoDane) {
  HostContext host = HostWith(dns::TlsaStatus::kSecure);
  host.answer->tlsa_for_ipv4 = false;
  const auto ipv4 = dns::IpAddress::Parse("192.0.2.1");
  const auto ipv6 = dns::IpAddress::Parse("2001:db8::1");
  EndpointFacts facts;
  facts.outcome = Outcome::kNoStartTls;
  facts.stage = Stage::kEhlo;
  const auto dane = [&](const dns::IpAddress& address) {
    return EndpointDaneName(JudgeEndpoint(host, facts, {}, nullptr, &address).dane);
  };
  EXPECT_EQ(dane(*ipv4), "insecure");
  EXPECT_EQ(dane(*ipv6), "no_starttls");
}

// RFC 7672 §2.2.
TEST(JudgeEndpoint, DaneOfAnEndpointThatEndedEarly) {
  struct Case {
    Outcome outcome;
    Stage stage;
    const char* secure;
  };
  const Case table[] = {
      {Outcome::kConnectTimeout, Stage::kConnect, ""},
      {Outcome::kGreeting5xx, Stage::kGreeting, ""},
      {Outcome::kThrottled421, Stage::kStartTls, ""},
      {Outcome::kClosedEarly, Stage::kEhlo, ""},
      {Outcome::kTlsTimeout, Stage::kHandshake, ""},
      {Outcome::kLocalNoBuffers, Stage::kHandshake, ""},
      {Outcome::kBlocked, Stage::kGate, ""},
      {Outcome::kNoStartTls, Stage::kEhlo, "no_starttls"},
      {Outcome::kStartTlsRefused, Stage::kStartTls, "no_starttls"},
      {Outcome::kTlsAlert, Stage::kHandshake, "tls_failed"},
      {Outcome::kTlsProtocolError, Stage::kHandshake, "tls_failed"},
      {Outcome::kClosedEarly, Stage::kHandshake, "tls_failed"},
      {Outcome::kReset, Stage::kHandshake, "tls_failed"},
  };
  for (const Case& c : table) {
    EndpointFacts facts;
    facts.outcome = c.outcome;
    facts.stage = c.stage;
    const auto dane = [&facts](std::optional<dns::TlsaStatus> status) {
      return EndpointDaneName(JudgeEndpoint(HostWith(status), facts, {}, nullptr).dane);
    };
    EXPECT_EQ(dane(dns::TlsaStatus::kSecure), c.secure) << OutcomeName(c.outcome);
    EXPECT_EQ(dane(dns::TlsaStatus::kNone), "none");
    EXPECT_EQ(dane(dns::TlsaStatus::kInsecure), "insecure");
    EXPECT_EQ(dane(dns::TlsaStatus::kLookupError), "lookup_error");
    EXPECT_EQ(dane(dns::TlsaStatus::kLocalError), "");
    EXPECT_EQ(dane(std::nullopt), "");
  }
}

}  // namespace
}  // namespace mxsweep::scanner
