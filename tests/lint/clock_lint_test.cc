// Below scanner/scan.cc, clock and randomness come from outside, so that a whole scan is a function
// of what is handed in: no source there asks the machine for either, nor sleeps. Exceptions are the
// loop that is the clock, the child process that must be waited for, and a list of system calls.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace mxsweep {
namespace {

const std::set<std::string>& Exceptions() {
  static const std::set<std::string> files = {
      "scanner/scan.cc",
      "scanner/engine/uring_loop.h",
      "scanner/engine/uring_loop.cc",
      "scanner/resolver/unbound_child.cc",
      "scanner/sandbox/system_call_filter.cc",
  };
  return files;
}

bool AsksTheMachine(const std::string& code) {
  for (const char* call :
       {"absl::Now", "absl::SleepFor", "sleep_for", "sleep_until", "random_device", "RAND_bytes",
        "system_clock::now", "getentropy", "gettimeofday"}) {
    if (code.find(call) != std::string::npos) return true;
  }
  return false;
}

TEST(ClockLint, FindsWhoAsksTheMachine) {
  for (const char* code : {"x = absl::Now();", "std::this_thread::sleep_for(a);",
                           "std::random_device r;", "RAND_bytes(p, 4);", "sink(absl::Now)"}) {
    EXPECT_TRUE(AsksTheMachine(code)) << code;
  }
  for (const char* code :
       {"x = loop->wall_now();", "return absl::BitGen(sequence);", "NowNanos()"}) {
    EXPECT_FALSE(AsksTheMachine(code)) << code;
  }
}

// Tests run in the project's root.
TEST(ClockLint, NothingBelowTheScanDoes) {
  size_t files = 0;
  for (const char* folder : {"dns", "tls", "output", "scanner"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      const std::string path = entry.path().string();
      if (!path.ends_with(".cc") && !path.ends_with(".h")) continue;
      ++files;
      std::stringstream text;
      text << std::ifstream(path).rdbuf();
      const bool asks = AsksTheMachine(text.str());
      EXPECT_TRUE(!asks || Exceptions().contains(path)) << path;
    }
  }
  EXPECT_GT(files, 200u);
  for (const std::string& path : Exceptions()) EXPECT_TRUE(std::filesystem::exists(path)) << path;
}

}  // namespace
}  // namespace mxsweep
