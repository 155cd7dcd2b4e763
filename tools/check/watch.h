// Asking again and again (`mxsweep check --watch`).
#ifndef MXSWEEP_TOOLS_CHECK_WATCH_H_
#define MXSWEEP_TOOLS_CHECK_WATCH_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace mxsweep::tools {

// A report for people, and for machines.
struct ReportPair {
  std::string text;
  std::string json;
};

// What `ask` comes to in a process of its own: a scan gives up rights for good, and the next one
// needs them again. Before there are threads.
absl::StatusOr<ReportPair> InChildProcess(const std::function<absl::StatusOr<ReportPair>()>& ask);

// Decides what is to be printed of one report after the other.
class WatchPrinter {
 public:
  explicit WatchPrinter(bool json) : json_(json) {}

  // Of the first one all; of a later one what has changed, and all; empty: nothing has. For
  // machines an object a line, with `at`, `changes` and `report`.
  std::string Next(const ReportPair& reports, absl::Time now);

 private:
  bool json_;
  std::optional<nlohmann::json> before_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CHECK_WATCH_H_
