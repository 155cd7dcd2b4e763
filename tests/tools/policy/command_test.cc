// `mxsweep policy`, as a user runs it, on scans whose truth is known from how they are made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/tools/survey/made_up_scan.h"
#include "tests/tools/survey/survey_command.h"

namespace mxsweep::tools {
namespace {

using interop::CommandResult;
using nlohmann::json;
using output::EndpointRow;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MadeUpDomain;
using testing::MadeUpScan;
using ::testing::Not;

class PolicyCommandTest : public testing::CommandTest {
 protected:
  PolicyCommandTest() : CommandTest("policy") {}

  // lost, unknown, fine, lost_anyway, not_asked of the only requirement.
  static std::vector<uint64_t> Fates(const json& text, const std::string& what = "domains") {
    EXPECT_EQ(text["requirements"].size(), 1u);
    std::vector<uint64_t> fates;
    for (const char* fate : {"lost", "unknown", "fine", "lost_anyway", "not_asked"}) {
      fates.push_back(text["requirements"][0][fate][what].get<uint64_t>());
    }
    return fates;
  }

  static void Good(MadeUpDomain& domain) {
    domain.AddHost(10, "mx.example");
    domain.AddGoodServer();
  }
  static void Clear(MadeUpDomain& domain) {
    domain.AddHost(10, "mx.example");
    domain.AddServer("no_starttls", "ehlo");
  }
  static void Old(MadeUpDomain& domain) {
    domain.AddHost(10, "mx.example");
    EndpointRow& row = domain.AddGoodServer();
    row.tls_version = "TLSv1";
    row.leaf_key_type = "rsa";
    row.leaf_key_bits = 1024;
    row.pkix_status = "self_signed";
    scanner::testing::SetSessionLevel(row, 0);
  }
  static void Silent(MadeUpDomain& domain) {
    domain.AddHost(10, "mx.example");
    domain.AddServer("connect_timeout", "connect");
  }
  static void Refusing(MadeUpDomain& domain) {
    domain.AddHost(10, "mx.example");
    domain.AddServer("connect_refused", "connect");
  }
  static void NullMx(MadeUpDomain& domain) { domain.domain().mx_status = "null_mx"; }
  static void NoDomain(MadeUpDomain& domain) {
    domain.domain().mx_status = "nxdomain";
    domain.domain().mx.reset();
  }

  // 100 domains.
  std::string MakeScan(const std::string& name = "scan", bool validates = true) {
    MadeUpScan scan(Path(name), validates);
    scan.Add("good", 40, Good);
    scan.Add("clear", 20, Clear);
    scan.Add("old", 10, Old, /*shared_host=*/true);
    scan.Add("silent", 7, Silent);
    scan.Add("refusing", 5, Refusing);
    scan.Add("null", 15, NullMx);
    scan.Add("gone", 3, NoDomain);
    return scan.Finish();
  }
};

TEST_F(PolicyCommandTest, CountsWhatIsKnownFromHowTheScanIsMade) {
  const std::string scan = MakeScan();
  const std::map<std::string, std::vector<uint64_t>> truth = {
      // lost, unknown, fine, lost anyway, not asked
      {"tls", {20, 7, 50, 5, 18}},
      {"tls1.2", {30, 7, 40, 5, 18}},
      {"rsa2048", {30, 7, 40, 5, 18}},
      {"rsa1024", {20, 7, 50, 5, 18}},
      {"session1", {30, 7, 40, 5, 18}},
      {"verified", {30, 7, 40, 5, 18}},
      // Nothing is published, so nothing is demanded.
      {"dane", {0, 7, 70, 5, 18}},
      {"sender:opportunistic", {0, 7, 70, 5, 18}},
      {"opportunistic", {0, 7, 70, 5, 18}},
      {"sender:python", {30, 7, 40, 5, 18}},
  };
  for (const auto& [word, fates] : truth) {
    const json text = RunJson({scan, "--require", word});
    EXPECT_EQ(Fates(text), fates) << word;
    EXPECT_EQ(text["all"]["domains"], 100) << word;
    EXPECT_EQ(text["nothing_required"]["lost_anyway"]["domains"], 5) << word;
    EXPECT_FALSE(text["all"].contains("messages")) << word;
  }
}

TEST_F(PolicyCommandTest, SaysWhy) {
  const json text = RunJson({MakeScan(), "--require", "tls1.2"});
  const json& requirement = text["requirements"][0];
  EXPECT_EQ(requirement["lost_reasons"]["no_starttls"]["domains"], 20);
  EXPECT_EQ(requirement["lost_reasons"]["version_too_old"]["domains"], 10);
  EXPECT_EQ(requirement["lost_reasons"].size(), 2u);
  EXPECT_EQ(requirement["unknown_reasons"]["no_answer"]["domains"], 7);
}

TEST_F(PolicyCommandTest, SimulatesTheUsualWhereNothingIsNamed) {
  const json text = RunJson({MakeScan()});
  std::vector<std::string> words;
  for (const json& requirement : text["requirements"]) {
    words.push_back(requirement["requirement"]);
    uint64_t sum = 0;
    for (const char* fate : {"lost", "unknown", "fine", "lost_anyway", "not_asked"}) {
      sum += requirement[fate]["domains"].get<uint64_t>();
    }
    EXPECT_EQ(sum, 100u) << words.back();
  }
  EXPECT_THAT(words, ::testing::IsSupersetOf({"tls", "tls1.2", "tls1.3", "rsa2048", "verified",
                                              "dane", "mta-sts", "fs", "pq", "session2",
                                              "certificate2", "sender:level2", "sender:go"}));
}

TEST_F(PolicyCommandTest, PrintsATableOfAtMost80Columns) {
  const std::string scan = MakeScan();
  const CommandResult result = Run({scan, "--require", "tls,verified+tls1.2"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("take no mail                    18   18.00 %"));
  EXPECT_THAT(
      result.output,
      HasSubstr(
          "  tls                           20   24.39 %           7    8.54 %            50\n"));
  EXPECT_THAT(result.output, HasSubstr("no_starttls"));
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{scan}, {scan, "--require", "tls,verified+tls1.2"}}) {
    ExpectNarrow(Run(words).output);
  }
}

TEST_F(PolicyCommandTest, WeighsDomainsByTheSendersOwnTraffic) {
  const std::string weights = Write("weights.csv",
                                    "domain,messages\r\n"
                                    "GOOD-1.example,100\r\n"
                                    "\"clear-1.example\",20\r\n"
                                    "clear-1.example,3\r\n"
                                    "\r\n"
                                    "silent-2.example.,7\r\n"
                                    "null-1.example,1000\r\n"
                                    "elsewhere.example,50\r\n");
  const json text = RunJson({MakeScan(), "--require", "tls", "--weights", weights});
  EXPECT_EQ(Fates(text, "messages"), (std::vector<uint64_t>{23, 7, 100, 0, 1000}));
  EXPECT_EQ(Fates(text), (std::vector<uint64_t>{20, 7, 50, 5, 18}));
  EXPECT_EQ(text["not_in_scan"]["domains"], 1);
  EXPECT_EQ(text["not_in_scan"]["messages"], 50);
  const CommandResult result = Run({Path("scan"), "--require", "tls", "--weights", weights});
  EXPECT_THAT(result.output, HasSubstr("Messages"));
  EXPECT_THAT(result.output, HasSubstr("17.69 %"));  // 23 of 130
  EXPECT_THAT(result.output, HasSubstr("not in the scan, with 50 messages"));
}

TEST_F(PolicyCommandTest, RefusesWeightsThatAreNone) {
  const std::string scan = MakeScan();
  for (const char* text : {"example.org\n", "a.example,1\nb.example,many\n", "a.example,-1\n\n,2\n",
                           "a.example,1\nno domain,2\n", "x,y\na.example,99999999999999\n"}) {
    const CommandResult result =
        Run({scan, "--require", "tls", "--weights", Write("weights.csv", text)});
    EXPECT_EQ(result.exit_code, 2) << text;
    EXPECT_THAT(result.output, HasSubstr("weights.csv, line")) << text;
  }
  EXPECT_EQ(Run({scan, "--require", "tls", "--weights", Path("missing")}).exit_code, 2);
}

TEST_F(PolicyCommandTest, ListsWhoIsLostAndOfWhomThatIsNotKnown) {
  const std::string weights = Write("weights.csv", "clear-3.example,12\n");
  EXPECT_EQ(
      Run({MakeScan(), "--require", "tls,rsa2048", "--weights", weights, "--csv", Path("lost.csv")})
          .exit_code,
      0);
  std::istringstream lines(Read("lost.csv"));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "requirement,fate,reason,host,domain,messages");
  std::map<std::string, int> counts;
  std::vector<std::string> all;
  while (std::getline(lines, line)) {
    all.push_back(line);
    ++counts[line.substr(0, line.find(',', line.find(',') + 1))];
  }
  EXPECT_EQ(
      counts,
      (std::map<std::string, int>{
          {"tls,lost", 20}, {"tls,unknown", 7}, {"rsa2048,lost", 30}, {"rsa2048,unknown", 7}}));
  EXPECT_THAT(all, ::testing::Contains("tls,lost,no_starttls,d43.mx.example,clear-3.example,12"));
  EXPECT_THAT(all,
              ::testing::Contains("rsa2048,lost,certificate_too_weak,mx.example,old-4.example,0"));
  EXPECT_THAT(all, Not(::testing::Contains(HasSubstr("null-"))));
}

TEST_F(PolicyCommandTest, NoCellOfTheListIsAFormulaOrBreaksALine) {
  MadeUpScan scan(Path("scan"));
  scan.Add(
      "hostile", 1,
      [](MadeUpDomain& domain) {
        domain.AddHost(10, "=cmd|'/c calc'!A1,\"x\"\nmx");
        domain.AddServer("no_starttls", "ehlo");
      },
      /*shared_host=*/true);
  EXPECT_EQ(Run({scan.Finish(), "--require", "tls", "--csv", Path("lost.csv")}).exit_code, 0);
  EXPECT_EQ(Read("lost.csv"),
            "requirement,fate,reason,host,domain,messages\n"
            "tls,lost,no_starttls,\"'=cmd|'/c calc'!A1,\"\"x\"\"?mx\",hostile-1.example,0\n");
}

TEST_F(PolicyCommandTest, KnowsNothingOfDaneWithoutAResolverThatValidates) {
  const std::string scan = MakeScan("scan", /*validates=*/false);
  EXPECT_EQ(Fates(RunJson({scan, "--require", "dane"})), (std::vector<uint64_t>{0, 82, 0, 0, 18}));
  EXPECT_THAT(Run({scan, "--require", "dane"}).output, HasSubstr("did not validate DNSSEC"));
  EXPECT_THAT(Run({scan, "--require", "tls"}).output, Not(HasSubstr("did not validate DNSSEC")));
}

TEST_F(PolicyCommandTest, SaysThatAScanIsNotComplete) {
  MadeUpScan scan(Path("scan"));
  scan.Add("good", 1, Good);
  EXPECT_THAT(Run({scan.Finish(output::ScanState::kStopped)}).output,
              HasSubstr("not complete (stopped)"));
}

TEST_F(PolicyCommandTest, TakesRequirementsBeforeTheDirectoryToo) {
  EXPECT_EQ(Fates(RunJson({"--require", "tls", MakeScan()})),
            (std::vector<uint64_t>{20, 7, 50, 5, 18}));
}

TEST_F(PolicyCommandTest, RefusesWrongUsage) {
  const std::string scan = MakeScan();
  EXPECT_EQ(Run({scan, "--require", "tsl"}).exit_code, 2);
  EXPECT_THAT(Run({scan, "--require", "tsl"}).output, HasSubstr("sender:opportunistic"));
  EXPECT_EQ(Run({}).exit_code, 2);
  EXPECT_EQ(Run({Path("nowhere")}).exit_code, 1);
  EXPECT_EQ(Run({scan, "--require", "tls", "--csv", Path("nowhere/lost.csv")}).exit_code, 1);
  MadeUpScan hosts(Path("hosts"));
  const CommandResult result = Run({hosts.Finish()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("holds no domains"));
}

TEST_F(PolicyCommandTest, LeavesNoListBehindThatIsNotWhole) {
  const std::string scan = MakeScan();
  for (const auto& entry : std::filesystem::directory_iterator(scan + "/domains")) {
    std::filesystem::resize_file(entry.path(), std::filesystem::file_size(entry.path()) - 1);
  }
  EXPECT_EQ(Run({scan, "--require", "tls", "--csv", Path("lost.csv")}).exit_code, 1);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(Path())) {
    names.push_back(entry.path().filename());
  }
  EXPECT_THAT(names, ElementsAre("scan"));
}

}  // namespace
}  // namespace mxsweep::tools
