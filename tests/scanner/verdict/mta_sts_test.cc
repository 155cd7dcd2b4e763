#include "scanner/verdict/mta_sts.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mxsweep::scanner {
namespace {

using dns::PolicyRecordStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kBody[] =
    "version: STSv1\nmode: enforce\nmx: mx1.example.org\nmx: *.mail.example.org\nmax_age: 86400\n";

FetchFacts Fetched(const std::string& body = kBody) {
  FetchFacts facts;
  facts.outcome = FetchOutcome::kOk;
  facts.stage = FetchStage::kDone;
  facts.http_status = 200;
  facts.content_type = "text/plain";
  facts.body = body;
  facts.pkix = tls::PkixVerdict{};
  facts.name_match = tls::NameMatch::kSan;
  return facts;
}

TEST(StsFetchVerdict, TakesAPolicyThatFollowsTheRules) {
  const StsFetch fetch = JudgeStsFetch(Fetched());
  EXPECT_EQ(fetch.status, "valid") << fetch.detail;
  ASSERT_TRUE(fetch.policy.has_value());
  EXPECT_EQ(fetch.policy->max_age_s, 86'400u);
  EXPECT_EQ(fetch.http_status, 200);
  EXPECT_THAT(fetch.detail, IsEmpty());
  EXPECT_EQ(fetch.rpt_result(), "");
}

TEST(StsFetchVerdict, RemarksOnWhatFollowsTheRulesAndIsOfNoUse) {
  const StsFetch fetch = JudgeStsFetch(Fetched(std::string(kBody) + "mx: 192.0.2.1\n"));
  EXPECT_EQ(fetch.status, "valid");
  EXPECT_EQ(fetch.detail, "line 6: an address fits no MX host: \"192.0.2.1\"");
  EXPECT_EQ(fetch.rpt_result(), "");
}

// RFC 8461 §3.2: text/plain; other parameters are ignored.
TEST(StsFetchVerdict, WantsTextPlain) {
  for (const char* type : {"text/plain; charset=utf-8", "Text/Plain ;x=y", "text/plain"}) {
    FetchFacts facts = Fetched();
    facts.content_type = type;
    EXPECT_EQ(JudgeStsFetch(facts).status, "valid") << type;
  }
  for (const char* type : {"text/html", "text/plainer", "application/octet-stream", ""}) {
    FetchFacts facts = Fetched();
    facts.content_type = type;
    const StsFetch fetch = JudgeStsFetch(facts);
    EXPECT_EQ(fetch.status, "not_text_plain") << type;
    EXPECT_EQ(fetch.rpt_result(), "sts-policy-fetch-error");
    EXPECT_FALSE(fetch.policy.has_value());
  }
  FetchFacts facts = Fetched();
  facts.content_type.reset();
  EXPECT_EQ(JudgeStsFetch(facts).status, "not_text_plain");
}

// RFC 8461 §3.3: the policy host's certificate is judged by WebPKI, names by SAN; RFC 8460 §4.3.2.
TEST(StsFetchVerdict, WantsACertificateThatIsValidForThePolicyHost) {
  FetchFacts facts = Fetched();
  facts.pkix = tls::PkixVerdict{tls::PkixStatus::kExpired, "the leaf ended on 2025-01-01"};
  StsFetch fetch = JudgeStsFetch(facts);
  EXPECT_EQ(fetch.status, "webpki_invalid");
  EXPECT_THAT(fetch.detail, HasSubstr("expired: the leaf ended"));
  EXPECT_EQ(fetch.rpt_result(), "sts-webpki-invalid");

  for (const auto match : {tls::NameMatch::kNone, tls::NameMatch::kCn}) {
    facts = Fetched();
    facts.name_match = match;
    EXPECT_EQ(JudgeStsFetch(facts).status, "webpki_invalid");
  }
  facts = Fetched();
  facts.pkix.reset();
  EXPECT_EQ(JudgeStsFetch(facts).status, "webpki_invalid");
}

// A chain with a key that we cannot compute with may be valid: then there is a policy.
TEST(StsFetchVerdict, DoesNotRejectAChainThatIsNotKnown) {
  FetchFacts facts = Fetched();
  facts.pkix = tls::PkixVerdict{tls::PkixStatus::kNotKnown, "issuer: a key on brainpoolP256r1"};
  const StsFetch fetch = JudgeStsFetch(facts);
  EXPECT_EQ(fetch.status, "webpki_not_known");
  EXPECT_EQ(fetch.detail, "issuer: a key on brainpoolP256r1");
  EXPECT_EQ(fetch.rpt_result(), "");
  EXPECT_FALSE(fetch.policy.has_value());
  // What is wrong whatever the chain is worth.
  facts.name_match = tls::NameMatch::kNone;
  EXPECT_EQ(JudgeStsFetch(facts).status, "webpki_invalid");
  facts.name_match = tls::NameMatch::kSan;
  facts.outcome = FetchOutcome::kHttpStatus;
  EXPECT_EQ(JudgeStsFetch(facts).status, "http_status");
}

TEST(StsFetchVerdict, BlamesTheCertificateBeforeTheResponse) {
  FetchFacts facts = Fetched();
  facts.outcome = FetchOutcome::kHttpStatus;
  facts.http_status = 404;
  EXPECT_EQ(JudgeStsFetch(facts).status, "http_status");
  facts.name_match = tls::NameMatch::kNone;
  EXPECT_EQ(JudgeStsFetch(facts).status, "webpki_invalid");
}

// RFC 8460 §4.3.2
TEST(StsFetchVerdict, NamesFailuresAsReportsDo) {
  for (const auto outcome :
       {FetchOutcome::kHostNotFound, FetchOutcome::kHostLookupError, FetchOutcome::kConnectRefused,
        FetchOutcome::kConnectTimeout, FetchOutcome::kUnreachable, FetchOutcome::kTlsFailed,
        FetchOutcome::kTimeout, FetchOutcome::kClosedEarly, FetchOutcome::kReset,
        FetchOutcome::kHttpProtocolError, FetchOutcome::kHttpStatus, FetchOutcome::kRedirect,
        FetchOutcome::kTooLarge}) {
    FetchFacts facts;
    facts.outcome = outcome;
    const StsFetch fetch = JudgeStsFetch(facts);
    EXPECT_EQ(fetch.status, FetchOutcomeName(outcome));
    EXPECT_EQ(fetch.rpt_result(), "sts-policy-fetch-error") << fetch.status;
  }
  for (const auto outcome :
       {FetchOutcome::kBlocked, FetchOutcome::kLocalError, FetchOutcome::kCancelled}) {
    FetchFacts facts;
    facts.outcome = outcome;
    EXPECT_EQ(JudgeStsFetch(facts).rpt_result(), "") << "our own trouble is nobody's failure";
  }
  const StsFetch invalid = JudgeStsFetch(Fetched("<html>"));
  EXPECT_EQ(invalid.status, "invalid");
  EXPECT_EQ(invalid.rpt_result(), "sts-policy-invalid");
  EXPECT_THAT(invalid.detail, HasSubstr("line 1"));
}

TEST(StsPolicyRequest, IsForTheWellKnownPlace) {
  const HttpRequest request = StsPolicyRequest("example.org", 443, 60, 10);
  EXPECT_EQ(UrlOf(request), "https://mta-sts.example.org/.well-known/mta-sts.txt");
  EXPECT_EQ(request.max_body_bytes, 65'536u);
}

Summary Host(uint32_t flags) {
  Summary summary;
  summary.endpoints = 1;
  summary.flags = flags;
  return summary;
}

// A domain with MX hosts mx1.example.org, mx2.example.org …, under a policy that allows `allowed`.
struct Case {
  dns::StsMode mode = dns::StsMode::kEnforce;
  std::vector<std::string> allowed = {"*.example.org"};
  dns::DnssecState mx_dnssec = dns::DnssecState::kInsecure;

  DomainPolicies Judge(const std::vector<uint32_t>& flags) const {
    dns::MxAnswer mx;
    mx.status = dns::MxStatus::kMx;
    mx.dnssec = mx_dnssec;
    std::vector<Summary> hosts;
    for (const uint32_t one : flags) {
      hosts.push_back(Host(one));
      mx.records.push_back({10, "mx" + std::to_string(hosts.size()) + ".example.org"});
    }
    DomainPolicies policies;
    policies.records.emplace().sts.status = PolicyRecordStatus::kValid;
    policies.fetch = StsFetch{.status = "valid", .policy = dns::StsPolicy{mode, 1, allowed}};
    policies.Judge(mx, hosts);
    return policies;
  }
  std::string_view Sender(const std::vector<uint32_t>& flags) const { return Judge(flags).sender; }
};

constexpr uint32_t kPassed = Summary::kStsPassed;
constexpr uint32_t kFailed = Summary::kStsFailed;

// RFC 8461 §5
TEST(StsSender, RefusesInEnforceModeWhatDoesNotPass) {
  const Case enforce;
  EXPECT_EQ(enforce.Sender({kPassed}), "deliver");
  EXPECT_EQ(enforce.Sender({kPassed, kPassed}), "deliver");
  EXPECT_EQ(enforce.Sender({kFailed}), "refuse");
  EXPECT_EQ(enforce.Sender({kFailed, kFailed}), "refuse");
  EXPECT_EQ(enforce.Sender({kFailed, kPassed}), "partial");
  EXPECT_EQ(enforce.Sender({kFailed | kPassed}), "partial");
}

TEST(StsSender, ClaimsNothingAboutHostsThatCouldNotBeJudged) {
  const Case enforce;
  EXPECT_EQ(enforce.Sender({0}), "unknown");
  EXPECT_EQ(enforce.Sender({0, kFailed}), "unknown");
  EXPECT_EQ(enforce.Sender({0, kPassed}), "deliver");
  EXPECT_EQ(Case{.mode = dns::StsMode::kTesting}.Sender({0}), "unknown");
}

// RFC 8461 §4.1, §5.1
TEST(StsSender, PassesOverHostsThatThePolicyDoesNotAllow) {
  const Case first_only{.allowed = {"mx1.example.org"}};
  EXPECT_EQ(first_only.Sender({kPassed, kPassed}), "partial");
  EXPECT_EQ(first_only.Sender({kFailed, kPassed}), "refuse");
  EXPECT_THAT(*first_only.Judge({kPassed, kPassed, kPassed}).unmatched_mx,
              ElementsAre("mx2.example.org", "mx3.example.org"));
  const Case none{.allowed = {"*.example.net"}};
  EXPECT_EQ(none.Sender({kPassed}), "refuse");
  EXPECT_THAT(*Case{}.Judge({kPassed}).unmatched_mx, IsEmpty());
}

// RFC 8461 §5: testing reports, and delivers.
TEST(StsSender, ReportsInTestingMode) {
  const Case testing{.mode = dns::StsMode::kTesting};
  EXPECT_EQ(testing.Sender({kPassed}), "deliver");
  EXPECT_EQ(testing.Sender({kFailed}), "report");
  EXPECT_EQ(testing.Sender({kFailed, kPassed}), "report");
}

// RFC 8461 §2
TEST(StsSender, NeverOverridesAFailureOfDane) {
  const Case testing{.mode = dns::StsMode::kTesting, .mx_dnssec = dns::DnssecState::kSecure};
  EXPECT_EQ(testing.Sender({kFailed | Summary::kDaneBroken}), "refuse");
  EXPECT_EQ(testing.Sender({kFailed | Summary::kDaneBroken, kPassed}), "report");
  const Case insecure{.mode = dns::StsMode::kTesting};
  EXPECT_EQ(insecure.Sender({kFailed | Summary::kDaneBroken}), "report")
      << "no DANE without DNSSEC";
}

TEST(StsSender, DoesNothingInModeNone) {
  const Case none{.mode = dns::StsMode::kNone, .allowed = {}};
  const DomainPolicies policies = none.Judge({kFailed});
  EXPECT_EQ(policies.sender, "none");
  EXPECT_FALSE(policies.unmatched_mx.has_value());
}

// RFC 8461 §3.1, §3.3
TEST(StsSender, GoesOnWithoutAPolicyThatCannotBeHad) {
  const auto sender = [](PolicyRecordStatus status, std::string_view fetch) {
    DomainPolicies policies;
    policies.records.emplace().sts.status = status;
    if (!fetch.empty()) policies.fetch = StsFetch{.status = fetch};
    policies.Judge({}, {});
    return policies.sender;
  };
  EXPECT_EQ(sender(PolicyRecordStatus::kNone, ""), "none");
  EXPECT_EQ(sender(PolicyRecordStatus::kInvalid, ""), "none");
  EXPECT_EQ(sender(PolicyRecordStatus::kMultiple, ""), "none");
  EXPECT_EQ(sender(PolicyRecordStatus::kLookupError, ""), "unknown");
  EXPECT_EQ(sender(PolicyRecordStatus::kLocalError, ""), "unknown");
  EXPECT_EQ(sender(PolicyRecordStatus::kValid, ""), "") << "nobody has looked";
  EXPECT_EQ(sender(PolicyRecordStatus::kValid, "http_status"), "report");
  EXPECT_EQ(sender(PolicyRecordStatus::kValid, "invalid"), "report");
  EXPECT_EQ(sender(PolicyRecordStatus::kValid, "local_error"), "unknown");
  EXPECT_EQ(sender(PolicyRecordStatus::kValid, "webpki_not_known"), "unknown");
  DomainPolicies nothing;
  nothing.Judge({}, {});
  EXPECT_EQ(nothing.sender, "");
}

}  // namespace
}  // namespace mxsweep::scanner
