// A manifest: the parts that one epoch committed, as a small JSON file.
//
//   {"format": "mxsweep-manifest", "schema_version": 5, "scan_id": "…", "epoch": 7,
//    "parts": [{"table": "endpoints", "file": "endpoints/part-000007.parquet",
//               "rows": 70000, "bytes": 3500000}, …],
//    "targets_done": [1000, 20, 3, 1, …], "scan": {…}}
//
// Each lists only what belongs to its own epoch; the scan is what manifests 1 to N list together.
// "targets_done" are the targets of the list, by number from 0, that came to their end in it: of
// 1,000 none did, the next 20 did, of the next 3 none, the next one did, and so on. "scan" is what
// the scanner notes for who goes on with the scan (scanner/resume).
#ifndef MXSWEEP_OUTPUT_MANIFEST_H_
#define MXSWEEP_OUTPUT_MANIFEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "output/scan_directory.h"

namespace mxsweep::output {

struct Manifest {
  std::string scan_id;
  uint64_t epoch = 0;
  std::vector<PartInfo> parts;
  std::vector<NumberRun> targets_done;  // ascending, apart
  nlohmann::json scan;                  // an object, or null
};

// "manifest/000007.json", and "endpoints/part-000007.parquet": names relative to the directory.
std::string ManifestFile(uint64_t epoch);
std::string PartFile(TableId table, uint64_t epoch);
// What a part is called until its epoch is committed: "endpoints/.part-000007.parquet.tmp".
std::string HiddenPartFile(const std::string& part_file);
// The epoch of a name inside manifest/; nullopt for any other file.
std::optional<uint64_t> EpochOfManifestName(std::string_view name);

std::string SerializeManifest(const Manifest& manifest);
// kDataLoss for anything that SerializeManifest would not have written, such as a part outside the
// directory; kFailedPrecondition for a newer schema version.
absl::StatusOr<Manifest> ParseManifest(std::string_view text);

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_MANIFEST_H_
