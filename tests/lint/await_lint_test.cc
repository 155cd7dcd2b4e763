// Reads the project's own sources: GCC 12 miscompiles co_await in the condition of if, while, for
// or switch, behind !, && , || or ?, and in the operand of co_return. The coroutine drops what
// follows, without a warning. Assign to a variable first.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace mxsweep {
namespace {

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// The source with comments and the contents of literals made blank; line ends stay.
std::string CodeOnly(std::string text) {
  enum { kCode, kLine, kBlock, kString, kCharacter } in = kCode;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view two = std::string_view(text).substr(i, 2);
    const char c = text[i];
    if (in == kCode) {
      if (two == "//") in = kLine;
      if (two == "/*") in = kBlock;
      if (c == '"') in = kString;
      // Not the digit separator of 1'000.
      if (c == '\'' && (i == 0 || !IsWordCharacter(text[i - 1]))) in = kCharacter;
      if (in == kLine || in == kBlock) text[i] = ' ';
      continue;
    }
    if ((in == kString || in == kCharacter) && c == '\\') {
      text[i] = ' ';
      if (++i < text.size() && text[i] != '\n') text[i] = ' ';
      continue;
    }
    if (in == kBlock && two == "*/") {
      text[i] = text[i + 1] = ' ';
      in = kCode;
    } else if ((in == kLine || in == kString) && (c == '\n' || (in == kString && c == '"'))) {
      in = kCode;
    } else if (in == kCharacter && (c == '\'' || c == '\n')) {
      in = kCode;
    } else if (c != '\n') {
      text[i] = ' ';
    }
  }
  return text;
}

std::vector<size_t> FindWords(std::string_view code, std::string_view word) {
  std::vector<size_t> found;
  for (size_t at = code.find(word); at != code.npos; at = code.find(word, at + 1)) {
    const size_t end = at + word.size();
    if (at > 0 && IsWordCharacter(code[at - 1])) continue;
    if (end < code.size() && IsWordCharacter(code[end])) continue;
    found.push_back(at);
  }
  return found;
}

size_t SkipBlanks(std::string_view code, size_t at) {
  while (at < code.size() && std::isspace(static_cast<unsigned char>(code[at]))) ++at;
  return at;
}

// Where the bracket that opens at `open` closes.
size_t CloseOf(std::string_view code, size_t open) {
  int depth = 0;
  for (size_t at = open; at < code.size(); ++at) {
    if (code[at] == '(') ++depth;
    if (code[at] == ')' && --depth == 0) return at;
  }
  return code.size();
}

// Lines (from 1) on which co_await stands where it must not.
std::vector<size_t> BadAwaits(const std::string& text) {
  const std::string code = CodeOnly(text);
  const std::vector<size_t> awaits = FindWords(code, "co_await");
  std::vector<size_t> bad;
  const auto check_range = [&](size_t begin, size_t end) {
    for (const size_t at : awaits) {
      if (at > begin && at < end) bad.push_back(at);
    }
  };
  for (const char* word : {"if", "while", "for", "switch"}) {
    for (const size_t at : FindWords(code, word)) {
      const size_t open = SkipBlanks(code, at + std::string_view(word).size());
      if (open < code.size() && code[open] == '(') check_range(open, CloseOf(code, open));
    }
  }
  for (const size_t at : FindWords(code, "co_return")) check_range(at, code.find(';', at));
  for (const size_t at : awaits) {
    size_t before = at;
    while (before > 0 && (std::isspace(static_cast<unsigned char>(code[before - 1])) ||
                          code[before - 1] == '(')) {
      --before;
    }
    if (before == 0) continue;
    const char last = code[before - 1];
    const bool twice = before > 1 && code[before - 2] == last;
    if (last == '!' || last == '?' || ((last == '&' || last == '|') && twice)) bad.push_back(at);
  }
  std::vector<size_t> lines;
  for (const size_t at : bad) {
    lines.push_back(1 + static_cast<size_t>(std::count(code.begin(), code.begin() + at, '\n')));
  }
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

TEST(AwaitLint, FindsWhatGcc12Miscompiles) {
  for (const char* source : {
           "if (!co_await x) y();",
           "if (co_await x) y();",
           "if (f(\n  co_await x)) y();",
           "while (co_await x) {}",
           "a = b && co_await x;",
           "a = b || (co_await x);",
           "a = !co_await x;",
           "co_return co_await x;",
           "co_return f(co_await x);",
           "switch (co_await x) {}",
           "a = b ? co_await x : c;",
       }) {
    EXPECT_FALSE(BadAwaits(source).empty()) << source;
  }
  EXPECT_EQ(BadAwaits("a();\n\nif (\n!co_await x) y();"), (std::vector<size_t>{4}));
}

TEST(AwaitLint, LeavesTheRestAlone) {
  for (const char* source : {
           "const bool a = co_await x;",
           "co_await x;",
           "if (a) co_await x;",
           "while (!a) co_await x;",
           "// if (co_await x)\n",
           "/* !co_await x */",
           "Log(\"if (co_await x)\");",
           "if (a) {\n  b = co_await x;\n}",
           "co_return a; co_await b;",
           "if (c == '(') co_await x;",
           "my_if(co_await x);",
       }) {
    EXPECT_TRUE(BadAwaits(source).empty()) << source;
  }
}

// Tests run in the project's root.
TEST(AwaitLint, NoSourceOfTheProjectHasAny) {
  size_t files = 0;
  for (const char* folder : {"dns", "tls", "output", "scanner", "tools", "bench", "tests"}) {
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      const std::filesystem::path& path = entry.path();
      if (path.extension() != ".cc" && path.extension() != ".h") continue;
      if (path.filename() == "await_lint_test.cc") continue;
      std::stringstream text;
      text << std::ifstream(path).rdbuf();
      ++files;
      for (const size_t line : BadAwaits(text.str())) {
        ADD_FAILURE() << path.string() << ":" << line
                      << ": assign what co_await gives to a variable first";
      }
    }
  }
  EXPECT_GT(files, 100u);
}

}  // namespace
}  // namespace mxsweep
