// The program's commands and flags as plain data, read off CLI11's own tree: what completions, the
// manual and settings are made from, so that none of them knows a flag that is not there, or lacks
// one.
#ifndef MXSWEEP_TOOLS_CLI_COMMAND_TREE_H_
#define MXSWEEP_TOOLS_CLI_COMMAND_TREE_H_

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace mxsweep::tools {

struct CommandFlag {
  enum class Takes : uint8_t {
    kNothing,
    kWord,    // one of `words`
    kFile,    // or a folder: PATH
    kFolder,  // a folder
    kText,    // anything else
  };

  std::string name;    // "rate"
  std::string letter;  // "o"; empty: none
  Takes takes = Takes::kNothing;
  std::string type;  // "N", "TIME", as help shows it; empty: it takes nothing, or says so in `help`
  std::vector<std::string> words;
  std::string default_value;
  std::string help;  // with the line breaks of --help
  std::string group;
  bool repeatable = false;
  std::vector<std::string> excludes;  // names of flags

  // "--rate".
  std::string LongFlag() const { return "--" + name; }
};

struct CommandPositional {
  std::string name;
  std::string help;
  bool required = false;
  bool repeatable = false;
};

struct Command {
  std::string name;  // "scan"
  std::string summary;
  std::string footer;
  std::vector<CommandFlag> flags;
  std::vector<CommandPositional> positionals;

  const CommandFlag* FindFlag(std::string_view flag_name) const;
};

struct CommandTree {
  std::string name;
  std::string summary;
  std::vector<CommandFlag> flags;  // of the program, before or behind the command
  std::vector<Command> commands;

  const Command* FindCommand(std::string_view command_name) const;
};

CommandTree DescribeCommands(const CLI::App& app);

// Text of help in one line.
std::string InOneLine(std::string_view help);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_COMMAND_TREE_H_
