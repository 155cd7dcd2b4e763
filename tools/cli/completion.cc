#include "tools/cli/completion.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/base/text.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"

namespace mxsweep::tools {
namespace {

using Takes = CommandFlag::Takes;

// Where a shell's manual shows one line for each.
std::string Short(std::string_view help) {
  std::string line = InOneLine(help);
  for (const std::string_view end : {". ", ": ", "; "}) {
    if (const size_t at = line.find(end); at != std::string::npos) line.resize(at);
  }
  return line;
}

std::string Join(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) AppendText(&text, text.empty() ? "" : separator, word);
  return text;
}

// In single quotes, for any of the three shells.
std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::vector<std::string> CommandNames(const CommandTree& tree) {
  std::vector<std::string> names;
  for (const Command& command : tree.commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> FlagWords(const std::vector<CommandFlag>& flags) {
  std::vector<std::string> words;
  for (const CommandFlag& flag : flags) words.push_back(flag.LongFlag());
  return words;
}

// How Bash lists what may follow a flag.
std::string BashValues(const CommandFlag& flag) {
  switch (flag.takes) {
    case Takes::kWord:
      return JoinText("compgen -W ", Quoted(Join(flag.words, " ")));
    case Takes::kFile:
      return "compgen -f";
    case Takes::kFolder:
      return "compgen -d";
    default:
      return ":";  // nobody knows
  }
}

// "    scan/--progress) values='…';;", the flags of a command with alike values together.
void AppendBashCases(const std::string& command, const std::vector<CommandFlag>& flags,
                     std::string* out) {
  std::map<std::string, std::string> patterns;
  for (const CommandFlag& flag : flags) {
    if (flag.takes == Takes::kNothing) continue;
    std::string& pattern = patterns[BashValues(flag)];
    AppendText(&pattern, pattern.empty() ? "" : "|", command, "/", flag.LongFlag());
    if (!flag.letter.empty()) AppendText(&pattern, "|", command, "/-", flag.letter);
  }
  for (const auto& [values, pattern] : patterns) {
    const std::string_view arguments = values == ":" ? "" : " -- \"$cur\"";
    AppendText(out, "    ", pattern, ")\n      mapfile -t COMPREPLY < <(", values, arguments,
               ")\n      return ;;\n");
  }
}

std::string ZshValues(const CommandFlag& flag) {
  switch (flag.takes) {
    case Takes::kNothing:
      return "";
    case Takes::kWord:
      return JoinText(":", flag.type, ":(", Join(flag.words, " "), ")");
    case Takes::kFile:
      return JoinText(":", flag.type, ":_files");
    case Takes::kFolder:
      return JoinText(":", flag.type, ":_files -/");
    case Takes::kText:
      return JoinText(":", flag.type.empty() ? "value" : flag.type, ": ");
  }
  return "";
}

// A line of _arguments. '[', ']' and ':' mean something there.
std::string ZshFlag(const CommandFlag& flag) {
  std::string help;
  for (const char c : Short(flag.help)) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') help += '\\';
    help += c;
  }
  const std::string_view again = flag.repeatable ? "*" : "";
  const std::string_view takes = flag.takes == Takes::kNothing ? "" : "=";
  return Quoted(JoinText(again, flag.LongFlag(), takes, "[", help, "]", ZshValues(flag)));
}

std::string FishFlag(const std::string& command, const CommandFlag& flag) {
  std::string line = JoinText("complete -c mxsweep");
  if (!command.empty()) AppendText(&line, " -n '__fish_seen_subcommand_from ", command, "'");
  AppendText(&line, " -l ", flag.name);
  if (!flag.letter.empty()) AppendText(&line, " -s ", flag.letter);
  switch (flag.takes) {
    case Takes::kNothing:
      break;
    case Takes::kWord:
      AppendText(&line, " -x -a ", Quoted(Join(flag.words, " ")));
      break;
    case Takes::kFile:
      AppendText(&line, " -r -F");
      break;
    case Takes::kFolder:
      AppendText(&line, " -x -a '(__fish_complete_directories)'");
      break;
    case Takes::kText:
      AppendText(&line, " -x");
      break;
  }
  AppendText(&line, " -d ", Quoted(Short(flag.help)), "\n");
  return line;
}

}  // namespace

std::string BashCompletion(const CommandTree& tree) {
  std::string out =
      "# Bash completion of mxsweep, made by `mxsweep completion bash`. For one user:\n"
      "#   mxsweep completion bash > ~/.local/share/bash-completion/completions/mxsweep\n"
      "_mxsweep() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= i\n"
      "  # Bash takes --flag=word for three words.\n"
      "  if [[ $cur == = ]]; then\n"
      "    cur=\n"
      "  elif [[ $prev == = ]]; then\n"
      "    prev=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  fi\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case ${COMP_WORDS[i]} in\n";
  AppendText(&out, "      ", Join(CommandNames(tree), "|"),
             ")\n        command=${COMP_WORDS[i]}\n        break ;;\n    esac\n  done\n"
             "  case $command/$prev in\n");
  AppendBashCases("*", tree.flags, &out);
  for (const Command& command : tree.commands) AppendBashCases(command.name, command.flags, &out);
  AppendText(&out, "  esac\n  local words=\n  case $command/$cur in\n");
  AppendText(&out, "    /-*) words='", Join(FlagWords(tree.flags), " "), "' ;;\n    /*) words='",
             Join(CommandNames(tree), " "), "' ;;\n");
  for (const Command& command : tree.commands) {
    AppendText(&out, "    ", command.name, "/-*) words='", Join(FlagWords(command.flags), " "),
               "' ;;\n");
    const bool words = !command.positionals.empty() && command.name == "completion";
    if (words) AppendText(&out, "    completion/*) words='bash zsh fish' ;;\n");
  }
  AppendText(&out,
             "  esac\n"
             "  if [[ -n $words ]]; then\n"
             "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
             "  else\n"
             "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
             "  fi\n"
             "}\n"
             "complete -o filenames -F _mxsweep mxsweep\n");
  return out;
}

std::string ZshCompletion(const CommandTree& tree) {
  std::string out =
      "#compdef mxsweep\n"
      "# Zsh completion of mxsweep, made by `mxsweep completion zsh`. Into a folder of $fpath:\n"
      "#   mxsweep completion zsh > ~/.zfunc/_mxsweep\n"
      "_mxsweep() {\n"
      "  local curcontext=$curcontext state line\n"
      "  local -a commands=(\n";
  for (const Command& command : tree.commands) {
    AppendText(&out, "    ", Quoted(JoinText(command.name, ":", Short(command.summary))), "\n");
  }
  AppendText(&out, "  )\n  _arguments -C \\\n");
  for (const CommandFlag& flag : tree.flags) AppendText(&out, "    ", ZshFlag(flag), " \\\n");
  AppendText(&out,
             "    '1:command:->command' '*::argument:->argument'\n"
             "  case $state in\n"
             "    command) _describe command commands ;;\n"
             "    argument)\n"
             "      case $words[1] in\n");
  for (const Command& command : tree.commands) {
    AppendText(&out, "        ", command.name, ")\n          _arguments -s \\\n");
    for (const CommandFlag& flag : command.flags) {
      AppendText(&out, "            ", ZshFlag(flag), " \\\n");
    }
    AppendText(&out, "            ",
               command.name == "completion" ? "'1:shell:(bash zsh fish)'" : "'*:file:_files'",
               " ;;\n");
  }
  AppendText(&out,
             "      esac ;;\n"
             "  esac\n"
             "}\n"
             "if [[ $funcstack[1] == _mxsweep ]]; then _mxsweep \"$@\"; else compdef _mxsweep "
             "mxsweep; fi\n");
  return out;
}

std::string FishCompletion(const CommandTree& tree) {
  std::string out =
      "# Fish completion of mxsweep, made by `mxsweep completion fish`. For one user:\n"
      "#   mxsweep completion fish > ~/.config/fish/completions/mxsweep.fish\n";
  for (const Command& command : tree.commands) {
    AppendText(&out, "complete -c mxsweep -f -n __fish_use_subcommand -a ", command.name, " -d ",
               Quoted(Short(command.summary)), "\n");
  }
  for (const CommandFlag& flag : tree.flags) AppendText(&out, FishFlag("", flag));
  for (const Command& command : tree.commands) {
    for (const CommandFlag& flag : command.flags) AppendText(&out, FishFlag(command.name, flag));
  }
  AppendText(&out,
             "complete -c mxsweep -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh "
             "fish'\n");
  return out;
}

void AddCompletionCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("completion", "Prints a script that completes commands");
  const std::map<std::string, std::string (*)(const CommandTree&)> shells = {
      {"bash", BashCompletion}, {"fish", FishCompletion}, {"zsh", ZshCompletion}};
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  command->footer(
      "Examples:\n"
      "  source <(mxsweep completion bash)\n"
      "  mxsweep completion fish > ~/.config/fish/completions/mxsweep.fish");
  command->callback([&app, &exit_code, shells, shell] {
    exit_code = Print(shells.at(*shell)(DescribeCommands(app)), kExitDone);
  });
}

}  // namespace mxsweep::tools
