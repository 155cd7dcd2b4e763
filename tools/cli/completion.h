#ifndef MXSWEEP_TOOLS_CLI_COMPLETION_H_
#define MXSWEEP_TOOLS_CLI_COMPLETION_H_

#include <string>

#include "tools/cli/command_tree.h"

namespace CLI {
class App;
}

namespace mxsweep::tools {

// Scripts that complete the program's commands, flags, words and files. Each says at its top how it
// is installed.
std::string BashCompletion(const CommandTree& tree);
std::string ZshCompletion(const CommandTree& tree);
std::string FishCompletion(const CommandTree& tree);

// Adds `mxsweep completion`, of the commands that `app` has then.
void AddCompletionCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_COMPLETION_H_
