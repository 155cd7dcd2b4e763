// `mxsweep dashboard` on the mail of a day to the domains of a lab, of which some lost STARTTLS at
// 14:00, and on scans of that lab before and after.
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"
#include "tests/tools/dashboard/made_up_mail.h"

namespace mxsweep::end_to_end {
namespace {

using ::testing::SizeIs;
using tools::testing::How;
using tools::testing::kHour;
using tools::testing::kMonday;
using tools::testing::PostfixLog;

// The same servers; what of them offer no STARTTLS are more.
constexpr char kBefore[] = "happy,behaviour.no_starttls=4";
constexpr char kAfter[] = "happy,behaviour.no_starttls=25";
constexpr int kFellAt = 14;  // o'clock

struct DomainTruth {
  std::string host;       // of its mail
  bool encrypts = false;  // some server of it
};

class DashboardTest : public ::testing::Test {
 protected:
  // Scans a lab of that mix as if it had been then, and gives its truth by domain.
  std::map<std::string, DomainTruth> Scan(const std::string& name, const std::string& mix,
                                          const std::string& started_at) {
    TemporaryFolder lab_folder;
    Lab lab(lab_folder,
            {"--seed", "3", "--domains", "300", "--fixed", "none", "--mix", mix, "--truth"});
    const CommandResult scanned =
        Mxsweep(lab.ScanArguments(lab.state("domains.txt"), {"-o", folder_.path(name)}));
    EXPECT_EQ(scanned.exit_code, 0) << scanned.output;
    const std::string head = folder_.path(name + "/scan.json");
    std::ifstream read(head);
    json scan = json::parse(read);
    scan["started_at"] = started_at;
    std::ofstream(head) << scan.dump();
    std::set<std::string> encrypting;  // hosts
    for (const json& row : JsonLines(lab.state("truth/endpoints.ndjson"))) {
      if (row.at("outcome") == "tls_ok") encrypting.insert(row.at("host"));
    }
    std::map<std::string, DomainTruth> domains;
    for (const json& row : JsonLines(lab.state("truth/domains.ndjson"))) {
      DomainTruth truth;
      for (const json& mx : row.at("mx")) {
        const std::string host = mx.at("host");
        if (truth.host.empty()) truth.host = host;
        truth.encrypts = truth.encrypts || encrypting.contains(host);
      }
      if (!truth.host.empty()) domains[row.at("domain")] = truth;
    }
    return domains;
  }

  TemporaryFolder folder_;
};

TEST_F(DashboardTest, NamesWhoLostStartTlsAndWhatTheScansSayOfThem) {
  const auto before = Scan("before", kBefore, "2026-11-23T12:00:00.000000Z");
  const auto after = Scan("after", kAfter, "2026-11-23T20:00:00.000000Z");
  PostfixLog log;
  std::set<std::string> lost, gained;
  int encrypted_before = 0, encrypted_after = 0, all = 0;
  for (const auto& [domain, then] : before) {
    const auto now = after.find(domain);
    if (now == after.end()) continue;
    ++all;
    encrypted_before += then.encrypts ? 1 : 0;
    encrypted_after += now->second.encrypts ? 1 : 0;
    if (then.encrypts && !now->second.encrypts) lost.insert(domain);
    if (!then.encrypts && now->second.encrypts) gained.insert(domain);
  }
  ASSERT_GT(lost.size(), 10u);
  for (int hour = 0; hour < 24; ++hour) {
    for (const auto& [domain, then] : before) {
      const auto now = after.find(domain);
      if (now == after.end()) continue;
      const bool encrypts = hour < kFellAt ? then.encrypts : now->second.encrypts;
      log.Send(kMonday + hour * kHour + 60, domain, then.host,
               encrypts ? How::kEncrypted : How::kClear);
    }
  }
  std::ofstream(folder_.path("mail.log")) << log.text();
  const CommandResult result =
      Mxsweep({"dashboard", folder_.path("mail.log"), folder_.path("after"), folder_.path("before"),
               "-o", folder_.path("page.html"), "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const json report = json::parse(result.output);

  ASSERT_THAT(report.at("drops"), SizeIs(1)) << report.at("drops");
  const json& drop = report.at("drops")[0];
  EXPECT_EQ(drop.at("flow"), "outbound");
  EXPECT_EQ(drop.at("from"), "2026-11-23T14:00:00Z");
  EXPECT_EQ(drop.at("until"), nullptr);
  EXPECT_EQ(drop.at("before").at("encrypted"), encrypted_before * kFellAt);
  EXPECT_EQ(drop.at("then").at("encrypted"), encrypted_after * (24 - kFellAt));
  const double points = 100.0 * (encrypted_after - encrypted_before) / all;
  EXPECT_NEAR(drop.at("points").get<double>(), points, 1e-9);
  // Who lowers it are they who lost STARTTLS, and nobody else.
  std::set<std::string> lowering, raising;
  double sum = 0;
  for (const json& provider : drop.at("providers")) {
    for (const json& place : provider.at("places")) {
      const double share = place.at("points");
      sum += share;
      if (std::abs(share) < 1e-9) continue;
      (share < 0 ? lowering : raising).insert(place.at("name").get<std::string>());
    }
  }
  EXPECT_EQ(lowering, lost);
  EXPECT_EQ(raising, gained);
  EXPECT_NEAR(sum, points, 1e-9);
  for (const json& cause : drop.at("causes")) {
    if (cause.at("kind") != "plain") continue;
    EXPECT_NEAR(cause.at("points").get<double>(), -100.0 * static_cast<double>(lost.size()) / all,
                1e-9);
  }
  ASSERT_THAT(drop.at("scans_say"), SizeIs(1)) << drop.at("scans_say");
  EXPECT_EQ(drop.at("scans_say")[0].at("said"), "STARTTLS is no longer offered");
  EXPECT_EQ(drop.at("scans_say")[0].at("domains"), lost.size());
  const json& scanned = report.at("scans").at("points");
  ASSERT_THAT(scanned, SizeIs(2));
  EXPECT_EQ(scanned[0].at("yes"), encrypted_before);
  EXPECT_EQ(scanned[1].at("yes"), encrypted_after);
}

}  // namespace
}  // namespace mxsweep::end_to_end
