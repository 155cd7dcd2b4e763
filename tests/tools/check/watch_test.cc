// Asking again: what is printed, and what is said to have changed.
#include "tools/check/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/scanner/posture/made_up_checks.h"
#include "tools/check/changes.h"
#include "tools/check/json.h"
#include "tools/check/text.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;
using scanner::testing::AllChecks;
using scanner::testing::Check;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ReportPair ReportOf(const std::string& name) {
  for (const Check& check : AllChecks()) {
    if (check.name != name) continue;
    const scanner::ScanRows rows = check.Rows();
    const auto report = scanner::BuildCheckReport(check.Asked(), rows, check.world);
    return {.text = RenderCheckText(report, {}), .json = RenderCheckJson(report)};
  }
  ADD_FAILURE() << name;
  return {};
}

json Parsed(const std::string& name) { return json::parse(ReportOf(name).json); }

TEST(TellChanges, NothingHasChangedWhereOnlyTimeHasPassed) {
  for (const Check& check : AllChecks()) {
    json later = Parsed(check.name);
    later["checked_at"] = "2031-01-01T00:00:00Z";
    EXPECT_THAT(TellChanges(Parsed(check.name), later), IsEmpty()) << check.name;
  }
}

TEST(TellChanges, SaysWhatWasAndWhatIs) {
  const json before = Parsed("perfect");
  json now = before;
  json& domain = now["domains"][0];
  const std::string name = domain["domain"];
  domain["verdict"] = "refused";
  domain["headline"] = "senders that check DANE do not deliver";
  domain["hosts"][0]["endpoints"][0]["dane_status"] = "mismatch";
  const std::string place = domain["hosts"][0]["host"].get<std::string>() + " " +
                            domain["hosts"][0]["endpoints"][0]["address"].get<std::string>();
  const std::string verdict = before["domains"][0]["verdict"].get<std::string>() + ": " +
                              before["domains"][0]["headline"].get<std::string>();
  EXPECT_THAT(
      TellChanges(before, now),
      ElementsAre("- " + name + ": " + place + " DANE: match",
                  "- " + name + ": verdict: " + verdict,
                  "+ " + name + ": " + place + " DANE: mismatch",
                  "+ " + name + ": verdict: refused: senders that check DANE do not deliver"));
}

TEST(TellChanges, ANewKeyAFindingAndAServerThatIsGoneAreChanges) {
  const json before = Parsed("perfect");
  json now = before;
  now["domains"][0]["hosts"][0]["endpoints"][0]["certificate"]["sha256"] = std::string(64, 'a');
  EXPECT_THAT(TellChanges(before, now), Contains(HasSubstr("certificate aaaaaaaaaaaaaaaa")));
  now = before;
  now["domains"][0]["hosts"].clear();
  EXPECT_THAT(TellChanges(before, now), Contains(testing::StartsWith("- ")));
  EXPECT_THAT(TellChanges(before, Parsed("dane_mismatch")),
              Contains(HasSubstr("no TLSA record matches the certificate at ")));
}

TEST(TellChanges, ShowsNothingThatATerminalObeys) {
  const json before = Parsed("perfect");
  json now = before;
  now["domains"][0]["headline"] = "\x1b[2J";
  for (const std::string& line : TellChanges(before, now)) {
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
  }
}

TEST(WatchPrinter, PrintsTheFirstReportAndThenOnlyWhatDiffers) {
  WatchPrinter printer(/*json=*/false);
  const ReportPair perfect = ReportOf("perfect");
  const ReportPair mismatch = ReportOf("dane_mismatch");
  const absl::Time now = absl::UnixEpoch();
  EXPECT_EQ(printer.Next(perfect, now), perfect.text);
  EXPECT_EQ(printer.Next(perfect, now), "");
  const std::string changed = printer.Next(mismatch, now);
  EXPECT_THAT(changed, HasSubstr("1970-01-01T00:00:00Z: changed\n  - "));
  EXPECT_THAT(changed, testing::EndsWith("\n\n" + mismatch.text));
  EXPECT_EQ(printer.Next(mismatch, now), "");
}

TEST(WatchPrinter, ForMachinesPrintsAnObjectALine) {
  WatchPrinter printer(/*json=*/true);
  const std::string first = printer.Next(ReportOf("perfect"), absl::UnixEpoch());
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 1);
  EXPECT_EQ(json::parse(first)["changes"], json::array());
  const json second = json::parse(printer.Next(ReportOf("expired"), absl::UnixEpoch()));
  EXPECT_GT(second["changes"].size(), 0u);
  EXPECT_EQ(second["report"], Parsed("expired"));
}

TEST(InChildProcess, BringsBackWhatWasFoundWhateverTheChildGaveUp) {
  const auto reports = InChildProcess([]() -> absl::StatusOr<ReportPair> {
    close(STDIN_FILENO);  // of the child alone
    return ReportPair{.text = std::string(200'000, 't'), .json = "{}"};
  });
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_EQ(reports->json, "{}");
  EXPECT_EQ(reports->text.size(), 200'000u);
  const auto failed = InChildProcess(
      []() -> absl::StatusOr<ReportPair> { return absl::UnavailableError("no resolver"); });
  EXPECT_EQ(failed.status().message(), "no resolver");
  const auto crashed = InChildProcess([]() -> absl::StatusOr<ReportPair> { _exit(3); });
  EXPECT_FALSE(crashed.ok());
}

}  // namespace
}  // namespace mxsweep::tools
