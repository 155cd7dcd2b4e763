// The values of one column chunk while it is collected: indices into a dictionary for as long as
// one pays, else the values themselves. A chunk is wholly one or the other: giving the dictionary
// up turns all that was collected so far into plain values.
#ifndef MXSWEEP_OUTPUT_PARQUET_VALUE_STORE_H_
#define MXSWEEP_OUTPUT_PARQUET_VALUE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "output/parquet/sequence.h"

namespace mxsweep::output {

// T is uint64_t (all integers and bools) or std::string_view.
template <typename T>
class ValueStore {
 public:
  // `plain_bytes`: what an integer takes in the file. A dictionary is given up once its values take
  // more than `max_dictionary_bytes`; 0 means there is none from the start.
  ValueStore(uint32_t plain_bytes, uint32_t max_dictionary_bytes)
      : plain_bytes_(plain_bytes), max_dictionary_bytes_(max_dictionary_bytes) {
    Clear();
  }

  // In the order of what they cost. Each appends the value if it can, else does nothing and returns
  // false; AppendNew always can. AppendRecent: most columns repeat themselves from row to row, and
  // lists repeat themselves as a whole, so that the same value comes after the same one.
  bool AppendRecent(T value) {
    if (indices_.empty()) return false;
    const uint32_t last = indices_.back();
    if constexpr (kIsText) {
      if (SameValue(entries_[last], value)) return AppendIndex(last);
      const uint32_t follower = followers_[last];
      return SameValue(entries_[follower], value) && AppendIndex(follower);
    } else {
      if (value < direct_.size()) return direct_[value] > 0 && AppendIndex(direct_[value] - 1);
      return entries_[last] == value && AppendIndex(last);
    }
  }
  // If the dictionary has it already.
  bool AppendKnown(T value);
  void AppendNew(T value);

  void Append(T value) {
    if (!uses_dictionary_) return plain_.Append(value);
    if (!AppendRecent(value) && !AppendKnown(value)) AppendNew(value);
  }

  // To be called once all values are there: gives the dictionary up if it saves nothing.
  void Settle();

  void Clear();

  size_t size() const { return uses_dictionary_ ? indices_.size() : plain_.size(); }
  T operator[](size_t i) const { return uses_dictionary_ ? entries_[indices_[i]] : plain_[i]; }
  bool uses_dictionary() const { return uses_dictionary_; }
  // REQUIRES: uses_dictionary().
  const Sequence<T>& entries() const { return entries_; }
  std::span<const uint32_t> indices() const { return indices_; }
  // REQUIRES: !uses_dictionary().
  const Sequence<T>& plain() const { return plain_; }

  // What `count` values from number `first` on take in a page: indices, or PLAIN (not for bools).
  size_t PageBytes(size_t first, size_t count) const;

  size_t memory_bytes() const {
    return indices_.size() * sizeof(uint32_t) + slots_.size() * sizeof(Slot) +
           (direct_.size() + followers_.size()) * sizeof(uint32_t) + entries_.memory_bytes() +
           plain_.memory_bytes();
  }

 private:
  static constexpr bool kIsText = std::is_same_v<T, std::string_view>;
  static constexpr size_t kFirstSlots = 256;
  // From so many values on, a dictionary is given up that has more entries than kMostEntries of
  // kMostEntriesOf values. Compression finds texts that come again, but not numbers.
  static constexpr size_t kEarlyLook = 8192;
  static constexpr size_t kMostEntries = 2;
  static constexpr size_t kMostEntriesOf = kIsText ? 5 : 3;
  // Integers below this find their entry by themselves; a table of so many takes 256 KiB.
  static constexpr uint64_t kMaxDirect = 1u << 16;

  // Of the hash table: open addressing.
  struct Slot {
    uint32_t hash = 0;   // the low half
    uint32_t entry = 0;  // its index + 1; 0: free
  };

  static uint64_t Hash(T value);

  bool AppendIndex(uint32_t index) {
    indices_.push_back(index);
    return true;
  }
  // The slot of the value, or the free one where it belongs. REQUIRES: there is a dictionary.
  size_t FindSlot(T value, uint64_t hash) const;
  // Makes an entry of a value that has none.
  uint32_t AddEntry(T value);
  void GrowSlots();
  void AbandonDictionary();
  size_t CollectedPlainBytes() const;

  bool uses_dictionary_ = true;
  uint32_t plain_bytes_;
  uint32_t max_dictionary_bytes_;
  std::vector<uint32_t> indices_;
  Sequence<T> entries_;
  std::vector<uint32_t> followers_;  // of text: for each entry, one that came after it
  std::vector<uint32_t> direct_;     // of small integers: the index of their entry + 1, or 0
  std::vector<Slot> slots_;          // of all others
  size_t slots_used_ = 0;
  size_t entry_bytes_ = 0;  // all entries, PLAIN
  Sequence<T> plain_;
};

extern template class ValueStore<uint64_t>;
extern template class ValueStore<std::string_view>;

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_VALUE_STORE_H_
