// Files that the pages name exist: `dns/name.h`, `dns/name` (a unit), `output/tables/*_row.h`.
#include <glob.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace mxsweep {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> FilesNamedIn(const std::string& page) {
  static const std::regex kFile(
      "`((?:scanner|dns|tls|output|tools|tests|bench|docs|cmake)/[A-Za-z0-9_./*{},-]+)`");
  std::vector<std::string> files;
  for (std::sregex_iterator i(page.begin(), page.end(), kFile), end; i != end; ++i) {
    files.push_back((*i)[1]);
  }
  return files;
}

bool Exists(const std::string& name) {
  for (const char* ending : {"", ".h", ".cc"}) {
    glob_t found{};
    const bool some = glob((name + ending).c_str(), GLOB_BRACE, nullptr, &found) == 0;
    globfree(&found);
    if (some) return true;
  }
  return false;
}

TEST(PageLint, FindsFilesAndKnowsWhichExist) {
  EXPECT_EQ(FilesNamedIn("see `dns/name.h`, `dns/`, `dns/name` and `output/tables/*_row.h`."),
            (std::vector<std::string>{"dns/name.h", "dns/name", "output/tables/*_row.h"}));
  EXPECT_TRUE(Exists("dns/name.h"));
  EXPECT_TRUE(Exists("dns/name"));
  EXPECT_TRUE(Exists("dns/name.{h,cc}"));
  EXPECT_TRUE(Exists("output/tables/*_row.h"));
  EXPECT_FALSE(Exists("dns/nam"));
  EXPECT_FALSE(Exists("output/*_row.h"));
}

// Tests run in the project's root.
TEST(PageLint, EveryFileThatAPageNamesExists) {
  std::vector<std::filesystem::path> pages = {"README.md"};
  for (const auto& entry : std::filesystem::directory_iterator("docs")) {
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  }
  size_t files = 0;
  for (const std::filesystem::path& page : pages) {
    for (const std::string& file : FilesNamedIn(ReadFile(page))) {
      ++files;
      EXPECT_TRUE(Exists(file)) << page.string() << " names " << file;
    }
  }
  EXPECT_GT(files, 30u);
}

}  // namespace
}  // namespace mxsweep
