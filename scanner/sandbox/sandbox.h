#ifndef MXSWEEP_SCANNER_SANDBOX_SANDBOX_H_
#define MXSWEEP_SCANNER_SANDBOX_SANDBOX_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/sandbox/landlock.h"

namespace mxsweep::scanner {

// What a program that has started still needs.
struct SandboxPolicy {
  LandlockRules files;
  pid_t child = -1;  // that it may signal
};

// What came of it.
struct SandboxState {
  int landlock_version = 0;  // 0: Landlock is not in force
  bool system_calls = false;
  // Why the one or the other is not in force, in words; empty: both are.
  std::string trouble;
};

// Whether there can be a sandbox in this build. Sanitizers open files, trace threads and map code
// on their own; builds that count covered lines write them down at the end.
bool SandboxFitsBuild();

// From now on this process, with all its threads, can do what `policy` says and no more, whoever
// has taken it over; there is no way back. Descriptors that are open stay so. Where the kernel has
// only a part of it, that part is in force. Called by one thread, while none of the others starts
// any.
SandboxState EnterSandbox(const SandboxPolicy& policy);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SANDBOX_SANDBOX_H_
