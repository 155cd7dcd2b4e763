#include "scanner/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace mxsweep::scanner {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

ProgressSnapshot Halfway() {
  ProgressSnapshot snapshot;
  snapshot.elapsed_s = 200;
  snapshot.domains_done = 500'000;
  snapshot.domains_started = 510'000;
  snapshot.domains_total = 1'000'000;
  snapshot.hosts_done = 180'000;
  snapshot.endpoints_done = 250'000;
  snapshot.tls_ok = 230'000;
  snapshot.in_flight = 9'000;
  snapshot.queued = 120;
  snapshot.domains_per_s = 2'500;
  return snapshot;
}

// What a ProgressWriter writes.
class Capture {
 public:
  Capture() : stream_(std::tmpfile()) {}
  ~Capture() { std::fclose(stream_); }
  std::FILE* stream() { return stream_; }
  std::string Text() {
    std::string text(static_cast<size_t>(std::ftell(stream_)), '\0');
    std::rewind(stream_);
    EXPECT_EQ(std::fread(text.data(), 1, text.size(), stream_), text.size());
    return text;
  }

 private:
  std::FILE* stream_;
};

TEST(ProgressMode, IsReadFromItsWord) {
  for (const char* word : {"auto", "bar", "plain", "json", "none"}) {
    ASSERT_TRUE(ParseProgressMode(word).ok());
    EXPECT_EQ(ProgressModeWord(*ParseProgressMode(word)), word);
  }
  EXPECT_THAT(std::string(ParseProgressMode("xml").status().message()),
              HasSubstr("none of auto, bar, plain, json, none"));
}

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

TEST(ProgressBar, ShowsShareRateAndTimeLeft) {
  const std::string line = RenderBar(Halfway(), 100, false);
  EXPECT_THAT(line, StartsWith("[======"));
  EXPECT_THAT(line, HasSubstr("50%"));
  EXPECT_THAT(line, HasSubstr("500,000/1,000,000"));
  EXPECT_THAT(line, HasSubstr("2,500/s"));
  EXPECT_THAT(line, HasSubstr("ETA 3m20s"));
  EXPECT_THAT(line, HasSubstr("TLS 92.0%"));
}

TEST(ProgressBar, FitsWhateverTheFiguresAndTheWidth) {
  ProgressSnapshot huge;
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  huge.elapsed_s = 1e300;
  huge.domains_done = huge.hosts_done = huge.endpoints_done = huge.tls_ok = most;
  huge.in_flight = huge.queued = huge.retries = huge.throttled = most;
  huge.domains_total = most;
  huge.domains_per_s = 1e300;
  huge.lag_ms = 1e300;
  huge.stopping = true;
  for (const ProgressSnapshot& snapshot : {huge, Halfway(), ProgressSnapshot()}) {
    for (int columns = 1; columns <= 200; ++columns) {
      EXPECT_LE(RenderBar(snapshot, columns, false).size(), static_cast<size_t>(columns));
    }
  }
}

TEST(ProgressBar, HasColoursOnlyWhereAskedFor) {
  ProgressSnapshot snapshot = Halfway();
  snapshot.stopping = true;
  EXPECT_THAT(RenderBar(snapshot, 100, false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(RenderBar(snapshot, 100, true), HasSubstr("\x1b[33mstopping\x1b[0m"));
}

TEST(ProgressBar, HasNoBarWhileTheTotalIsUnknown) {
  ProgressSnapshot snapshot = Halfway();
  snapshot.domains_total.reset();
  const std::string line = RenderBar(snapshot, 80, false);
  EXPECT_THAT(line, Not(HasSubstr("[")));
  EXPECT_THAT(line, HasSubstr("3m20s"));
  EXPECT_THAT(line, Not(HasSubstr("ETA")));
}

TEST(ProgressBar, NeverShowsMoreThanAll) {
  ProgressSnapshot snapshot = Halfway();
  snapshot.domains_done = 2'000'000;  // the total was an estimate
  snapshot.total_is_estimate = true;
  EXPECT_THAT(RenderBar(snapshot, 80, false), HasSubstr("100%"));
  EXPECT_THAT(RenderBar(snapshot, 80, false), HasSubstr("/~1,000,000"));
}

TEST(ProgressPlain, SaysEverythingInOneLine) {
  ProgressSnapshot snapshot = Halfway();
  snapshot.throttled = 7;
  EXPECT_EQ(RenderPlain(snapshot),
            "3m20s: 500,000/1,000,000 domains (50%), 2,500/s, 180,000 hosts, 250,000 endpoints, "
            "TLS 92.0%, 9,000 open, 120 queued, 7 throttled, ETA 3m20s");
}

TEST(ProgressJson, IsOneObjectWithNullForWhatIsUnknown) {
  ProgressSnapshot snapshot = Halfway();
  const nlohmann::json full = nlohmann::json::parse(RenderJson(snapshot));
  EXPECT_EQ(full["domains_done"], 500'000);
  EXPECT_EQ(full["domains_total"], 1'000'000);
  EXPECT_EQ(full["eta_s"], 200.0);
  snapshot.domains_total.reset();
  snapshot.lag_ms = std::numeric_limits<double>::infinity();
  const std::string text = RenderJson(snapshot);
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  const nlohmann::json partial = nlohmann::json::parse(text);
  EXPECT_TRUE(partial["domains_total"].is_null());
  EXPECT_TRUE(partial["eta_s"].is_null());
  EXPECT_TRUE(partial["lag_ms"].is_null());
}

TEST(ProgressWriter, ChoosesBarOnATerminalAndLinesElsewhere) {
  EXPECT_EQ(ProgressWriter(stderr, {.is_terminal = true}).mode(), ProgressMode::kBar);
  EXPECT_EQ(ProgressWriter(stderr, {.is_terminal = false}).mode(), ProgressMode::kPlain);
}

TEST(ProgressWriter, WritesALineEveryInterval) {
  Capture capture;
  ProgressWriter writer(capture.stream(), {.mode = ProgressMode::kPlain, .line_interval_s = 5});
  ProgressSnapshot snapshot = Halfway();
  for (int second = 0; second <= 12; ++second) {
    snapshot.elapsed_s = second;
    writer.Update(snapshot);
  }
  writer.Finish(snapshot);
  const std::string text = capture.Text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  EXPECT_THAT(text, StartsWith("0s: "));
  EXPECT_THAT(text, HasSubstr("\n12s: "));
}

TEST(ProgressWriter, WritesNoLineTwice) {
  Capture capture;
  ProgressWriter writer(capture.stream(), {.mode = ProgressMode::kPlain});
  writer.Update(Halfway());
  writer.Finish(Halfway());
  EXPECT_EQ(capture.Text(), RenderPlain(Halfway()) + "\n");
}

TEST(ProgressWriter, RewritesTheBarAndEndsItsLine) {
  Capture capture;
  ProgressWriter writer(capture.stream(), {.mode = ProgressMode::kBar, .is_terminal = true});
  ProgressSnapshot snapshot = Halfway();
  writer.Update(snapshot);
  snapshot.elapsed_s += 1;
  writer.Finish(snapshot);
  const std::string text = capture.Text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 2);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, EndsWith("\n"));
}

TEST(ProgressWriter, WritesNoEscapeSequenceWhereThereIsNoTerminal) {
  Capture capture;
  ProgressWriter writer(capture.stream(), {.mode = ProgressMode::kBar, .is_terminal = false});
  ProgressSnapshot snapshot = Halfway();
  snapshot.lag_ms = 500;
  writer.Finish(snapshot);
  EXPECT_THAT(capture.Text(), Not(HasSubstr("\x1b")));
}

TEST(ProgressWriter, WritesNothingInModeNone) {
  Capture capture;
  ProgressWriter writer(capture.stream(), {.mode = ProgressMode::kNone});
  writer.Update(Halfway());
  writer.Finish(Halfway());
  writer.Clear();
  EXPECT_EQ(capture.Text(), "");
  EXPECT_EQ(writer.interval_s(), 0);
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
