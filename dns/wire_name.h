// Domain names in and out of the wire format (RFC 1035 §3.1, §4.1.4). Inside the room: others see
// presentation form only. Pure functions.
#ifndef MXSWEEP_DNS_WIRE_NAME_H_
#define MXSWEEP_DNS_WIRE_NAME_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mxsweep::dns {

inline constexpr size_t kMaxWireNameLength =
    255;  // With length bytes and the root (RFC 1035 §2.3.4).

// Appends `name` (presentation form, a trailing dot is allowed) to `out`, lower-cased,
// uncompressed. InvalidArgument if it is no domain name; `out` may then have a part of it.
absl::Status AppendWireName(std::string_view name, std::vector<uint8_t>& out);

struct DecodedName {
  std::string name;  // Presentation form.
  size_t next = 0;   // Offset of what follows the name at the place where it was read.
};

// Reads the name at `offset` of `message`. Every compression pointer must lead to before the labels
// that it ends, so that no chain of pointers can be circular.
absl::StatusOr<DecodedName> ReadWireName(std::span<const uint8_t> message, size_t offset);

// `name` as ReadWireName would give it: lower case, no trailing dot, escapes in their one form.
absl::StatusOr<std::string> CanonicalPresentation(std::string_view name);

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_WIRE_NAME_H_
