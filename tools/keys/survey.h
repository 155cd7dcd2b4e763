// What `mxsweep keys` does, without its flags and its words: reads scans and files, looks at their
// keys, compares them, and finds out who is concerned.
#ifndef MXSWEEP_TOOLS_KEYS_SURVEY_H_
#define MXSWEEP_TOOLS_KEYS_SURVEY_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "output/tables/tables.h"
#include "tls/keys/blocklist.h"
#include "tools/keys/key_set.h"
#include "tools/keys/progress.h"

namespace mxsweep::tools {

struct SurveyOptions {
  std::vector<std::string> inputs;               // scan directories and files
  const tls::KeyBlocklist* blocklist = nullptr;  // borrowed; none: nothing is said of known keys
  std::string store;                             // "": none
  std::string scratch_folder = "/tmp";
  uint64_t memory_bytes = 3ull << 30;
  int threads = 1;
};

// Keys with one of the words, and what they concern. Certificates are distinct, endpoints and
// domains of several keys count for each.
struct WeaknessCount {
  uint64_t keys = 0;
  uint64_t certificates = 0;
  uint64_t endpoints = 0;
  uint64_t domains = 0;
};

struct SurveyResult {
  uint64_t certificates = 0;
  uint64_t keys = 0;
  uint64_t moduli = 0;
  uint64_t unreadable = 0;
  std::map<std::string, uint64_t> unchecked;  // as KeySet::unchecked
  bool has_scans = false;
  bool has_store = false;
  uint64_t stored_before = 0;
  uint64_t stored_added = 0;
  std::array<WeaknessCount, kWeaknesses> counts{};
  // The worst first: private keys that anybody can compute, then by what it concerns.
  std::vector<output::WeakKeyRow> rows;
};

// kInvalidArgument: an input is none. Other errors are of the disk, or of a damaged scan, store or
// list.
absl::StatusOr<SurveyResult> SurveyKeys(const SurveyOptions& options, StageProgress* progress);

// Writes the rows as a Parquet file in one step: under a hidden name first.
absl::Status WriteWeakKeys(const std::vector<output::WeakKeyRow>& rows, const std::string& path);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_KEYS_SURVEY_H_
