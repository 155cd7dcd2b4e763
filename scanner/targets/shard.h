// Which part of a fleet's work is one job's. The same names and addresses fall in the same shard on
// every machine and in every version: docs/fleet.md has the rule, for whoever computes it in SQL.
#ifndef MXSWEEP_SCANNER_TARGETS_SHARD_H_
#define MXSWEEP_SCANNER_TARGETS_SHARD_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dns/ip_address.h"

namespace mxsweep::scanner {

inline constexpr uint32_t kMaxShards = 100'000;

// Shard `index` of `count`, from 0. By default: all there is.
struct Shard {
  uint32_t index = 0;
  uint32_t count = 1;

  bool Has(uint64_t hash) const { return hash % count == index; }
  friend bool operator==(const Shard&, const Shard&) = default;
};

// "3/8". kInvalidArgument, with a sentence, for anything else, "8/8" included.
absl::StatusOr<Shard> ParseShard(std::string_view text);
std::string ShardText(const Shard& shard);

// The first eight bytes of the SHA-256 of `text`, the most significant first. Of a name, `text` is
// its A-labels in lower case, without a trailing dot.
uint64_t ShardHash(std::string_view text);

// The network of an address, as text: "192.0.2.0/24", "2001:db8:1:2::/64".
std::string PrefixText(const dns::IpAddress& address);

// An address's: of its prefix as text, so that a network's addresses belong to one job.
uint64_t ShardHashOfAddress(const dns::IpAddress& address);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_TARGETS_SHARD_H_
