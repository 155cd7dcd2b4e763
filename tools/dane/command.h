#ifndef MXSWEEP_TOOLS_DANE_COMMAND_H_
#define MXSWEEP_TOOLS_DANE_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// `mxsweep dane`: the DANE verdict on a chain in a file, without any network. Exit code 0: match,
// 1: no match, 2: wrong usage, files that cannot be read among it.
void AddDaneCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DANE_COMMAND_H_
