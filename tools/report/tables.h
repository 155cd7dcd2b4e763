// The numbers behind a report's charts, as CSV.
#ifndef MXSWEEP_TOOLS_REPORT_TABLES_H_
#define MXSWEEP_TOOLS_REPORT_TABLES_H_

#include <string>

#include "absl/status/status.h"
#include "tools/report/picture.h"

namespace mxsweep::tools {

// Writes `folder`/ID.csv for each breakdown ("label,count,whole"), and policy.csv, groups.csv,
// hosts.csv, timings.csv, totals.csv. Makes the folder; replaces files of these names.
absl::Status WriteTables(const Picture& picture, const std::string& folder);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_REPORT_TABLES_H_
