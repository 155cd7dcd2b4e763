#ifndef MXSWEEP_TOOLS_DASHBOARD_COMMAND_H_
#define MXSWEEP_TOOLS_DASHBOARD_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// `mxsweep dashboard`: TLS shares over time of logs, TLS reports and scans. Exit code 0: read,
// whatever was found; 1: an input could not be read to its end, or the page not written; 2: wrong
// usage.
void AddDashboardCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DASHBOARD_COMMAND_H_
