// `mxsweep diff` of scans from two places, as a user runs it. What is concluded of what is held in
// places_test.cc; here, that text, JSON, CSV and page tell it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/tools/diff/two_places.h"
#include "tests/tools/survey/survey_command.h"

namespace mxsweep::tools {
namespace {

using interop::CommandResult;
using nlohmann::json;
using output::EndpointRow;
using ::testing::AllOf;
using testing::AsItIs;
using ::testing::ElementsAre;
using testing::Ends;
using ::testing::HasSubstr;
using testing::kEvil;
using ::testing::Not;
using testing::TwoPlaces;

class PlacesCommandTest : public testing::CommandTest {
 protected:
  PlacesCommandTest() : CommandTest("diff") {}

  // Of 31 operators one blocks the first place, eight lose STARTTLS on the way there, one has
  // geo-DNS, one is not known there, and one turns the second place away.
  void MakeScans() {
    TwoPlaces world(Path("fra"), Path("tyo"));
    world.AddSeveral("o", 19, AsItIs);
    world.Add("wall.example", {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"},
              Ends("connect_timeout", "connect"));
    world.AddSeveral("s", 8, Ends("no_starttls", "ehlo"));
    world.AddSeveral("u", 1, Ends("local_no_ports", "connect"));
    world.AddSeveral("t", 1, AsItIs, Ends("greeting_5xx", "greeting"));
    world.a.Add(TwoPlaces::Made("geo.example", {"203.0.113.1"}, AsItIs));
    world.b.Add(TwoPlaces::Made("geo.example", {"192.0.9.1", "192.0.9.2"}, AsItIs));
    world.Finish();
  }
};

TEST_F(PlacesCommandTest, TellsItByPlaceIn80Columns) {
  MakeScans();
  const CommandResult result = Run({Path("fra"), Path("tyo")});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ExpectNarrow(result.output);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("What differs between two places\n  frankfurt     "),
                    HasSubstr("The two scans began within a minute of each other."),
                    HasSubstr("  wall.example                            5 of 5 do not answer the "
                              "connection\n      192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4\n"
                              "      and 1 more\n"),
                    HasSubstr("MX hosts that both looked up: 31\n"),
                    HasSubstr("    frankfurt alone:\n      203.0.113.1\n"),
                    HasSubstr("    tokyo alone:\n      192.0.9.1 192.0.9.2\n"),
                    HasSubstr("  encrypt with tokyo, and not with frankfurt")));
  // Nothing is told as if time had passed.
  for (const char* word :
       {"no longer", " now", " then", "expired", "moved", "before", "old scan"}) {
    EXPECT_THAT(result.output, Not(HasSubstr(word)));
  }
}

TEST_F(PlacesCommandTest, CountsFromHowTheWorldIsMade) {
  MakeScans();
  const json report = RunJson({Path("fra"), Path("tyo")});
  EXPECT_EQ(report.at("by"), "place");
  EXPECT_EQ(report.at("a").at("vantage"), "frankfurt");
  EXPECT_EQ(report.at("b").at("vantage"), "tokyo");
  const json& addresses = report.at("addresses");
  EXPECT_EQ(addresses.at("in_both"), 19 + 5 + 8 + 1 + 1);
  EXPECT_EQ(addresses.at("answer_both"), 19 + 8);
  EXPECT_EQ(addresses.at("answer_neither"), 0);
  EXPECT_EQ(addresses.at("not_known"), 1);
  const json& from_a = addresses.at("from").at("a");
  EXPECT_EQ(from_a.at("failed"), (json{{"no_reply", 5}}));
  EXPECT_EQ(from_a.at("blocked")[0].at("name"), "wall.example");
  EXPECT_EQ(from_a.at("blocked")[0].at("addresses").size(), 5u);
  EXPECT_EQ(from_a.at("ipv4").at("state"), "works");
  EXPECT_EQ(addresses.at("from").at("b").at("failed"), (json{{"rejected", 1}}));
  EXPECT_EQ(addresses.at("from").at("b").at("single_addresses"), 1);
  EXPECT_EQ(report.at("mx_hosts").at("by_place"), 1);
  EXPECT_EQ(report.at("mx_hosts").at("hosts")[0].at("only").at("b"),
            (json{"192.0.9.1", "192.0.9.2"}));
  const json& stripped = report.at("servers").at("from").at("a");
  EXPECT_EQ(stripped.at("no_starttls"), 8);
  EXPECT_EQ(stripped.at("operators"), 27);
  EXPECT_EQ(stripped.at("is_stripped"), true);
  EXPECT_EQ(report.at("domains").at("in_both"), 31);
  std::map<std::string, int> causes;
  for (const json& cause : report.at("domains").at("causes")) {
    causes[cause.at("cause")] = cause.at("domains");
  }
  EXPECT_EQ(causes, (std::map<std::string, int>{{"addresses_differ", 1},
                                                {"not_known_from_a", 1},
                                                {"reached_only_from_a", 1},
                                                {"reached_only_from_b", 1},
                                                {"same", 19},
                                                {"tls_only_from_b", 8}}));
  for (const json& share : report.at("shares").at("domains")) {
    if (share.at("measure") != "tls") continue;
    EXPECT_EQ(share.at("a"), (json{{"yes", 21}, {"no", 8}}));
    EXPECT_EQ(share.at("b"), (json{{"yes", 30}, {"no", 0}}));
    EXPECT_EQ(share.at("in_both").at("yes_only_from_b"), 8);
  }
}

TEST_F(PlacesCommandTest, ListsDomainsAndWritesTables) {
  MakeScans();
  EXPECT_EQ(Run({Path("fra"), Path("tyo"), "--list", "reached_only_from_b"}).output,
            "wall.example\n");
  const CommandResult wrong = Run({Path("fra"), Path("tyo"), "--list", "starttls_withdrawn"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.output, HasSubstr("reached_only_from_b"));
  ASSERT_EQ(Run({Path("fra"), Path("tyo"), "--csv", Path("csv")}).exit_code, 0);
  EXPECT_THAT(Read("csv/domains.csv"),
              AllOf(HasSubstr("geo.example,addresses_differ,,geo.example,geo.example\n"),
                    Not(HasSubstr("o1.example"))));
  EXPECT_THAT(Read("csv/addresses.csv"),
              AllOf(HasSubstr("192.0.2.4,25,wall.example,no_reply,answers,blocked,a\n"),
                    HasSubstr(",25,t1.example,answers,rejected,single,b\n"),
                    HasSubstr(",25,u1.example,our_trouble,answers,not_known,\n")));
  EXPECT_THAT(Read("csv/hosts.csv"),
              HasSubstr("mx.geo.example,geo.example,other_networks,,same,,203.0.113.1,192.0.9.1 "
                        "192.0.9.2\n"));
  EXPECT_THAT(Read("csv/servers.csv"),
              HasSubstr(",25,s1.example,no_tls,a,no_starttls,encrypts,,TLSv1.3,mx.s1.example,"
                        "mx.s1.example\n"));
}

TEST_F(PlacesCommandTest, MakesAPageThatNeedsNothingButItself) {
  MakeScans();
  ASSERT_EQ(Run({Path("fra"), Path("tyo"), "-o", Path("places.html")}).exit_code, 0);
  const std::string page = Read("places.html");
  ExpectOwnPage(page);
  EXPECT_THAT(page, AllOf(HasSubstr("<th scope=\"row\">wall.example</th><td>5</td><td>5</td>"),
                          HasSubstr("192.0.2.1, 192.0.2.2"), HasSubstr("<h3>From frankfurt</h3>")));
}

TEST_F(PlacesCommandTest, GoesByVantageUnlessItIsTold) {
  MakeScans();
  EXPECT_THAT(Run({Path("fra"), Path("tyo"), "--no-places"}).output,
              AllOf(HasSubstr("What changed between two scans"), HasSubstr("--places")));
  EXPECT_THAT(Run({Path("fra"), Path("fra")}).output, HasSubstr("What changed between two scans"));
  EXPECT_THAT(Run({Path("fra"), Path("fra"), "--places"}).output,
              HasSubstr("What differs between two places\n  place 1       "));
  const CommandResult noise = Run({Path("fra"), Path("tyo"), "--noise", Path("fra")});
  EXPECT_EQ(noise.exit_code, 2);
  EXPECT_THAT(noise.output, HasSubstr("--noise is for scans from one place"));
  EXPECT_EQ(RunJson({Path("fra"), Path("fra")}).at("by"), "time");
}

TEST_F(PlacesCommandTest, KeepsStrangersTextText) {
  TwoPlaces world(Path("fra"), Path("tyo"));
  world.a.scan()["options"]["vantage"] = kEvil;
  world.AddSeveral("o", 8, AsItIs);
  world.Add(kEvil, {"192.0.2.1", "192.0.2.2", "192.0.2.3"}, Ends("connect_refused", "connect"));
  world.AddSeveral("i", 6, [](EndpointRow& row) { row.greeting = std::string("220 ") + kEvil; });
  world.Finish();
  const CommandResult result =
      Run({Path("fra"), Path("tyo"), "-o", Path("places.html"), "--csv", Path("csv")});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ExpectOwnPage(Read("places.html"));
  for (const std::string& text :
       {result.output, Read("csv/addresses.csv"), Read("csv/hosts.csv"), Read("csv/domains.csv"),
        Run({Path("fra"), Path("tyo"), "--json"}).output}) {
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  }
}

TEST_F(PlacesCommandTest, ComparesScansWithoutRows) {
  TwoPlaces world(Path("fra"), Path("tyo"));
  world.Finish();
  EXPECT_EQ(Run({Path("fra"), Path("tyo"), "-o", Path("places.html")}).exit_code, 0);
  EXPECT_EQ(RunJson({Path("fra"), Path("tyo")}).at("addresses").at("in_both"), 0);
}

}  // namespace
}  // namespace mxsweep::tools
