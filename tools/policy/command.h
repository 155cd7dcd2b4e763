#ifndef MXSWEEP_TOOLS_POLICY_COMMAND_H_
#define MXSWEEP_TOOLS_POLICY_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// `mxsweep policy`: which domains would not get mail if a sender demanded more. Exit code 0: done,
// whatever was found; 1: failed; 2: wrong usage, a requirement or weights that are none among it.
void AddPolicyCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_POLICY_COMMAND_H_
