#ifndef MXSWEEP_SCANNER_BASE_RECENT_MAP_H_
#define MXSWEEP_SCANNER_BASE_RECENT_MAP_H_

#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace mxsweep {

// A map that forgets: it has the last `generation` entries that were kept or found, and at most
// twice as many. When so many have gathered they become the older generation, and the one before
// them goes.
//
// Thread-compatible: one thread at a time.
template <typename Key, typename Value, typename Hash>
class RecentMap {
 public:
  // REQUIRES: generation > 0.
  explicit RecentMap(size_t generation) : generation_(generation) {}

  // Null: not known, or no longer. Valid until the next call.
  const Value* Find(const Key& key) {
    if (const auto found = newer_.find(key); found != newer_.end()) return &found->second;
    const auto found = older_.find(key);
    if (found == older_.end()) return nullptr;
    Value value = std::move(found->second);
    older_.erase(found);
    return &Keep(key, std::move(value));
  }

  // In place of what there is with that key. Valid until the next call.
  const Value& Keep(const Key& key, Value value) {
    if (newer_.size() >= generation_ && !newer_.contains(key)) {
      older_ = std::exchange(newer_, {});
    }
    return newer_.insert_or_assign(key, std::move(value)).first->second;
  }

 private:
  using Generation = absl::flat_hash_map<Key, Value, Hash>;
  size_t generation_;
  Generation newer_;
  Generation older_;
};

}  // namespace mxsweep

#endif  // MXSWEEP_SCANNER_BASE_RECENT_MAP_H_
