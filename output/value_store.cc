#include "output/value_store.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>

namespace mxsweep::output {

template <typename T>
uint64_t ValueStore<T>::Hash(T value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
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
  hashes_.clear();
  slots_.assign(uses_dictionary_ ? kFirstSlots : 0, 0);
  indices_.clear();
  entry_bytes_ = 0;
  collected_bytes_ = 0;
  plain_.Clear();
}

template <typename T>
void ValueStore<T>::Append(T value) {
  if (!uses_dictionary_) {
    plain_.Append(value);
    return;
  }
  collected_bytes_ += PlainBytes(value);
  // Most columns repeat themselves from row to row.
  if (IsLast(value)) {
    indices_.push_back(indices_.back());
  } else {
    indices_.push_back(Intern(value));
  }
  const bool useless = indices_.size() == kEarlyLook && entries_.size() * 3 > kEarlyLook * 2;
  if (useless || entry_bytes_ > max_dictionary_bytes_) AbandonDictionary();
}

template <typename T>
bool ValueStore<T>::AppendKnown(T value) {
  if (!uses_dictionary_) return false;
  uint32_t index = 0;
  if (IsLast(value)) {
    index = indices_.back();
  } else {
    const size_t slot = FindSlot(value, Hash(value));
    if (slots_[slot] == 0) return false;
    index = slots_[slot] - 1;
  }
  // One short of the early look, which Append makes.
  if (indices_.size() + 1 == kEarlyLook) return false;
  indices_.push_back(index);
  collected_bytes_ += PlainBytes(value);
  return true;
}

template <typename T>
size_t ValueStore<T>::FindSlot(T value, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const uint32_t index = slots_[slot] - 1;
    if (hashes_[index] == static_cast<uint32_t>(hash) && entries_[index] == value) break;
  }
  return slot;
}

template <typename T>
uint32_t ValueStore<T>::Intern(T value) {
  if (entries_.size() * 2 >= slots_.size()) GrowSlots();
  const uint64_t hash = Hash(value);
  const size_t slot = FindSlot(value, hash);
  if (slots_[slot] != 0) return slots_[slot] - 1;
  const auto index = static_cast<uint32_t>(entries_.size());
  slots_[slot] = index + 1;
  entries_.Append(value);
  hashes_.push_back(static_cast<uint32_t>(hash));
  entry_bytes_ += PlainBytes(value);
  return index;
}

template <typename T>
void ValueStore<T>::GrowSlots() {
  // The stored halves of the hashes are enough for tables of up to 2³² slots.
  slots_.assign(slots_.size() * 2, 0);
  const size_t mask = slots_.size() - 1;
  for (size_t index = 0; index < hashes_.size(); ++index) {
    size_t slot = hashes_[index] & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<uint32_t>(index + 1);
  }
}

template <typename T>
void ValueStore<T>::AbandonDictionary() {
  for (const uint32_t index : indices_) plain_.Append(entries_[index]);
  uses_dictionary_ = false;
  entries_.Clear();
  indices_.clear();
  slots_.clear();
  hashes_.clear();
}

template <typename T>
void ValueStore<T>::Settle() {
  if (!uses_dictionary_) return;
  const size_t width = entries_.size() > 1 ? std::bit_width(entries_.size() - 1) : 1;
  const size_t with_dictionary = entry_bytes_ + indices_.size() * width / 8;
  if (with_dictionary >= collected_bytes_) AbandonDictionary();
}

template class ValueStore<uint64_t>;
template class ValueStore<std::string_view>;

}  // namespace mxsweep::output
