// Joining and reading text, for every room: the few functions that are needed of abseil, taking
// std::string_view. Debian builds abseil with a string_view of its own, to which the standard one
// does not convert; where abseil's is the standard one, ToAbsl and FromAbsl are the identity.
#ifndef MXSWEEP_SCANNER_BASE_TEXT_H_
#define MXSWEEP_SCANNER_BASE_TEXT_H_

#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace mxsweep {

// Each borrows what `view` borrows.
inline absl::string_view ToAbsl(std::string_view view) { return {view.data(), view.size()}; }
inline std::string_view FromAbsl(absl::string_view view) { return {view.data(), view.size()}; }

// Valid as long as `status`.
inline std::string_view MessageOf(const absl::Status& status) { return FromAbsl(status.message()); }

template <typename T>
decltype(auto) TextPart(const T& part) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return ToAbsl(part);
  } else {
    return (part);
  }
}

// absl::StrCat and absl::StrAppend.
template <typename... Parts>
std::string JoinText(const Parts&... parts) {
  return absl::StrCat(TextPart(parts)...);
}
template <typename... Parts>
void AppendText(std::string* out, const Parts&... parts) {
  absl::StrAppend(out, TextPart(parts)...);
}

// Without ASCII white space at either end.
inline std::string_view TrimText(std::string_view text) {
  return FromAbsl(absl::StripAsciiWhitespace(ToAbsl(text)));
}

// Reads decimal digits and nothing else; false if it is anything else, or does not fit.
template <typename Integer>
bool ParseDigits(std::string_view text, Integer* value) {
  return !text.empty() && absl::ascii_isdigit(text.front()) && absl::ascii_isdigit(text.back()) &&
         absl::SimpleAtoi(ToAbsl(text), value);
}

inline absl::Status InvalidArgument(std::string_view message) {
  return absl::InvalidArgumentError(ToAbsl(message));
}

}  // namespace mxsweep

#endif  // MXSWEEP_SCANNER_BASE_TEXT_H_
