#ifndef MXSWEEP_TOOLS_KEYS_COMMAND_H_
#define MXSWEEP_TOOLS_KEYS_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// `mxsweep keys`: weak keys of scans and files. Exit code 0: done, whatever was found; 1: failed;
// 2: wrong usage, an input that is none among it.
void AddKeysCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_KEYS_COMMAND_H_
