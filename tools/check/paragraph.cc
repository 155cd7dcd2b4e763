#include "tools/check/paragraph.h"

#include <algorithm>
#include <cstdint>

#include "scanner/base/utf8.h"

namespace mxsweep::tools {
namespace {

// Bytes of the code point that begins with `lead`. REQUIRES: valid UTF-8.
size_t SequenceBytes(char lead) {
  const auto byte = static_cast<uint8_t>(lead);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

// REQUIRES: `sequence` is one code point, valid.
char32_t CodePoint(std::string_view sequence) {
  if (sequence.size() == 1) return static_cast<uint8_t>(sequence[0]);
  char32_t value = static_cast<uint8_t>(sequence[0]) & (0x7f >> sequence.size());
  for (const char c : sequence.substr(1)) value = (value << 6) | (static_cast<uint8_t>(c) & 0x3f);
  return value;
}

bool IsHarmless(char32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;
  // Marks and overrides of direction, line and paragraph separators, the byte order mark, and the
  // replacement of what was no UTF-8.
  if ((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)) return false;
  return !(c >= 0x2060 && c <= 0x206f) && c != 0x061c && c != 0xfeff && c != 0xfffd;
}

}  // namespace

std::string Printable(std::string_view text) {
  const std::string valid = SanitizeUtf8(text);
  std::string out;
  out.reserve(valid.size());
  for (size_t i = 0; i < valid.size();) {
    const size_t bytes = SequenceBytes(valid[i]);
    const std::string_view sequence = std::string_view(valid).substr(i, bytes);
    out += IsHarmless(CodePoint(sequence)) ? sequence : "?";
    i += bytes;
  }
  return out;
}

size_t ColumnsOf(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

std::string PadTo(std::string_view text, size_t columns) {
  const size_t width = ColumnsOf(text);
  return std::string(text) + std::string(width < columns ? columns - width : 1, ' ');
}

std::vector<std::string> WrapText(std::string_view text, size_t columns) {
  std::vector<std::string> lines;
  size_t width = 0;  // of the last line
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    begin = end + 1;
    if (word.empty()) continue;
    const size_t word_width = ColumnsOf(word);
    if (lines.empty() || width + 1 + word_width > columns) {
      lines.emplace_back(word);
      width = word_width;
    } else {
      lines.back() += ' ';
      lines.back() += word;
      width += 1 + word_width;
    }
  }
  return lines;
}

}  // namespace mxsweep::tools
