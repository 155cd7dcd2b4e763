#ifndef MXSWEEP_DNS_IP_ADDRESS_H_
#define MXSWEEP_DNS_IP_ADDRESS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace mxsweep::dns {

// An IPv4 or IPv6 address: a value of 17 bytes, without port or scope. IPv4 occupies the first four
// bytes, the rest are zero, so that equal addresses are equal bytes.
class IpAddress {
 public:
  IpAddress() = default;

  // From the 4 or 16 bytes of an A or AAAA record, in network order. Any other length gives
  // nothing.
  static std::optional<IpAddress> FromBytes(std::span<const uint8_t> bytes);
  // From dotted-quad or RFC 4291 text, without brackets, scope or port.
  static std::optional<IpAddress> Parse(std::string_view text);
  // `address` in host order.
  static IpAddress FromV4(uint32_t address);

  bool is_v6() const { return is_v6_; }
  // 4 or 16 bytes in network order; valid as long as *this.
  std::span<const uint8_t> bytes() const {
    return {bytes_.data(), is_v6_ ? size_t{16} : size_t{4}};
  }
  // Canonical text (RFC 5952 for IPv6).
  std::string ToString() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const IpAddress& a) {
    return H::combine(std::move(h), a.bytes_, a.is_v6_);
  }

 private:
  std::array<uint8_t, 16> bytes_{};
  bool is_v6_ = false;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_IP_ADDRESS_H_
