// Signals in mid-scan, and before it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
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

// `standard_input`: of the program; -1: the test's.
pid_t StartMxsweep(const Arguments& arguments, int standard_input = -1) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  if (standard_input >= 0) dup2(standard_input, STDIN_FILENO);
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

// A server on loopback that takes connections and never says a word.
class SilentServer {
 public:
  SilentServer() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    listen(fd_, 64);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { close(fd_); }
  std::string port() const { return std::to_string(port_); }

 private:
  int fd_;
  uint16_t port_;
};

// How long a scan lives on after a signal.
class PatienceTest : public testing::Test {
 protected:
  PatienceTest() : list_(folder_.path("addresses")), scan_(folder_.path("scan")) {
    std::ofstream(list_) << "127.0.0.1\n192.0.2.1\n";
  }

  // A scan of a server that keeps it waiting for a minute, and of an address that it does not ask.
  pid_t StartPatientScan() {
    const std::string blocked = folder_.path("blocked");
    std::ofstream(blocked) << "192.0.2.0/24\n";
    const pid_t pid = StartMxsweep({"scan", list_, "-o", scan_, "--targets", "addresses", "--port",
                                    server_.port(), "--allow-special", "--greeting-timeout", "60s",
                                    "--blocklist", blocked, "--progress", "none"});
    for (int i = 0; i < 600 && !std::filesystem::exists(scan_ + "/scan.json"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    return pid;
  }

  json ScanRecord() {
    std::ifstream in(scan_ + "/scan.json");
    return json::parse(in, nullptr, /*allow_exceptions=*/false);
  }

  // The exit code, or -1 where it had to be killed after `patience`.
  static int ExitCodeWithin(pid_t pid, std::chrono::seconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > end) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        return -1;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  TemporaryFolder folder_;
  SilentServer server_;
  std::string list_;
  std::string scan_;
};

TEST_F(PatienceTest, ASecondSignalWaitsForNoServerAndTheStateSaysHowItEnded) {
  const pid_t pid = StartPatientScan();
  kill(pid, SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ASSERT_EQ(waitpid(pid, nullptr, WNOHANG), 0) << "it did not wait for what is under way";
  kill(pid, SIGINT);
  EXPECT_EQ(ExitCodeWithin(pid, std::chrono::seconds(10)), 3);
  EXPECT_EQ(ScanRecord()["state"], "stopped");
  // What had been recorded is committed.
  const std::vector<json> rows = Rows(scan_, "endpoints");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["address"], "192.0.2.1");
}

TEST_F(PatienceTest, AListThatSaysNothingKeepsNobodyFromStopping) {
  int pipe_ends[2];
  ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const pid_t pid = StartMxsweep(
        {"scan", "-", "-o", scan_, "--targets", "addresses", "--progress", "none"}, pipe_ends[0]);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    kill(pid, signal);
    EXPECT_EQ(ExitCodeWithin(pid, std::chrono::seconds(10)), 3) << signal;
    EXPECT_FALSE(std::filesystem::exists(scan_));
  }
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST_F(PatienceTest, AListThatFallsSilentKeepsNobodyFromStoppingEither) {
  int pipe_ends[2];
  ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  const std::string begun = "192.168.0.1\n192.168.0.2\n192.168.0";
  ASSERT_EQ(write(pipe_ends[1], begun.data(), begun.size()), static_cast<ssize_t>(begun.size()));
  const pid_t pid = StartMxsweep(
      {"scan", "-", "-o", scan_, "--targets", "addresses", "--progress", "none"}, pipe_ends[0]);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  kill(pid, SIGINT);
  EXPECT_EQ(ExitCodeWithin(pid, std::chrono::seconds(10)), 3);
  EXPECT_EQ(ScanRecord()["state"], "stopped");
  EXPECT_EQ(Rows(scan_, "endpoints").size(), 2u);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
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

TEST_F(StopTest, AHangUpOfTheTerminalEndsTheScanInGoodOrder) {
  const pid_t pid = StartSlowScan();
  kill(pid, SIGHUP);
  EXPECT_EQ(ExitCodeOf(pid), 3);
  EXPECT_EQ(ScanRecord()["state"], "stopped");
  EXPECT_GT(Rows(scan_, "domains").size(), 0u);
}

TEST_F(StopTest, ARingThatFailsEndsTheScanWithAMessageAndWhatWasFinished) {
  setenv("LD_PRELOAD", FAILING_RING_LIBRARY, 1);
  setenv("MXSWEEP_RING_LASTS_MS", "3000", 1);
  const pid_t pid =
      StartMxsweep(lab_.ScanArguments(lab_.state("domains.txt"), {"-o", scan_, "--rate", "20"}));
  unsetenv("LD_PRELOAD");
  EXPECT_EQ(ExitCodeOf(pid), 1);
  const json record = ScanRecord();
  EXPECT_EQ(record["state"], "failed");
  EXPECT_EQ(record["error"],
            "io_uring has failed: the kernel refuses submissions: No such device or address");
  EXPECT_GT(Rows(scan_, "endpoints").size(), 0u);
}

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
  for (const char* table : {"domains", "mx_hosts", "endpoints", "probes", "certificates"}) {
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
