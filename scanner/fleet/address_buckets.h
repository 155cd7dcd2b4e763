// The MX hosts of a committed resolve shard, laid out for probe jobs: each reads the files that
// hold its addresses, and no others.
//
//   mx_hosts_by_address/bucket=07/hosts.parquet
//
// Rows of mx_hosts; a host stands in the bucket of each of its addresses (ShardHashOfAddress modulo
// the number of buckets). One file a bucket and shard, however many epochs the shard took: so they
// are not parts, and no manifest names them.
#ifndef MXSWEEP_SCANNER_FLEET_ADDRESS_BUCKETS_H_
#define MXSWEEP_SCANNER_FLEET_ADDRESS_BUCKETS_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "output/scan_directory.h"
#include "output/tables/tables.h"
#include "scanner/targets/shard.h"

namespace mxsweep::scanner {

inline constexpr uint32_t kDefaultBuckets = 64;
inline constexpr uint32_t kMaxBuckets = 4096;

// Writes them for the scan in `directory`, durably; what an earlier try has left is replaced.
// Memory: at most 256 MiB for all buckets together.
absl::Status WriteAddressBuckets(const std::string& directory, uint32_t buckets);

// Calls `take` for each host of `resolved` that may have an address of the shard, until it fails:
// by bucket where their number is a multiple of shard.count, else every host. kDataLoss where
// buckets are missing.
absl::Status ReadAddressBuckets(const output::ScanDirectory& resolved, const Shard& shard,
                                absl::FunctionRef<absl::Status(const output::MxHostRow&)> take);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_FLEET_ADDRESS_BUCKETS_H_
