// Signals in mid-scan, and before it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
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
#include "tests/end_to_end/running_mxsweep.h"

namespace mxsweep::end_to_end {
namespace {

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
  RunningMxsweep StartPatientScan() {
    const std::string blocked = folder_.path("blocked");
    std::ofstream(blocked) << "192.0.2.0/24\n";
    RunningMxsweep scan({"scan", list_, "-o", scan_, "--targets", "addresses", "--port",
                         server_.port(), "--allow-special", "--greeting-timeout", "60s",
                         "--blocklist", blocked, "--progress", "none"});
    AwaitScanJson(scan_);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    return scan;
  }

  json ScanRecord() {
    std::ifstream in(scan_ + "/scan.json");
    return json::parse(in, nullptr, /*allow_exceptions=*/false);
  }

  TemporaryFolder folder_;
  SilentServer server_;
  std::string list_;
  std::string scan_;
};

TEST_F(PatienceTest, ASecondSignalWaitsForNoServerAndTheStateSaysHowItEnded) {
  RunningMxsweep scan = StartPatientScan();
  scan.Signal(SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ASSERT_FALSE(scan.HasEnded()) << "it did not wait for what is under way";
  scan.Signal(SIGINT);
  EXPECT_EQ(scan.ExitCodeWithin(std::chrono::seconds(10)), 3);
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
    RunningMxsweep scan({"scan", "-", "-o", scan_, "--targets", "addresses", "--progress", "none"},
                        {.standard_input = pipe_ends[0]});
    std::this_thread::sleep_for(std::chrono::seconds(1));
    scan.Signal(signal);
    EXPECT_EQ(scan.ExitCodeWithin(std::chrono::seconds(10)), 3) << signal;
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
  RunningMxsweep scan({"scan", "-", "-o", scan_, "--targets", "addresses", "--progress", "none"},
                      {.standard_input = pipe_ends[0]});
  std::this_thread::sleep_for(std::chrono::seconds(2));
  scan.Signal(SIGINT);
  EXPECT_EQ(scan.ExitCodeWithin(std::chrono::seconds(10)), 3);
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
  RunningMxsweep StartSlowScan() {
    RunningMxsweep scan(
        lab_.ScanArguments(lab_.state("domains.txt"), {"-o", scan_, "--rate", "20"}));
    AwaitRunning(std::chrono::milliseconds(1500));
    return scan;
  }

  // Waits until the scan has begun, and `then` longer.
  void AwaitRunning(std::chrono::milliseconds then) {
    AwaitScanJson(scan_);
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
  RunningMxsweep scan = StartSlowScan();
  scan.Signal(SIGHUP);
  EXPECT_EQ(scan.Wait().exit_code, 3);
  EXPECT_EQ(ScanRecord()["state"], "stopped");
  EXPECT_GT(Rows(scan_, "domains").size(), 0u);
}

TEST_F(StopTest, ARingThatFailsEndsTheScanWithAMessageAndWhatWasFinished) {
  RunningMxsweep scan(lab_.ScanArguments(lab_.state("domains.txt"), {"-o", scan_, "--rate", "20"}),
                      {.environment = {std::string("LD_PRELOAD=") + FAILING_RING_LIBRARY,
                                       "MXSWEEP_RING_LASTS_MS=3000"}});
  EXPECT_EQ(scan.Wait().exit_code, 1);
  const json record = ScanRecord();
  EXPECT_EQ(record["state"], "failed");
  EXPECT_EQ(record["error"],
            "io_uring has failed: the kernel refuses submissions: No such device or address");
  EXPECT_GT(Rows(scan_, "endpoints").size(), 0u);
}

TEST_F(StopTest, SigintFinishesWhatIsUnderWayAndCommits) {
  RunningMxsweep scan = StartSlowScan();
  scan.Signal(SIGINT);
  EXPECT_EQ(scan.Wait().exit_code, 3);
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
  RunningMxsweep scan = StartSlowScan();
  scan.Signal(SIGINT);
  scan.Signal(SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  scan.Signal(SIGINT);
  EXPECT_EQ(scan.Wait().exit_code, 3);
  // Whether it was still running or had just finished: what can be read is consistent.
  const json record = ScanRecord();
  EXPECT_TRUE(record["state"] == "running" || record["state"] == "stopped") << record.dump();
  for (const char* table : {"domains", "mx_hosts", "endpoints", "probes", "certificates"}) {
    Rows(scan_, table);
  }
}

TEST_F(StopTest, AKilledScanLeavesCommittedEpochsReadable) {
  RunningMxsweep scan(lab_.ScanArguments(lab_.state("domains.txt"),
                                         {"-o", scan_, "--rate", "100", "--epoch", "1s"}));
  AwaitRunning(std::chrono::milliseconds(3500));
  scan.Signal(SIGKILL);
  scan.Wait();
  EXPECT_EQ(ScanRecord()["state"], "running");
  EXPECT_GT(Rows(scan_, "endpoints").size(), 0u);
}

TEST_F(StopTest, ASuspendedScanBlamesNoServer) {
  RunningMxsweep scan(lab_.ScanArguments(
      lab_.state("domains.txt"),
      {"-o", scan_, "--rate", "600", "--greeting-timeout", "1s", "--command-timeout", "1s",
       "--connect-timeout", "1s", "--handshake-timeout", "1s", "--dns-timeout", "1s"}));
  AwaitRunning(std::chrono::milliseconds(500));
  scan.Signal(SIGSTOP);
  std::this_thread::sleep_for(std::chrono::seconds(4));  // four times every time-out
  scan.Signal(SIGCONT);
  ASSERT_EQ(scan.Wait().exit_code, 0);
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
