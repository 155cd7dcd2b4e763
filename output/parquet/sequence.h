// Values one after the other, in as few allocations as possible.
#ifndef MXSWEEP_OUTPUT_PARQUET_SEQUENCE_H_
#define MXSWEEP_OUTPUT_PARQUET_SEQUENCE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/attributes.h"

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
    bounds_.push_back(bytes_.size());
  }
  std::string_view operator[](size_t i) const {
    return {bytes_.data() + bounds_[i], bounds_[i + 1] - bounds_[i]};
  }
  size_t size() const { return bounds_.size() - 1; }
  // Of `count` strings from number `first` on, together.
  size_t TextBytes(size_t first, size_t count) const {
    return bounds_[first + count] - bounds_[first];
  }
  size_t memory_bytes() const { return bytes_.size() + size() * sizeof(size_t); }
  void Clear() {
    bytes_.clear();
    bounds_.resize(1);
  }

 private:
  std::string bytes_;
  std::vector<size_t> bounds_ = {0};  // where each string begins, and the last one ends
};

// Equality, with no call for what is as short as most words are.
inline bool SameValue(uint64_t a, uint64_t b) { return a == b; }
ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool SameValue(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const size_t size = a.size();
  const auto differ = [&]<typename Word>(size_t at, Word) -> Word {
    Word of_a, of_b;
    std::memcpy(&of_a, a.data() + at, sizeof(Word));
    std::memcpy(&of_b, b.data() + at, sizeof(Word));
    return of_a ^ of_b;
  };
  // The first bytes and the last ones, which overlap unless they are all there are.
  const auto same = [&]<typename Word>(Word word) {
    return (differ(0, word) | differ(size - sizeof(Word), word)) == 0;
  };
  if (size > 32) return std::memcmp(a.data(), b.data(), size) == 0;
  if (size >= 16) {
    return same(uint64_t{}) && (differ(8, uint64_t{}) | differ(size - 16, uint64_t{})) == 0;
  }
  if (size >= 8) return same(uint64_t{});
  if (size >= 4) return same(uint32_t{});
  if (size >= 2) return same(uint16_t{});
  return size == 0 || a[0] == b[0];
}

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_SEQUENCE_H_
