#include "scanner/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace mxsweep {
namespace {

// One step through possibly ill-formed text: how many bytes belong together, and whether they are a
// code point. Ill-formed: the maximal subpart, at least one byte.
struct Step {
  size_t bytes;
  bool valid;
};

// The sequence that `text` begins with. REQUIRES: text is not empty.
Step NextSequence(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  size_t length = 0;
  uint8_t low = 0x80;  // bounds of the second byte
  uint8_t high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  } else {
    return {1, lead < 0x80};
  }
  if (text.size() < 2 || byte(1) < low || byte(1) > high) return {1, false};
  for (size_t i = 2; i < length; ++i) {
    if (i >= text.size() || (byte(i) & 0xc0) != 0x80) return {i, false};
  }
  return {length, true};
}

size_t AsciiPrefixBytes(std::string_view text) {
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (i < text.size() && static_cast<uint8_t>(text[i]) < 0x80) ++i;
  return i;
}

}  // namespace

size_t ValidUtf8PrefixBytes(std::string_view text) {
  size_t at = AsciiPrefixBytes(text);
  while (at < text.size()) {
    const Step step = NextSequence(text.substr(at));
    if (!step.valid) return at;
    at += step.bytes;
    at += AsciiPrefixBytes(text.substr(at));
  }
  return at;
}

bool IsValidUtf8(std::string_view text) { return ValidUtf8PrefixBytes(text) == text.size(); }

std::string SanitizeUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t valid = ValidUtf8PrefixBytes(text);
    out.append(text.substr(0, valid));
    text.remove_prefix(valid);
    if (text.empty()) break;
    out.append("\xef\xbf\xbd");
    text.remove_prefix(NextSequence(text).bytes);
  }
  return out;
}

size_t Utf8CharacterBytes(std::string_view text) {
  const Step step = NextSequence(text);
  return step.valid ? step.bytes : 0;
}

bool IsObeyed(std::string_view character) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(character[i]); };
  switch (character.size()) {
    case 1:
      return byte(0) < 0x20 || byte(0) == 0x7f;
    case 2:  // U+0080 to U+009F, U+061C
      return (byte(0) == 0xc2 && byte(1) < 0xa0) || (byte(0) == 0xd8 && byte(1) == 0x9c);
    case 3:  // U+200E, U+200F, U+2028 to U+202E; U+2066 to U+2069
      if (byte(0) != 0xe2) return false;
      if (byte(1) == 0x80) return (byte(2) & 0xfe) == 0x8e || (byte(2) >= 0xa8 && byte(2) <= 0xae);
      return byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;
    default:
      return false;
  }
}

size_t FindObeyed(std::string_view text, size_t from) {
  for (size_t at = from; at < text.size();) {
    const uint8_t lead = static_cast<uint8_t>(text[at]);
    if (lead >= 0x20 && lead < 0x7f) {
      ++at;
      continue;
    }
    const Step step = NextSequence(text.substr(at));
    if (step.valid && IsObeyed(text.substr(at, step.bytes))) return at;
    at += step.bytes;
  }
  return std::string_view::npos;
}

void AppendCodePoint(char32_t code_point, std::string& out) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3f));
    put(0x80 | ((code_point >> 6) & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

}  // namespace mxsweep
