// `mxsweep trend`, as a user runs it, on scans of which it is known how they were made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/tools/survey/made_up_scan.h"
#include "tests/tools/survey/survey_command.h"

namespace mxsweep::tools {
namespace {

using interop::CommandResult;
using nlohmann::json;
using testing::AddGood;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::kEvil;
using testing::MadeUpDomain;
using testing::MadeUpScan;

class TrendCommandTest : public testing::CommandTest {
 protected:
  TrendCommandTest() : CommandTest("trend") {}

  // A scan of 40 domains, each at a provider of its own, of which so many have no STARTTLS and so
  // many more did not answer.
  std::string MakeScan(const std::string& name, const std::string& day, int clear, int silent = 0) {
    MadeUpScan scan(Path(name));
    scan.scan()["started_at"] = "2026-07-" + day + "T00:00:00Z";
    for (int i = 0; i < 40; ++i) {
      MadeUpDomain domain("d" + std::to_string(i) + ".example");
      output::EndpointRow& row = AddGood(domain, domain.domain().domain);
      if (i < clear + silent) {
        row.outcome = i < clear ? "no_starttls" : "connect_timeout";
        row.stage = i < clear ? "ehlo" : "connect";
      }
      scan.Add(std::move(domain));
    }
    return scan.Finish();
  }

  static json SeriesOf(const json& report, const std::string& unit, const std::string& measure) {
    for (const json& series : report.at("series")) {
      if (series.at("unit") == unit && series.at("measure") == measure) return series;
    }
    ADD_FAILURE() << "no series " << measure;
    return nullptr;
  }
};

TEST_F(TrendCommandTest, PutsScansInTheOrderOfTime) {
  const std::string july_3 = MakeScan("c", "03", 2), july_1 = MakeScan("a", "01", 20),
                    july_2 = MakeScan("b", "02", 19, 4);
  const json report = RunJson({july_3, july_1, july_2});
  EXPECT_EQ(report.at("scans")[0].at("directory"), july_1);
  EXPECT_EQ(report.at("scans")[2].at("directory"), july_3);
  for (const char* unit : {"domains", "servers"}) {
    const json tls = SeriesOf(report, unit, "tls");
    std::vector<int> yes, no;
    for (const json& point : tls.at("points")) {
      yes.push_back(point.at("yes"));
      no.push_back(point.at("no"));
    }
    EXPECT_EQ(yes, (std::vector<int>{20, 17, 38}));
    EXPECT_EQ(no, (std::vector<int>{20, 19, 2}));
    // The silent ones are neither lost nor gained.
    EXPECT_EQ(tls.at("changes")[0].at("lost"), 0);
    EXPECT_EQ(tls.at("changes")[0].at("verdict"), "not_told");
    EXPECT_EQ(tls.at("changes")[1].at("gained"), 17);
    EXPECT_EQ(tls.at("changes")[1].at("verdict"), "up");
    EXPECT_EQ(tls.at("whole_change").at("gained"), 18);
    EXPECT_EQ(tls.at("whole_change").at("verdict"), "up");
  }
}

// Small steps, none of which says anything, come to something.
TEST_F(TrendCommandTest, TellsOfTheWholeWhatNoStepTells) {
  std::vector<std::string> words;
  for (int i = 0; i < 5; ++i) {
    words.push_back(MakeScan("s" + std::to_string(i), "0" + std::to_string(i + 1), 3 * i));
  }
  const json report = RunJson(words);
  const json tls = SeriesOf(report, "domains", "tls");
  for (const json& change : tls.at("changes")) EXPECT_EQ(change.at("verdict"), "not_told");
  EXPECT_EQ(tls.at("whole_change").at("verdict"), "down");
}

TEST_F(TrendCommandTest, DrawsALineIn80Columns) {
  const CommandResult result =
      Run({MakeScan("a", "01", 20), MakeScan("b", "02", 11), MakeScan("c", "03", 2)});
  ASSERT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("some server encrypts              ▁▅█           50.00 %  95.00 %"
                              "  +45.00 up\n"),
                    HasSubstr("Scan by scan")));
  ExpectNarrow(result.output);
}

TEST_F(TrendCommandTest, ComparesNoDaneOfAResolverThatDoesNotValidate) {
  MadeUpScan(Path("x"), /*validates=*/false).Finish();
  const json report = RunJson({MakeScan("a", "01", 2), Path("x")});
  EXPECT_EQ(SeriesOf(report, "domains", "dane").at("whole_change"), nullptr);
  EXPECT_THAT(report.at("remarks").dump(), HasSubstr("From scan 1 to 2: "));
}

TEST_F(TrendCommandTest, TellsOfNoChangeWhereNothingIsInBoth) {
  MadeUpScan(Path("x")).Finish();
  const json report = RunJson({MakeScan("a", "01", 2), Path("x")});
  EXPECT_EQ(SeriesOf(report, "domains", "tls").at("whole_change"), nullptr);
}

TEST_F(TrendCommandTest, MakesAPageInWhichTextStaysText) {
  MadeUpScan evil(Path("evil"));
  evil.scan()["started_at"] = kEvil;
  evil.scan()["version"] = kEvil;
  evil.Finish();
  ASSERT_EQ(Run({MakeScan("a", "01", 2), Path("evil"), "-o", Path("trend.html")}).exit_code, 0);
  ExpectOwnPage(Read("trend.html"));
}

TEST_F(TrendCommandTest, RefusesWrongUsage) {
  const std::string scan = MakeScan("a", "01", 2);
  EXPECT_EQ(Run({}).exit_code, 2);
  EXPECT_EQ(Run({scan}).exit_code, 2);
  EXPECT_EQ(Run({scan, Path("nowhere")}).exit_code, 1);
  EXPECT_EQ(Run({scan, scan, "-o", Path("nowhere/t.html")}).exit_code, 1);
}

}  // namespace
}  // namespace mxsweep::tools
