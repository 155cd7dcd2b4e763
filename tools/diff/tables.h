// What a comparison has found, as CSV.
#ifndef MXSWEEP_TOOLS_DIFF_TABLES_H_
#define MXSWEEP_TOOLS_DIFF_TABLES_H_

#include <string>

#include "absl/status/status.h"
#include "tools/diff/report.h"

namespace mxsweep::tools {

// The lines of domains.csv: each domain that is not unchanged.
std::string DomainCsvHeader();
std::string DomainCsvLine(const DomainChange& change);

// The lines of servers.csv: each server and measure of which the answer is another one.
std::string ServerCsvHeader();
std::string ServerCsvLine(const ServerChange& change);

// Writes `folder`/steps.csv, causes.csv and providers.csv (all of them), and replaces files of
// these names.
absl::Status WriteDiffTables(const DiffReport& report, const std::string& folder);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_TABLES_H_
