#ifndef MXSWEEP_DNS_SERVER_ADDRESS_H_
#define MXSWEEP_DNS_SERVER_ADDRESS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dns/ip_address.h"

namespace mxsweep::dns {

// A name server: address and port.
struct ServerAddress {
  IpAddress address;
  uint16_t port = 53;

  // "ADDRESS:PORT", with brackets around IPv6.
  std::string ToString() const;
  bool IsLoopback() const;  // 127.0.0.0/8, ::1, or the IPv4-mapped form of the former.
  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

// From "1.2.3.4", "1.2.3.4:5353", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:5353".
absl::StatusOr<ServerAddress> ParseServerAddress(std::string_view text);
// The nameserver lines of a resolv.conf, at most kMaxServers; those that cannot be used (scoped
// addresses) are passed over. Where there are none: 127.0.0.1, as resolv.conf(5) says. NotFound or
// Unavailable if the file cannot be read.
absl::StatusOr<std::vector<ServerAddress>> SystemServers(
    const std::string& path = "/etc/resolv.conf");

inline constexpr size_t kMaxServers = 16;

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_SERVER_ADDRESS_H_
