#include "tools/explain/lines/mime.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

// Pieces of one parameter's value.
constexpr int kMaxPieces = 100;

int HexValue(char c) {
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  if (lower >= '0' && lower <= '9') return lower - '0';
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The byte that two hexadecimal digits at `at` stand for, or -1.
int HexByte(std::string_view text, size_t at) {
  if (at + 1 >= text.size()) return -1;
  const int high = HexValue(text[at]), low = HexValue(text[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// A value at the front of `rest`, a token or quoted; takes it away.
std::string TakeValue(std::string_view* rest) {
  std::string value;
  if (!rest->starts_with('"')) {
    const size_t end = std::min(rest->find_first_of("; \t"), rest->size());
    value = rest->substr(0, end);
    rest->remove_prefix(end);
    return value;
  }
  size_t at = 1;
  for (; at < rest->size() && (*rest)[at] != '"'; ++at) {
    if ((*rest)[at] == '\\' && at + 1 < rest->size()) ++at;
    value += (*rest)[at];
  }
  rest->remove_prefix(std::min(at + 1, rest->size()));
  return value;
}

// "utf-8'en'a%20b" of the first piece, "a%20b" of the others (RFC 2231 §4).
std::string DecodePercent(std::string_view text, bool is_first) {
  if (is_first) {
    const size_t charset = text.find('\'');
    const size_t language =
        charset == std::string_view::npos ? charset : text.find('\'', charset + 1);
    if (language != std::string_view::npos) text.remove_prefix(language + 1);
  }
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? HexByte(text, i + 1) : -1;
    bytes += byte < 0 ? text[i] : static_cast<char>(byte);
    if (byte >= 0) i += 2;
  }
  return bytes;
}

}  // namespace

std::string MimeParameter(std::string_view value, std::string_view name) {
  std::map<int, std::string> pieces;
  std::string_view rest = value;
  for (size_t at = rest.find(';'); at != std::string_view::npos; at = rest.find(';')) {
    rest.remove_prefix(at + 1);
    const size_t equals = rest.find_first_of("=;");
    if (equals == std::string_view::npos) break;
    if (rest[equals] == ';') continue;
    std::string attribute(TrimText(rest.substr(0, equals)));
    absl::AsciiStrToLower(&attribute);
    rest.remove_prefix(equals + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    std::string text = TakeValue(&rest);
    if (attribute == name) return text;
    if (!attribute.starts_with(name)) continue;
    std::string_view piece = std::string_view(attribute).substr(name.size());
    if (!piece.starts_with('*')) continue;
    piece.remove_prefix(1);
    const bool is_encoded = piece.empty() || piece.ends_with('*');
    if (piece.ends_with('*')) piece.remove_suffix(1);
    int number = 0;
    if (!piece.empty() && !ParseDigits(piece, &number)) continue;
    if (number < 0 || number > kMaxPieces) continue;
    pieces[number] = is_encoded ? DecodePercent(text, number == 0) : std::move(text);
  }
  std::string whole;
  for (const auto& [number, piece] : pieces) whole += piece;
  return whole;
}

bool DecodeMimeBase64(std::string_view text, std::string* bytes) {
  std::string alphabet;
  alphabet.reserve(text.size());
  for (const char c : text) {
    if (c == '=') break;
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/') alphabet += c;
  }
  return absl::Base64Unescape(alphabet, bytes);
}

std::string DecodeQuotedPrintable(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      bytes += text[i];
      continue;
    }
    // A soft line break, perhaps with blanks that were added on the way.
    const size_t end = text.find_first_not_of(" \t\r", i + 1);
    if (end == std::string_view::npos) break;
    const int byte = HexByte(text, i + 1);
    if (text[end] == '\n') {
      i = end;
    } else if (byte >= 0) {
      bytes += static_cast<char>(byte);
      i += 2;
    } else {
      bytes += '=';
    }
  }
  return bytes;
}

}  // namespace mxsweep::tools
