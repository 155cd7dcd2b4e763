// `mxsweep diff`, as a user runs it, on scans made in pairs. What the numbers are is compared with
// DuckDB's by tests/parquet_readers, and what a browser makes of the page by
// tests/tools/page/open_in_chromium.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "tests/tools/survey/made_up_scan.h"
#include "tests/tools/survey/survey_command.h"

namespace mxsweep::tools {
namespace {

using interop::CommandResult;
using nlohmann::json;
using output::EndpointRow;
using testing::AddGood;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kEvil;
using testing::MadeUpDomain;
using testing::MadeUpScan;
using ::testing::Not;

class DiffCommandTest : public testing::CommandTest {
 protected:
  DiffCommandTest() : CommandTest("diff") {}

  // Each at a provider of its own.
  static void Good(MadeUpDomain& domain) { AddGood(domain, domain.domain().domain); }
  static void Clear(MadeUpDomain& domain) {
    Good(domain);
    domain.rows().endpoints[0].outcome = "no_starttls";
    domain.rows().endpoints[0].stage = "ehlo";
  }
  static void Silent(MadeUpDomain& domain) {
    Good(domain);
    domain.rows().endpoints[0].outcome = "connect_timeout";
    domain.rows().endpoints[0].stage = "connect";
  }

  // 60 domains with TLS, of which 20 lose it, 5 are not known and 3 go; 2 gain it.
  void MakeScans() {
    MadeUpScan before(Path("old")), after(Path("new"));
    before.AddNamed("stays", 30, Good);
    after.AddNamed("stays", 30, Good);
    before.AddNamed("loses", 20, Good);
    after.AddNamed("loses", 20, Clear);
    before.AddNamed("silent", 5, Good);
    after.AddNamed("silent", 5, Silent);
    before.AddNamed("removed", 3, Good);
    before.AddNamed("gains", 2, Clear);
    after.AddNamed("gains", 2, Good);
    before.Finish();
    after.Finish();
  }

  static json MeasureOf(const json& report, const std::string& unit, const std::string& word) {
    for (const json& measure : report.at(unit)) {
      if (measure.at("measure") == word) return measure;
    }
    ADD_FAILURE() << "no measure " << word;
    return nullptr;
  }
};

TEST_F(DiffCommandTest, CountsWhatIsKnownFromHowTheScansAreMade) {
  MakeScans();
  const json report = RunJson({Path("old"), Path("new")});
  EXPECT_EQ(report.at("domains_in_both"), 57);
  EXPECT_EQ(report.at("domains_changed"), 22);
  EXPECT_EQ(report.at("domains_not_known"), 5);
  const json tls = MeasureOf(report, "domains", "tls");
  EXPECT_EQ(tls.at("old"), (json{{"yes", 58}, {"no", 2}}));
  EXPECT_EQ(tls.at("new"), (json{{"yes", 32}, {"no", 20}}));
  EXPECT_EQ(tls.at("in_both"),
            (json{{"stayed_yes", 30}, {"stayed_no", 0}, {"lost", 20}, {"gained", 2}}));
  EXPECT_EQ(tls.at("verdict"), "down");
  EXPECT_EQ(tls.at("new_not_counted"), (json{{"silent", 5}}));
  std::vector<std::string> steps;
  for (const json& step : tls.at("steps")) {
    steps.push_back(step.at("step").get<std::string>() + " " +
                    step.value("why", step.value("cause", "")) + " " + step.at("count").dump());
  }
  EXPECT_THAT(steps, ElementsAre("old  60", "left not_in_list 3", "left silent 5",
                                 "compared_old  52", "lost starttls_withdrawn 20",
                                 "gained starttls_added 2", "compared_new  52", "new  52"));
}

TEST_F(DiffCommandTest, TellsItIn80Columns) {
  MakeScans();
  const CommandResult result = Run({Path("old"), Path("new")});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("    STARTTLS is no longer offered             TLS lost            "
                              "        20\n"),
                    HasSubstr("not known now, and known then"), HasSubstr(" down\n")));
  ExpectNarrow(result.output);
}

TEST_F(DiffCommandTest, ListsTheDomainsOfACause) {
  MakeScans();
  EXPECT_EQ(Run({Path("old"), Path("new"), "--list", "starttls_added"}).output,
            "gains-1.example\ngains-2.example\n");
  EXPECT_EQ(Run({Path("old"), Path("new"), "--list", "dane_broken"}).output, "");
  const CommandResult wrong = Run({Path("old"), Path("new"), "--list", "sunspots"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.output, HasSubstr("starttls_withdrawn"));
}

TEST_F(DiffCommandTest, WritesTheNumbersAsCsv) {
  MakeScans();
  ASSERT_EQ(Run({Path("old"), Path("new"), "--csv", Path("numbers")}).exit_code, 0);
  EXPECT_THAT(
      Read("numbers/domains.csv"),
      AllOf(HasSubstr("gains-1.example,starttls_added,no_starttls,tls,gained,"
                      "gains-1.example,gains-1.example\n"),
            HasSubstr("removed-3.example,list_removed,not_in_list,,lost,"
                      "removed-3.example,\n"),
            HasSubstr("silent-5.example,not_known_now,silent,,,"), Not(HasSubstr("stays-"))));
  EXPECT_THAT(Read("numbers/causes.csv"),
              HasSubstr("starttls_withdrawn,no_starttls,tls,lost,,20\n"));
  EXPECT_THAT(Read("numbers/steps.csv"),
              HasSubstr("domains,tls,lost,starttls_withdrawn,20,30,22\n"));
  EXPECT_THAT(Read("numbers/steps.csv"), HasSubstr("servers,tls,gained,starttls_added,2,32,20\n"));
  EXPECT_THAT(Read("numbers/providers.csv"), HasSubstr("loses-1.example,1,1,0,1,0\n"));
}

TEST_F(DiffCommandTest, WritesTheServersWhoseAnswerChanged) {
  MakeScans();
  ASSERT_EQ(Run({Path("old"), Path("new"), "--csv", Path("numbers")}).exit_code, 0);
  const std::string servers = Read("numbers/servers.csv");
  EXPECT_TRUE(servers.starts_with("host,address,port,provider,measure,old,new,cause\n"));
  EXPECT_THAT(servers,
              AllOf(HasSubstr("mx.loses-7.example,192.0.2.1,25,loses-7.example,tls,yes,no,"
                              "starttls_withdrawn\n"),
                    HasSubstr("mx.gains-2.example,192.0.2.1,25,gains-2.example,trusted,no,"
                              "yes,starttls_added\n"),
                    HasSubstr("mx.silent-1.example,192.0.2.1,25,silent-1.example,tls1.3,"
                              "yes,,silent\n"),
                    HasSubstr("mx.removed-3.example,192.0.2.1,25,removed-3.example,key,yes,"
                              ",not_named\n"),
                    Not(HasSubstr("stays-"))));
  // Line by line what the steps count.
  std::map<std::string, int> told, counted;
  std::istringstream lines(servers);
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line);) {
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    ASSERT_EQ(cells.size(), 8u) << line;
    const std::string step = cells[6].empty()   ? "left"
                             : cells[5].empty() ? "came"
                             : cells[6] == "no" ? "lost"
                                                : "gained";
    ++told[cells[4] + " " + step + " " + cells[7]];
  }
  std::istringstream steps(Read("numbers/steps.csv"));
  while (std::getline(steps, line)) {
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    if (cells[0] != "servers" || cells[3].empty()) continue;
    counted[cells[1] + " " + cells[2] + " " + cells[3]] = std::stoi(cells[4]);
  }
  EXPECT_EQ(told, counted);
  EXPECT_EQ(told["tls lost starttls_withdrawn"], 20);
}

// "No" as before, for another reason: it is told, and no step.
TEST_F(DiffCommandTest, WritesServersThatFailOtherwise) {
  MadeUpScan before(Path("old")), after(Path("new"));
  before.AddNamed("fails", 1, Clear);
  after.AddNamed("fails", 1, [](MadeUpDomain& domain) {
    Good(domain);
    domain.rows().endpoints[0].outcome = "starttls_refused";
    domain.rows().endpoints[0].stage = "starttls";
  });
  before.Finish();
  after.Finish();
  ASSERT_EQ(Run({Path("old"), Path("new"), "--csv", Path("numbers")}).exit_code, 0);
  EXPECT_THAT(Read("numbers/servers.csv"), HasSubstr(",tls,no,no,starttls_refused\n"));
}

TEST_F(DiffCommandTest, KeepsStrangersTextTextInTheListOfServers) {
  MadeUpScan before(Path("old")), after(Path("new"));
  before.AddNamed(kEvil, 1, Good);
  after.AddNamed(kEvil, 1, Clear);
  before.Finish();
  after.Finish();
  ASSERT_EQ(Run({Path("old"), Path("new"), "--csv", Path("numbers")}).exit_code, 0);
  EXPECT_THAT(Read("numbers/servers.csv"),
              AllOf(HasSubstr("intruder"), HasSubstr(",yes,no,starttls_withdrawn\n"),
                    Not(HasSubstr("\x1b"))));
}

// The same servers, scanned twice: what differs is chance.
TEST_F(DiffCommandTest, SaysWhatIsWithinNoise) {
  MadeUpScan before(Path("old")), again(Path("again")), after(Path("new"));
  for (MadeUpScan* scan : {&before, &again, &after}) scan->AddNamed("stays", 80, Good);
  before.AddNamed("flaps", 10, Good);
  again.AddNamed("flaps", 10, Clear);
  after.AddNamed("flaps", 10, Clear);
  for (MadeUpScan* scan : {&before, &again}) scan->AddNamed("expires", 10, Good);
  after.AddNamed("expires", 10, [](MadeUpDomain& domain) {
    Good(domain);
    domain.rows().endpoints[0].pkix_status = "expired";
  });
  for (MadeUpScan* scan : {&before, &again, &after}) scan->Finish();
  const auto doubts = [&](const std::vector<std::string>& words) {
    std::map<std::string, json> found;
    const json report = RunJson(words);
    for (const json& cause : report.at("causes")) {
      found[cause.at("cause")] = cause.at("doubt");
    }
    return found;
  };
  auto without = doubts({Path("old"), Path("new")});
  EXPECT_EQ(without["starttls_withdrawn"], nullptr);
  auto with = doubts({Path("old"), Path("new"), "--noise", Path("again")});
  EXPECT_EQ(with["starttls_withdrawn"], "within_noise");
  EXPECT_EQ(with["certificate_expired"], nullptr);
}

TEST_F(DiffCommandTest, SaysWhatGoesAsOftenTheOtherWay) {
  MadeUpScan before(Path("old")), after(Path("new"));
  for (MadeUpScan* scan : {&before, &after}) scan->AddNamed("stays", 50, Good);
  before.AddNamed("there", 8, Good);
  after.AddNamed("there", 8, Clear);
  before.AddNamed("back", 7, Clear);
  after.AddNamed("back", 7, Good);
  before.Finish();
  after.Finish();
  const json report = RunJson({Path("old"), Path("new")});
  EXPECT_EQ(MeasureOf(report, "domains", "tls").at("verdict"), "not_told");
  for (const json& cause : report.at("causes")) {
    if (cause.at("measure") == "tls") {
      EXPECT_EQ(cause.at("doubt"), "both_ways") << cause;
    }
  }
}

TEST_F(DiffCommandTest, CallsAFewOfFewNoTrend) {
  MadeUpScan before(Path("old")), after(Path("new"));
  before.AddNamed("few", 3, Good);
  after.AddNamed("few", 3, Clear);
  before.Finish();
  after.Finish();
  const json report = RunJson({Path("old"), Path("new")});
  EXPECT_EQ(MeasureOf(report, "domains", "tls").at("in_both").at("lost"), 3);
  EXPECT_EQ(MeasureOf(report, "domains", "tls").at("verdict"), "not_told");
}

// Who is known in neither scan has not changed, as far as can be told.
TEST_F(DiffCommandTest, ListsProvidersOfWhichSomethingIsKnown) {
  const auto silent = [](MadeUpDomain& domain) {
    domain.AddHost(10, "mx.silent.example").provider = "silent.example";
    domain.AddServer("connect_timeout", "connect");
  };
  MadeUpScan before(Path("old")), after(Path("new"));
  for (MadeUpScan* scan : {&before, &after}) {
    scan->AddNamed("stays", 3, Good);
    scan->AddNamed("silent", 7, silent);
  }
  before.AddNamed("falls", 2, Good);
  after.AddNamed("falls", 2, [](MadeUpDomain& domain) {
    Good(domain);
    domain.rows().endpoints.clear();
    domain.AddServer("connect_timeout", "connect");
  });
  before.Finish();
  after.Finish();
  const json report = RunJson({Path("old"), Path("new"), "--csv", Path("numbers")});
  EXPECT_EQ(report.at("domains_not_known"), 9);
  EXPECT_THAT(Read("numbers/providers.csv"), HasSubstr("silent.example,7,0,0,0,0\n"));
  EXPECT_THAT(Run({Path("old"), Path("new")}).output,
              AllOf(HasSubstr("Providers with most changes, of 2 with any"),
                    Not(HasSubstr("  silent.example"))));
}

// A thousand customers of one provider are one provider.
TEST_F(DiffCommandTest, CallsTheChangeOfOneProviderNoTrend) {
  MadeUpScan before(Path("old")), after(Path("new"));
  for (MadeUpScan* scan : {&before, &after}) scan->AddNamed("stays", 40, Good);
  const auto at_one = [](MadeUpDomain& domain) { AddGood(domain, "large.example"); };
  before.AddNamed("customer", 40, at_one);
  after.AddNamed("customer", 40, [&](MadeUpDomain& domain) {
    at_one(domain);
    domain.rows().endpoints[0].outcome = "no_starttls";
    domain.rows().endpoints[0].stage = "ehlo";
  });
  before.Finish();
  after.Finish();
  const json report = RunJson({Path("old"), Path("new")});
  const json tls = MeasureOf(report, "domains", "tls");
  EXPECT_EQ(tls.at("in_both").at("lost"), 40);
  EXPECT_EQ(tls.at("verdict"), "not_told");
  EXPECT_GT(tls.at("design_effect"), 10);
  EXPECT_EQ(report.at("providers")[0].at("provider"), "large.example");
  EXPECT_EQ(report.at("providers")[0].at("tls_lost"), 40);
}

TEST_F(DiffCommandTest, SaysFirstInWhatTheScansDiffer) {
  MadeUpScan before(Path("old"), /*validates=*/true), after(Path("new"), /*validates=*/false);
  before.scan()["options"] = {{"retries", 1}, {"port", 25}, {"mta_sts", "full"}};
  after.scan()["options"] = {{"retries", 0}, {"port", 25}, {"mta_sts", "record"}};
  before.scan()["started_at"] = "2026-07-02T00:00:00Z";
  after.scan()["started_at"] = "2026-07-01T00:00:00Z";
  before.scan()["outages"] = json::array({{{"of", "resolvers"}, {"sure", false}}});
  after.scan()["outages"] = json::array(
      {{{"of", "connections"}, {"sure", true}}, {{"of", "resolvers"}, {"sure", false}}});
  for (MadeUpScan* scan : {&before, &after}) scan->AddNamed("stays", 3, Good);
  before.Finish();
  after.Finish(output::ScanState::kStopped);
  const json report = RunJson({Path("old"), Path("new")});
  const std::string remarks = report.at("remarks").dump();
  EXPECT_THAT(
      remarks,
      AllOf(HasSubstr("are they exchanged?"), HasSubstr("The new scan is not complete (stopped)"),
            HasSubstr("The new scan noticed 1 outage of our own network"),
            Not(HasSubstr("The old scan noticed")), HasSubstr("--retries was 1 and is 0"),
            HasSubstr("--mta-sts was full and is record"), HasSubstr("DANE is not compared"),
            Not(HasSubstr("--port"))));
  for (const json& measure : report.at("domains")) {
    EXPECT_NE(measure.at("measure"), "dane");
    EXPECT_NE(measure.at("measure"), "mta_sts");
  }
  EXPECT_THAT(Run({Path("old"), Path("new")}).output, HasSubstr("To be read first\n"));
}

// An older scan has no such column: what stands in it alone is not known in the other.
TEST_F(DiffCommandTest, SaysThatTheTablesAreOfAnotherVersion) {
  MakeScans();
  std::string text = Read("old/scan.json");
  const std::string now = "\"schema_version\": 5";
  ASSERT_NE(text.find(now), text.npos) << text;
  text.replace(text.find(now), now.size(), "\"schema_version\": 4");
  std::ofstream(Path("old/scan.json")) << text;
  EXPECT_THAT(RunJson({Path("old"), Path("new")}).at("remarks").dump(),
              HasSubstr("the version of the tables was 4 and is 5"));
}

TEST_F(DiffCommandTest, SaysNothingFirstOfScansThatAreAlike) {
  MakeScans();
  EXPECT_THAT(RunJson({Path("old"), Path("new")}).at("remarks"), IsEmpty());
}

TEST_F(DiffCommandTest, MakesAPageThatNeedsNothingButItself) {
  MakeScans();
  ASSERT_EQ(Run({Path("old"), Path("new"), "-o", Path("diff.html")}).exit_code, 0);
  const std::string page = Read("diff.html");
  ExpectOwnPage(page);
  EXPECT_THAT(page, AllOf(HasSubstr("<code>starttls_withdrawn</code></td><td>20</td>"),
                          HasSubstr("<th scope=\"row\">without: it did not answer in time, now</th>"
                                    "<td>5</td>")));
}

TEST_F(DiffCommandTest, KeepsStrangersTextText) {
  MadeUpScan before(Path("old")), after(Path("new"));
  for (MadeUpScan* scan : {&before, &after}) {
    scan->scan()["version"] = kEvil;
    scan->scan()["options"] = {{"ehlo_name", scan == &before ? kEvil : "x"}};
  }
  before.AddNamed(kEvil, 1, [](MadeUpDomain& domain) { AddGood(domain, kEvil); });
  after.AddNamed(kEvil, 1, [](MadeUpDomain& domain) { AddGood(domain, "x.example"); });
  before.Finish();
  after.Finish();
  const CommandResult result =
      Run({Path("old"), Path("new"), "-o", Path("diff.html"), "--csv", Path("numbers")});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const std::string page = Read("diff.html");
  ExpectOwnPage(page);
  EXPECT_THAT(page, HasSubstr("&lt;b id=intruder&gt;"));
  for (const std::string& text : {result.output, Read("numbers/domains.csv"),
                                  Run({Path("old"), Path("new"), "--list", "mx_moved"}).output}) {
    EXPECT_THAT(text, AllOf(HasSubstr("intruder"), Not(HasSubstr("\x1b"))));
  }
}

TEST_F(DiffCommandTest, ComparesScansWithoutRows) {
  MadeUpScan before(Path("old")), after(Path("new"));
  before.Finish();
  after.Finish();
  EXPECT_EQ(Run({Path("old"), Path("new"), "-o", Path("diff.html")}).exit_code, 0);
  EXPECT_EQ(RunJson({Path("old"), Path("new")}).at("domains_in_both"), 0);
}

// Lists without a domain in common: nothing is known of a change, which is no change of 0.00.
TEST_F(DiffCommandTest, TellsOfNoChangeWhereNothingIsInBoth) {
  MadeUpScan before(Path("old")), after(Path("new"));
  before.AddNamed("old", 3, Good);
  after.AddNamed("new", 2, Good);
  before.Finish();
  after.Finish();
  const json tls = MeasureOf(RunJson({Path("old"), Path("new")}), "domains", "tls");
  EXPECT_EQ(tls.at("interval"), nullptr);
  const CommandResult result = Run({Path("old"), Path("new")});
  EXPECT_THAT(result.output, HasSubstr("some server encrypts              100.00 % 100.00 %"
                                       "      -   none in both\n"));
  ASSERT_EQ(Run({Path("old"), Path("new"), "-o", Path("diff.html")}).exit_code, 0);
  EXPECT_THAT(Read("diff.html"), HasSubstr("<td>-</td><td>none in both</td>"));
}

TEST_F(DiffCommandTest, RefusesWrongUsage) {
  MakeScans();
  EXPECT_EQ(Run({Path("old")}).exit_code, 2);
  EXPECT_EQ(Run({Path("old"), Path("new"), "--top", "0"}).exit_code, 2);
  EXPECT_EQ(Run({Path("old"), Path("nowhere")}).exit_code, 1);
  EXPECT_EQ(Run({Path("old"), Path("new"), "-o", Path("nowhere/d.html")}).exit_code, 1);
  EXPECT_EQ(
      Run({Path("old"), Path("new"), "--noise", Path("nowhere"), "-o", Path("d.html")}).exit_code,
      1);
  EXPECT_FALSE(std::filesystem::exists(Path("d.html")));
}

}  // namespace
}  // namespace mxsweep::tools
