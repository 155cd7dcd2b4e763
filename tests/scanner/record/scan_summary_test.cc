#include "scanner/record/scan_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>
#include <string>

namespace mxsweep::scanner {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(FormatDuration, ChoosesTwoUnits) {
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(59.9), "59s");
  EXPECT_EQ(FormatDuration(200), "3m20s");
  EXPECT_EQ(FormatDuration(3725), "1h02m");
  EXPECT_EQ(FormatDuration(90'000), "1d01h");
  EXPECT_EQ(FormatDuration(std::numeric_limits<double>::quiet_NaN()), "0s");
  EXPECT_EQ(FormatDuration(-5), "0s");
}

TEST(FormatCount, SeparatesThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1'000), "1,000");
  EXPECT_EQ(FormatCount(1'234'567), "1,234,567");
}

ScanSummary LargeSummary() {
  ScanSummary summary;
  summary.elapsed_s = 420;
  summary.output = "survey";
  summary.note =
      "The resolver does not validate DNSSEC: every DANE figure is that of a sender which "
      "cannot tell authentic answers from others.";
  summary.input_lines = 1'000'012;
  summary.duplicates = 10;
  summary.invalid = 2;
  summary.domains = 1'000'002;
  summary.endpoints = 400'000;
  summary.bytes_in = 5'000'000'000;
  summary.diagnoses = {{"ok", 900'000}, {"no_starttls", 100'000}, {"null_mx", 2}, {"never", 0}};
  summary.tls_versions = {{"TLSv1.3", 300'000}, {"TLSv1.2", 90'000}};
  for (int i = 0; i < 30; ++i) summary.ciphers["cipher_" + std::to_string(i)] = 1 + i;
  summary.leaf_keys = {{std::string(100, 'k'), 1}};
  return summary;
}

TEST(ScanSummary, FitsEightyColumns) {
  std::istringstream lines(RenderSummary(LargeSummary()));
  std::string line;
  while (std::getline(lines, line)) EXPECT_LE(line.size(), 80u) << line;
}

TEST(ScanSummary, ShowsCountsWithSharesLargestFirst) {
  const std::string text = RenderSummary(LargeSummary());
  EXPECT_THAT(text, StartsWith("Scan complete after 7m00s\n  results in survey\n"));
  EXPECT_THAT(text, HasSubstr("900,000  90.00 %"));
  EXPECT_LT(text.find("ok "), text.find("no_starttls"));
  EXPECT_THAT(text, Not(HasSubstr("never")));
  EXPECT_THAT(text, HasSubstr("10 repeated, 2 invalid"));
  EXPECT_THAT(text, HasSubstr("4.7 GiB in"));
}

// Lists of sites (CrUX), of recipients, and of other programs.
TEST(ScanSummary, SaysHowAListOfAnotherFormIsRead) {
  ScanSummary summary = LargeSummary();
  summary.an_invalid = "https://example.org,1000";
  EXPECT_THAT(RenderSummary(summary), Not(HasSubstr("no target")));
  summary.invalid = summary.input_lines / 2;
  EXPECT_THAT(RenderSummary(summary), HasSubstr("\n    sed -E 's|.*://||; s|[:/,].*||' LIST\n"));
  summary.an_invalid = "Ann <ann@example.org>";
  EXPECT_THAT(RenderSummary(summary), HasSubstr("\n    sed -E 's/.*@//; s/[>,].*//' LIST\n"));
  summary.an_invalid = "1\texample.org";
  EXPECT_THAT(RenderSummary(summary), HasSubstr("\n    tr ';\\t' ',,' < LIST\n"));
  summary.an_invalid = std::string(4096, 'x');
  EXPECT_THAT(RenderSummary(summary), HasSubstr("have no target"));
}

TEST(ScanSummary, OfAHalfShowsNothingOfTheOtherHalf) {
  ScanSummary resolve = LargeSummary();
  resolve.has_endpoints = false;
  EXPECT_THAT(RenderSummary(resolve), HasSubstr("  domains              1,000,002"));
  EXPECT_THAT(RenderSummary(resolve), Not(HasSubstr("  endpoints ")));
  EXPECT_THAT(RenderSummary(resolve), Not(HasSubstr("diagnosis")));
  ScanSummary probe = LargeSummary();
  probe.has_domains = false;
  EXPECT_THAT(RenderSummary(probe), Not(HasSubstr("  domains ")));
  EXPECT_THAT(RenderSummary(probe), HasSubstr("  MX hosts             1,000,012"));
  EXPECT_THAT(RenderSummary(probe), HasSubstr("  endpoints              400,000"));
}

TEST(ScanSummary, SumsUpTheSmallOnes) {
  const std::string text = RenderSummary(LargeSummary());
  EXPECT_THAT(text, HasSubstr("(21 others)"));
  EXPECT_THAT(text, HasSubstr("cipher_21"));
  EXPECT_THAT(text, Not(HasSubstr("cipher_20")));
}

TEST(ScanSummary, SaysThatAScanWasStopped) {
  ScanSummary summary;
  summary.complete = false;
  EXPECT_THAT(RenderSummary(summary), StartsWith("Scan stopped early after 0s\n"));
}

TEST(ScanSummary, SaysThatPort25MayBeBlockedWhereNobodyWasReached) {
  ScanSummary summary;
  summary.port = 25;
  EXPECT_THAT(RenderSummary(summary), Not(HasSubstr("port 25")));
  summary.outcomes = {{"connect_timeout", 40}, {"connect_refused", 2}, {"local_no_route", 30}};
  EXPECT_THAT(RenderSummary(summary), HasSubstr("block outgoing connections to port 25"));
  summary.outcomes["greeting_timeout"] = 1;
  EXPECT_THAT(RenderSummary(summary), Not(HasSubstr("port 25")));
  summary.outcomes = {{"connect_refused", 40}};
  EXPECT_THAT(RenderSummary(summary), Not(HasSubstr("port 25")));
  summary.outcomes = {{"connect_timeout", 40}};
  summary.port = 465;
  EXPECT_THAT(RenderSummary(summary), Not(HasSubstr("port 25")));
}

TEST(ScanSummary, HasColoursOnlyWhereAskedFor) {
  EXPECT_THAT(RenderSummary(LargeSummary(), false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(RenderSummary(LargeSummary(), true), HasSubstr("\x1b[1mScan complete\x1b[0m"));
}

}  // namespace
}  // namespace mxsweep::scanner
