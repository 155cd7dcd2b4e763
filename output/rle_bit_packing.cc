#include "output/rle_bit_packing.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace mxsweep::output {
namespace {

// Shorter runs cost more as a run of their own than inside a bit-packed one.
constexpr size_t kMinRepeat = 8;
// Groups in one bit-packed run, so that its header takes at most two bytes.
constexpr size_t kMaxGroups = 8191;

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

template <typename T>
void AppendPacked(std::span<const T> values, int bit_width, std::string& out) {
  uint64_t pending = 0;
  int pending_bits = 0;
  const auto put = [&](uint64_t value) {
    pending |= value << pending_bits;
    pending_bits += bit_width;
    while (pending_bits >= 8) {
      out.push_back(static_cast<char>(pending));
      pending >>= 8;
      pending_bits -= 8;
    }
  };
  for (const T value : values) put(value);
  for (size_t i = values.size(); i % 8 != 0; ++i) put(0);
}

template <typename T>
void AppendPackedRuns(std::span<const T> values, int bit_width, std::string& out) {
  while (!values.empty()) {
    const size_t count = std::min(values.size(), kMaxGroups * 8);
    AppendVarint((count + 7) / 8 << 1 | 1, out);
    AppendPacked(values.first(count), bit_width, out);
    values = values.subspan(count);
  }
}

template <typename T>
void AppendRepeated(T value, size_t count, int bit_width, std::string& out) {
  AppendVarint(static_cast<uint64_t>(count) << 1, out);
  for (int shift = 0; shift < bit_width; shift += 8) {
    out.push_back(static_cast<char>(static_cast<uint64_t>(value) >> shift));
  }
}

template <typename T>
void Encode(std::span<const T> values, int bit_width, std::string& out) {
  size_t packed_from = 0;  // [packed_from, at) waits to be bit-packed
  size_t at = 0;
  while (at < values.size()) {
    size_t end = at + 1;
    while (end < values.size() && values[end] == values[at]) ++end;
    // A bit-packed run that others follow must be whole groups: the repeats fill up the last one.
    const size_t fill = (8 - (at - packed_from) % 8) % 8;
    if (end - at >= kMinRepeat + fill) {
      const size_t start = at + fill;
      AppendPackedRuns(values.subspan(packed_from, start - packed_from), bit_width, out);
      AppendRepeated(values[at], end - start, bit_width, out);
      packed_from = end;
    }
    at = end;
  }
  AppendPackedRuns(values.subspan(packed_from), bit_width, out);
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

void EncodeRleBitPacked(std::span<const uint8_t> values, int bit_width, std::string& out) {
  Encode(values, bit_width, out);
}

void EncodeRleBitPacked(std::span<const uint32_t> values, int bit_width, std::string& out) {
  Encode(values, bit_width, out);
}

bool DecodeRleBitPacked(std::string_view bytes, int bit_width, std::span<uint8_t> values) {
  return bit_width >= 0 && bit_width <= 8 && Decoder(bytes, bit_width).Fill(values);
}

bool DecodeRleBitPacked(std::string_view bytes, int bit_width, std::span<uint32_t> values) {
  return bit_width >= 0 && bit_width <= 32 && Decoder(bytes, bit_width).Fill(values);
}

void EncodeBits(std::span<const uint8_t> values, std::string& out) { AppendPacked(values, 1, out); }

}  // namespace mxsweep::output
