#include "scanner/fleet/resolved_hosts.h"

#include <openssl/sha.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "output/files/file_system.h"
#include "output/scan_directory.h"
#include "scanner/base/text.h"
#include "scanner/fleet/address_buckets.h"
#include "scanner/fleet/fleet_directory.h"
#include "scanner/fleet/host_answers.h"
#include "scanner/record/facts_of_rows.h"
#include "scanner/work/packing.h"

namespace mxsweep::scanner {
namespace {

// One host as all shards tell of it, packed.
class Collected {
 public:
  // In the order of the shards.
  absl::Status Add(const output::MxHostRow& row) {
    absl::StatusOr<dns::HostAnswer> answer = HostAnswerOf(row);
    if (!answer.ok()) return answer.status();
    WaitingHost host;
    host.host = row.host;
    host.started_us = absl::ToUnixMicros(row.started_at) + static_cast<int64_t>(row.elapsed_us);
    std::string& packed = hosts_[row.host];
    if (!packed.empty()) {
      WaitingHost known = UnpackHost(packed);
      TakeAnswer(*answer, &*known.answer);
      // Whatever of it is older has to count as that old.
      host.started_us = std::min(host.started_us, known.started_us);
      *answer = *std::move(known.answer);
      packed.clear();
    }
    host.answer = *std::move(answer);
    Pack(host, &packed);
    return absl::OkStatus();
  }

  // Those with addresses of the shard, by name.
  std::vector<std::string> Take(const Shard& shard, const AddressChoice& choice) {
    std::vector<std::pair<std::string, std::string>> sorted(hosts_.begin(), hosts_.end());
    hosts_.clear();
    std::ranges::sort(sorted);
    std::vector<std::string> taken;
    for (auto& [name, packed] : sorted) {
      WaitingHost host = UnpackHost(packed);
      host.answer->addresses = AddressesToTry(choice, *host.answer);
      std::erase_if(host.answer->addresses, [&](const dns::IpAddress& address) {
        return !shard.Has(ShardHashOfAddress(address));
      });
      if (host.answer->addresses.empty()) continue;
      Pack(host, &taken.emplace_back());
    }
    return taken;
  }

 private:
  absl::flat_hash_map<std::string, std::string> hosts_;
};

}  // namespace

ListMark MarkOfResolveSet(const std::vector<output::ScanDirectory>& shards) {
  ListMark mark;
  SHA256_CTX hash;
  SHA256_Init(&hash);
  for (const output::ScanDirectory& shard : shards) {
    const uint64_t hosts = shard.rows()[static_cast<size_t>(output::TableId::kMxHosts)];
    const auto id = shard.scan().find("scan_id");
    const std::string text =
        JoinText(id == shard.scan().end() ? "" : id->dump(), " ", shard.epochs(), " ", hosts, "\n");
    SHA256_Update(&hash, text.data(), text.size());
    mark.bytes += hosts;
  }
  SHA256_Final(mark.sha256.data(), &hash);
  return mark;
}

absl::StatusOr<std::unique_ptr<ResolvedHosts>> ResolvedHosts::Open(const std::string& fleet,
                                                                   const Shard& shard,
                                                                   const AddressChoice& choice) {
  const auto shards = OpenFleetSet(fleet, FleetPart::kResolve);
  if (!shards.ok()) return shards.status();
  Collected collected;
  for (const output::ScanDirectory& resolved : *shards) {
    absl::Status read = ReadAddressBuckets(
        resolved, shard, [&](const output::MxHostRow& row) { return collected.Add(row); });
    if (!read.ok()) return read;
  }
  std::unique_ptr<ResolvedHosts> hosts(new ResolvedHosts());
  hosts->hosts_ = collected.Take(shard, choice);
  hosts->mark_ = MarkOfResolveSet(*shards);
  hosts->options_ = OptionsOf(shards->front());
  return hosts;
}

bool ResolvedHosts::Next(Target* target) {
  const uint64_t at = next_.load(std::memory_order_relaxed);
  if (at == hosts_.size()) return false;
  WaitingHost host = UnpackHost(hosts_[at]);
  hosts_[at] = {};
  *target = {};
  target->kind = Target::Kind::kResolvedHost;
  target->number = at;
  target->input_line = at + 1;
  target->name = std::move(host.host);
  auto resolved = std::make_shared<ResolvedHost>();
  resolved->answer = *std::move(host.answer);
  resolved->resolved_at = absl::FromUnixMicros(host.started_us);
  target->resolved = std::move(resolved);
  counts_.lines = counts_.targets = at + 1;
  next_.store(at + 1, std::memory_order_relaxed);
  return true;
}

}  // namespace mxsweep::scanner
