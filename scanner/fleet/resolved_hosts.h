// The list of a probe job: the MX hosts that a fleet's resolve jobs have found, as far as their
// addresses are this job's.
#ifndef MXSWEEP_SCANNER_FLEET_RESOLVED_HOSTS_H_
#define MXSWEEP_SCANNER_FLEET_RESOLVED_HOSTS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "output/scan_directory.h"
#include "scanner/targets/list_mark.h"
#include "scanner/targets/shard.h"
#include "scanner/targets/target_reader.h"
#include "scanner/verdict/domain_findings.h"

namespace mxsweep::scanner {

// What a resolve set's shards are, and how much they have: where one was written anew, the set has
// another mark.
ListMark MarkOfResolveSet(const std::vector<output::ScanDirectory>& shards);

// In the order of their names, each once, with those addresses of the shard that are to be asked.
// Numbers and order are the same whenever the same resolve set is read. Memory: some hundred bytes
// a host of the shard.
class ResolvedHosts final : public TargetList {
 public:
  // Reads the resolve set of `fleet`. Where the number of its buckets is a multiple of
  // `shard.count`, only files that hold this shard's hosts are read. Errors: those of OpenFleetSet;
  // kDataLoss.
  static absl::StatusOr<std::unique_ptr<ResolvedHosts>> Open(const std::string& fleet,
                                                             const Shard& shard,
                                                             const AddressChoice& choice);

  bool Next(Target* target) override;
  uint64_t bytes_read() const override { return next_.load(std::memory_order_relaxed); }
  uint64_t size_bytes() const override { return hosts_.size(); }
  const absl::Status& status() const override { return status_; }
  const TargetCounts& counts() const override { return counts_; }

  // MarkOfResolveSet.
  const ListMark& mark() const { return mark_; }
  // The "options" of its scan.json.
  const nlohmann::json& options() const { return options_; }

 private:
  ResolvedHosts() = default;

  std::vector<std::string> hosts_;  // packed (scanner/work/packing.h)
  std::atomic<uint64_t> next_{0};
  ListMark mark_;
  nlohmann::json options_;
  absl::Status status_;
  TargetCounts counts_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_FLEET_RESOLVED_HOSTS_H_
