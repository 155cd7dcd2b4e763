#ifndef MXSWEEP_TOOLS_CLI_METRICS_H_
#define MXSWEEP_TOOLS_CLI_METRICS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dns/server_address.h"
#include "tools/cli/side_process.h"

namespace mxsweep::tools {

// A metric that Prometheus is told of: the value of a key of the progress object
// (scanner/progress.h, RenderJson).
struct Metric {
  std::string_view name;
  std::string_view key;
  std::string_view help;
};
// All of them, but for mxsweep_state, which has a label.
std::vector<Metric> Metrics();
// 1 for the state that the scan is in, and 0 for the others.
inline constexpr std::string_view kStateMetric = "mxsweep_state";

// A process that answers Prometheus at http://ADDRESS:PORT/metrics with what the newest line, a
// progress object, says. InvalidArgument where it cannot listen there. Before there are threads.
absl::StatusOr<std::unique_ptr<SideProcess>> StartMetrics(const dns::ServerAddress& address);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_METRICS_H_
