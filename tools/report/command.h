#ifndef MXSWEEP_TOOLS_REPORT_COMMAND_H_
#define MXSWEEP_TOOLS_REPORT_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// `mxsweep report`: a scan as one page to look at. Exit code 0: done; 1: failed; 2: wrong usage.
void AddReportCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_REPORT_COMMAND_H_
