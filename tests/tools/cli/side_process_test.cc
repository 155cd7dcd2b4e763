#include "tools/cli/side_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "tools/cli/status_file.h"

namespace mxsweep::tools {
namespace {

using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class SideProcessTest : public testing::Test {
 protected:
  std::string path_ = testing::TempDir() + "/side_process_test." + std::to_string(getpid());
  void TearDown() override { unlink(path_.c_str()); }
};

TEST_F(SideProcessTest, TheLastLineIsWhatIsLeft) {
  {
    auto side = StartStatusFile(path_);
    ASSERT_TRUE(side.ok()) << side.status();
    EXPECT_EQ(ReadFile(path_), "{}\n");
    for (int i = 0; i < 5'000; ++i) EXPECT_TRUE((*side)->Tell("line " + std::to_string(i)));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_TRUE((*side)->Tell("the last"));
  }
  EXPECT_EQ(ReadFile(path_), "the last\n");
}

TEST_F(SideProcessTest, WhatIsTooLongIsLeftOut) {
  {
    auto side = StartStatusFile(path_);
    ASSERT_TRUE(side.ok());
    EXPECT_TRUE((*side)->Tell("short"));
    EXPECT_TRUE((*side)->Tell(std::string(SideProcess::kMaxLineBytes + 1, 'x')));
  }
  EXPECT_EQ(ReadFile(path_), "short\n");
}

TEST_F(SideProcessTest, AnErrorOfItsBeginningIsToldHere) {
  const auto side = StartStatusFile("/nowhere/at/all");
  ASSERT_FALSE(side.ok());
  EXPECT_THAT(std::string(side.status().message()),
              HasSubstr("--status-file /nowhere/at/all can't be written: No such file"));
}

TEST_F(SideProcessTest, ItOutlivesTheSignalsThatStopAScanAndEndsWithWhoMadeIt) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t maker = fork();
  if (maker == 0) {
    close(pipe_ends[0]);
    // It holds standard output open as long as it lives.
    dup2(pipe_ends[1], STDOUT_FILENO);
    close(pipe_ends[1]);
    auto side = SideProcess::Start(
        "test", [] { return absl::OkStatus(); }, [](std::string_view) {});
    std::this_thread::sleep_for(std::chrono::seconds(60));
    _exit(0);
  }
  close(pipe_ends[1]);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  kill(maker, SIGKILL);
  waitpid(maker, nullptr, 0);
  char byte = 0;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(read(pipe_ends[0], &byte, 1), 0) << "somebody holds the pipe";
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  close(pipe_ends[0]);
}

// The later one has inherited what the earlier one is waited for by.
TEST_F(SideProcessTest, SeveralEndInAnyOrder) {
  const std::string other = path_ + ".other";
  auto first = StartStatusFile(path_);
  auto second = StartStatusFile(other);
  ASSERT_TRUE(first.ok() && second.ok());
  (*first)->Tell("one");
  (*second)->Tell("two");
  alarm(30);  // instead of waiting for ever
  first->reset();
  second->reset();
  alarm(0);
  EXPECT_EQ(ReadFile(path_), "one\n");
  EXPECT_EQ(ReadFile(other), "two\n");
  unlink(other.c_str());
}

TEST_F(SideProcessTest, AnInterruptDoesNotEndIt) {
  {
    auto side = SideProcess::Start(
        "test",
        [this] {
          std::ofstream(path_) << getpid();
          return absl::OkStatus();
        },
        [this](std::string_view line) { std::ofstream(path_) << line; });
    ASSERT_TRUE(side.ok());
    const pid_t process = std::stoi(ReadFile(path_));
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) EXPECT_EQ(kill(process, signal), 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_TRUE((*side)->Tell("still here"));
  }
  EXPECT_EQ(ReadFile(path_), "still here");
}

}  // namespace
}  // namespace mxsweep::tools
