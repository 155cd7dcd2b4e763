#ifndef MXSWEEP_TOOLS_SCAN_COMMAND_H_
#define MXSWEEP_TOOLS_SCAN_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// Adds `mxsweep scan`. It runs while `app` parses and writes its exit code to `exit_code`; both
// outlive the parsing.
void AddScanCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_SCAN_COMMAND_H_
