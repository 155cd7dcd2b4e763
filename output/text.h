// Joining text. absl::StrCat would do, were absl::string_view the same type as std::string_view in
// every build of abseil that distributions ship.
#ifndef MXSWEEP_OUTPUT_TEXT_H_
#define MXSWEEP_OUTPUT_TEXT_H_

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace mxsweep::output {

inline void AppendPart(std::string& out, std::string_view text) { out.append(text); }

template <std::integral T>
void AppendPart(std::string& out, T number) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

// Appends the parts, text or integers, one after the other.
template <typename... Parts>
void AppendText(std::string& out, const Parts&... parts) {
  (AppendPart(out, parts), ...);
}

template <typename... Parts>
std::string JoinText(const Parts&... parts) {
  std::string out;
  AppendText(out, parts...);
  return out;
}

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_TEXT_H_
