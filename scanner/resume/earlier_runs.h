// What the earlier runs of a scan have left, read from its directory: which is all there is.
#ifndef MXSWEEP_SCANNER_RESUME_EARLIER_RUNS_H_
#define MXSWEEP_SCANNER_RESUME_EARLIER_RUNS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "output/files/file_system.h"
#include "output/scan_directory.h"
#include "scanner/base/number_set.h"
#include "scanner/record/scan_summary.h"
#include "scanner/targets/list_mark.h"
#include "scanner/targets/name_set.h"
#include "scanner/targets/target_reader.h"

namespace mxsweep::scanner {

// Memory: a bit for each target of the list.
struct EarlierRuns {
  output::ScanDirectory directory;
  nlohmann::json scan;                     // scan.json
  NumberSet targets_done;                  // by Target::number
  std::vector<ListMark> marks;             // of the lists that were read, by bytes
  ScanSummary counts;                      // of what is committed
  std::optional<absl::Time> committed_at;  // the last epoch
  std::optional<uint64_t> last_run;        // that committed one
};

// Reads scan.json and the manifests. Errors: those of output::ScanDirectory::Open, and kDataLoss
// for a manifest without what is needed.
absl::StatusOr<EarlierRuns> ReadEarlierRuns(const std::string& directory,
                                            output::FileSystem* files);

// The targets that have their rows, by KeyOf: for a list that is not the same any more. Reads the
// names of a whole table.
absl::StatusOr<NameSet> ReadDoneNames(const EarlierRuns& runs, TargetsKind kind,
                                      const NameSet::Key& key, output::FileSystem* files);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RESUME_EARLIER_RUNS_H_
