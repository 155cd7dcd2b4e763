#ifndef MXSWEEP_SCANNER_BASE_SANITIZE_H_
#define MXSWEEP_SCANNER_BASE_SANITIZE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace mxsweep {

// `bytes` from a stranger made fit for a row, a message or a terminal: valid UTF-8 without
// characters that are obeyed (IsObeyed: controls and marks of direction; each is replaced by '?',
// each byte that is not UTF-8 by U+FFFD), at most `max_bytes`, never cut within a character.
std::string SanitizeText(std::string_view bytes, size_t max_bytes);

}  // namespace mxsweep

#endif  // MXSWEEP_SCANNER_BASE_SANITIZE_H_
