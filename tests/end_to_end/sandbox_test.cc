// A scan gives up, once it has started, what it does not need. What that keeps an attacker from is
// tried in tests/scanner/sandbox; that a scan works as before, in all other tests here.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"
#include "tests/end_to_end/running_mxsweep.h"

namespace mxsweep::end_to_end {
namespace {

class SandboxTest : public testing::Test {
 protected:
  // A server on loopback that takes connections and never says a word.
  void SetUp() override {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ASSERT_EQ(bind(server_, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(listen(server_, 64), 0);
    getsockname(server_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = std::to_string(ntohs(address.sin_port));
    std::ofstream(folder_.path("list")) << "127.0.0.1\n";
  }
  void TearDown() override { close(server_); }

  // A scan that is under way, until the test ends.
  void Start(const Arguments& more) {
    std::vector<std::string> words = {"scan",
                                      folder_.path("list"),
                                      "-o",
                                      folder_.path("scan"),
                                      "--targets",
                                      "addresses",
                                      "--port",
                                      port_,
                                      "--allow-special",
                                      "--greeting-timeout",
                                      "60s",
                                      "--workers",
                                      "3",
                                      "--progress",
                                      "none"};
    words.insert(words.end(), more.begin(), more.end());
    running_.emplace(words);
    AwaitScanJson(folder_.path("scan"));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }

  // What /proc says of it for each of the program's threads.
  std::vector<std::string> OfThreads(const std::string& key) const {
    std::vector<std::string> values;
    const std::string folder = "/proc/" + std::to_string(running_->pid()) + "/task";
    for (const auto& thread : std::filesystem::directory_iterator(folder)) {
      std::ifstream status(thread.path() / "status");
      for (std::string line; std::getline(status, line);) {
        if (line.starts_with(key + ":\t")) values.push_back(line.substr(key.size() + 2));
      }
    }
    return values;
  }

  json InScanJson() const {
    std::ifstream in(folder_.path("scan/scan.json"));
    return json::parse(in, nullptr, /*allow_exceptions=*/false)["sandbox"];
  }

  TemporaryFolder folder_;
  int server_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string port_;
  std::optional<RunningMxsweep> running_;
};

TEST_F(SandboxTest, IsInForceForEveryThreadOfAScanAndScanJsonSaysSo) {
  if (kSanitized || kCountsLines) GTEST_SKIP() << "such a build needs what the sandbox refuses";
  Start({});
  EXPECT_THAT(OfThreads("Seccomp"), testing::Each("2"));
  EXPECT_THAT(OfThreads("NoNewPrivs"), testing::Each("1"));
  EXPECT_GE(OfThreads("Seccomp").size(), 4u);  // workers and recorder
  const json sandbox = InScanJson();
  EXPECT_EQ(sandbox["seccomp"], true) << sandbox;
  // A kernel without Landlock is told of.
  EXPECT_EQ(sandbox["landlock"].is_null(), sandbox["trouble"].is_string()) << sandbox;
}

TEST_F(SandboxTest, IsLeftOutWithNoSandbox) {
  Start({"--no-sandbox"});
  EXPECT_THAT(OfThreads("Seccomp"), testing::Each("0"));
  EXPECT_THAT(OfThreads("NoNewPrivs"), testing::Each("0"));
  EXPECT_TRUE(InScanJson().is_null());
}

}  // namespace
}  // namespace mxsweep::end_to_end
