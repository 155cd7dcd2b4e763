// The values of one column chunk while it is collected: indices into a dictionary for as long as
// one pays, else the values themselves. A chunk is wholly one or the other: giving the dictionary
// up turns all that was collected so far into plain values.
#ifndef MXSWEEP_OUTPUT_VALUE_STORE_H_
#define MXSWEEP_OUTPUT_VALUE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mxsweep::output {

// A sequence of integers, or of byte strings that it owns.
template <typename T>
class Sequence;

template <>
class Sequence<uint64_t> {
 public:
  void Append(uint64_t value) { values_.push_back(value); }
  uint64_t operator[](size_t i) const { return values_[i]; }
  size_t size() const { return values_.size(); }
  size_t memory_bytes() const { return values_.size() * sizeof(uint64_t); }
  void Clear() { values_.clear(); }

 private:
  std::vector<uint64_t> values_;
};

template <>
class Sequence<std::string_view> {
 public:
  void Append(std::string_view value) {
    bytes_.append(value);
    ends_.push_back(bytes_.size());
  }
  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  size_t size() const { return ends_.size(); }
  size_t memory_bytes() const { return bytes_.size() + ends_.size() * sizeof(size_t); }
  void Clear() {
    bytes_.clear();
    ends_.clear();
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

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

  void Append(T value);

  // Appends the value if the dictionary has it already; else does nothing and returns false.
  bool AppendKnown(T value);

  // To be called once all values are there: gives the dictionary up if it saves nothing.
  void Settle();

  void Clear();

  size_t size() const { return uses_dictionary_ ? indices_.size() : plain_.size(); }
  T operator[](size_t i) const { return uses_dictionary_ ? entries_[indices_[i]] : plain_[i]; }
  bool uses_dictionary() const { return uses_dictionary_; }
  // REQUIRES: uses_dictionary().
  const Sequence<T>& entries() const { return entries_; }
  std::span<const uint32_t> indices() const { return indices_; }

  // What a value takes in PLAIN encoding (not for bools).
  size_t PlainBytes(T value) const {
    if constexpr (std::is_same_v<T, std::string_view>) {
      return 4 + value.size();
    } else {
      return plain_bytes_;
    }
  }
  size_t memory_bytes() const {
    return indices_.size() * sizeof(uint32_t) + slots_.size() * sizeof(uint32_t) +
           entries_.memory_bytes() + plain_.memory_bytes();
  }

 private:
  static constexpr size_t kFirstSlots = 256;
  // After so many values, a dictionary with more than two entries for three values is given up.
  static constexpr size_t kEarlyLook = 8192;

  static uint64_t Hash(T value);
  // The slot of the value, or the free one where it belongs.
  size_t FindSlot(T value, uint64_t hash) const;
  // Index of the value, which is entered if it is new.
  uint32_t Intern(T value);
  bool IsLast(T value) const { return !indices_.empty() && entries_[indices_.back()] == value; }
  void GrowSlots();
  void AbandonDictionary();

  uint32_t plain_bytes_;
  uint32_t max_dictionary_bytes_;
  bool uses_dictionary_ = true;
  Sequence<T> entries_;
  std::vector<uint32_t> hashes_;  // of the entries, the low half
  std::vector<uint32_t> slots_;   // open addressing: index of the entry + 1, or 0
  std::vector<uint32_t> indices_;
  size_t entry_bytes_ = 0;      // all entries, PLAIN
  size_t collected_bytes_ = 0;  // all values, PLAIN
  Sequence<T> plain_;
};

extern template class ValueStore<uint64_t>;
extern template class ValueStore<std::string_view>;

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_VALUE_STORE_H_
