// A scan's order of events, on a list that nothing has to be asked about.
#include "scanner/scan.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace mxsweep::scanner {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t ThreadsOfThisProcess() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

class WatchingSink final : public RowSink {
 public:
  absl::Status Add(Row&&) override {
    ++rows_;
    return absl::OkStatus();
  }
  absl::Status AfterBatch(const ScanSummary&) override { return absl::OkStatus(); }
  absl::Status Commit(const ScanSummary&) override {
    rows_at_commit = rows_;
    threads_at_commit = ThreadsOfThisProcess();
    return absl::OkStatus();
  }
  uint64_t committed_rows() const override { return rows_; }

  uint64_t rows_at_commit = 0;
  size_t threads_at_commit = 0;

 private:
  uint64_t rows_ = 0;
};

// Taking workers down asserts that nothing is left in flight: should that fail, the rows are safe.
TEST(RunScan, CommitsTheLastEpochBeforeAnythingIsTakenDown) {
  const size_t threads_before = ThreadsOfThisProcess();
  ScanOptions options;
  options.format = OutputFormat::kCaller;
  options.targets_kind = TargetsKind::kAddresses;
  options.workers = 3;
  WatchingSink sink;
  ScanControl control;
  control.targets = "127.0.0.1\n127.0.0.2\n";  // not asked: blocked as special addresses
  control.rows = &sink;
  const absl::StatusOr<ScanSummary> summary = RunScan(options, std::move(control));
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(sink.rows_at_commit, 2u);
  EXPECT_GE(sink.threads_at_commit, threads_before + options.workers);
}

// A name server that hears, and never says a word.
class SilentServer {
 public:
  SilentServer() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { close(fd_); }
  uint16_t port() const { return port_; }

 private:
  int fd_;
  uint16_t port_ = 0;
};

// Two domains, known to our Unbound itself, below a root that is out of reach.
struct PrivateTree {
  PrivateTree() {
    folder = ::testing::TempDir() + "mxsweep_tree_XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    std::ofstream(folder + "/tree.conf")
        << "server:\n  do-not-query-localhost: no\n"
           "  trust-anchor: \". IN DS 1 13 2 "
        << std::string(64, '0')
        << "\"\n"
           "  local-zone: \"corp.example.\" static\n"
           "  local-data: \"corp.example. MX 10 mx.corp.example.\"\n"
           "  local-data: \"mx.corp.example. A 127.0.0.1\"\n"
           "stub-zone:\n  name: \".\"\n  stub-addr: 127.0.0.1@"
        << root.port() << "\n";
  }
  ~PrivateTree() { std::filesystem::remove_all(folder); }

  SilentServer root;
  std::string folder;
};

TEST(RunScan, WaitsForNoRootWhereThePrivateTreeHasNone) {
  const PrivateTree tree;
  ScanOptions options;
  options.format = OutputFormat::kCaller;
  options.workers = 1;
  options.own_unbound = true;
  options.unbound_config_include = tree.folder + "/tree.conf";
  options.mta_sts = MtaStsLevel::kOff;
  options.dns_timeout_ms = 20'000;
  WatchingSink sink;
  std::vector<std::string> notices;
  std::vector<dns::ResolverState> states;
  ScanControl control;
  control.targets = "corp.example\n";
  control.rows = &sink;
  control.notice = [&](LogLevel level, const std::string& text) {
    if (level > LogLevel::kDebug) notices.push_back(text);
  };
  control.on_resolver = [&](const dns::ResolverState& state) { states.push_back(state); };
  const auto start = std::chrono::steady_clock::now();
  const absl::StatusOr<ScanSummary> summary = RunScan(options, std::move(control));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_LT(took.count(), 5.0);  // Unbound's start and end included
  EXPECT_EQ(summary->domains, 1u);
  EXPECT_EQ(summary->endpoints, 1u);
  // Not known is not "no".
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_THAT(notices[0], HasSubstr("whether the private tree validates is not known"));
  EXPECT_THAT(notices[0], Not(HasSubstr("DANE figures")));
  EXPECT_THAT(summary->note, HasSubstr("not known"));
  ASSERT_EQ(states.size(), 1u);
  EXPECT_FALSE(states[0].answers);
}

}  // namespace
}  // namespace mxsweep::scanner
