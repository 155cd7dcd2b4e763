// SIGINT in mid-scan.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {
namespace {

pid_t StartMxsweep(const Arguments& arguments) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  std::vector<char*> argv = {const_cast<char*>(MXSWEEP_PROGRAM)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

int ExitCodeOf(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class StopTest : public testing::Test {
 protected:
  StopTest()
      : lab_(folder_, {"--seed", "3", "--domains", "3000", "--mix", "happy", "--fixed", "none"}),
        scan_(folder_.path("scan")) {}

  // A scan that would take a minute, stopped after a second.
  pid_t StartSlowScan() {
    const pid_t pid =
        StartMxsweep(lab_.ScanArguments(lab_.state("domains.txt"), {"-o", scan_, "--rate", "20"}));
    AwaitRunning(std::chrono::milliseconds(1500));
    return pid;
  }

  // Waits until the scan has begun, and `then` longer.
  void AwaitRunning(std::chrono::milliseconds then) {
    for (int i = 0; i < 600 && !std::filesystem::exists(scan_ + "/scan.json"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    std::this_thread::sleep_for(then);
  }

  json ScanRecord() {
    std::ifstream in(scan_ + "/scan.json");
    return json::parse(in, nullptr, /*allow_exceptions=*/false);
  }

  TemporaryFolder folder_;
  Lab lab_;
  std::string scan_;
};

TEST_F(StopTest, SigintFinishesWhatIsUnderWayAndCommits) {
  const pid_t pid = StartSlowScan();
  kill(pid, SIGINT);
  EXPECT_EQ(ExitCodeOf(pid), 3);
  EXPECT_EQ(ScanRecord()["state"], "stopped");
  std::set<std::string> hosts;
  for (const json& row : Rows(scan_, "mx_hosts")) hosts.insert(row["host"]);
  const std::vector<json> domains = Rows(scan_, "domains");
  EXPECT_GT(domains.size(), 0u);
  EXPECT_LT(domains.size(), 3000u);
  // A domain that is there is finished: its hosts are there too.
  for (const json& domain : domains) {
    if (!domain["mx"].is_array()) continue;
    for (const json& mx : domain["mx"]) {
      if (mx["host"] == ".") continue;
      EXPECT_TRUE(hosts.contains(mx["host"])) << domain.dump();
    }
  }
}

TEST_F(StopTest, ASecondSigintStopsNowAndNothingLooksWholeThatIsNot) {
  const pid_t pid = StartSlowScan();
  kill(pid, SIGINT);
  kill(pid, SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  kill(pid, SIGINT);
  EXPECT_EQ(ExitCodeOf(pid), 3);
  // Whether it was still running or had just finished: what can be read is consistent.
  const json record = ScanRecord();
  EXPECT_TRUE(record["state"] == "running" || record["state"] == "stopped") << record.dump();
  for (const char* table : {"domains", "mx_hosts", "endpoints", "certificates"}) {
    Rows(scan_, table);
  }
}

TEST_F(StopTest, AKilledScanLeavesCommittedEpochsReadable) {
  const pid_t pid = StartMxsweep(lab_.ScanArguments(
      lab_.state("domains.txt"), {"-o", scan_, "--rate", "100", "--epoch", "1s"}));
  AwaitRunning(std::chrono::milliseconds(3500));
  kill(pid, SIGKILL);
  ExitCodeOf(pid);
  EXPECT_EQ(ScanRecord()["state"], "running");
  EXPECT_GT(Rows(scan_, "endpoints").size(), 0u);
}

TEST_F(StopTest, ASuspendedScanBlamesNoServer) {
  const pid_t pid = StartMxsweep(lab_.ScanArguments(
      lab_.state("domains.txt"),
      {"-o", scan_, "--rate", "600", "--greeting-timeout", "1s", "--command-timeout", "1s",
       "--connect-timeout", "1s", "--handshake-timeout", "1s", "--dns-timeout", "1s"}));
  AwaitRunning(std::chrono::milliseconds(500));
  kill(pid, SIGSTOP);
  std::this_thread::sleep_for(std::chrono::seconds(4));  // four times every time-out
  kill(pid, SIGCONT);
  ASSERT_EQ(ExitCodeOf(pid), 0);
  size_t rows = 0;
  for (const json& row : Rows(scan_, "endpoints")) {
    EXPECT_EQ(row["outcome"], "tls_ok") << row.dump();
    EXPECT_EQ(row["attempts"], 1) << row.dump();
    ++rows;
  }
  EXPECT_GT(rows, 100u);
}

}  // namespace
}  // namespace mxsweep::end_to_end
