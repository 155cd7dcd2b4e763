// Flags from elsewhere than the command line: a file (--config) and environment variables. What the
// command line says goes first, then the environment, then the file.
#ifndef MXSWEEP_TOOLS_CLI_SETTINGS_H_
#define MXSWEEP_TOOLS_CLI_SETTINGS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/command_tree.h"

namespace mxsweep::tools {

// What a flag is set to, as text, and who says so: "mxsweep.toml line 3", "MXSWEEP_SCAN_RATE".
struct Setting {
  std::vector<std::string> values;
  std::string origin;
};

// By the name of the flag.
using CommandSettings = std::map<std::string, Setting>;

// Reads a TOML file with a table for each command, whose keys are the long names of flags:
//
//   [scan]
//   rate = 200
//   resolver = ["192.0.2.53", "192.0.2.54"]
//   trust-ad = true
//
// All of it is held against `tree`, whichever command is run. InvalidArgument names the line.
absl::StatusOr<std::map<std::string, CommandSettings>> ParseSettingsFile(std::string_view text,
                                                                         const std::string& name,
                                                                         const CommandTree& tree);

// "--ehlo-name" of `mxsweep scan` is MXSWEEP_SCAN_EHLO_NAME.
std::string VariableOf(std::string_view command, std::string_view flag);
// `environment` holds "NAME=value". What begins like a variable of the command and is none is
// InvalidArgument: it would be a flag that silently does nothing.
absl::StatusOr<CommandSettings> SettingsOfEnvironment(const std::vector<std::string>& environment,
                                                      const Command& command);

// What the program is to take for its command line.
struct EffectiveWords {
  std::vector<std::string> words;
  // "--rate" to who said it, of what the command line does not say.
  std::map<std::string, std::string> origins;
};

// `words` is the command line without the program's name. Reads the file that --config or
// MXSWEEP_CONFIG names.
absl::StatusOr<EffectiveWords> WithSettings(std::vector<std::string> words,
                                            const std::vector<std::string>& environment,
                                            const CommandTree& tree);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_SETTINGS_H_
