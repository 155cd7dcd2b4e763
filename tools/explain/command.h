#ifndef MXSWEEP_TOOLS_EXPLAIN_COMMAND_H_
#define MXSWEEP_TOOLS_EXPLAIN_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// `mxsweep explain`: the TLS troubles of mail logs in plain words, without any network. Exit code
// 0: read, whatever was found; 1: an input could not be read to its end; 2: wrong usage.
void AddExplainCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_COMMAND_H_
