// Small helpers for text. Debian's abseil is built for C++14, so that its string_view is not
// std::string_view and StrCat does not take one.
#ifndef MXSWEEP_TOOLS_LAB_TEXT_H_
#define MXSWEEP_TOOLS_LAB_TEXT_H_

#include <concepts>
#include <string>
#include <string_view>

namespace mxsweep::lab {

inline void AppendPart(std::string& out, std::string_view part) { out += part; }
template <std::integral Number>
void AppendPart(std::string& out, Number part) {
  out += std::to_string(part);
}

// The parts, texts and integers, one after the other.
template <typename... Parts>
std::string Cat(const Parts&... parts) {
  std::string out;
  (AppendPart(out, parts), ...);
  return out;
}

inline bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

inline bool ConsumeSuffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

inline std::string ToLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

inline std::string ToHex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_TEXT_H_
