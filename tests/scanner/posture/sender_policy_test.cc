// What senders do, case by case: the decision follows from the rows alone.
#include "scanner/posture/sender_policy.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <set>
#include <string>
#include <tuple>

#include "tests/scanner/posture/made_up_domain.h"

namespace mxsweep::scanner {

void PrintTo(SenderAction action, std::ostream* out) { *out << SenderActionWord(action); }
void PrintTo(SenderReason reason, std::ostream* out) { *out << SenderReasonWord(reason); }

namespace {

using testing::MadeUpDomain;
using enum SenderAction;
using enum SenderProfile;
using Reason = SenderReason;

SenderDecision Decide(SenderProfile profile, MadeUpDomain& domain, bool dnssec_known = true) {
  return DecideSender(profile, domain.Gather(), {.dnssec_known = dnssec_known});
}

// One server, made by `change` from a good one, and what each kind of sender makes of it.
struct OneServer {
  std::string name;
  std::function<void(output::MxHostRow&, output::EndpointRow&)> change;
  std::pair<SenderAction, Reason> opportunistic;
  std::pair<SenderAction, Reason> verified;
  std::pair<SenderAction, Reason> dane;
  std::pair<SenderAction, Reason> mta_sts;  // with a policy in mode enforce that names the host
  std::pair<SenderAction, Reason> level2;
  std::pair<SenderAction, Reason> level3;
};

void Fail(output::EndpointRow& row, const std::string& outcome, const std::string& stage) {
  row = output::EndpointRow{.host = row.host,
                            .address = row.address,
                            .outcome = outcome,
                            .stage = stage,
                            .dane_status = row.dane_status};
}

OneServer Everybody(std::string name, SenderAction action, Reason reason, std::string outcome,
                    std::string stage) {
  const std::pair all{action, reason};
  return {
      std::move(name),
      [outcome, stage](output::MxHostRow&, output::EndpointRow& row) { Fail(row, outcome, stage); },
      all,
      all,
      all,
      all,
      all,
      all};
}

// Servers with which no TLS comes about, whoever asks.
std::vector<OneServer> ServersWithoutTls() {
  return {
      Everybody("refused", kDefer, Reason::kNotListening, "connect_refused", "connect"),
      Everybody("no smtp", kDefer, Reason::kNoSmtp, "smtp_protocol_error", "greeting"),
      Everybody("554", kUnknown, Reason::kTurnedAway, "greeting_5xx", "greeting"),
      Everybody("450", kUnknown, Reason::kTurnedAway, "greeting_4xx", "greeting"),
      Everybody("421", kUnknown, Reason::kTurnedAway, "throttled_421", "ehlo"),
      Everybody("no ehlo", kUnknown, Reason::kTurnedAway, "ehlo_refused", "ehlo"),
      Everybody("no syn-ack", kUnknown, Reason::kNoAnswer, "connect_timeout", "connect"),
      Everybody("no route there", kUnknown, Reason::kNoAnswer, "unreachable", "connect"),
      Everybody("silent", kUnknown, Reason::kNoAnswer, "greeting_timeout", "greeting"),
      Everybody("silent later", kUnknown, Reason::kNoAnswer, "command_timeout", "starttls"),
      Everybody("slow handshake", kUnknown, Reason::kNoAnswer, "tls_timeout", "handshake"),
      Everybody("hangs up", kUnknown, Reason::kNoAnswer, "closed_early", "greeting"),
      Everybody("reset", kUnknown, Reason::kNoAnswer, "reset", "ehlo"),
      Everybody("blocked by us", kUnknown, Reason::kNotTried, "blocked", "gate"),
      Everybody("no IPv6 here", kUnknown, Reason::kNotTried, "local_no_route", "connect"),
      Everybody("no memory here", kUnknown, Reason::kNotTried, "local_error", "connect"),
  };
}

constexpr std::pair kTlsOk{kEncrypted, Reason::kTls};
constexpr std::pair kClearNone{kInClear, Reason::kNoStartTls};
constexpr std::pair kClearRefused{kInClear, Reason::kStartTlsRefused};
constexpr std::pair kClearFailed{kInClear, Reason::kHandshakeFailed};
constexpr std::pair kClearLevel{kInClear, Reason::kLevelTooLow};
constexpr std::pair kVerifiedOk{kEncrypted, Reason::kVerified};
constexpr std::pair kStsOk{kEncrypted, Reason::kStsVerified};

std::pair<SenderAction, Reason> Refuse(Reason reason) { return {kRefuse, reason}; }

std::vector<OneServer> ServersWithTrouble() {
  const auto pkix = [](const char* status) {
    return [status](output::MxHostRow&, output::EndpointRow& row) { row.pkix_status = status; };
  };
  const auto fail = [](const char* outcome, const char* stage) {
    return [outcome, stage](output::MxHostRow&, output::EndpointRow& row) {
      Fail(row, outcome, stage);
    };
  };
  const auto level = [](int value) {
    return [value](output::MxHostRow&, output::EndpointRow& row) { row.security_level = value; };
  };
  const auto bad_chain = Refuse(Reason::kCertificate);
  std::vector<OneServer> cases = {
      {"good", [](auto&, auto&) {}, kTlsOk, kVerifiedOk, kTlsOk, kStsOk, kTlsOk, kTlsOk},
      {"no STARTTLS", fail("no_starttls", "ehlo"), kClearNone, Refuse(Reason::kNoStartTls),
       kClearNone, Refuse(Reason::kNoStartTls), kClearNone, kClearNone},
      {"454", fail("starttls_refused", "starttls"), kClearRefused, Refuse(Reason::kStartTlsRefused),
       kClearRefused, Refuse(Reason::kStartTlsRefused), kClearRefused, kClearRefused},
      {"alert", fail("tls_alert", "handshake"), kClearFailed, Refuse(Reason::kHandshakeFailed),
       kClearFailed, Refuse(Reason::kHandshakeFailed), kClearFailed, kClearFailed},
      {"garbage", fail("tls_protocol_error", "handshake"), kClearFailed,
       Refuse(Reason::kHandshakeFailed), kClearFailed, Refuse(Reason::kHandshakeFailed),
       kClearFailed, kClearFailed},
      {"closed in the handshake", fail("closed_early", "handshake"), kClearFailed,
       Refuse(Reason::kHandshakeFailed), kClearFailed, Refuse(Reason::kHandshakeFailed),
       kClearFailed, kClearFailed},
      {"reset in the handshake", fail("reset", "handshake"), kClearFailed,
       Refuse(Reason::kHandshakeFailed), kClearFailed, Refuse(Reason::kHandshakeFailed),
       kClearFailed, kClearFailed},
      {"other name", [](auto&, output::EndpointRow& row) { row.name_match = "none"; }, kTlsOk,
       Refuse(Reason::kName), kTlsOk, Refuse(Reason::kName), kTlsOk, kTlsOk},
      {"revoked", [](auto&, output::EndpointRow& row) { row.revocation_status = "revoked"; },
       kTlsOk, Refuse(Reason::kRevoked), kTlsOk, Refuse(Reason::kRevoked), kTlsOk, kTlsOk},
      {"revocation unknown",
       [](auto&, output::EndpointRow& row) { row.revocation_status = "unknown"; }, kTlsOk,
       kVerifiedOk, kTlsOk, kStsOk, kTlsOk, kTlsOk},
      // RFC 8461 §4.2: SAN only.
      {"common name", [](auto&, output::EndpointRow& row) { row.name_match = "cn"; }, kTlsOk,
       kVerifiedOk, kTlsOk, Refuse(Reason::kName), kTlsOk, kTlsOk},
      {"level 0", level(0), kTlsOk, kVerifiedOk, kTlsOk, kStsOk, kClearLevel, kClearLevel},
      {"level 1", level(1), kTlsOk, kVerifiedOk, kTlsOk, kStsOk, kClearLevel, kClearLevel},
      {"level 2", level(2), kTlsOk, kVerifiedOk, kTlsOk, kStsOk, kTlsOk, kClearLevel},
      {"level 5", level(5), kTlsOk, kVerifiedOk, kTlsOk, kStsOk, kTlsOk, kTlsOk},
  };
  for (const char* status : {"expired", "not_yet_valid", "self_signed", "untrusted", "incomplete",
                             "constraint", "weak_signature", "malformed"}) {
    cases.push_back({status, pkix(status), kTlsOk, bad_chain, kTlsOk, bad_chain, kTlsOk, kTlsOk});
  }
  return cases;
}

void EnforceSts(MadeUpDomain& domain) {
  domain.domain().mta_sts_status = "valid";
  domain.domain().mta_sts_policy_status = "valid";
  domain.domain().mta_sts_mode = "enforce";
  domain.domain().mta_sts_unmatched_mx.emplace();
}

TEST(SenderPolicy, DecidesForEveryProfileAndEveryKindOfServer) {
  std::vector<OneServer> cases = ServersWithoutTls();
  for (OneServer& each : ServersWithTrouble()) cases.push_back(std::move(each));
  for (const OneServer& each : cases) {
    SCOPED_TRACE(each.name);
    MadeUpDomain domain;
    output::MxHostRow& host = domain.AddHost(10, "mx.example.org");
    each.change(host, domain.AddGoodServer());
    EnforceSts(domain);
    const std::pair<SenderProfile, std::pair<SenderAction, Reason>> expected[] = {
        {kOpportunistic, each.opportunistic},
        {kVerified, each.verified},
        {kDane, each.dane},
        {kMtaSts, each.mta_sts},
        {kLevel2, each.level2},
        {kLevel3, each.level3}};
    for (const auto& [profile, action_and_reason] : expected) {
      SCOPED_TRACE(SenderProfileWord(profile));
      const SenderDecision decision = Decide(profile, domain);
      EXPECT_EQ(decision.action, action_and_reason.first);
      EXPECT_EQ(decision.best, action_and_reason.first);
      EXPECT_EQ(decision.reason, action_and_reason.second);
      EXPECT_EQ(decision.host, "mx.example.org");
      EXPECT_EQ(decision.address, "192.0.2.1");
      EXPECT_EQ(decision.incomplete, decision.action == kUnknown);
    }
  }
}

struct DaneCase {
  std::string tlsa_status;
  std::string dane_status;
  SenderAction action;
  Reason reason;
};

// RFC 7672 §2.2: what a DANE sender does at one host.
TEST(SenderPolicy, FollowsTheTlsaRecordsOfAHost) {
  const DaneCase cases[] = {
      {"none", "none", kEncrypted, Reason::kTls},
      {"insecure", "insecure", kEncrypted, Reason::kTls},
      {"lookup_error", "lookup_error", kDefer, Reason::kTlsaLookupError},
      {"local_error", "", kUnknown, Reason::kNotTried},
      {"secure", "match", kEncrypted, Reason::kDaneMatch},
      {"secure", "unusable", kEncrypted, Reason::kDaneUnusable},
      {"secure", "mismatch", kRefuse, Reason::kDaneMismatch},
      {"secure", "no_starttls", kRefuse, Reason::kDaneNoStartTls},
      {"secure", "tls_failed", kRefuse, Reason::kDaneHandshakeFailed},
      {"secure", "", kUnknown, Reason::kNotTried},
      {"", "", kUnknown, Reason::kNotTried},
  };
  for (const DaneCase& each : cases) {
    SCOPED_TRACE(each.tlsa_status + "/" + each.dane_status);
    MadeUpDomain domain;
    output::MxHostRow& host = domain.AddHost(10, "mx.example.org");
    output::EndpointRow& row = domain.AddGoodServer();
    host.tlsa_status.reset();
    if (!each.tlsa_status.empty()) host.tlsa_status = each.tlsa_status;
    row.dane_status.reset();
    if (!each.dane_status.empty()) row.dane_status = each.dane_status;
    if (each.dane_status == "no_starttls") Fail(row, "no_starttls", "ehlo");
    if (each.dane_status == "tls_failed") Fail(row, "tls_alert", "handshake");
    const SenderDecision decision = Decide(kDane, domain);
    EXPECT_EQ(decision.action, each.action);
    EXPECT_EQ(decision.reason, each.reason);
    EXPECT_EQ(decision.authenticated, each.dane_status == "match");
  }
}

struct StsCase {
  std::string status;      // of the record; empty: null
  std::string rpt_result;  // of the policy; empty: null
  std::string mode;
  SenderAction action;
  Reason reason;
};

// What a sender without a cached policy makes of the domain's, at a server with a bad certificate.
TEST(SenderPolicy, EnforcesAPolicyOnlyWhereThereIsOneInModeEnforce) {  // RFC 8461 §3.3, §5
  const StsCase cases[] = {
      {"", "", "", kUnknown, Reason::kStsUnknown},
      {"none", "", "", kEncrypted, Reason::kTls},
      {"invalid", "", "", kEncrypted, Reason::kTls},
      {"multiple", "", "", kEncrypted, Reason::kTls},
      {"lookup_error", "", "", kUnknown, Reason::kStsUnknown},
      {"local_error", "", "", kUnknown, Reason::kStsUnknown},
      {"valid", "", "", kUnknown, Reason::kStsUnknown},
      {"valid", "sts-policy-fetch-error", "", kEncrypted, Reason::kTls},
      {"valid", "sts-webpki-invalid", "", kEncrypted, Reason::kTls},
      {"valid", "sts-policy-invalid", "", kEncrypted, Reason::kTls},
      {"valid", "", "none", kEncrypted, Reason::kTls},
      {"valid", "", "testing", kEncrypted, Reason::kTls},
      {"valid", "", "enforce", kRefuse, Reason::kCertificate},
  };
  const auto optional = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
  };
  for (const StsCase& each : cases) {
    SCOPED_TRACE(each.status + "/" + each.rpt_result + "/" + each.mode);
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org");
    domain.AddGoodServer().pkix_status = "expired";
    domain.domain().mta_sts_status = optional(each.status);
    domain.domain().mta_sts_rpt_result = optional(each.rpt_result);
    domain.domain().mta_sts_mode = optional(each.mode);
    const SenderDecision decision = Decide(kMtaSts, domain);
    EXPECT_EQ(decision.action, each.action);
    EXPECT_EQ(decision.reason, each.reason);
  }
}

TEST(SenderPolicy, DoesNotCareForDatesAndNamesWhereDaneMatches) {  // RFC 7672 §3.1.1
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org").tlsa_status = "secure";
  output::EndpointRow& row = domain.AddGoodServer();
  row.dane_status = "match";
  row.pkix_status = "expired";
  row.name_match = "none";
  EXPECT_EQ(Decide(kDane, domain).action, kEncrypted);
  EXPECT_EQ(Decide(kVerified, domain).action, kRefuse);
}

TEST(SenderPolicy, BelievesTheDomainWhereItsOwnNameSettlesAMismatch) {  // RFC 7672 §3.2.2
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org").tlsa_status = "secure";
  domain.AddGoodServer().dane_status = "mismatch";
  domain.domain().dane_status = "broken";
  EXPECT_EQ(Decide(kDane, domain).action, kRefuse);
  domain.domain().dane_status = "full";
  EXPECT_EQ(Decide(kDane, domain).action, kEncrypted);
  EXPECT_TRUE(Decide(kDane, domain).authenticated);
}

TEST(SenderPolicy, SaysNothingOfDaneWithoutAValidatingResolver) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddGoodServer();
  const SenderDecision decision = Decide(kDane, domain, /*dnssec_known=*/false);
  EXPECT_EQ(decision.action, kUnknown);
  EXPECT_EQ(decision.reason, Reason::kDnssecUnknown);
  EXPECT_EQ(Decide(kVerified, domain, false).action, kEncrypted);
}

// RFC 8461 §4.1
TEST(SenderPolicy, PassesOverHostsThatTheStsPolicyDoesNotName) {
  MadeUpDomain domain;
  EnforceSts(domain);
  domain.AddHost(10, "other.example.net");
  domain.AddGoodServer();
  domain.domain().mta_sts_unmatched_mx = {"other.example.net"};
  const SenderDecision alone = Decide(kMtaSts, domain);
  EXPECT_EQ(alone.action, kRefuse);
  EXPECT_EQ(alone.reason, Reason::kStsHost);
  domain.AddHost(20, "mx.example.org");
  domain.AddGoodServer();
  const SenderDecision decision = Decide(kMtaSts, domain);
  EXPECT_EQ(decision.action, kEncrypted);
  EXPECT_EQ(decision.host, "mx.example.org");
}

TEST(SenderPolicy, GoesOnToTheNextServerWhereOneDoesNotDo) {
  MadeUpDomain domain;
  domain.AddHost(20, "backup.example.org");
  domain.AddGoodServer();
  domain.AddHost(10, "mx.example.org");
  domain.AddServer("tls_alert", "handshake");
  for (const SenderProfile profile : kSenderProfiles) {
    if (profile == kMtaSts) continue;
    const SenderDecision decision = Decide(profile, domain);
    EXPECT_EQ(decision.action, kEncrypted) << SenderProfileWord(profile);
    EXPECT_EQ(decision.host, "backup.example.org");
    EXPECT_FALSE(decision.incomplete);
  }
}

TEST(SenderPolicy, StopsAtTheFirstServerThatTakesTheMailInClear) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddServer("no_starttls", "ehlo");
  domain.AddHost(20, "backup.example.org");
  domain.AddGoodServer();
  const SenderDecision decision = Decide(kOpportunistic, domain);
  EXPECT_EQ(decision.action, kInClear);
  EXPECT_EQ(decision.best, kInClear);
  EXPECT_EQ(decision.host, "mx.example.org");
  // Who insists goes on.
  EXPECT_EQ(Decide(kVerified, domain).host, "backup.example.org");
}

TEST(SenderPolicy, TellsTheWorstThatChanceCanBringAmongEqualHosts) {
  for (const bool good_first : {true, false}) {
    MadeUpDomain domain;
    domain.AddHost(10, good_first ? "good.example.org" : "clear.example.org");
    good_first ? domain.AddGoodServer() : domain.AddServer("no_starttls", "ehlo");
    domain.AddHost(10, good_first ? "clear.example.org" : "good.example.org");
    good_first ? domain.AddServer("no_starttls", "ehlo") : domain.AddGoodServer();
    const SenderDecision decision = Decide(kOpportunistic, domain);
    EXPECT_EQ(decision.action, kInClear);
    EXPECT_EQ(decision.best, kEncrypted);
    EXPECT_EQ(decision.host, "clear.example.org");
  }
}

TEST(SenderPolicy, TriesTheAddressesOfAHostInAnyOrder) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddGoodServer();
  domain.AddServer("starttls_refused", "starttls");
  const SenderDecision decision = Decide(kOpportunistic, domain);
  EXPECT_EQ(decision.action, kInClear);
  EXPECT_EQ(decision.best, kEncrypted);
  EXPECT_EQ(decision.address, "192.0.2.2");
}

TEST(SenderPolicy, IsAuthenticatedOnlyWhereEveryServerThatMayGetTheMailIs) {
  MadeUpDomain domain;
  domain.AddHost(10, "a.example.org").tlsa_status = "secure";
  domain.AddGoodServer().dane_status = "match";
  EXPECT_TRUE(Decide(kDane, domain).authenticated);
  domain.AddHost(10, "b.example.org");
  domain.AddGoodServer();
  EXPECT_FALSE(Decide(kDane, domain).authenticated);
}

TEST(SenderPolicy, CountsWhatCouldNotBeJudgedAsUnknownAndNotAsRefused) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddGoodServer().pkix_status = "expired";
  domain.AddHost(20, "backup.example.org");
  domain.AddServer("connect_timeout", "connect");
  const SenderDecision decision = Decide(kVerified, domain);
  EXPECT_EQ(decision.action, kUnknown);
  EXPECT_EQ(decision.host, "backup.example.org");
  EXPECT_TRUE(decision.incomplete);
}

TEST(SenderPolicy, SaysWhenAServerThatComesBeforeCouldNotBeJudged) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddServer("connect_timeout", "connect");
  domain.AddHost(20, "backup.example.org");
  domain.AddGoodServer();
  const SenderDecision decision = Decide(kOpportunistic, domain);
  EXPECT_EQ(decision.action, kEncrypted);
  EXPECT_TRUE(decision.incomplete);
}

TEST(SenderPolicy, DoesNotHoldALaterServerAgainstTheDecision) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddGoodServer();
  domain.AddHost(20, "backup.example.org");
  domain.AddServer("connect_timeout", "connect");
  EXPECT_FALSE(Decide(kOpportunistic, domain).incomplete);
}

TEST(SenderPolicy, FallsBackToClearTextWhereEveryHandshakeFails) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddServer("connect_refused", "connect");
  domain.AddServer("tls_alert", "handshake");
  const SenderDecision decision = Decide(kOpportunistic, domain);
  EXPECT_EQ(decision.action, kInClear);
  EXPECT_EQ(decision.reason, Reason::kHandshakeFailed);
  EXPECT_EQ(Decide(kVerified, domain).action, kRefuse);
}

TEST(SenderPolicy, KnowsDomainsThatTakeNoMailOrCannotBeLookedUp) {
  const std::tuple<std::string, SenderAction, Reason> cases[] = {
      {"null_mx", kReturn, Reason::kNullMx},  // RFC 7505 §3
      {"nxdomain", kReturn, Reason::kNoDomain},
      {"no_mail", kReturn, Reason::kNoMail},  // RFC 5321 §5.1
      {"invalid_name", kReturn, Reason::kNoDomain},
      {"bogus", kDefer, Reason::kMxBogus},  // RFC 7672 §2.1.2
      {"servfail", kUnknown, Reason::kMxLookupError},
      {"timeout", kUnknown, Reason::kMxLookupError},
      {"local_error", kUnknown, Reason::kNotTried},
  };
  for (const auto& [status, action, reason] : cases) {
    MadeUpDomain domain;
    domain.domain().mx_status = status;
    for (const SenderProfile profile : kSenderProfiles) {
      const SenderDecision decision = Decide(profile, domain);
      EXPECT_EQ(decision.action, action) << status;
      EXPECT_EQ(decision.reason, reason) << status;
      EXPECT_EQ(decision.host, "");
    }
  }
}

TEST(SenderPolicy, KnowsHostsWithoutServers) {
  const std::tuple<std::string, SenderAction, Reason> cases[] = {
      {"nxdomain", kReturn, Reason::kBadHost},
      {"nodata", kReturn, Reason::kBadHost},
      {"bogus", kDefer, Reason::kHostLookupError},
      {"servfail", kUnknown, Reason::kHostLookupError},
      {"timeout", kUnknown, Reason::kHostLookupError},
      {"local_error", kUnknown, Reason::kNotTried},
      {"ok", kUnknown, Reason::kNotTried},  // of a family that is left out
  };
  for (const auto& [status, action, reason] : cases) {
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org").address_status = status;
    const SenderDecision decision = Decide(kOpportunistic, domain);
    EXPECT_EQ(decision.action, action) << status;
    EXPECT_EQ(decision.reason, reason) << status;
    EXPECT_EQ(decision.host, "mx.example.org");
    EXPECT_EQ(decision.address, "");
  }
  MadeUpDomain literal;
  output::MxHostRow& row = literal.AddHost(10, "192.0.2.1");
  row.address_status.reset();
  row.is_valid_name = false;
  EXPECT_EQ(Decide(kOpportunistic, literal).reason, Reason::kBadHost);
  MadeUpDomain interrupted;
  interrupted.AddHost(10, "mx.example.org");
  interrupted.rows().hosts.clear();
  EXPECT_EQ(Decide(kOpportunistic, interrupted).action, kUnknown);
}

TEST(SenderPolicy, HasAWordOfItsOwnForEachReason) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Reason::kNullMx); ++i) {
    const std::string_view word = SenderReasonWord(static_cast<Reason>(i));
    EXPECT_FALSE(word.empty()) << i;
    EXPECT_TRUE(words.insert(word).second) << word;
  }
}

TEST(DomainRows, PutsHostsByPreferenceAndServersByAddress) {
  MadeUpDomain domain;
  domain.AddHost(20, "b.example.org");
  domain.AddGoodServer();
  domain.AddHost(10, "a.example.org");
  domain.AddGoodServer();
  domain.AddGoodServer();
  std::swap(domain.rows().endpoints[1], domain.rows().endpoints[2]);
  const DomainRows rows = domain.Gather();
  ASSERT_EQ(rows.hosts.size(), 2u);
  EXPECT_EQ(rows.hosts[0].name, "a.example.org");
  ASSERT_EQ(rows.hosts[0].endpoints.size(), 2u);
  EXPECT_EQ(rows.hosts[0].endpoints[0]->address, "192.0.2.2");
  EXPECT_EQ(rows.hosts[0].endpoints[1]->address, "192.0.2.3");
  EXPECT_EQ(rows.hosts[1].name, "b.example.org");
  EXPECT_EQ(rows.hosts[1].row->host, "b.example.org");
}

}  // namespace
}  // namespace mxsweep::scanner
