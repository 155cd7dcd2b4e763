#include "output/parquet/rle_bit_packing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace mxsweep::output {
namespace {

static_assert(std::endian::native == std::endian::little, "packed bits are written as they lie");

// Shorter runs cost more as a run of their own than inside a bit-packed one.
constexpr size_t kMinRepeat = 8;
// Groups in one bit-packed run, so that its header takes at most two bytes.
constexpr size_t kMaxGroups = 8191;

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// How many values of a width fit into 64 bits, and the value 1 so often.
struct Word {
  uint32_t values = 64;
  uint64_t ones = 0;
};
constexpr std::array<Word, 33> MakeWords() {
  std::array<Word, 33> words;
  for (uint32_t width = 1; width < words.size(); ++width) {
    words[width].values = 64 / width;
    for (uint32_t i = 0; i < words[width].values; ++i)
      words[width].ones |= uint64_t{1} << i * width;
  }
  return words;
}
constexpr std::array<Word, 33> kWords = MakeWords();

// Writes bit-packed values into room that `out` is given at once, eight bytes at a time.
class Packer {
 public:
  // For `count` values, filled up to whole groups.
  Packer(size_t count, int bit_width, std::string& out) : bit_width_(bit_width) {
    const size_t start = out.size();
    out.resize(start + (count + 7) / 8 * static_cast<size_t>(bit_width));
    at_ = out.data() + start;
  }

  void Put(uint32_t value) { PutBits(value, bit_width_); }
  void Put(ValueRun run) {
    while (run.count > 0) {
      const Word word = kWords[static_cast<size_t>(bit_width_)];
      const uint32_t count = std::min(run.count, word.values);
      const int bits = static_cast<int>(count) * bit_width_;
      const uint64_t mask = bits < 64 ? (uint64_t{1} << bits) - 1 : ~uint64_t{0};
      PutBits(word.ones * run.value & mask, bits);
      run.count -= count;
    }
  }
  // Writes the last bytes. What fills up the last group is zero already.
  void Finish() {
    for (; pending_bits_ > 0; pending_bits_ -= 8, pending_ >>= 8) {
      *at_++ = static_cast<char>(pending_);
    }
  }

 private:
  void PutBits(uint64_t value, int bits) {
    pending_ |= value << pending_bits_;
    pending_bits_ += bits;
    if (pending_bits_ < 64) return;
    std::memcpy(at_, &pending_, sizeof(pending_));
    at_ += sizeof(pending_);
    pending_bits_ -= 64;
    // What did not fit; nothing did not where the bits are exactly used up.
    pending_ = pending_bits_ == 0 ? 0 : value >> (bits - pending_bits_);
  }

  int bit_width_;
  char* at_;
  uint64_t pending_ = 0;
  int pending_bits_ = 0;
};

void AppendRepeated(uint32_t value, size_t count, int bit_width, std::string& out) {
  AppendVarint(static_cast<uint64_t>(count) << 1, out);
  for (int shift = 0; shift < bit_width; shift += 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

// Values one by one. Like RunSource, it gives the next run, and packs values that were given.
class ValueSource {
 public:
  explicit ValueSource(std::span<const uint32_t> values) : values_(values) {}

  bool at_end() const { return given_ == values_.size(); }
  ValueRun Next() {
    const uint32_t value = values_[given_];
    size_t end = given_ + 1;
    while (end < values_.size() && values_[end] == value) ++end;
    const auto count = static_cast<uint32_t>(end - given_);
    given_ = end;
    return {value, count};
  }
  void Pack(size_t count, Packer& packer) {
    for (const uint32_t value : values_.subspan(packed_, count)) packer.Put(value);
    packed_ += count;
  }
  void SkipPacking(size_t count) { packed_ += count; }

 private:
  std::span<const uint32_t> values_;
  size_t given_ = 0;
  size_t packed_ = 0;
};

class RunSource {
 public:
  explicit RunSource(std::span<const ValueRun> runs) : runs_(runs), packed_(runs) {}

  bool at_end() const { return given_ == runs_.size(); }
  ValueRun Next() { return runs_[given_++]; }
  void Pack(size_t count, Packer& packer) {
    packed_.Pass(count, [&](ValueRun run) { packer.Put(run); });
  }
  void SkipPacking(size_t count) {
    packed_.Pass(count, [](ValueRun) {});
  }

 private:
  std::span<const ValueRun> runs_;
  size_t given_ = 0;
  RunCursor packed_;
};

template <typename Source>
void AppendPackedRuns(size_t count, int bit_width, Source& source, std::string& out) {
  while (count > 0) {
    const size_t now = std::min(count, kMaxGroups * 8);
    AppendVarint((now + 7) / 8 << 1 | 1, out);
    Packer packer(now, bit_width, out);
    source.Pack(now, packer);
    packer.Finish();
    count -= now;
  }
}

template <typename Source>
void Encode(Source source, int bit_width, std::string& out) {
  size_t waiting = 0;  // values that wait to be bit-packed
  while (!source.at_end()) {
    const ValueRun run = source.Next();
    if (run.count < kMinRepeat) {
      waiting += run.count;
      continue;
    }
    // A bit-packed run that others follow must be whole groups: the repeats fill up the last one.
    const size_t fill = (8 - waiting % 8) % 8;
    if (run.count < kMinRepeat + fill) {
      waiting += run.count;
      continue;
    }
    AppendPackedRuns(waiting + fill, bit_width, source, out);
    AppendRepeated(run.value, run.count - fill, bit_width, out);
    source.SkipPacking(run.count - fill);
    waiting = 0;
  }
  AppendPackedRuns(waiting, bit_width, source, out);
}

// Cursor over the encoded bytes.
class Decoder {
 public:
  Decoder(std::string_view bytes, int bit_width) : bytes_(bytes), bit_width_(bit_width) {}

  template <typename T>
  bool Fill(std::span<T> values) {
    size_t filled = 0;
    while (filled < values.size()) {
      uint64_t header = 0;
      if (!Varint(header)) return false;
      const size_t wanted = values.size() - filled;
      size_t count = 0;
      if ((header & 1) != 0) {
        const uint64_t groups = header >> 1;
        count = groups > wanted / 8 ? wanted : static_cast<size_t>(groups) * 8;
        if (!Packed(groups, values.subspan(filled, count))) return false;
      } else {
        count = std::min<uint64_t>(header >> 1, wanted);
        if (!Repeated(values.subspan(filled, count))) return false;
      }
      filled += count;
    }
    return true;
  }

 private:
  bool Varint(uint64_t& value) {
    for (int shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes_[at_++]);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  template <typename T>
  bool Repeated(std::span<T> values) {
    const size_t width_bytes = (static_cast<size_t>(bit_width_) + 7) / 8;
    if (bytes_.size() - at_ < width_bytes) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < width_bytes; ++i) {
      value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes_[at_++])) << (8 * i);
    }
    if (value >> bit_width_ != 0) return false;
    std::fill(values.begin(), values.end(), static_cast<T>(value));
    return true;
  }

  template <typename T>
  bool Packed(uint64_t groups, std::span<T> values) {
    // The last run may end with its last value; writers differ there.
    const size_t needed = (values.size() * static_cast<size_t>(bit_width_) + 7) / 8;
    if (bytes_.size() - at_ < needed) return false;
    uint64_t pending = 0;
    int pending_bits = 0;
    size_t from = at_;
    const uint64_t mask = (uint64_t{1} << bit_width_) - 1;
    for (T& value : values) {
      while (pending_bits < bit_width_) {
        pending |= static_cast<uint64_t>(static_cast<uint8_t>(bytes_[from++])) << pending_bits;
        pending_bits += 8;
      }
      value = static_cast<T>(pending & mask);
      pending >>= bit_width_;
      pending_bits -= bit_width_;
    }
    const size_t left = bytes_.size() - at_;
    const bool beyond = bit_width_ > 0 && groups > left / static_cast<size_t>(bit_width_);
    at_ += beyond ? left : static_cast<size_t>(groups) * static_cast<size_t>(bit_width_);
    return true;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  int bit_width_;
};

}  // namespace

int BitWidth(uint64_t max_value) { return std::bit_width(max_value); }

void EncodeRleBitPacked(std::span<const uint32_t> values, int bit_width, std::string& out) {
  Encode(ValueSource(values), bit_width, out);
}

void EncodeRleBitPacked(std::span<const ValueRun> runs, int bit_width, std::string& out) {
  Encode(RunSource(runs), bit_width, out);
}

bool DecodeRleBitPacked(std::string_view bytes, int bit_width, std::span<uint8_t> values) {
  return bit_width >= 0 && bit_width <= 8 && Decoder(bytes, bit_width).Fill(values);
}

bool DecodeRleBitPacked(std::string_view bytes, int bit_width, std::span<uint32_t> values) {
  return bit_width >= 0 && bit_width <= 32 && Decoder(bytes, bit_width).Fill(values);
}

void EncodeBits(std::span<const uint8_t> values, std::string& out) {
  Packer packer(values.size(), 1, out);
  for (const uint8_t value : values) packer.Put(value);
  packer.Finish();
}

}  // namespace mxsweep::output
