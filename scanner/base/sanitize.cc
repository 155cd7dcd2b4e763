#include "scanner/base/sanitize.h"

#include <algorithm>
#include <cstdint>

#include "scanner/base/utf8.h"

namespace mxsweep {
namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

// How many characters of printable ASCII `text` begins with.
size_t PlainPrefix(std::string_view text) {
  const auto end =
      std::find_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c == 0x7F; });
  return static_cast<size_t>(end - text.begin());
}

}  // namespace

std::string SanitizeText(std::string_view bytes, size_t max_bytes) {
  std::string text;
  while (!bytes.empty()) {
    // What servers say is plain ASCII nearly always: it is taken in one piece.
    const size_t plain = PlainPrefix(bytes.substr(0, max_bytes - text.size()));
    text.append(bytes.substr(0, plain));
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;
    const size_t length = Utf8CharacterBytes(bytes);
    std::string_view character = length == 0 ? kReplacementCharacter : bytes.substr(0, length);
    if (length != 0 && IsObeyed(character)) character = "?";
    if (text.size() + character.size() > max_bytes) break;
    text.append(character);
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

}  // namespace mxsweep
