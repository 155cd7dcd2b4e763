#include "output/parquet/bloom_filter.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "output/parquet/thrift_compact.h"

namespace mxsweep::output {
namespace {

static_assert(std::endian::native == std::endian::little, "the bits are written as they lie");

constexpr std::array<uint32_t, 8> kSalt = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                           0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};
constexpr double kFalsePositives = 0.01;
constexpr size_t kBlockBytes = 32;
constexpr size_t kMaxBytes = 128u << 20;

uint32_t Bit(uint64_t hash, size_t word) {
  return 1u << ((static_cast<uint32_t>(hash) * kSalt[word]) >> 27);
}

}  // namespace

BloomFilter::BloomFilter(size_t distinct_values) {
  const double bits = -8.0 * static_cast<double>(distinct_values) /
                      std::log(1.0 - std::pow(kFalsePositives, 1.0 / 8.0));
  const auto wanted = static_cast<size_t>(std::ceil(bits / (8.0 * kBlockBytes)));
  // A power of two: the format does not ask for it, but readers of Arrow and Velox refuse all else.
  static_assert(std::has_single_bit(kMaxBytes / kBlockBytes));
  blocks_.resize(std::bit_ceil(std::clamp<size_t>(wanted, 1, kMaxBytes / kBlockBytes)), Block{});
}

uint64_t BloomFilter::Hash(std::string_view value) { return XXH64(value.data(), value.size(), 0); }

void BloomFilter::Insert(uint64_t hash) {
  Block& block = blocks_[BlockIndex(hash)];
  for (size_t word = 0; word < block.size(); ++word) block[word] |= Bit(hash, word);
}

bool BloomFilter::MayContain(uint64_t hash) const {
  const Block& block = blocks_[BlockIndex(hash)];
  for (size_t word = 0; word < block.size(); ++word) {
    if ((block[word] & Bit(hash, word)) == 0) return false;
  }
  return true;
}

std::string BloomFilter::Serialize() const {
  std::string out;
  ThriftWriter header(out);
  header.I32(1, static_cast<int32_t>(blocks_.size() * kBlockBytes));
  for (int16_t choice = 2; choice <= 4; ++choice) {  // BLOCK, XXHASH, UNCOMPRESSED: unions of one
    header.Begin(choice);
    header.Begin(1);
    header.End();
    header.End();
  }
  header.Finish();
  out.append(reinterpret_cast<const char*>(blocks_.data()), blocks_.size() * kBlockBytes);
  return out;
}

absl::StatusOr<BloomFilter> BloomFilter::Parse(std::string_view bytes) {
  int32_t bits_bytes = 0;
  ThriftReader reader(bytes);
  reader.Struct([&](ThriftReader::Field field) {
    if (field.id != 1) return false;
    bits_bytes = reader.I32(field);
    return true;
  });
  const size_t left = reader.ok() ? bytes.size() - reader.position() : 0;
  if (!reader.ok() || bits_bytes <= 0 || static_cast<size_t>(bits_bytes) != left ||
      left % kBlockBytes != 0) {
    return absl::DataLossError("malformed Bloom filter");
  }
  BloomFilter filter;
  filter.blocks_.resize(left / kBlockBytes);
  std::memcpy(filter.blocks_.data(), bytes.data() + reader.position(), left);
  return filter;
}

}  // namespace mxsweep::output
