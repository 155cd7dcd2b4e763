#include "tools/explain/utf16_source.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace mxsweep::tools {
namespace {

constexpr uint32_t kReplacement = 0xFFFD;

void AppendUtf8(uint32_t code_point, std::string* out) {
  const auto byte = [out](uint32_t value) { out->push_back(static_cast<char>(value)); };
  if (code_point < 0x80) return byte(code_point);
  if (code_point < 0x800) {
    byte(0xC0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      byte(0xE0 | code_point >> 12);
    } else {
      byte(0xF0 | code_point >> 18);
      byte(0x80 | (code_point >> 12 & 0x3F));
    }
    byte(0x80 | (code_point >> 6 & 0x3F));
  }
  byte(0x80 | (code_point & 0x3F));
}

bool IsHighSurrogate(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLowSurrogate(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

class Utf16Source : public scanner::InputSource {
 public:
  explicit Utf16Source(std::unique_ptr<scanner::InputSource> source) : source_(std::move(source)) {}

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    while (position_ == text_.size() && !ended_) {
      text_.clear();
      position_ = 0;
      std::array<uint8_t, 16 << 10> block;
      const absl::StatusOr<size_t> got = source_->Read(block);
      if (!got.ok()) return got.status();
      if (*got == 0) {
        End();
      } else {
        for (size_t i = 0; i < *got; ++i) TakeByte(block[i]);
      }
    }
    const size_t count = std::min(buffer.size(), text_.size() - position_);
    std::memcpy(buffer.data(), text_.data() + position_, count);
    position_ += count;
    return count;
  }
  uint64_t bytes_read() const override { return source_->bytes_read(); }
  uint64_t size_bytes() const override { return source_->size_bytes(); }
  bool ready() const override { return position_ < text_.size() || source_->ready(); }

 private:
  void TakeByte(uint8_t byte) {
    if (!first_byte_) {
      first_byte_ = byte;
      return;
    }
    const uint8_t first = *std::exchange(first_byte_, std::nullopt);
    if (!little_endian_) {  // the mark
      little_endian_ = first == 0xFF;
      return;
    }
    TakeUnit(*little_endian_ ? uint32_t{first} | uint32_t{byte} << 8
                             : uint32_t{byte} | uint32_t{first} << 8);
  }

  void TakeUnit(uint32_t unit) {
    if (high_ && IsLowSurrogate(unit)) {
      AppendUtf8(0x10000 + ((*high_ - 0xD800) << 10) + (unit - 0xDC00), &text_);
      high_.reset();
      return;
    }
    if (high_) AppendUtf8(kReplacement, &text_);
    high_.reset();
    if (IsHighSurrogate(unit)) {
      high_ = unit;
    } else {
      AppendUtf8(IsLowSurrogate(unit) ? kReplacement : unit, &text_);
    }
  }

  void End() {
    if (high_ || first_byte_) AppendUtf8(kReplacement, &text_);
    ended_ = true;
  }

  std::unique_ptr<scanner::InputSource> source_;
  std::optional<bool> little_endian_;  // nothing: the mark was not read
  std::optional<uint8_t> first_byte_;  // of a unit
  std::optional<uint32_t> high_;       // of a pair
  std::string text_;
  size_t position_ = 0;  // of text_
  bool ended_ = false;
};

}  // namespace

bool IsUtf16(std::string_view start) {
  return start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff");
}

std::unique_ptr<scanner::InputSource> FromUtf16(std::unique_ptr<scanner::InputSource> source) {
  return std::make_unique<Utf16Source>(std::move(source));
}

}  // namespace mxsweep::tools
