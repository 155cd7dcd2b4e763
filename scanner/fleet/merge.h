// The shards of a fleet as one scan: the tables that `mxsweep scan` would have written.
#ifndef MXSWEEP_SCANNER_FLEET_MERGE_H_
#define MXSWEEP_SCANNER_FLEET_MERGE_H_

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "scanner/record/scan_summary.h"

namespace mxsweep::scanner {

// Joins all committed shards of `fleet` into a scan directory at `output`: hosts that several
// resolve jobs have met become one, certificates stand there once, endpoints, probes and hosts are
// sorted by host, and what a domain's row says of its hosts is filled in. `output` appears when all
// is done, and must not be there before. `clock` says when an epoch is due; `progress` is told what
// begins ("mx_hosts").
//
// Memory: some 40 bytes for each host, 60 for each certificate, and what sorting takes
// (sorted_rows.h); disk: the hosts and endpoints once more, until it is done.
//
// Errors: those of OpenFleetSet; kFailedPrecondition where the two halves do not go together or
// `output` is there; kDataLoss, with the name, where an endpoint is missing, was asked by two
// shards or belongs to no host.
absl::StatusOr<ScanSummary> MergeFleet(const std::string& fleet, const std::string& output,
                                       absl::Time (*clock)(),
                                       absl::FunctionRef<void(std::string_view)> progress);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_FLEET_MERGE_H_
