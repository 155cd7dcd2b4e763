#include "tools/dane/tlsa_text.h"

#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {


// A record's data has at most 65535 bytes.
constexpr size_t kMaxDataBytes = 65'532;

// Words between white space; the parentheses of zone files (RFC 1035 §5.1) count as such.
std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  const auto separates = [](char c) { return absl::ascii_isspace(c) || c == '(' || c == ')'; };
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && !separates(text[end])) ++end;
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

absl::StatusOr<uint8_t> ParseNumber(std::string_view word, std::string_view what) {
  uint32_t value = 0;
  if (!ParseDigits(word, &value) || value > 255) {
    return InvalidArgument(
        JoinText("the ", what, " \"", word.substr(0, 40), "\" is not a number from 0 to 255"));
  }
  return static_cast<uint8_t>(value);
}

absl::StatusOr<std::vector<uint8_t>> ParseHex(const std::string& digits) {
  if (digits.empty()) return InvalidArgument("there is no data behind the three numbers");
  if (digits.size() % 2 != 0) return InvalidArgument("the data has an odd number of hex digits");
  if (digits.size() > 2 * kMaxDataBytes) return InvalidArgument("more data than a record holds");
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const int high = HexValue(digits[i]);
    const int low = HexValue(digits[i + 1]);
    if (high < 0 || low < 0) return InvalidArgument("the data is not hex");
    bytes.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return bytes;
}

}  // namespace

absl::StatusOr<dns::TlsaRecord> ParseTlsaText(std::string_view text) {
  std::vector<std::string_view> words = WordsOf(text);
  for (size_t i = 0; i < words.size(); ++i) {
    if (!absl::EqualsIgnoreCase(ToAbsl(words[i]), "TLSA")) continue;
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    break;
  }
  if (words.size() < 3) {
    return InvalidArgument("a TLSA record is three numbers and hex, as in \"3 1 1 2bb1\"");
  }
  dns::TlsaRecord record;
  for (const auto& [word, what, number] :
       {std::tuple(words[0], "usage", &record.usage),
        std::tuple(words[1], "selector", &record.selector),
        std::tuple(words[2], "matching type", &record.matching_type)}) {
    const absl::StatusOr<uint8_t> value = ParseNumber(word, what);
    if (!value.ok()) return value.status();
    *number = *value;
  }
  std::string digits;
  for (size_t i = 3; i < words.size(); ++i) digits += words[i];
  absl::StatusOr<std::vector<uint8_t>> data = ParseHex(digits);
  if (!data.ok()) return data.status();
  record.data = *std::move(data);
  return record;
}

}  // namespace mxsweep::tools
