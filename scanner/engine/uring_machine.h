#ifndef MXSWEEP_SCANNER_ENGINE_URING_MACHINE_H_
#define MXSWEEP_SCANNER_ENGINE_URING_MACHINE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace mxsweep::scanner {

// What this machine's kernel has of io_uring.
struct UringMachine {
  // Of a ring as a scan makes it, at a small size: why there can be none. A sentence.
  absl::Status usable;
  // Set-up flags that make a ring faster, and that this kernel takes: "DEFER_TASKRUN".
  std::vector<std::string> fast_flags;
  std::vector<std::string> missing_flags;
  // Operations that a scan submits and that this kernel does not know: "SOCKET".
  std::vector<std::string> missing_operations;
};

// Makes some rings and lets them go.
UringMachine ExamineUring();

// "DEFER_TASKRUN, COOP_TASKRUN …", or why there is none.
std::string TellUring(const UringMachine& machine);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_URING_MACHINE_H_
