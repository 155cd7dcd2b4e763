// UTF-8: is it valid, and if not, the nearest text that is (Unicode 15 §3.9, Table 3-7).
#ifndef MXSWEEP_SCANNER_BASE_UTF8_H_
#define MXSWEEP_SCANNER_BASE_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace mxsweep {

// True when `text` is well-formed UTF-8.
bool IsValidUtf8(std::string_view text);

// `text` with U+FFFD for each maximal subpart of an ill-formed sequence, as browsers do it.
std::string SanitizeUtf8(std::string_view text);

// Length in bytes of the longest well-formed prefix of `text`.
size_t ValidUtf8PrefixBytes(std::string_view text);

// Bytes of the well-formed character that `text` begins with; 0 if it begins with none. REQUIRES:
// text is not empty.
size_t Utf8CharacterBytes(std::string_view text);

// Is the well-formed `character` one that a terminal or a page obeys instead of showing it: a
// control (C0, DEL, C1), a line or paragraph separator, or a mark, embedding or override of
// direction (UAX #9), by which text can look like what it is not?
bool IsObeyed(std::string_view character);

// The next character of `text` for which IsObeyed is true: where it is, or npos.
size_t FindObeyed(std::string_view text, size_t from = 0);

// Appends the code point. REQUIRES: a scalar value (no surrogate, at most 0x10FFFF).
void AppendCodePoint(char32_t code_point, std::string& out);

}  // namespace mxsweep

#endif  // MXSWEEP_SCANNER_BASE_UTF8_H_
