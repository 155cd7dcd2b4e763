#ifndef MXSWEEP_TOOLS_CLI_MANUAL_H_
#define MXSWEEP_TOOLS_CLI_MANUAL_H_

#include <string>

#include "tools/cli/command_tree.h"

namespace CLI {
class App;
}

namespace mxsweep::tools {

// The manual page mxsweep(1), as roff (man(7)): every command and flag of the tree, and what holds
// for all of them.
std::string ManualPage(const CommandTree& tree, const std::string& version);

// Adds `mxsweep man`, which prints it, of the commands that `app` has then.
void AddManualCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_MANUAL_H_
