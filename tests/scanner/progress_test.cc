#include "scanner/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
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
  snapshot.targets_done = 500'000;
  snapshot.targets_started = 510'000;
  snapshot.targets_total = 1'000'000;
  snapshot.hosts_done = 180'000;
  snapshot.endpoints_done = 250'000;
  snapshot.tls_ok = 230'000;
  snapshot.in_flight = 9'000;
  snapshot.queued = 120;
  snapshot.targets_per_s = 2'500;
  snapshot.at = absl::UnixEpoch() + absl::Hours(24 * 365);
  snapshot.time_left = TimeLeft{.at_least_s = 161, .at_most_s = 620};
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

TEST(ProgressBar, ShowsShareRateAndTimeLeft) {
  const std::string line = RenderBar(Halfway(), 100, false);
  EXPECT_THAT(line, StartsWith("[======"));
  EXPECT_THAT(line, HasSubstr("50%"));
  EXPECT_THAT(line, HasSubstr("500,000/1,000,000"));
  EXPECT_THAT(line, HasSubstr("2,500/s"));
  EXPECT_THAT(line, HasSubstr("ETA 2m30s-11m"));
  EXPECT_THAT(line, HasSubstr("TLS 92.0%"));
}

TEST(ProgressBar, FitsWhateverTheFiguresAndTheWidth) {
  ProgressSnapshot huge;
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  huge.elapsed_s = 1e300;
  huge.targets_done = huge.hosts_done = huge.endpoints_done = huge.tls_ok = most;
  huge.in_flight = huge.queued = huge.retries = huge.throttled = most;
  huge.targets_total = most;
  huge.targets_per_s = 1e300;
  huge.lag_ms = 1e300;
  huge.state = ProgressState::kStopping;
  huge.time_left = TimeLeft{.at_least_s = 1e300, .at_most_s = 1e300};
  for (const ProgressSnapshot& snapshot : {huge, Halfway(), ProgressSnapshot()}) {
    for (int columns = 1; columns <= 200; ++columns) {
      EXPECT_LE(RenderBar(snapshot, columns, false).size(), static_cast<size_t>(columns));
    }
  }
}

TEST(ProgressBar, HasColoursOnlyWhereAskedFor) {
  ProgressSnapshot snapshot = Halfway();
  snapshot.state = ProgressState::kStopping;
  EXPECT_THAT(RenderBar(snapshot, 100, false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(RenderBar(snapshot, 100, true), HasSubstr("\x1b[33mstopping\x1b[0m"));
}

TEST(ProgressBar, HasNoBarWhileTheTotalIsUnknown) {
  ProgressSnapshot snapshot = Halfway();
  snapshot.targets_total.reset();
  snapshot.time_left.reset();
  const std::string line = RenderBar(snapshot, 80, false);
  EXPECT_THAT(line, Not(HasSubstr("[")));
  EXPECT_THAT(line, HasSubstr("3m20s"));
  EXPECT_THAT(line, Not(HasSubstr("ETA")));
}

TEST(ProgressBar, NeverShowsMoreThanAll) {
  ProgressSnapshot snapshot = Halfway();
  snapshot.targets_done = 2'000'000;  // the total was an estimate
  snapshot.total_is_estimate = true;
  EXPECT_THAT(RenderBar(snapshot, 80, false), HasSubstr("100%"));
  EXPECT_THAT(RenderBar(snapshot, 80, false), HasSubstr("/~1,000,000"));
}

TEST(ProgressPlain, SaysEverythingInOneLine) {
  ProgressSnapshot snapshot = Halfway();
  snapshot.throttled = 7;
  EXPECT_EQ(RenderPlain(snapshot),
            "3m20s: 500,000/1,000,000 domains (50%), 2,500/s, 180,000 hosts, 250,000 endpoints, "
            "TLS 92.0%, 9,000 open, 120 queued, 7 throttled, ETA 2m30s-11m");
}

TEST(ProgressPlain, NamesWhatTheListHolds) {
  ProgressSnapshot snapshot = Halfway();
  snapshot.targets = TargetsKind::kHosts;
  EXPECT_THAT(RenderPlain(snapshot),
              StartsWith("3m20s: 500,000/1,000,000 hosts (50%), 2,500/s, 250,000 endpoints, TLS"));
  EXPECT_EQ(nlohmann::json::parse(RenderJson(snapshot))["targets"], "hosts");
  snapshot.targets = TargetsKind::kAddresses;
  EXPECT_THAT(RenderPlain(snapshot), HasSubstr("1,000,000 addresses (50%)"));
}

TEST(ProgressJson, IsOneObjectWithNullForWhatIsUnknown) {
  ProgressSnapshot snapshot = Halfway();
  const nlohmann::json full = nlohmann::json::parse(RenderJson(snapshot));
  EXPECT_EQ(full["targets_done"], 500'000);
  EXPECT_EQ(full["targets_total"], 1'000'000);
  EXPECT_EQ(full["eta_at_least_s"], 161.0);
  EXPECT_EQ(full["eta_at_most_s"], 620.0);
  EXPECT_EQ(full["at"], "1971-01-01T00:00:00+00:00");
  EXPECT_EQ(full["state"], "running");
  snapshot.targets_total.reset();
  snapshot.time_left.reset();
  snapshot.lag_ms = std::numeric_limits<double>::infinity();
  const std::string text = RenderJson(snapshot);
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  const nlohmann::json partial = nlohmann::json::parse(text);
  EXPECT_TRUE(partial["targets_total"].is_null());
  EXPECT_TRUE(partial["eta_at_least_s"].is_null());
  EXPECT_TRUE(partial["eta_at_most_s"].is_null());
  EXPECT_TRUE(partial["lag_ms"].is_null());
}

// The page has a row for each key, and no others.
TEST(ProgressJson, HasTheKeysOfTheManual) {
  std::ifstream page("docs/operating.md");
  std::set<std::string> documented;
  bool in_table = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "| key | what |") in_table = true;
    if (line.empty()) in_table = false;
    if (in_table && line.starts_with("| `")) {
      documented.insert(line.substr(3, line.find('`', 3) - 3));
    }
  }
  std::set<std::string> written;
  const nlohmann::json object = nlohmann::json::parse(RenderJson(Halfway()));
  for (const auto& [key, value] : object.items()) {
    written.insert(key);
  }
  EXPECT_EQ(written, documented);
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

TEST(ProgressWriter, TellsOnALineOfItsOwnWhoeverAsks) {
  Capture capture;
  ProgressWriter writer(capture.stream(), {.mode = ProgressMode::kBar, .is_terminal = true});
  writer.Update(Halfway());
  writer.Tell(Halfway());
  EXPECT_THAT(capture.Text(), EndsWith("\r" + RenderPlain(Halfway()) + "\n"));
  Capture quiet;
  ProgressWriter none(quiet.stream(), {.mode = ProgressMode::kNone});
  none.Tell(Halfway());
  EXPECT_EQ(quiet.Text(), RenderPlain(Halfway()) + "\n");
  Capture json;
  ProgressWriter objects(json.stream(), {.mode = ProgressMode::kJson});
  objects.Tell(Halfway());
  EXPECT_EQ(json.Text(), RenderJson(Halfway()) + "\n");
}

TEST(ProgressWriter, WritesAnObjectEverySecond) {
  Capture capture;
  ProgressWriter writer(capture.stream(), {.mode = ProgressMode::kJson});
  ProgressSnapshot snapshot = Halfway();
  for (int tenth = 0; tenth <= 30; ++tenth) {
    snapshot.elapsed_s = tenth / 10.0;
    writer.Update(snapshot);
  }
  const std::string text = capture.Text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
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

}  // namespace
}  // namespace mxsweep::scanner
