// The directory of a fleet: what its jobs leave for each other (docs/fleet.md).
//
//   FLEET/resolve/3-of-8/                 a committed shard: a scan directory
//   FLEET/resolve/3-of-8/mx_hosts_by_address/bucket=07/hosts.parquet
//   FLEET/resolve/.3-of-8.attempt-0002/   a job that is at work, or was
//   FLEET/probe/5-of-16/ …                the same of the other half
//
// Each job writes into an attempt of its own, which begins with what an earlier one has committed
// (hard links, or copies where there are none), so that two jobs may be at work on one shard
// without touching each other's files. A rename, which finds the shard's name free or fails,
// commits. An attempt that sees a later one ends itself.
#ifndef MXSWEEP_SCANNER_FLEET_FLEET_DIRECTORY_H_
#define MXSWEEP_SCANNER_FLEET_FLEET_DIRECTORY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "output/files/file_system.h"
#include "output/scan_directory.h"
#include "scanner/targets/shard.h"

namespace mxsweep::scanner {

// The two halves of a fleet's scan.
enum class FleetPart : uint8_t { kResolve, kProbe };
// "resolve", "probe": the folder, and the subcommand.
std::string_view FleetPartWord(FleetPart part);

// Which shard of which half.
struct FleetJob {
  std::string fleet;  // the directory
  FleetPart part = FleetPart::kResolve;
  Shard shard;

  std::string Folder() const;  // FLEET/resolve
  std::string Name() const;    // "3-of-8"
  std::string Directory() const { return Folder() + "/" + Name(); }
};

// Where a shard stands.
struct ShardState {
  Shard shard;
  bool committed = false;
  // Of what is not: attempts that are there, whether one is at work (holds its lock), and the rows
  // that the furthest has committed.
  uint32_t attempts = 0;
  bool at_work = false;
  uint64_t rows = 0;
};

// One half of a fleet's directory, as it is now.
struct FleetSet {
  uint32_t count = 0;              // of shards; 0: there are none
  std::vector<ShardState> shards;  // by index, one for each of `count`

  std::vector<uint32_t> Missing() const;
};
// kFailedPrecondition, with a sentence, where there are shards of different counts.
absl::StatusOr<FleetSet> LookAtFleet(const std::string& fleet, FleetPart part);

// "0-2,5": indexes as Slurm and people write them.
std::string IndexText(const std::vector<uint32_t>& indexes);

// The "options" of its scan.json; an empty object where it has none.
nlohmann::json OptionsOf(const output::ScanDirectory& scan);

// Every shard of a half, opened, in their order. kFailedPrecondition, with a sentence that names
// them, where some are missing, or still being written; where their options differ in what their
// rows mean, or the lists that they have read.
absl::StatusOr<std::vector<output::ScanDirectory>> OpenFleetSet(const std::string& fleet,
                                                                FleetPart part);

// A job's own place to write.
class ShardAttempt {
 public:
  // Nothing: the shard is committed already.
  static absl::StatusOr<std::optional<ShardAttempt>> Begin(const FleetJob& job);

  const std::string& directory() const { return directory_; }
  // It has what an earlier attempt had committed, to be gone on with.
  bool goes_on() const { return goes_on_; }
  // Another job has begun with the shard since, or has committed it.
  bool IsOvertaken() const;

  // Gives the directory its final name, durably. kAlreadyExists: another job was first, and this
  // one's results are gone. REQUIRES: they are complete, and nothing is open there.
  absl::Status Commit();
  // Removes it.
  void Discard();

 private:
  ShardAttempt(FleetJob job, uint32_t number, std::string directory)
      : job_(std::move(job)), number_(number), directory_(std::move(directory)) {}

  FleetJob job_;
  uint32_t number_ = 0;
  std::string directory_;
  bool goes_on_ = false;
  std::unique_ptr<output::FileLock> lock_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_FLEET_FLEET_DIRECTORY_H_
