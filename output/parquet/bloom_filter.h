// Parquet's split-block Bloom filter (BloomFilter.md of the format): blocks of 256 bits, a value
// sets one bit in each of the eight 32-bit words of one block, chosen by its XXH64 hash.
#ifndef MXSWEEP_OUTPUT_PARQUET_BLOOM_FILTER_H_
#define MXSWEEP_OUTPUT_PARQUET_BLOOM_FILTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace mxsweep::output {

class BloomFilter {
 public:
  // For `distinct_values` values at 1 % false positives or fewer (10 to 20 bits a value).
  explicit BloomFilter(size_t distinct_values);

  // The hash of a BYTE_ARRAY value: of its bytes, without the length.
  static uint64_t Hash(std::string_view value);

  void Insert(uint64_t hash);
  bool MayContain(uint64_t hash) const;

  // A power of two.
  size_t block_count() const { return blocks_.size(); }
  // Header and bits, as they stand in the file.
  std::string Serialize() const;
  // kDataLoss for anything that Serialize would not have written.
  static absl::StatusOr<BloomFilter> Parse(std::string_view bytes);

 private:
  using Block = std::array<uint32_t, 8>;

  BloomFilter() = default;
  size_t BlockIndex(uint64_t hash) const { return ((hash >> 32) * blocks_.size()) >> 32; }

  std::vector<Block> blocks_;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_BLOOM_FILTER_H_
