#ifndef MXSWEEP_SCANNER_BASE_NUMBER_SET_H_
#define MXSWEEP_SCANNER_BASE_NUMBER_SET_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mxsweep {

// A set of numbers that are dense from 0 on: a bit for each up to the largest. Thread-compatible.
class NumberSet {
 public:
  // Adds `count` numbers from `first` on.
  void AddRun(uint64_t first, uint64_t count) {
    if (count == 0) return;
    const uint64_t end = first + count;
    if (words_.size() * kBits < end) words_.resize((end + kBits - 1) / kBits);
    for (uint64_t at = first; at < end;) {
      const uint64_t word = at / kBits;
      const uint64_t from = at % kBits;
      const uint64_t n = std::min<uint64_t>(kBits - from, end - at);
      const uint64_t mask = (n == kBits ? ~uint64_t{0} : (uint64_t{1} << n) - 1) << from;
      size_ += static_cast<uint64_t>(std::popcount(mask & ~words_[word]));
      words_[word] |= mask;
      at += n;
    }
  }
  bool Contains(uint64_t number) const {
    return number / kBits < words_.size() && (words_[number / kBits] >> number % kBits & 1) != 0;
  }
  uint64_t size() const { return size_; }

 private:
  static constexpr uint64_t kBits = 64;
  std::vector<uint64_t> words_;
  uint64_t size_ = 0;
};

}  // namespace mxsweep

#endif  // MXSWEEP_SCANNER_BASE_NUMBER_SET_H_
