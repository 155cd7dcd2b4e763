#include "tools/keys/shared_primes.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "tls/keys/common_factors.h"

namespace mxsweep::tools {
namespace {

using Groups = std::vector<std::vector<uint64_t>>;

// A modulus is known by its index in the store; those that are not in it yet come behind, in the
// order of `fresh`.
class Comparison {
 public:
  Comparison(const tls::BatchGcdOptions& options, ModulusStore* store, KeySet* keys)
      : options_(options), store_(store), keys_(*keys), stored_(store ? store->size() : 0) {}

  absl::StatusOr<SharedPrimes> Run() {
    absl::Status status = ReadStore();
    if (status.ok()) status = CollectFresh();
    if (status.ok()) status = Compare();
    if (!status.ok()) return status;
    SharedPrimes result = Describe();
    result.stored_before = stored_;
    result.added = store_ != nullptr ? fresh_.size() : 0;
    return result;
  }

 private:
  static constexpr uint64_t kNowhere = UINT64_MAX;

  // Which of the set's moduli it has, and what it knows of shared primes.
  absl::Status ReadStore() {
    id_of_modulus_.assign(keys_.moduli().size(), kNowhere);
    if (store_ == nullptr) return absl::OkStatus();
    absl::StatusOr<Groups> shared = store_->ReadShared();
    if (!shared.ok()) return shared.status();
    groups_ = *std::move(shared);
    absl::flat_hash_set<uint64_t> wanted;
    for (const auto& group : groups_) wanted.insert(group.begin(), group.end());
    for (size_t chunk = 0; chunk < store_->chunk_count(); ++chunk) {
      absl::Status status =
          store_->ReadRecords(chunk, [&](uint64_t index, const ModulusStore::Record& record) {
            if (wanted.contains(index)) stored_keys_[index] = record.spki_sha256;
            const auto modulus = keys_.ModulusByHash(tls::HashSha256(record.modulus));
            if (!modulus) return absl::OkStatus();
            id_of_modulus_[*modulus] = index;
            KeyEntry& key = keys_.keys()[keys_.modulus_keys()[*modulus]];
            if (record.first_seen_s != 0 &&
                (key.first_seen_s == 0 || record.first_seen_s < key.first_seen_s)) {
              key.first_seen_s = record.first_seen_s;
            }
            return absl::OkStatus();
          });
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status CollectFresh() {
    for (uint32_t i = 0; i < id_of_modulus_.size(); ++i) {
      if (id_of_modulus_[i] != kNowhere) continue;
      id_of_modulus_[i] = stored_ + fresh_.size();
      fresh_.push_back(i);
    }
    if (fresh_.size() == keys_.moduli().size()) return absl::OkStatus();
    auto list = tls::ModulusList::Create(options_.scratch_folder);
    if (!list.ok()) return list.status();
    for (const uint32_t modulus : fresh_) {
      const auto bytes = keys_.moduli().Read(modulus);
      if (!bytes.ok()) return bytes.status();
      if (absl::Status status = (*list)->Add(*bytes); !status.ok()) return status;
    }
    fresh_list_ = *std::move(list);
    return fresh_list_->Flush();
  }

  const tls::ModulusList& fresh_moduli() const {
    return fresh_list_ != nullptr ? *fresh_list_ : keys_.moduli();
  }

  absl::Status Compare() {
    if (fresh_.empty()) return absl::OkStatus();
    std::unique_ptr<ModulusStore::Addition> addition;
    tls::EarlierProducts earlier;
    tls::KeepProduct keep;
    if (store_ != nullptr) {
      auto begun = store_->Begin();
      if (!begun.ok()) return begun.status();
      addition = *std::move(begun);
      earlier.count = store_->chunk_count();
      earlier.read = [this](size_t chunk, std::vector<uint8_t>* product) {
        return store_->ReadProduct(chunk, product);
      };
      keep = [&](size_t first, size_t count, std::span<const uint8_t> product) {
        return KeepChunk(first, count, product, addition.get());
      };
    }
    auto found = tls::BatchGcd(fresh_moduli(), options_, earlier, keep);
    if (!found.ok()) return found.status();
    std::vector<tls::CommonDivisor> divisors = *std::move(found);
    std::vector<uint64_t> ids;
    for (const tls::CommonDivisor& divisor : divisors) ids.push_back(stored_ + divisor.index);
    if (absl::Status status = ProbeStore(&divisors, &ids); !status.ok()) return status;
    Groups added;
    for (const std::vector<size_t>& group : tls::GroupsByFactor(divisors)) {
      std::vector<uint64_t>& members = added.emplace_back();
      for (const size_t position : group) members.push_back(ids[position]);
    }
    groups_.insert(groups_.end(), added.begin(), added.end());
    return addition != nullptr ? addition->Commit(added) : absl::OkStatus();
  }

  absl::Status KeepChunk(size_t first, size_t count, std::span<const uint8_t> product,
                         ModulusStore::Addition* addition) const {
    std::vector<uint8_t> bytes;
    absl::Status status = fresh_moduli().Read(first, count, &bytes);
    if (!status.ok()) return status;
    std::vector<ModulusStore::Record> records(count);
    std::span<const uint8_t> rest = bytes;
    for (size_t i = 0; i < count; ++i) {
      const auto length = static_cast<size_t>(fresh_moduli().BytesOf(first + i));
      const KeyEntry& key = keys_.keys()[keys_.modulus_keys()[fresh_[first + i]]];
      records[i] = {rest.first(length), key.spki_sha256, key.first_seen_s};
      rest = rest.subspan(length);
    }
    return addition->AddChunk(first, records, product);
  }

  // Who of the store shares with the new ones? Only chunks whose product says so are read.
  absl::Status ProbeStore(std::vector<tls::CommonDivisor>* divisors, std::vector<uint64_t>* ids) {
    if (store_ == nullptr || divisors->empty()) return absl::OkStatus();
    const tls::DivisorProbe probe(*divisors);
    std::vector<uint8_t> product;
    for (size_t chunk = 0; chunk < store_->chunk_count(); ++chunk) {
      absl::Status status = store_->ReadProduct(chunk, &product);
      if (!status.ok()) return status;
      if (!probe.MeetsProduct(product)) continue;
      status = store_->ReadRecords(chunk, [&](uint64_t index, const ModulusStore::Record& record) {
        std::vector<uint8_t> common = probe.CommonWith(record.modulus);
        if (common.empty()) return absl::OkStatus();
        stored_keys_[index] = record.spki_sha256;
        divisors->push_back({divisors->size(), std::move(common)});
        ids->push_back(index);
        return absl::OkStatus();
      });
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  SharedPrimes Describe() {
    absl::flat_hash_map<uint64_t, uint32_t> modulus_of_id;
    for (uint32_t i = 0; i < id_of_modulus_.size(); ++i) modulus_of_id[id_of_modulus_[i]] = i;
    std::map<uint32_t, std::set<uint64_t>> partners;
    for (const std::vector<uint64_t>& group : groups_) {
      for (const uint64_t id : group) {
        const auto modulus = modulus_of_id.find(id);
        if (modulus == modulus_of_id.end()) continue;
        std::set<uint64_t>& others = partners[modulus->second];
        others.insert(group.begin(), group.end());
        others.erase(id);
      }
    }
    SharedPrimes result;
    for (const auto& [modulus, others] : partners) {
      std::vector<tls::Sha256>& list = result.partners[modulus];
      for (const uint64_t id : others) {
        const auto here = modulus_of_id.find(id);
        list.push_back(here != modulus_of_id.end()
                           ? keys_.keys()[keys_.modulus_keys()[here->second]].spki_sha256
                           : stored_keys_[id]);
      }
      std::ranges::sort(list);
    }
    for (KeyEntry& key : keys_.keys()) {
      if (key.modulus == KeyEntry::kNoModulus || !result.partners.contains(key.modulus)) continue;
      key.Add(Weakness::kSharedPrime);
      key.private_key_follows = true;
    }
    return result;
  }

  const tls::BatchGcdOptions& options_;
  ModulusStore* const store_;
  KeySet& keys_;
  const uint64_t stored_;
  std::vector<uint64_t> id_of_modulus_;
  std::vector<uint32_t> fresh_;  // moduli of the set that the store has not
  std::unique_ptr<tls::ModulusList> fresh_list_;
  absl::flat_hash_map<uint64_t, tls::Sha256> stored_keys_;
  Groups groups_;
};

}  // namespace

absl::StatusOr<SharedPrimes> FindSharedPrimes(const tls::BatchGcdOptions& options,
                                              ModulusStore* store, KeySet* keys) {
  return Comparison(options, store, keys).Run();
}

}  // namespace mxsweep::tools
