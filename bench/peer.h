// Programs of others that are measured over the same load.
#ifndef MXSWEEP_BENCH_PEER_H_
#define MXSWEEP_BENCH_PEER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace mxsweep::bench {

// The command that a shell's text stands for, in which `{name}` stands for what `values` say of it.
std::vector<std::string> PeerCommand(
    const std::string& text, const std::vector<std::pair<std::string, std::string>>& values);

// The program's own name, short enough for a table: of "env A=B /usr/bin/tls-scan --infile=x",
// "peer tls-scan".
std::string PeerName(const std::string& text);

// User and system time of a run. A program that fails is an error with what it printed, which goes
// to the file `log`.
absl::StatusOr<double> PeerCpuSeconds(const std::vector<std::string>& command,
                                      const std::string& log);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_PEER_H_
