#include "dns/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {

std::optional<IpAddress> IpAddress::FromBytes(std::span<const uint8_t> bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  address.is_v6_ = bytes.size() == 16;
  return address;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  // Most of what is asked about is a name: without a colon, and with a letter at its end.
  const bool may_be_v6 = text.find(':') != std::string_view::npos;
  if (!may_be_v6 &&
      (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text.back())))) {
    return std::nullopt;
  }
  // inet_pton wants a terminated string; the longest valid text has 45 characters.
  char buffer[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof(buffer)) return std::nullopt;
  std::copy(text.begin(), text.end(), buffer);
  buffer[text.size()] = '\0';
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET, buffer, address.bytes_.data()) == 1) return address;
  if (inet_pton(AF_INET6, buffer, address.bytes_.data()) == 1) {
    address.is_v6_ = true;
    return address;
  }
  return std::nullopt;
}

IpAddress IpAddress::FromV4(uint32_t value) {
  IpAddress address;
  for (int i = 0; i < 4; ++i) address.bytes_[i] = static_cast<uint8_t>(value >> (24 - 8 * i));
  return address;
}

std::string IpAddress::ToString() const {
  if (!is_v6_) return JoinText(bytes_[0], ".", bytes_[1], ".", bytes_[2], ".", bytes_[3]);
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, bytes_.data(), buffer, sizeof(buffer));
  return buffer;
}

}  // namespace mxsweep::dns
