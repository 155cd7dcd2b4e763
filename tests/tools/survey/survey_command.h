// What the tests of the commands that read scans have in common: the program run as a user runs it,
// in a folder that goes away.
#ifndef MXSWEEP_TESTS_TOOLS_SURVEY_SURVEY_COMMAND_H_
#define MXSWEEP_TESTS_TOOLS_SURVEY_SURVEY_COMMAND_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/interop/child_process.h"
#include "tests/tools/survey/made_up_scan.h"

namespace mxsweep::tools::testing {

// What a stranger may have written anywhere.
inline constexpr char kEvil[] =
    "</script><script>alert(1)</script><b id=intruder><img src=x onerror=alert(2)>\"'&\x1b[2J";

// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = ::testing::TempDir() + "mxsweep_survey_XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// REQUIRES: MXSWEEP_PROGRAM is the program's path.
class CommandTest : public ::testing::Test {
 protected:
  // `command`: "policy".
  explicit CommandTest(std::string command) : command_(std::move(command)) {}

  interop::CommandResult Run(const std::vector<std::string>& words) const {
    interop::Arguments arguments = {MXSWEEP_PROGRAM, command_};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return interop::RunCommand(arguments);
  }
  nlohmann::json RunJson(std::vector<std::string> words) const {
    words.push_back("--json");
    const interop::CommandResult result = Run(words);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return nlohmann::json::parse(result.output);
  }

  std::string Path(const std::string& name = "") const { return folder_.Path(name); }
  std::string Write(const std::string& name, const std::string& content) const {
    EXPECT_TRUE(interop::WriteFile(Path(name), content).ok());
    return Path(name);
  }
  std::string Read(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(Path(name)).rdbuf();
    return text.str();
  }

  // No line is wider than a terminal, but for those with a directory's name, which is as long as it
  // is; and none ends in a blank.
  void ExpectNarrow(const std::string& text) const {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_FALSE(line.ends_with(' ')) << line;
      if (line.find(Path()) != line.npos) continue;
      EXPECT_LE(std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; }), 80) << line;
    }
  }

  // A page opens anywhere, and asks nobody: in it there is nothing of elsewhere but within
  // Chart.js, and no element that a text has made.
  static void ExpectOwnPage(const std::string& page) {
    const std::string own = page.substr(0, page.find("<script"));
    for (const char* outside : {"src=\"", "href=\"http", "@import", "url(", "<link", "<iframe"}) {
      EXPECT_EQ(own.find(outside), own.npos) << outside;
    }
    EXPECT_NE(page.find("default-src 'none'; script-src 'sha256-"), page.npos);
    EXPECT_EQ(page.find("unsafe-inline"), page.npos);
    for (const char* made : {"<b id=intruder", "<script>alert", "<img"}) {
      EXPECT_EQ(page.find(made), page.npos) << made;
    }
    EXPECT_NE(page.find("</html>"), page.npos);
  }

 private:
  std::string command_;
  Folder folder_;
};

}  // namespace mxsweep::tools::testing

#endif  // MXSWEEP_TESTS_TOOLS_SURVEY_SURVEY_COMMAND_H_
