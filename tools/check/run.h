// The scan behind `mxsweep check`.
#ifndef MXSWEEP_TOOLS_CHECK_RUN_H_
#define MXSWEEP_TOOLS_CHECK_RUN_H_

#include <vector>

#include "absl/status/status.h"
#include "scanner/posture/report.h"
#include "scanner/record/row_sinks.h"
#include "scanner/scan_options.h"

namespace mxsweep::tools {

// Asks the DNS and the mail servers of `domains`, keeps the rows in `sink` and what the resolver is
// worth in `world`. On a terminal a word on standard error says that it takes a while. `options` as
// CheckDefaults has them.
absl::Status AskDomains(const scanner::ScanOptions& options,
                        const std::vector<scanner::CheckedDomain>& domains,
                        scanner::MemorySink* sink, scanner::CheckWorld* world);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CHECK_RUN_H_
