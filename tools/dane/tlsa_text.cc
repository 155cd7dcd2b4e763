#include "tools/dane/tlsa_text.h"

#include <algorithm>
#include <span>
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
// Usage, selector and matching type.
constexpr uint32_t kFieldBytes = 3;
// Of the generic form of RFC 3597 §5.
constexpr std::string_view kGenericMark = "\\#";

// Words between white space; the parentheses of zone files (RFC 1035 §5.1) count as such. A comment
// goes from a semicolon to the end of its line.
std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  const auto separates = [](char c) { return absl::ascii_isspace(c) || c == '(' || c == ')'; };
  for (size_t at = 0; at < text.size();) {
    if (text[at] == ';') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    size_t end = at;
    while (end < text.size() && !separates(text[end]) && text[end] != ';') ++end;
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end < text.size() && text[end] == ';' ? end : end + 1;
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

std::string Joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += word;
  return text;
}

// What follows the type, if there is one: owner, TTL and class are of no interest.
std::span<const std::string_view> RdataOf(std::span<const std::string_view> words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const absl::string_view word = ToAbsl(words[i]);
    if (absl::EqualsIgnoreCase(word, "TLSA") || absl::EqualsIgnoreCase(word, "TYPE52")) {
      return words.subspan(i + 1);
    }
  }
  return words;
}

// "3 1 1 HEX" (RFC 6698 §2.2).
absl::StatusOr<dns::TlsaRecord> ParseFields(std::span<const std::string_view> words) {
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
  absl::StatusOr<std::vector<uint8_t>> data = ParseHex(Joined(words.subspan(3)));
  if (!data.ok()) return data.status();
  record.data = *std::move(data);
  return record;
}

// The words behind "\#": a length and so much hex (RFC 3597 §5).
absl::StatusOr<dns::TlsaRecord> ParseGeneric(std::span<const std::string_view> words) {
  uint32_t length = 0;
  if (words.empty() || !ParseDigits(words[0], &length)) {
    return InvalidArgument("\\# is followed by the number of bytes and by hex");
  }
  absl::StatusOr<std::vector<uint8_t>> bytes = ParseHex(Joined(words.subspan(1)));
  if (!bytes.ok()) return bytes.status();
  if (bytes->size() != length) {
    return InvalidArgument(JoinText("\\# says ", length, " bytes, and there are ", bytes->size()));
  }
  if (length <= kFieldBytes) return InvalidArgument("there is no data behind the three numbers");
  return dns::TlsaRecord{
      (*bytes)[0], (*bytes)[1], (*bytes)[2], {bytes->begin() + kFieldBytes, bytes->end()}};
}

}  // namespace

absl::StatusOr<dns::TlsaRecord> ParseTlsaText(std::string_view text) {
  const std::vector<std::string_view> all = WordsOf(text);
  const std::span<const std::string_view> words = RdataOf(all);
  return !words.empty() && words.front() == kGenericMark ? ParseGeneric(words.subspan(1))
                                                         : ParseFields(words);
}

}  // namespace mxsweep::tools
