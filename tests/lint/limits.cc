#include "tests/lint/limits.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "scanner/base/text.h"

namespace mxsweep::lint {
namespace {

// What meets bytes or files of others, and what a table row of it is called.
constexpr std::string_view kFolders[] = {"dns",         "tls",       "scanner",    "output",
                                         "tools/check", "tools/cli", "tools/dane", "tools/keys"};

std::string CommentText(std::string_view line) {
  line = TrimText(line);
  return line.starts_with("//") ? std::string(TrimText(line.substr(2))) : "";
}

std::string ForTable(std::string text) {
  for (size_t at = text.find('|'); at != text.npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

}  // namespace

std::vector<Limit> LimitsIn(std::string_view code) {
  static const std::regex kLimit(
      R"(constexpr[ \n][\w:<> ]+?\b(k(?:Max|Most)[A-Z]\w*)\s*(?:=\s*([^;]+)|\{([^;]+)\});[ ]*(//[^\n]*)?)");
  std::vector<Limit> limits;
  const std::string text(code);
  for (std::sregex_iterator i(text.begin(), text.end(), kLimit), end; i != end; ++i) {
    Limit limit = {.name = (*i)[1], .value = (*i)[2].matched ? (*i)[2] : (*i)[3]};
    limit.value = std::regex_replace(limit.value, std::regex(R"(\s+)"), " ");
    limit.comment = CommentText((*i)[4].str());
    // Or the lines of comment right above it.
    size_t line_begin = text.rfind('\n', static_cast<size_t>(i->position()));
    while (!(*i)[4].matched && line_begin != text.npos && line_begin > 0) {
      const size_t above = text.rfind('\n', line_begin - 1);
      const size_t from = above == text.npos ? 0 : above + 1;
      const std::string comment = CommentText(text.substr(from, line_begin - from));
      if (comment.empty()) break;
      limit.comment = limit.comment.empty() ? comment : JoinText(comment, " ", limit.comment);
      line_begin = above;
    }
    limits.push_back(std::move(limit));
  }
  return limits;
}

std::string LimitsPage() {
  std::string page =
      "# Limits\n\n"
      "Every constant by which the code bounds what others can make it read, keep or do, as the "
      "sources have it: made by `limits_page > docs/limits.md`, and\n"
      "a test fails where page and code differ. What is not said by a name is said by the comment "
      "beside the constant. [security.md](security.md) says who sends those bytes.\n";
  std::map<std::string, std::string> sections;
  for (const std::string_view folder : kFolders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      const std::string path = entry.path().string();
      if (!path.ends_with(".h") && !path.ends_with(".cc")) continue;
      std::ostringstream code;
      code << std::ifstream(path).rdbuf();
      for (const Limit& limit : LimitsIn(code.str())) {
        AppendText(&sections[path], "| `", path, "` | `", limit.name, "` | `",
                   ForTable(limit.value), "` | ", ForTable(limit.comment), " |\n");
      }
    }
  }
  std::string room;
  for (const auto& [path, rows] : sections) {
    const std::string folder = path.substr(0, path.rfind('/'));
    if (folder != room) {
      AppendText(&page, "\n## ", folder,
                 "\n| file | constant | value | |\n| --- | --- | --- | --- |\n");
      room = folder;
    }
    page += rows;
  }
  return page;
}

}  // namespace mxsweep::lint
