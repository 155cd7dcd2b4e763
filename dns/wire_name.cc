#include "dns/wire_name.h"

#include <array>

#include "absl/strings/ascii.h"
#include "dns/message.h"
#include "dns/name.h"

namespace mxsweep::dns {
namespace {

constexpr uint8_t kPointerMask = 0xC0;
constexpr size_t kMaxPresentationLength = size_t{4} * kMaxWireNameLength;  // all escapes

// What nearly every name consists of, and what its form of presentation leaves as it is.
constexpr std::array<bool, 256> kPlainBytes = [] {
  std::array<bool, 256> plain{};
  for (int c = 'a'; c <= 'z'; ++c) plain[c] = true;
  for (int c = '0'; c <= '9'; ++c) plain[c] = true;
  plain['-'] = plain['_'] = true;
  return plain;
}();

// Writes one byte of a label, lower-cased, escaped where a zone file would have to (RFC 1035 §5.1).
// Returns where the next one goes.
char* WritePresentationByte(uint8_t byte, char* out) {
  if (kPlainBytes[byte]) {
    *out++ = static_cast<char>(byte);
  } else if (byte == '.' || byte == '\\') {
    *out++ = '\\';
    *out++ = static_cast<char>(byte);
  } else if (byte > 0x20 && byte < 0x7F) {
    *out++ = absl::ascii_tolower(byte);
  } else {
    *out++ = '\\';
    *out++ = static_cast<char>('0' + byte / 100);
    *out++ = static_cast<char>('0' + byte / 10 % 10);
    *out++ = static_cast<char>('0' + byte % 10);
  }
  return out;
}

// Reads the escape whose backslash is at `i` and moves `i` to its last character. Negative if there
// is none.
int ReadEscape(std::string_view name, size_t& i) {
  if (i + 1 >= name.size()) return -1;
  if (!absl::ascii_isdigit(name[i + 1])) return static_cast<uint8_t>(name[++i]);
  if (i + 3 >= name.size()) return -1;
  int value = 0;
  for (size_t k = 1; k <= 3; ++k) {
    if (!absl::ascii_isdigit(name[i + k])) return -1;
    value = value * 10 + (name[i + k] - '0');
  }
  i += 3;
  return value <= 255 ? value : -1;
}

// Plain bytes in labels of a good length, without a dot at the end: a name in its one form.
bool IsPlainName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameLength) return false;
  size_t label = 0;
  for (const char c : name) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else if (!kPlainBytes[static_cast<uint8_t>(c)] || ++label > kMaxLabelLength) {
      return false;
    }
  }
  return label > 0;
}

// REQUIRES: IsPlainName(name).
void AppendPlainWireName(std::string_view name, std::vector<uint8_t>& out) {
  size_t length_at = out.size();
  out.push_back(0);
  out.insert(out.end(), name.begin(), name.end());
  out.push_back(0);
  // Each dot stands where the length of the label behind it belongs.
  for (size_t at = length_at + 1; at < out.size(); ++at) {
    if (out[at] != '.' && at + 1 < out.size()) continue;
    out[length_at] = static_cast<uint8_t>(at - length_at - 1);
    length_at = at;
  }
}

}  // namespace

absl::Status AppendWireName(std::string_view name, std::vector<uint8_t>& out) {
  if (name.empty()) return absl::InvalidArgumentError("empty name");
  if (IsPlainName(name)) {
    AppendPlainWireName(name, out);
    return absl::OkStatus();
  }
  const size_t start = out.size();
  if (name == ".") {
    out.push_back(0);
    return absl::OkStatus();
  }
  size_t length_at = out.size();
  out.push_back(0);
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '.') {
      if (out.size() - length_at == 1) return absl::InvalidArgumentError("empty label");
      length_at = out.size();
      out.push_back(0);
      continue;
    }
    int byte = static_cast<uint8_t>(name[i]);
    if (byte == '\\' && (byte = ReadEscape(name, i)) < 0) {
      return absl::InvalidArgumentError("bad escape in name");
    }
    if (out[length_at] == kMaxLabelLength) {
      return absl::InvalidArgumentError("label longer than 63 bytes");
    }
    ++out[length_at];
    out.push_back(static_cast<uint8_t>(absl::ascii_tolower(static_cast<unsigned char>(byte))));
    if (out.size() - start > kMaxWireNameLength) break;
  }
  // After a trailing dot the last length byte is already the root's.
  if (out[length_at] != 0) out.push_back(0);
  if (out.size() - start > kMaxWireNameLength) {
    return absl::InvalidArgumentError("name longer than 255 bytes");
  }
  return absl::OkStatus();
}

absl::StatusOr<DecodedName> ReadWireName(std::span<const uint8_t> message, size_t offset) {
  DecodedName result;
  char text[kMaxPresentationLength];
  char* end = text;
  size_t wire_length = 0;
  size_t pointers = 0;
  size_t segment_start = offset;
  while (true) {
    if (offset >= message.size()) return absl::InvalidArgumentError("name leads outside");
    const uint8_t length = message[offset];
    if ((length & kPointerMask) == kPointerMask) {
      if (offset + 1 >= message.size()) return absl::InvalidArgumentError("name leads outside");
      const size_t target = static_cast<size_t>(length & ~kPointerMask) << 8 | message[offset + 1];
      if (result.next == 0) result.next = offset + 2;
      if (target >= segment_start) {
        return absl::InvalidArgumentError("compression pointer does not lead backwards");
      }
      if (++pointers > kMaxCompressionPointers) {
        return absl::InvalidArgumentError("too many compression pointers");
      }
      offset = segment_start = target;
      continue;
    }
    if ((length & kPointerMask) != 0) return absl::InvalidArgumentError("unknown label type");
    wire_length += size_t{1} + length;
    if (wire_length > kMaxWireNameLength) {
      return absl::InvalidArgumentError("name longer than 255 bytes");
    }
    ++offset;
    if (length == 0) break;
    if (message.size() - offset < length) return absl::InvalidArgumentError("label leads outside");
    if (end != text) *end++ = '.';
    for (const uint8_t byte : message.subspan(offset, length)) {
      end = WritePresentationByte(byte, end);
    }
    offset += length;
  }
  if (result.next == 0) result.next = offset;
  if (end == text) *end++ = '.';
  result.name.assign(text, end);
  return result;
}

absl::StatusOr<std::string> CanonicalPresentation(std::string_view name) {
  if (IsPlainName(name)) return std::string(name);
  std::vector<uint8_t> wire;
  if (absl::Status status = AppendWireName(name, wire); !status.ok()) return status;
  absl::StatusOr<DecodedName> decoded = ReadWireName(wire, 0);
  if (!decoded.ok()) return decoded.status();
  return std::move(decoded->name);
}

}  // namespace mxsweep::dns
