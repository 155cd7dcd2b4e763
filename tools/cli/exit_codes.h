#ifndef MXSWEEP_TOOLS_CLI_EXIT_CODES_H_
#define MXSWEEP_TOOLS_CLI_EXIT_CODES_H_

namespace mxsweep::tools {

// What every subcommand returns to the shell.
enum ExitCode : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitWrongUsage = 2,
  kExitStopped = 3,    // stopped early; what was done is kept
  kExitOvertaken = 4,  // a later job of the same shard goes on with it
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_EXIT_CODES_H_
