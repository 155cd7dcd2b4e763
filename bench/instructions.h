// Instructions of a program, counted by valgrind: the same from run to run, whatever else the
// machine does. Valgrind does not tell programs of ADX, though it knows it: BoringSSL and OpenSSL
// are told so by their environment, where the processor has it. SHA-NI and AVX-512 it does not
// know, so a program that would use them takes other ways.
#ifndef MXSWEEP_BENCH_INSTRUCTIONS_H_
#define MXSWEEP_BENCH_INSTRUCTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace mxsweep::bench {

// User-space instructions of a run of `command`, or of what it executes in its place; nothing where
// there is no valgrind. `file` is written and removed. Not `from_start`: of what lies between
// toggles (valgrind/callgrind.h) only.
absl::StatusOr<std::optional<double>> CountInstructions(const std::vector<std::string>& command,
                                                        const std::string& file, bool from_start);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_INSTRUCTIONS_H_
