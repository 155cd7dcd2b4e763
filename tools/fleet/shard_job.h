#ifndef MXSWEEP_TOOLS_FLEET_SHARD_JOB_H_
#define MXSWEEP_TOOLS_FLEET_SHARD_JOB_H_

#include <cstdint>
#include <string>

#include "scanner/fleet/address_buckets.h"
#include "scanner/scan_options.h"

namespace mxsweep::tools {

// What a job of a fleet is told.
struct ShardJob {
  std::string fleet;  // the directory
  scanner::ScanOptions options;
  uint32_t buckets = scanner::kDefaultBuckets;  // of resolve
};

// Works on a shard until it is committed, or the job is stopped: in an attempt of its own, going on
// with what an earlier one has committed. Returns the exit code: 0 as well where the shard was
// committed before, 3 where the job was stopped, 4 where a later one has overtaken it.
int RunShardJob(const ShardJob& job);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_FLEET_SHARD_JOB_H_
