#ifndef MXSWEEP_TOOLS_CAT_COMMAND_H_
#define MXSWEEP_TOOLS_CAT_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// Adds `mxsweep cat`. It runs while `app` parses and writes its exit code to `exit_code`; both
// outlive the parsing.
void AddCatCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CAT_COMMAND_H_
