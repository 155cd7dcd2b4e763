#ifndef MXSWEEP_TOOLS_CLI_SCAN_RUN_H_
#define MXSWEEP_TOOLS_CLI_SCAN_RUN_H_

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "scanner/scan_options.h"

namespace mxsweep::tools {

// Runs a scan as a program does: SIGINT, SIGTERM and SIGHUP stop it, SIGUSR1 has it tell how things
// stand, and what there is to tell goes where the options say. Returns the exit code, once what
// went wrong has been told. `give_up` (may be null) is asked every second; true stops the scan like
// a signal. Once in a process.
int RunScanInTheForeground(const scanner::ScanOptions& options,
                           absl::AnyInvocable<bool()> give_up = nullptr);

// Ends the process at once where a second signal has asked for that: the scan's threads may still
// be at work, and nothing is taken down below them. To be called right after.
void LeaveIfStoppedNow(int exit_code);

// "mxsweep: …" on standard error; the exit code that goes with it.
int FailWith(const absl::Status& status);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_SCAN_RUN_H_
