#include "output/parquet/value_store.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>

namespace mxsweep::output {

template <typename T>
uint64_t ValueStore<T>::Hash(T value) {
  if constexpr (kIsText) {
    return XXH3_64bits(value.data(), value.size());
  } else {
    uint64_t mixed = value * 0x9e3779b97f4a7c15u;
    return mixed ^ (mixed >> 32);
  }
}

template <typename T>
void ValueStore<T>::Clear() {
  uses_dictionary_ = max_dictionary_bytes_ > 0;
  entries_.Clear();
  followers_.clear();
  direct_.clear();
  slots_.assign(uses_dictionary_ ? kFirstSlots : 0, Slot{});
  slots_used_ = 0;
  indices_.clear();
  entry_bytes_ = 0;
  plain_.Clear();
}

template <typename T>
bool ValueStore<T>::AppendKnown(T value) {
  if (!uses_dictionary_) return false;
  if constexpr (!kIsText) {
    // Those have no slot, and what has an entry is recent.
    if (value < kMaxDirect) return false;
  }
  const Slot slot = slots_[FindSlot(value, Hash(value))];
  if (slot.entry == 0) return false;
  const uint32_t index = slot.entry - 1;
  if constexpr (kIsText) {
    if (!indices_.empty()) followers_[indices_.back()] = index;
  }
  return AppendIndex(index);
}

template <typename T>
void ValueStore<T>::AppendNew(T value) {
  if (!uses_dictionary_) {
    plain_.Append(value);
    return;
  }
  AppendIndex(AddEntry(value));
  const size_t size = indices_.size();
  const bool useless = size >= kEarlyLook && entries_.size() * kMostEntriesOf > size * kMostEntries;
  if (useless || entry_bytes_ > max_dictionary_bytes_) AbandonDictionary();
}

template <typename T>
size_t ValueStore<T>::FindSlot(T value, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at].entry != 0; at = (at + 1) & mask) {
    const Slot slot = slots_[at];
    if (slot.hash == static_cast<uint32_t>(hash) && SameValue(entries_[slot.entry - 1], value)) {
      break;
    }
  }
  return at;
}

template <typename T>
uint32_t ValueStore<T>::AddEntry(T value) {
  const auto index = static_cast<uint32_t>(entries_.size());
  entries_.Append(value);
  if constexpr (kIsText) {
    entry_bytes_ += 4 + value.size();
    followers_.push_back(index);
  } else {
    entry_bytes_ += plain_bytes_;
    if (value < kMaxDirect) {
      if (value >= direct_.size()) direct_.resize(std::bit_ceil(value + 1));
      direct_[value] = index + 1;
      return index;
    }
  }
  if (slots_used_ * 2 >= slots_.size()) GrowSlots();
  const uint64_t hash = Hash(value);
  slots_[FindSlot(value, hash)] = {static_cast<uint32_t>(hash), index + 1};
  ++slots_used_;
  return index;
}

template <typename T>
void ValueStore<T>::GrowSlots() {
  // The stored halves of the hashes are enough for tables of up to 2³² slots.
  std::vector<Slot> larger(slots_.size() * 2);
  const size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.entry == 0) continue;
    size_t at = slot.hash & mask;
    while (larger[at].entry != 0) at = (at + 1) & mask;
    larger[at] = slot;
  }
  slots_ = std::move(larger);
}

template <typename T>
void ValueStore<T>::AbandonDictionary() {
  for (const uint32_t index : indices_) plain_.Append(entries_[index]);
  uses_dictionary_ = false;
  entries_.Clear();
  followers_.clear();
  direct_.clear();
  slots_.clear();
  indices_.clear();
}

template <typename T>
size_t ValueStore<T>::CollectedPlainBytes() const {
  if constexpr (kIsText) {
    size_t bytes = indices_.size() * 4;
    for (const uint32_t index : indices_) bytes += entries_[index].size();
    return bytes;
  } else {
    return indices_.size() * plain_bytes_;
  }
}

template <typename T>
void ValueStore<T>::Settle() {
  if (!uses_dictionary_) return;
  const size_t width = entries_.size() > 1 ? std::bit_width(entries_.size() - 1) : 1;
  const size_t with_dictionary = entry_bytes_ + indices_.size() * width / 8;
  // Where it is small enough against the fewest bytes there can be, nothing needs to be summed up.
  if (kIsText && with_dictionary < indices_.size() * 4) return;
  if (with_dictionary >= CollectedPlainBytes()) AbandonDictionary();
}

template <typename T>
size_t ValueStore<T>::PageBytes(size_t first, size_t count) const {
  if (uses_dictionary_) return count * sizeof(uint32_t);
  if constexpr (kIsText) {
    return count * 4 + plain_.TextBytes(first, count);
  } else {
    return count * plain_bytes_;
  }
}

template class ValueStore<uint64_t>;
template class ValueStore<std::string_view>;

}  // namespace mxsweep::output
