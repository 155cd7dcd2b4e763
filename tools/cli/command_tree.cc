#include "tools/cli/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

using Takes = CommandFlag::Takes;

std::vector<std::string> SplitAt(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// FlagGroup::Word puts them on the last line of the help: "auto|bar|plain".
std::vector<std::string> WordsOf(std::string_view help) {
  const size_t line = help.rfind('\n');
  const std::string_view last = line == std::string_view::npos ? help : help.substr(line + 1);
  if (last.find('|') == std::string_view::npos || last.find(' ') != std::string_view::npos)
    return {};
  return SplitAt(last, '|');
}

Takes TakesOf(const CLI::Option& option, const std::vector<std::string>& words) {
  if (option.get_expected_max() == 0) return Takes::kNothing;
  if (!words.empty()) return Takes::kWord;
  const std::string type = option.get_type_name();
  if (type == "FILE" || type == "PATH") return Takes::kFile;
  return type == "DIR" || type == "STORE" ? Takes::kFolder : Takes::kText;
}

CommandFlag DescribeFlag(const CLI::Option& option) {
  CommandFlag flag;
  flag.name = option.get_lnames().front();
  if (!option.get_snames().empty()) flag.letter = option.get_snames().front();
  flag.help = option.get_description();
  flag.group = option.get_group();
  flag.default_value = option.get_default_str();
  flag.repeatable = option.get_expected_max() > 1;
  if (option.get_expected_max() != 0) {
    // Behind a colon stands what CLI11 checks: "N:INT in [1 - 65535]".
    const std::string type = option.get_type_name();
    flag.type = type.substr(0, type.find(':'));
    flag.words = WordsOf(flag.help);
  }
  flag.takes = TakesOf(option, flag.words);
  for (const CLI::Option* other : option.get_excludes()) {
    if (!other->get_lnames().empty()) flag.excludes.push_back(other->get_lnames().front());
  }
  return flag;
}

void DescribeOptions(const CLI::App& app, std::vector<CommandFlag>* flags,
                     std::vector<CommandPositional>* positionals) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_lnames().empty()) {
      flags->push_back(DescribeFlag(*option));
    } else if (positionals != nullptr && option->get_positional()) {
      positionals->push_back({.name = option->get_name(/*positional=*/true),
                              .help = option->get_description(),
                              .required = option->get_required(),
                              .repeatable = option->get_expected_max() > 1});
    }
  }
}

}  // namespace

const CommandFlag* Command::FindFlag(std::string_view flag_name) const {
  const auto flag = std::ranges::find(flags, flag_name, &CommandFlag::name);
  return flag == flags.end() ? nullptr : &*flag;
}

const Command* CommandTree::FindCommand(std::string_view command_name) const {
  const auto command = std::ranges::find(commands, command_name, &Command::name);
  return command == commands.end() ? nullptr : &*command;
}

CommandTree DescribeCommands(const CLI::App& app) {
  CommandTree tree;
  tree.name = app.get_name();
  tree.summary = app.get_description();
  DescribeOptions(app, &tree.flags, nullptr);
  for (const CLI::App* sub : app.get_subcommands(/*filter=*/nullptr)) {
    if (sub->get_group().empty()) continue;  // hidden
    Command& command = tree.commands.emplace_back();
    command.name = sub->get_name();
    command.summary = sub->get_description();
    command.footer = sub->get_footer();
    DescribeOptions(*sub, &command.flags, &command.positionals);
  }
  return tree;
}

std::string InOneLine(std::string_view help) {
  std::string line;
  for (const char c : help) {
    if (c != '\n' && c != ' ') {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  return line;
}

}  // namespace mxsweep::tools
