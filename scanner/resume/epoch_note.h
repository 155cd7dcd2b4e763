// What each epoch notes beside its rows for who goes on with the scan (output::Manifest::scan).
#ifndef MXSWEEP_SCANNER_RESUME_EPOCH_NOTE_H_
#define MXSWEEP_SCANNER_RESUME_EPOCH_NOTE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "scanner/record/scan_summary.h"
#include "scanner/targets/list_mark.h"

namespace mxsweep::scanner {

struct EpochNote {
  uint64_t run = 0;         // of the scan, from 0: an index of scan.json's "runs"
  absl::Time committed_at;  // to the microsecond
  ListMark list;            // how far the list had been read
  ScanSummary counts;       // of all that was written so far, by all runs
};

nlohmann::json MarkToJson(const ListMark& mark);
nlohmann::json EpochNoteToJson(const EpochNote& note);
// kDataLoss for anything else.
absl::StatusOr<EpochNote> EpochNoteFromJson(const nlohmann::json& json);

// The counts of a summary that rows make (all but times and what the list's reader counts).
nlohmann::json CountsToJson(const ScanSummary& summary);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RESUME_EPOCH_NOTE_H_
