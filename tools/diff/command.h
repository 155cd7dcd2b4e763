#ifndef MXSWEEP_TOOLS_DIFF_COMMAND_H_
#define MXSWEEP_TOOLS_DIFF_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// `mxsweep diff`: what changed between two scans, and why. Exit code 0: done, whatever was found;
// 1: failed; 2: wrong usage.
void AddDiffCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_COMMAND_H_
