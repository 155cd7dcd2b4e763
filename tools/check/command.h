#ifndef MXSWEEP_TOOLS_CHECK_COMMAND_H_
#define MXSWEEP_TOOLS_CHECK_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// Adds `mxsweep check`. It runs while `app` parses and writes its exit code to `exit_code`; both
// outlive the parsing. Exit code: 0 every domain passes, 1 one does not or could not be judged
// (docs/check.md), 2 wrong usage.
void AddCheckCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CHECK_COMMAND_H_
