#ifndef MXSWEEP_TOOLS_TREND_COMMAND_H_
#define MXSWEEP_TOOLS_TREND_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// `mxsweep trend`: shares over many scans. Exit code 0: done; 1: failed; 2: wrong usage.
void AddTrendCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_TREND_COMMAND_H_
