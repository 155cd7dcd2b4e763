// Reads docs/rules.md: every rule names a test that exists, and its section is cited where one of
// its tests stands.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace mxsweep {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// "Suite.Name" → the text of the file it is defined in.
std::map<std::string, std::string> TestsOfTheProject() {
  static const std::regex kTest(R"(\n(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  std::map<std::string, std::string> tests;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests")) {
    if (entry.path().extension() != ".cc") continue;
    const std::string text = ReadFile(entry.path());
    for (std::sregex_iterator i(text.begin(), text.end(), kTest), end; i != end; ++i) {
      tests[(*i)[1].str() + "." + (*i)[2].str()] = text;
    }
  }
  return tests;
}

struct Rule {
  std::string text;
  std::string section;  // "5321 §4.2"
  std::vector<std::string> tests;
};

// A row is "| rule | RFC n §s | `A.B` `C.D` |".
std::vector<Rule> RulesOf(const std::string& page) {
  static const std::regex kRow(R"(\| (.+) \| RFC (\d+ §[\d.]+) \| (.+) \|)");
  static const std::regex kName("`([^`]+)`");
  std::vector<Rule> rules;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    std::smatch row;
    if (!std::regex_match(line, row, kRow)) continue;
    Rule rule{row[1], row[2], {}};
    const std::string names = row[3];
    for (std::sregex_iterator i(names.begin(), names.end(), kName), end; i != end; ++i) {
      rule.tests.push_back((*i)[1]);
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

// Rows of tables, their heads and rulers aside.
size_t TableRows(const std::string& page) {
  size_t rows = 0;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    rows += line.starts_with("| ") && !line.starts_with("| ---") && !line.starts_with("| rule |");
  }
  return rows;
}

// "§4.2" is cited, and not only "§4.2.1".
bool Cites(std::string_view text, std::string_view section) {
  for (size_t at = text.find(section); at != text.npos; at = text.find(section, at + 1)) {
    const size_t end = at + section.size();
    const bool goes_on =
        end + 1 < text.size() &&
        (std::isdigit(text[end]) || (text[end] == '.' && std::isdigit(text[end + 1])));
    if (!goes_on) return true;
  }
  return false;
}

TEST(RulesLint, EveryRowOfTheTablesIsARuleWithASectionAndATest) {
  const std::string page = ReadFile("docs/rules.md");
  const std::vector<Rule> rules = RulesOf(page);
  EXPECT_EQ(rules.size(), TableRows(page))
      << "a row is not of the form | rule | RFC n §s | tests |";
  EXPECT_GE(rules.size(), 40u);
  for (const Rule& rule : rules) EXPECT_FALSE(rule.tests.empty()) << rule.text;
}

TEST(RulesLint, EveryTestNamedExists) {
  const std::map<std::string, std::string> tests = TestsOfTheProject();
  for (const Rule& rule : RulesOf(ReadFile("docs/rules.md"))) {
    for (const std::string& test : rule.tests) {
      EXPECT_TRUE(tests.contains(test)) << test << ", of: " << rule.text;
    }
  }
}

TEST(RulesLint, EverySectionIsCitedWhereItIsTested) {
  const std::map<std::string, std::string> tests = TestsOfTheProject();
  for (const Rule& rule : RulesOf(ReadFile("docs/rules.md"))) {
    const std::string section = rule.section.substr(rule.section.find("§"));
    bool cited = false;
    for (const std::string& test : rule.tests) {
      const auto found = tests.find(test);
      if (found != tests.end()) cited |= Cites(found->second, section);
    }
    EXPECT_TRUE(cited) << "RFC " << rule.section << ": " << rule.text;
  }
}

}  // namespace
}  // namespace mxsweep
