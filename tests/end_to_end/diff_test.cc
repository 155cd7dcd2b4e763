// Scans of labs laid side by side: of the same world, and of one of which it is known what was
// changed in it.
#include <map>
#include <string>
#include <tuple>

#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {
namespace {

constexpr char kWorld[] = "happy,domain.nxdomain=2,behaviour.no_starttls=4";
// The same servers; of some the certificate or the dialogue is another one.
constexpr char kChangedWorld[] = "happy,domain.nxdomain=2,behaviour.no_starttls=25,cert.expired=30";

class DiffTest : public ::testing::Test {
 protected:
  // Scans a lab of that mix, and keeps its truth of servers: outcome by host and address.
  using Servers = std::map<std::tuple<std::string, std::string>, std::string>;
  Servers Scan(const std::string& name, const std::string& mix, int times = 1) {
    TemporaryFolder lab_folder;
    Lab lab(lab_folder,
            {"--seed", "3", "--domains", "400", "--fixed", "none", "--mix", mix, "--truth"});
    for (int i = 0; i < times; ++i) {
      const std::string scan = folder_.path(name + (i == 0 ? "" : "-again"));
      const CommandResult scanned =
          Mxsweep(lab.ScanArguments(lab.state("domains.txt"), {"-o", scan}));
      EXPECT_EQ(scanned.exit_code, 0) << scanned.output;
    }
    Servers servers;
    for (const json& row : JsonLines(lab.state("truth/endpoints.ndjson"))) {
      const std::string pkix = row.value("pkix_status", json()).is_string()
                                   ? row.at("pkix_status").get<std::string>()
                                   : "";
      servers[{row.at("host"), row.at("address")}] =
          row.at("outcome").get<std::string>() + " " + pkix;
    }
    return servers;
  }

  json Diff(const std::string& before, const std::string& after) {
    const CommandResult result =
        Mxsweep({"diff", folder_.path(before), folder_.path(after), "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return json::parse(result.output);
  }

  // Of servers and a measure: how many were lost or gained, by cause.
  static std::map<std::string, int> CausesOf(const json& report, const std::string& measure) {
    std::map<std::string, int> causes;
    for (const json& row : report.at("servers")) {
      if (row.at("measure") != measure) continue;
      for (const json& step : row.at("steps")) {
        if (step.contains("cause")) causes[step.at("cause")] = step.at("count");
      }
    }
    return causes;
  }

  TemporaryFolder folder_;
};

TEST_F(DiffTest, FindsNoChangeInAWorldThatStays) {
  Scan("scan", kWorld, /*times=*/2);
  const json report = Diff("scan", "scan-again");
  EXPECT_EQ(report.at("domains_changed"), 0) << report.at("causes");
  EXPECT_GE(report.at("domains_in_both"), 400);
  for (const char* unit : {"domains", "servers"}) {
    for (const json& measure : report.at(unit)) {
      EXPECT_EQ(measure.at("verdict"), "not_told") << measure;
      EXPECT_EQ(measure.at("in_both").at("lost"), 0) << measure;
    }
  }
}

TEST_F(DiffTest, NamesWhatWasChangedInTheWorld) {
  const Servers before = Scan("before", kWorld);
  const Servers after = Scan("after", kChangedWorld);
  std::map<std::string, int> tls, trusted;
  const auto is_tls = [](const std::string& truth) { return truth.starts_with("tls_ok"); };
  for (const auto& [place, then] : before) {
    const auto found = after.find(place);
    if (found == after.end()) continue;
    const std::string& now = found->second;
    if (is_tls(then) && now.starts_with("no_starttls")) ++tls["starttls_withdrawn"];
    if (then.starts_with("no_starttls") && is_tls(now)) ++tls["starttls_added"];
    if (then == "tls_ok valid" && now == "tls_ok expired") ++trusted["certificate_expired"];
    if (then == "tls_ok expired" && now == "tls_ok valid") ++trusted["certificate_renewed"];
    if (then == "tls_ok valid" && now.starts_with("no_starttls")) ++trusted["starttls_withdrawn"];
    if (then.starts_with("no_starttls") && now == "tls_ok valid") ++trusted["starttls_added"];
  }
  ASSERT_GT(tls["starttls_withdrawn"], 5);
  ASSERT_GT(trusted["certificate_expired"], 5);
  std::erase_if(tls, [](const auto& cause) { return cause.second == 0; });
  const json report = Diff("before", "after");
  EXPECT_EQ(CausesOf(report, "tls"), tls);
  std::map<std::string, int> found = CausesOf(report, "trusted");
  for (const auto& [cause, count] : trusted) EXPECT_EQ(found[cause], count) << cause;
  EXPECT_EQ(report.at("remarks").dump().find("--retries"), std::string::npos);
}

}  // namespace
}  // namespace mxsweep::end_to_end
