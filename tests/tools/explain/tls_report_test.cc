// TLS reports: RFC 8460's own example, and what reporters do differently.
#include "tools/explain/lines/tls_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace mxsweep::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Result {
  absl::Status status;
  std::vector<Trouble> troubles;
  std::vector<Delivery> sessions;
  ReportTotals totals;
};

Result ReadAll(const std::vector<std::string>& texts) {
  Result result;
  KnownReports known;
  for (const std::string& text : texts) {
    result.status = ReadTlsReport(
        text, [&](Trouble trouble) { result.troubles.push_back(std::move(trouble)); },
        [&](Delivery delivery) { result.sessions.push_back(std::move(delivery)); }, &known,
        &result.totals);
  }
  return result;
}

Result Read(const std::string& text) { return ReadAll({text}); }

// RFC 8460 appendix B.
constexpr char kExample[] = R"({
  "organization-name": "Company-X",
  "date-range": {
    "start-datetime": "2016-04-01T00:00:00Z",
    "end-datetime": "2016-04-01T23:59:59Z"
  },
  "contact-info": "sts-reporting@company-x.example",
  "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
  "policies": [{
    "policy": {
      "policy-type": "sts",
      "policy-string": ["version: STSv1","mode: testing",
            "mx: *.mail.company-y.example","max_age: 86400"],
      "policy-domain": "company-y.example",
      "mx-host": "*.mail.company-y.example"
    },
    "summary": {
      "total-successful-session-count": 5326,
      "total-failure-session-count": 303
    },
    "failure-details": [{
      "result-type": "certificate-expired",
      "sending-mta-ip": "2001:db8:abcd:0012::1",
      "receiving-mx-hostname": "mx1.mail.company-y.example",
      "failed-session-count": 100
    }, {
      "result-type": "starttls-not-supported",
      "sending-mta-ip": "2001:db8:abcd:0013::1",
      "receiving-mx-hostname": "mx2.mail.company-y.example",
      "receiving-ip": "203.0.113.56",
      "failed-session-count": 200,
      "additional-information": "https://reports.company-x.example/report_info?id=5065427c-23d3#StarttlsNotSupported"
    }, {
      "result-type": "validation-failure",
      "sending-mta-ip": "198.51.100.62",
      "receiving-ip": "203.0.113.58",
      "receiving-mx-hostname": "mx-backup.mail.company-y.example",
      "failed-session-count": 3,
      "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"
    }]
  }]
})";

TEST(TlsReport, ReadsTheExampleOfTheStandard) {
  const Result result = Read(kExample);
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.totals.reports, 1u);
  EXPECT_EQ(result.totals.successful_sessions, 5326u);
  EXPECT_EQ(result.totals.failed_sessions, 303u);
  ASSERT_THAT(result.troubles, SizeIs(3));
  const Trouble& expired = result.troubles[0];
  EXPECT_EQ(expired.cause.id, "certificate_expired");
  EXPECT_EQ(expired.cause.side, Side::kSender);
  EXPECT_THAT(expired.cause.owners, ElementsAre(Owner::kOurs));
  EXPECT_THAT(expired.cause.ours, HasSubstr("Renew"));
  EXPECT_THAT(expired.cause.title, HasSubstr("(policy: sts)"));
  EXPECT_EQ(expired.count, 100u);
  EXPECT_EQ(expired.remote.domain, "company-y.example");
  EXPECT_EQ(expired.remote.host, "mx1.mail.company-y.example");
  EXPECT_EQ(expired.time_s, 1459468800);  // date -ud 2016-04-01 +%s
  EXPECT_EQ(result.troubles[1].cause.id, "starttls_not_supported");
  EXPECT_EQ(result.troubles[1].count, 200u);
  EXPECT_EQ(result.troubles[2].cause.id, "report_validation_failure");
  EXPECT_THAT(result.troubles[2].line, HasSubstr("X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"));
}

std::string Report(const std::string& policies) {
  return R"({"organization-name":"X","date-range":{"start-datetime":"2026-11-28T00:00:00"},)"
         R"("contact-info":null,"report-id":"1+","policies":)" +
         policies + "}";
}

// RFC 8460 §4.3: every type has words of its own, and the setting is the reader's.
TEST(TlsReport, KnowsEveryResultType) {
  for (const char* type :
       {"starttls-not-supported", "certificate-host-mismatch", "certificate-expired",
        "certificate-not-trusted", "validation-failure", "tlsa-invalid", "dnssec-invalid",
        "dane-required", "sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid"}) {
    const Result result = Read(Report(
        R"([{"policy":{"policy-type":"tlsa","policy-domain":"example.org"},"failure-details":[{"result-type":")" +
        std::string(type) + R"(","failed-session-count":2}]}])"));
    ASSERT_THAT(result.troubles, SizeIs(1)) << type;
    EXPECT_TRUE(result.troubles[0].cause.known) << type;
    EXPECT_THAT(result.troubles[0].cause.owners, ElementsAre(Owner::kOurs)) << type;
    EXPECT_EQ(result.troubles[0].cause.side, Side::kSender) << type;
    EXPECT_THAT(result.troubles[0].cause.not_this, HasSubstr("ot ")) << type;
  }
}

TEST(TlsReport, TakesWhatReportersWriteOtherwise) {
  // No failure-details, though sessions failed.
  Result result = Read(Report(
      R"([{"policy":{"policy-type":"no-policy-found"},"summary":{"total-failure-session-count":7}}])"));
  ASSERT_THAT(result.troubles, SizeIs(1));
  EXPECT_EQ(result.troubles[0].cause.id, "report_without_type");
  EXPECT_EQ(result.troubles[0].count, 7u);
  EXPECT_EQ(result.troubles[0].remote.domain, "");
  // A count alone, numbers in quotation marks, one object for a list, a list for one text.
  result = Read(Report(
      R"({"policy":{"policy-type":"sts","policy-domain":["example.org"],"policy-string":"v"},)"
      R"("summary":{"total-successful-session-count":"5"},"failure-details":{"failed-session-count":"3"}})"));
  ASSERT_THAT(result.troubles, SizeIs(1));
  EXPECT_EQ(result.troubles[0].count, 3u);
  EXPECT_EQ(result.troubles[0].remote.domain, "example.org");
  EXPECT_EQ(result.totals.successful_sessions, 5u);
  // Unknown types pass, and are said to be not known.
  result = Read(Report(
      R"([{"policy":{"policy-domain":"example.org"},"failure-details":[{"result-type":"of-next-year","x":{}}]}])"));
  ASSERT_THAT(result.troubles, SizeIs(1));
  EXPECT_FALSE(result.troubles[0].cause.known);
  EXPECT_THAT(result.troubles[0].cause.title, HasSubstr("of-next-year"));
  EXPECT_EQ(result.troubles[0].time_s, 1795824000);  // a time without a zone
  // All is well.
  result = Read(Report(R"([{"policy":{},"summary":{"total-successful-session-count":9}}])"));
  EXPECT_THAT(result.troubles, IsEmpty());
}

TEST(TlsReport, RefusesWhatIsNone) {
  for (const std::string& text :
       {std::string("{}"), std::string("[]"), std::string("{\"policies\""), std::string("dh key"),
        std::string(100'000, '['), "{\"policies\":" + std::string(100'000, '[')}) {
    EXPECT_FALSE(Read(text).status.ok()) << text.substr(0, 40);
  }
  EXPECT_TRUE(Read(R"({"policies":null})").status.ok());
}

// `text` with the first `from` in it replaced by `to`.
std::string With(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(TlsReport, CountsOneThatIsGivenTwiceOnce) {
  // The same in another order and without spaces, as another program would write it.
  const std::string rewritten = nlohmann::json::parse(kExample).dump();
  const Result result = ReadAll({kExample, rewritten, kExample});
  EXPECT_EQ(result.totals.reports, 1u);
  EXPECT_EQ(result.totals.given_again, 2u);
  EXPECT_EQ(result.totals.failed_sessions, 303u);
  EXPECT_EQ(result.totals.successful_sessions, 5326u);
  EXPECT_EQ(result.totals.other_contents, 0u);
  EXPECT_THAT(result.troubles, SizeIs(3));
}

// Reporters use one id for every day, or the ids of others; and for every domain of a receiver's.
TEST(TlsReport, CountsAllThatHaveAnIdInCommonAlone) {
  const std::string example = kExample;
  const Result result = ReadAll({example, With(example, "Company-X", "Company-Z"),
                                 With(example, "2016-04-01T00", "2016-03-31T00"),
                                 With(example, "2016-04-01T23", "2016-04-02T23"),
                                 With(example, "\"company-y.example\"", "\"company-w.example\""),
                                 With(example, "\"5065427c", "\"6065427c")});
  EXPECT_EQ(result.totals.reports, 6u);
  EXPECT_EQ(result.totals.given_again, 0u);
  EXPECT_EQ(result.totals.other_contents, 0u);
  EXPECT_THAT(result.troubles, SizeIs(18));
}

// It may correct the first, or be of other servers: to leave it out might hide failures.
TEST(TlsReport, CountsOneWithOtherContentsAndSaysSo) {
  const std::string example = kExample;
  const std::string corrected = With(example, ": 303", ": 304");
  const Result result = ReadAll({example, corrected, corrected, example});
  EXPECT_EQ(result.totals.reports, 2u);
  EXPECT_EQ(result.totals.other_contents, 1u);
  EXPECT_EQ(result.totals.given_again, 2u);
  EXPECT_EQ(result.totals.failed_sessions, 607u);
}

TEST(TlsReport, NeverTakesWhatNothingIdentifiesForOneThatWasGivenBefore) {
  const std::string example = kExample;
  for (const std::string& text :
       {With(example, "\"report-id\": \"5065427c-23d3-47ca-b6e0-946ea0e8c4be\",", ""),
        With(example, "5065427c-23d3-47ca-b6e0-946ea0e8c4be", ""),
        With(example, "\"Company-X\"", "null"), With(example, "start-datetime", "start")}) {
    const Result result = ReadAll({text, text});
    EXPECT_EQ(result.totals.reports, 2u) << text;
    EXPECT_EQ(result.totals.given_again, 0u) << text;
    EXPECT_EQ(result.totals.unidentified, 2u) << text;
  }
}

TEST(KnownReports, KeepsNoMoreThanItMay) {
  KnownReports known(2);
  EXPECT_EQ(known.Add("a", "1"), KnownReports::Met::kFirst);
  EXPECT_EQ(known.Add("b", "1"), KnownReports::Met::kFirst);
  EXPECT_EQ(known.Add("c", "1"), KnownReports::Met::kNotKept);
  EXPECT_EQ(known.Add("c", "1"), KnownReports::Met::kNotKept);
  EXPECT_EQ(known.Add("a", "2"), KnownReports::Met::kOtherContents);
  EXPECT_EQ(known.Add("b", "1"), KnownReports::Met::kAgain);
}

// Where one text ends and the next begins is a part of both.
TEST(KnownReports, DoesNotMixIdentityAndContents) {
  KnownReports known;
  EXPECT_EQ(known.Add("ab", "c"), KnownReports::Met::kFirst);
  EXPECT_EQ(known.Add("a", "bc"), KnownReports::Met::kFirst);
}

// RFC 8460 §4.1: "failure types are non-exclusive", and the total counts sessions.
TEST(TlsReport, CountsASessionThatFailedInTwoWaysOnce) {
  const Result result = Read(
      Report(R"([{"policy":{"policy-type":"sts","policy-domain":"example.org"},)"
             R"("summary":{"total-successful-session-count":97,"total-failure-session-count":3},)"
             R"("failure-details":[{"result-type":"certificate-expired","failed-session-count":3},)"
             R"({"result-type":"certificate-host-mismatch","failed-session-count":2}]}])"));
  EXPECT_THAT(result.troubles, SizeIs(2));
  EXPECT_EQ(result.totals.failed_sessions, 3u);
  ASSERT_THAT(result.sessions, SizeIs(2));
  EXPECT_EQ(result.sessions[0].count, 97u);
  EXPECT_EQ(result.sessions[1].encryption, Encryption::kClear);
  EXPECT_EQ(result.sessions[1].count, 3u);
}

TEST(TlsReport, CountsByDetailsWhatHasNoTotal) {
  const Result result =
      Read(Report(R"([{"policy":{"policy-type":"sts","policy-domain":"example.org"},)"
                  R"("failure-details":[{"result-type":"certificate-expired",)"
                  R"("failed-session-count":4}]}])"));
  EXPECT_EQ(result.totals.failed_sessions, 4u);
}

std::string TwoPolicies(const std::string& dane, const std::string& sts) {
  const auto policy = [](const std::string& type, const std::string& summary) {
    return R"({"policy":{"policy-type":")" + type + R"(","policy-domain":"example.org"},)" +
           R"("summary":{)" + summary + "}}";
  };
  return Report("[" + policy("tlsa", dane) + "," + policy("sts", sts) + "," +
                policy("no-policy-found", R"("total-successful-session-count":2)") + "]");
}

// RFC 8460 §4.1: "Reporters may report multiple applied policies (for example, an MTA-STS policy
// and a DANE TLSA record for the same domain and MX)".
TEST(TlsReport, CountsASessionUnderTwoPoliciesOnce) {
  Result result = Read(TwoPolicies(R"("total-successful-session-count":7)",
                                   R"("total-successful-session-count":7)"));
  EXPECT_EQ(result.totals.successful_sessions, 9u);
  EXPECT_EQ(result.totals.sessions_told_twice, 7u);
  result =
      Read(TwoPolicies(R"("total-successful-session-count":4,"total-failure-session-count":3)",
                       R"("total-successful-session-count":6,"total-failure-session-count":1)"));
  EXPECT_EQ(result.totals.successful_sessions, 6u);
  EXPECT_EQ(result.totals.failed_sessions, 3u);
  EXPECT_THAT(result.troubles, SizeIs(2)) << "each policy's failures are told";
  EXPECT_EQ(result.totals.perhaps_told_twice, 0u);
}

TEST(TlsReport, SaysWhereItCannotTellWhetherTheyAreTheSame) {
  const Result result = Read(TwoPolicies(R"("total-successful-session-count":7)",
                                         R"("total-successful-session-count":5)"));
  EXPECT_EQ(result.totals.successful_sessions, 14u);
  EXPECT_EQ(result.totals.sessions_told_twice, 0u);
  EXPECT_EQ(result.totals.perhaps_told_twice, 1u);
}

// RFC 8259 §6: 3, 3.0 and 30e-1 are the same number.
TEST(TlsReport, ReadsNumbersHoweverTheyAreWritten) {
  for (const char* number : {"3", "3.0", "30e-1", "\"3\""}) {
    const Result result = Read(Report(
        R"([{"policy":{"policy-domain":"example.org"},"summary":{"total-failure-session-count":)" +
        std::string(number) + "}}]"));
    EXPECT_EQ(result.totals.failed_sessions, 3u) << number;
  }
  // RFC 7493 §2.2: I-JSON has no such numbers; two of the last would make a small one.
  for (const char* number : {"-1", "0.5", "1e300", "9007199254740992", "18446744073709551615"}) {
    const std::string policy =
        R"({"policy":{"policy-domain":"example.org"},"summary":{"total-failure-session-count":)" +
        std::string(number) + "}}";
    const Result result = Read(Report("[" + policy + "," + policy + "]"));
    EXPECT_EQ(result.totals.failed_sessions, 0u) << number;
  }
}

TEST(TlsReport, TakesADomainInAnySpelling) {
  std::set<std::string> domains;
  for (const char* domain : {"B\xC3\xBC"
                             "cher.example.",
                             "xn--BCHER-kva.example"}) {
    const Result result = Read(Report(R"([{"policy":{"policy-domain":")" + std::string(domain) +
                                      R"("},"summary":{"total-failure-session-count":1}}])"));
    ASSERT_THAT(result.troubles, SizeIs(1));
    domains.insert(result.troubles[0].remote.domain);
  }
  EXPECT_THAT(domains, ElementsAre("xn--bcher-kva.example"));
}

TEST(TlsReport, SplitsSeveral) {
  const std::string text = R"({"a":"}{\"\\"} {"b":{}}
{})";
  EXPECT_THAT(SplitReports(text), ElementsAre(R"({"a":"}{\"\\"})", R"({"b":{}})", "{}"));
  EXPECT_THAT(SplitReports("[\n{\"a\":[{}]},\n{}]"), ElementsAre(R"({"a":[{}]})", "{}"));
  EXPECT_THAT(SplitReports("{} {\"a\":"), ElementsAre("{}", "{\"a\":"));
  EXPECT_THAT(SplitReports("no report"), ElementsAre("no report"));
  EXPECT_THAT(SplitReports(""), ElementsAre(""));
}

TEST(TlsReport, LooksLikeOne) {
  EXPECT_TRUE(LooksLikeTlsReport(kExample));
  EXPECT_TRUE(LooksLikeTlsReport("\xEF\xBB\xBF\n {\"policies\": []}"));
  EXPECT_FALSE(LooksLikeTlsReport(R"({"event":"delivered","tls":false})"));
  EXPECT_TRUE(LooksLikeTlsReport("[\n {\"policies\": []}]"));
  EXPECT_FALSE(LooksLikeTlsReport("[ERROR] {\"policies\": []}"));
  EXPECT_FALSE(LooksLikeTlsReport("\"policies\""));
}

}  // namespace
}  // namespace mxsweep::tools
