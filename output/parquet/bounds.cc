#include "output/parquet/bounds.h"

#include <cstdint>

#include "scanner/base/utf8.h"

namespace mxsweep::output {
namespace {

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

std::string_view Prefix(std::string_view value, size_t max_bytes) {
  size_t end = max_bytes;
  while (end > 0 && IsContinuation(value[end])) --end;
  return value.substr(0, end);
}

char32_t DecodeCodePoint(std::string_view bytes) {
  const auto lead = static_cast<uint8_t>(bytes[0]);
  char32_t code_point = lead;
  if (bytes.size() > 1) code_point = lead & (0x7f >> bytes.size());
  for (const char c : bytes.substr(1))
    code_point = code_point << 6 | (static_cast<uint8_t>(c) & 0x3f);
  return code_point;
}

}  // namespace

Bound LowerBound(std::string_view value, size_t max_bytes) {
  if (value.size() <= max_bytes) return {std::string(value), true};
  return {std::string(Prefix(value, max_bytes)), false};
}

Bound UpperBound(std::string_view value, size_t max_bytes) {
  if (value.size() <= max_bytes) return {std::string(value), true};
  std::string_view prefix = Prefix(value, max_bytes);
  while (!prefix.empty()) {
    size_t start = prefix.size() - 1;
    while (start > 0 && IsContinuation(prefix[start])) --start;
    char32_t next = DecodeCodePoint(prefix.substr(start)) + 1;
    if (next >= 0xd800 && next <= 0xdfff) next = 0xe000;
    prefix = prefix.substr(0, start);
    if (next <= 0x10ffff) {
      std::string raised(prefix);
      AppendCodePoint(next, raised);
      return {raised, false};
    }
  }
  return {std::string(value), true};
}

}  // namespace mxsweep::output
