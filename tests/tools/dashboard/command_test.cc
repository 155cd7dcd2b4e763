// `mxsweep dashboard`, as a user runs it, on logs, reports and scans of which it is known how they
// were made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/tools/dashboard/made_up_mail.h"
#include "tests/tools/survey/made_up_scan.h"
#include "tests/tools/survey/survey_command.h"

namespace mxsweep::tools {
namespace {

using interop::CommandResult;
using nlohmann::json;
using testing::AddGood;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::How;
using testing::kDay;
using testing::kEvil;
using testing::kHour;
using testing::kMonday;
using testing::MadeUpDomain;
using testing::MadeUpScan;
using testing::PostfixLog;
using ::testing::SizeIs;
using testing::TlsReport;

class DashboardCommandTest : public testing::CommandTest {
 protected:
  DashboardCommandTest() : CommandTest("dashboard") {}

  // A day of mail, of which two providers have a third each. From 14:00 on q.test has trouble with
  // the handshake, and from 18:00 on it has not.
  static std::string DayWithAFall() {
    PostfixLog log;
    for (int hour = 0; hour < 24; ++hour) {
      const int64_t time = kMonday + hour * kHour;
      const bool trouble = hour >= 14 && hour < 18;
      for (int i = 0; i < 10; ++i) {
        const std::string number = std::to_string(i);
        log.Send(time + 60 * i, "a" + number + ".test", "mx.p.test", How::kEncrypted, 4);
        log.Send(time + 60 * i + 20, "b" + number + ".test", "mx.q.test",
                 trouble ? How::kHandshakeFailed : How::kEncrypted, 4);
        log.Send(time + 60 * i + 30, "c.test", "mx.c.test", i == 3 ? How::kClear : How::kEncrypted,
                 4);
      }
      log.Receive(time, "mail.sender.test", How::kEncrypted, 30);
    }
    return log.text();
  }

  // A scan in which the servers of the domains b0 … b9 offer STARTTLS, or do not.
  std::string MakeScan(const std::string& name, const std::string& started_at, bool offered) {
    MadeUpScan scan(Path(name));
    scan.scan()["started_at"] = started_at;
    for (int i = 0; i < 10; ++i) {
      MadeUpDomain domain("b" + std::to_string(i) + ".test");
      output::EndpointRow& row = AddGood(domain, "q" + std::to_string(i) + ".test");
      if (!offered) {
        row.outcome = "no_starttls";
        row.stage = "ehlo";
      }
      scan.Add(std::move(domain));
      MadeUpDomain other("a" + std::to_string(i) + ".test");
      AddGood(other, "p" + std::to_string(i) + ".test");
      scan.Add(std::move(other));
    }
    return scan.Finish();
  }
};

TEST_F(DashboardCommandTest, NamesTheCauseOfAFallAndWhoseItIs) {
  const json report = RunJson({Write("mail.log", DayWithAFall())});
  ASSERT_THAT(report.at("drops"), SizeIs(1)) << report.at("drops");
  const json& drop = report.at("drops")[0];
  EXPECT_EQ(drop.at("flow"), "outbound");
  EXPECT_EQ(drop.at("from"), "2026-11-23T14:00:00Z");
  EXPECT_EQ(drop.at("until"), "2026-11-23T18:00:00Z");
  EXPECT_EQ(drop.at("before"), (json{{"encrypted", 14 * 116}, {"clear", 14 * 4}}));
  EXPECT_EQ(drop.at("then"), (json{{"encrypted", 4 * 76}, {"clear", 4 * 44}}));
  const double points = 100.0 * 76 / 120 - 100.0 * 116 / 120;
  EXPECT_NEAR(drop.at("points").get<double>(), points, 1e-9);
  // All of it is one failure at one provider.
  ASSERT_THAT(drop.at("causes"), SizeIs(1)) << drop.at("causes");
  EXPECT_EQ(drop.at("causes")[0].at("cause"), "dh_key_too_small");
  EXPECT_NEAR(drop.at("causes")[0].at("points").get<double>(), points, 1e-9);
  const json& first = drop.at("providers")[0];
  EXPECT_EQ(first.at("provider"), "q.test");
  EXPECT_NEAR(first.at("points").get<double>(), points, 1e-9);
  EXPECT_THAT(first.at("places"), SizeIs(10));
  for (const json& place : first.at("places")) {
    EXPECT_THAT(place.at("first_clear").get<std::string>(), HasSubstr("2026-11-23T14:0"));
  }
}

TEST_F(DashboardCommandTest, SaysWhatScansAroundAFallSayOfItsDomains) {
  const json report = RunJson({Write("mail.log", DayWithAFall()),
                               MakeScan("noon", "2026-11-23T12:00:00.000000Z", true),
                               MakeScan("night", "2026-11-23T22:00:00.000000Z", false)});
  ASSERT_THAT(report.at("drops"), SizeIs(1));
  const json& said = report.at("drops")[0].at("scans_say");
  ASSERT_THAT(said, SizeIs(1)) << said;
  EXPECT_EQ(said[0].at("said"), "STARTTLS is no longer offered");
  EXPECT_EQ(said[0].at("domains"), 10);
  const json& falls = report.at("scans").at("falls");
  ASSERT_THAT(falls, SizeIs(1));
  EXPECT_EQ(falls[0].at("lost"), 10);
  EXPECT_EQ(falls[0].at("causes")[0].at("cause"), "starttls_withdrawn");
  EXPECT_EQ(falls[0].at("providers")[0].at("provider"), "q0.test");
}

TEST_F(DashboardCommandTest, TakesOneScanForAPoint) {
  const json report = RunJson({MakeScan("noon", "2026-11-23T12:00:00.000000Z", true)});
  ASSERT_THAT(report.at("scans").at("points"), SizeIs(1));
  EXPECT_EQ(report.at("scans").at("points")[0].at("yes"), 20);
  EXPECT_THAT(report.at("drops"), SizeIs(0));
}

TEST_F(DashboardCommandTest, NamesWhatReportersSaw) {
  std::vector<std::string> words;
  for (int day = 0; day < 12; ++day) {
    words.push_back(
        Write("alpha" + std::to_string(day) + ".json",
              TlsReport("Alpha", kMonday + day * kDay, 500, 1, "starttls-not-supported")));
    words.push_back(Write("beta" + std::to_string(day) + ".json",
                          TlsReport("Beta", kMonday + day * kDay, day < 8 ? 500 : 100,
                                    day < 8 ? 0 : 400, "certificate-expired")));
  }
  const json report = RunJson(words);
  ASSERT_THAT(report.at("drops"), SizeIs(1)) << report.at("drops");
  const json& drop = report.at("drops")[0];
  EXPECT_EQ(drop.at("flow"), "reported");
  EXPECT_EQ(drop.at("from"), "2026-12-01T00:00:00Z");
  EXPECT_EQ(drop.at("until"), nullptr);
  EXPECT_EQ(drop.at("causes")[0].at("cause"), "certificate_expired");
  EXPECT_EQ(drop.at("providers")[0].at("provider"), "Beta");
}

// A mailing to a domain without STARTTLS is in the shares, and no fall.
TEST_F(DashboardCommandTest, CallsNoMailingInClearAFall) {
  PostfixLog log;
  for (int hour = 0; hour < 24; ++hour) {
    const int64_t time = kMonday + hour * kHour;
    log.Send(time, "a.test", "mx.p.test", How::kEncrypted, 60);
    if (hour == 14) log.Send(time + 60, "school.test", "mx.school.test", How::kClear, 40);
  }
  const json report = RunJson({Write("mail.log", log.text())});
  EXPECT_THAT(report.at("drops"), SizeIs(0)) << report.at("drops");
  EXPECT_EQ(report.at("flows")[0].at("buckets")[14].at("clear"), 40);
  // Every hour from then on it is one.
  for (int hour = 15; hour < 24; ++hour) {
    log.Send(kMonday + hour * kHour, "school.test", "mx.school.test", How::kClear, 40);
  }
  const json lasting = RunJson({Write("mail.log", log.text())});
  ASSERT_THAT(lasting.at("drops"), SizeIs(1));
  EXPECT_EQ(lasting.at("drops")[0].at("from"), "2026-11-23T14:00:00Z");
  EXPECT_EQ(lasting.at("drops")[0].at("causes")[0].at("kind"), "volume");
}

// Two folders that overlap: nothing changes but the remark.
TEST_F(DashboardCommandTest, CountsReportsThatAreGivenTwiceOnce) {
  std::vector<std::string> words;
  for (int day = 0; day < 3; ++day) {
    words.push_back(Write("r" + std::to_string(day), TlsReport("A", kMonday + day * kDay, 500, 7)));
  }
  const json once = RunJson(words);
  words.push_back(Write("copy", TlsReport("A", kMonday + kDay, 500, 7)));
  const json twice = RunJson(words);
  EXPECT_EQ(twice.at("flows"), once.at("flows"));
  EXPECT_EQ(once.at("tls_reports_given_again"), 0);
  EXPECT_EQ(twice.at("tls_reports"), 3);
  EXPECT_EQ(twice.at("tls_reports_given_again"), 1);
  EXPECT_THAT(twice.at("remarks").dump(), HasSubstr("1 TLS report was given before: left out"));
}

// From noon on smtp_tls_loglevel is 0.
TEST_F(DashboardCommandTest, TakesALogThatFallsSilentForNoFall) {
  PostfixLog log;
  for (int hour = 0; hour < 24; ++hour) {
    for (int i = 0; i < 12; ++i) {
      const std::string number = std::to_string(i);
      log.Send(kMonday + hour * kHour + 60 * i, "d" + number + ".test", "mx.p" + number + ".test",
               hour < 12 ? How::kEncrypted : How::kClear, 5);
    }
  }
  const json report = RunJson({Write("mail.log", log.text())});
  EXPECT_THAT(report.at("drops"), SizeIs(0));
  EXPECT_THAT(report.at("remarks").dump(),
              AllOf(HasSubstr("Of 720 outbound deliveries Postfix (smtp) on mx1"),
                    HasSubstr("smtp_tls_loglevel = 1")));
  uint64_t not_told = 0, clear = 0;
  for (const json& bucket : report.at("flows")[0].at("buckets")) {
    not_told += bucket.at("not_told").get<uint64_t>();
    clear += bucket.at("clear").get<uint64_t>();
  }
  EXPECT_EQ(not_told, 720u);
  EXPECT_EQ(clear, 0u);
}

TEST_F(DashboardCommandTest, SaysItIn80Columns) {
  const CommandResult result = Run({Write("mail.log", DayWithAFall() + "no time here\n"),
                                    MakeScan("noon", "2026-11-23T12:00:00.000000Z", true),
                                    MakeScan("night", "2026-11-23T22:00:00.000000Z", false)});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("fell from Mon 2026-11-23 14:00 until Mon 2026-11-23 18:00"),
                    HasSubstr("10 domains, most by b0.test; first Mon 2026-11-23 14:00"),
                    HasSubstr("STARTTLS is no longer offered"),
                    HasSubstr("1 has no time that is known here")));
  ExpectNarrow(result.output);
}

TEST_F(DashboardCommandTest, MakesAPageInWhichTextStaysText) {
  PostfixLog log;
  for (int hour = 0; hour < 20; ++hour) {
    log.Send(kMonday + hour * kHour, "a.test", "mx.p.test", How::kEncrypted, 50);
    log.Receive(kMonday + hour * kHour, "mail.sender.test", How::kEncrypted, 5);
  }
  const std::string mail = Write("mail.log", log.text() + kEvil + "\n");
  std::vector<std::string> words = {mail, "-o", Path("page.html")};
  json evil = json::parse(TlsReport("x", kMonday, 1, 500));
  evil["organization-name"] = kEvil;
  evil["policies"][0]["failure-details"][0]["result-type"] = kEvil;
  for (int day = 0; day < 8; ++day) {
    words.push_back(
        Write("r" + std::to_string(day), TlsReport("Good", kMonday - (day + 1) * kDay, 500, 0)));
  }
  words.push_back(Write("evil.json", evil.dump()));
  ASSERT_EQ(Run(words).exit_code, 0);
  const std::string page = Read("page.html");
  ExpectOwnPage(page);
  EXPECT_THAT(page, HasSubstr("&lt;b id=intruder"));
}

// What cannot be read is told, and what can is shown.
TEST_F(DashboardCommandTest, SaysWhatCouldNotBeRead) {
  const std::string mail = Write("mail.log", DayWithAFall());
  const std::string broken = Write("broken.json", R"({"policies": )");
  CommandResult result = Run({mail, broken, Path("nowhere"), "--json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("broken.json"), HasSubstr("nowhere"), HasSubstr("dh_key_too_small")));
  EXPECT_EQ(Run({Path("nowhere")}).exit_code, 1);
  result = Run({Write("other.txt", "no log\n")});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, AllOf(HasSubstr("Of 1 line 1 has no time"),
                                   HasSubstr("no delivery of a log that is known here")));
}

TEST_F(DashboardCommandTest, RefusesWrongUsage) {
  const std::string mail = Write("mail.log", DayWithAFall());
  EXPECT_EQ(Run({}).exit_code, 2);
  EXPECT_EQ(Run({mail, "--least", "-1"}).exit_code, 2);
  EXPECT_EQ(Run({mail, "--top", "0"}).exit_code, 2);
  EXPECT_EQ(Run({mail, "-o", Path("nowhere/d.html")}).exit_code, 1);
  EXPECT_EQ(Run({mail, Path()}).exit_code, 1) << "a folder that holds no scan";
}

}  // namespace
}  // namespace mxsweep::tools
