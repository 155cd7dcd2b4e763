#ifndef MXSWEEP_SCANNER_RESUME_RESTORE_H_
#define MXSWEEP_SCANNER_RESUME_RESTORE_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "output/files/file_system.h"
#include "scanner/resume/earlier_runs.h"
#include "scanner/work/resumed_endpoints.h"
#include "scanner/work/scan_context.h"

namespace mxsweep::scanner {

// What the committed rows told the workers.
struct Restored {
  std::unique_ptr<ResumedEndpoints> endpoints;  // for ScanContext::Services::resumed
  uint64_t hosts = 0;                           // finished ones
  uint64_t certificates = 0;                    // that have their rows
};

// Tells the workers and the certificate table of `context` what the committed rows say, so that
// nothing is asked or written twice: finished hosts, asked endpoints of others, certificates, and
// addresses that were silent or answered 421 a short time before `now`. To be called before the first target is
// started; the workers are told by messages. Memory beyond that of the scan itself: a fingerprint
// for each host, and the columns of a row group.
absl::StatusOr<Restored> Restore(const EarlierRuns& runs, ScanContext* context, absl::Time now,
                                 output::FileSystem* files);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RESUME_RESTORE_H_
