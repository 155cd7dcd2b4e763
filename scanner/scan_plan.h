// What the options of a scan come to for the parts that do the work.
#ifndef MXSWEEP_SCANNER_SCAN_PLAN_H_
#define MXSWEEP_SCANNER_SCAN_PLAN_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "scanner/pace/ip_set.h"
#include "scanner/scan_options.h"
#include "scanner/time_left.h"
#include "scanner/work/scan_context.h"
#include "scanner/work/worker_thread.h"

namespace mxsweep::scanner {

// Reads the blocklists and allowlists. The error names the file and the line.
absl::StatusOr<AddressFilter> LoadAddressFilter(const ScanOptions& options);

AddressChoice AddressChoiceOf(const ScanOptions& options);

// But for the filter and the key.
ScanContext::Settings SettingsOf(const ScanOptions& options);

// Of the worker with this index. What all may do together (connections, rates, queries) is divided
// among the workers, and among the jobs of a fleet; `goes_on`: an earlier run knows who throttles.
// REQUIRES: options.workers and options.jobs are not 0.
WorkerThread::Options WorkerOptionsOf(const ScanOptions& options, uint32_t index, bool goes_on,
                                      const std::array<uint64_t, 4>& resolver_seed);

TimeLeftEstimator::Limits TimeLeftLimitsOf(const ScanOptions& options);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SCAN_PLAN_H_
