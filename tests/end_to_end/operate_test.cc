// What an operator sees of a scan that is under way: status file, snapshots, lines by level.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"
#include "tests/end_to_end/running_mxsweep.h"

namespace mxsweep::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class OperateTest : public testing::Test {
 protected:
  OperateTest()
      : lab_(folder_, {"--seed", "3", "--domains", "600", "--mix", "happy", "--fixed", "none"}),
        scan_(folder_.path("scan")),
        errors_(folder_.path("errors")) {}

  // A scan of some seconds. Its standard error goes to a file.
  RunningMxsweep Start(const Arguments& more, const std::string& rate = "100",
                       const std::vector<std::string>& environment = {}) {
    Arguments arguments = {"-o", scan_};
    if (!rate.empty()) arguments.insert(arguments.end(), {"--rate", rate});
    arguments.insert(arguments.end(), more.begin(), more.end());
    const int standard_error = dup(STDERR_FILENO);
    const int file = open(errors_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(file, STDERR_FILENO);
    Arguments all = lab_.ScanArguments(lab_.state("domains.txt"), arguments);
    if (rate.empty()) {
      const auto ours = std::find(all.begin(), all.end(), "--rate");
      all.erase(ours, ours + 2);
    }
    RunningMxsweep scan(all, {.environment = environment});
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    close(file);
    return scan;
  }

  TemporaryFolder folder_;
  Lab lab_;
  std::string scan_;
  std::string errors_;
};

TEST_F(OperateTest, AStatusFileIsWholeAtEveryMomentAndSaysHowItEnded) {
  const std::string status = folder_.path("elsewhere.json");  // the sandbox lets nobody in here
  RunningMxsweep scan = Start({"--status-file", status});
  std::set<std::string> seen;
  while (!scan.HasEnded()) {
    if (std::filesystem::exists(status)) {
      const std::string text = ReadFile(status);
      EXPECT_FALSE(json::parse(text, nullptr, /*allow_exceptions=*/false).is_discarded()) << text;
      seen.insert(text);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(scan.Wait().exit_code, 0) << ReadFile(errors_);
  EXPECT_GE(seen.size(), 4u);  // the scan takes six seconds at least
  const json last = json::parse(ReadFile(status));
  EXPECT_EQ(last["state"], "complete");
  EXPECT_EQ(last["targets_done"], 600);
  EXPECT_EQ(last["rows_committed"].get<size_t>(),
            Rows(scan_, "domains").size() + Rows(scan_, "mx_hosts").size() +
                Rows(scan_, "endpoints").size() + Rows(scan_, "probes").size() +
                Rows(scan_, "certificates").size());
  EXPECT_FALSE(std::filesystem::exists(status + ".new"));
}

TEST_F(OperateTest, AStatusFileTellsOfAStop) {
  const std::string status = folder_.path("status.json");
  RunningMxsweep scan = Start({"--status-file", status}, "10");
  AwaitScanJson(scan_);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  scan.Signal(SIGTERM);
  EXPECT_EQ(scan.Wait().exit_code, 3);
  const json last = json::parse(ReadFile(status));
  EXPECT_EQ(last["state"], "stopped");
  EXPECT_LT(last["targets_done"], 600);
}

TEST_F(OperateTest, AStatusFileThatCannotBeWrittenIsWrongUsage) {
  RunningMxsweep scan = Start({"--status-file", folder_.path("nowhere/status.json")});
  EXPECT_EQ(scan.Wait().exit_code, 2);
  EXPECT_THAT(ReadFile(errors_), HasSubstr("nowhere/status.json can't be written"));
  EXPECT_FALSE(std::filesystem::exists(scan_));
}

// A scan as root would put a file in the place of /dev/null.
TEST_F(OperateTest, AStatusFileTakesNoPipesPlace) {
  const std::string pipe = folder_.path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  RunningMxsweep scan = Start({"--status-file", pipe});
  EXPECT_EQ(scan.Wait().exit_code, 2);
  EXPECT_THAT(ReadFile(errors_), HasSubstr("is there, and is no file"));
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST_F(OperateTest, ASignalPrintsASnapshotWithoutATerminalAndEndsNothing) {
  RunningMxsweep scan = Start({});
  AwaitScanJson(scan_);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_EQ(ReadFile(errors_).find("domains ("), std::string::npos);
  scan.Signal(SIGUSR1);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_THAT(ReadFile(errors_), testing::ContainsRegex("[0-9]+s: [0-9]+/600 domains"));
  EXPECT_EQ(scan.Wait().exit_code, 0);
}

TEST_F(OperateTest, ProgressIsAnObjectASecondAndNothingElseAtThatLevel) {
  RunningMxsweep scan = Start({"--progress", "json", "--log-level", "error"});
  EXPECT_EQ(scan.Wait().exit_code, 0);
  const std::vector<json> lines = JsonLines(errors_);
  ASSERT_GE(lines.size(), 6u);
  EXPECT_EQ(lines.front()["state"], "running");
  EXPECT_EQ(lines.back()["state"], "complete");
  for (size_t i = 1; i < lines.size(); ++i) {
    EXPECT_GE(lines[i]["targets_done"], lines[i - 1]["targets_done"]);
  }
  EXPECT_GE(lines[2]["elapsed_s"].get<double>() - lines[1]["elapsed_s"].get<double>(), 1.0);
}

TEST_F(OperateTest, ALevelSaysHowMuchIsTold) {
  RunningMxsweep quiet = Start({"--log-level", "off"}, "0");
  EXPECT_EQ(quiet.Wait().exit_code, 0);
  EXPECT_EQ(ReadFile(errors_), "");
  std::filesystem::remove_all(scan_);
  RunningMxsweep talkative = Start({"--log-level", "debug"}, "0");
  EXPECT_EQ(talkative.Wait().exit_code, 0);
  EXPECT_THAT(ReadFile(errors_),
              testing::ContainsRegex("20[0-9-]+T[0-9:.]+Z debug: Sandbox: Landlock [0-9]"));
  EXPECT_THAT(ReadFile(errors_), HasSubstr("Z info: "));  // of the resolver
}

TEST_F(OperateTest, PrometheusIsAnsweredByAProcessOfItsOwnWhileTheScanRuns) {
  RunningMxsweep scan = Start({"--metrics", "9108"});
  AwaitScanJson(scan_);
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  const CommandResult answer = interop::RunCommand(
      {"bash", "-c",
       "exec 3<>/dev/tcp/127.0.0.1/9108; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"},
      {}, absl::Seconds(10));
  EXPECT_THAT(answer.output, testing::ContainsRegex("\nmxsweep_targets_done [1-9][0-9]*\n"));
  EXPECT_THAT(answer.output, HasSubstr("mxsweep_state{state=\"running\"} 1"));
  EXPECT_EQ(scan.Wait().exit_code, 0);
  // It has gone away with the scan.
  const CommandResult after =
      interop::RunCommand({"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9108"}, {}, absl::Seconds(10));
  EXPECT_NE(after.exit_code, 0);
}

TEST_F(OperateTest, FlagsComeFromTheFileAndTheEnvironmentAndAreKeptForResume) {
  const std::string config = folder_.path("mxsweep.toml");
  std::ofstream(config) << "[scan]\nrate = 5\nshuffle = 7\n";
  RunningMxsweep scan =
      Start({"--config", config}, "", {"MXSWEEP_SCAN_RATE=200", "MXSWEEP_SCAN_SHUFFLE=9"});
  EXPECT_EQ(scan.Wait().exit_code, 0) << ReadFile(errors_);
  const json record = json::parse(ReadFile(scan_ + "/scan.json"));
  const std::vector<std::string> flags = record["flags"];
  EXPECT_THAT(flags, testing::Contains("--rate=200"));
  EXPECT_THAT(flags, testing::Contains("--shuffle=9"));
  std::filesystem::remove_all(scan_);
  RunningMxsweep wrong = Start({}, "", {"MXSWEEP_SCAN_RATE=many"});
  EXPECT_EQ(wrong.Wait().exit_code, 2);
  EXPECT_THAT(ReadFile(errors_), HasSubstr("--rate is set by MXSWEEP_SCAN_RATE"));
  std::ofstream(config) << "[scan]\nrat = 5\n";
  RunningMxsweep unknown = Start({"--config", config});
  EXPECT_EQ(unknown.Wait().exit_code, 2);
  EXPECT_THAT(ReadFile(errors_), HasSubstr("mxsweep.toml line 2: \"rat\" is no flag"));
}

}  // namespace
}  // namespace mxsweep::end_to_end
