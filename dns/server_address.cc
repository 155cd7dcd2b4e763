#include "dns/server_address.h"

#include <charconv>
#include <fstream>
#include <sstream>

#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

constexpr uint16_t kDnsPort = 53;
// What is told of a text that is no address.
constexpr size_t kShownBytes = 80;
// A resolv.conf is a few lines; whatever else stands at its path is not read to the end.
constexpr int kMaxResolvConfLines = 1000;

absl::Status BadServer(std::string_view text) {
  return absl::InvalidArgumentError(
      JoinText("\"", std::string(text.substr(0, kShownBytes)),
               "\" is not an address such as 127.0.0.1, 127.0.0.1:5353 or [::1]:53"));
}

absl::StatusOr<ServerAddress> FromParts(std::string_view address, std::string_view port,
                                        std::string_view whole) {
  const std::optional<IpAddress> ip = IpAddress::Parse(address);
  if (!ip.has_value()) return BadServer(whole);
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number == 0) {
    return BadServer(whole);
  }
  return ServerAddress{*ip, number};
}

}  // namespace

std::string ServerAddress::ToString() const {
  return address.is_v6() ? JoinText("[", address.ToString(), "]:", port)
                         : JoinText(address.ToString(), ":", port);
}

bool ServerAddress::IsLoopback() const {
  const std::span<const uint8_t> bytes = address.bytes();
  if (!address.is_v6()) return bytes[0] == 127;
  const auto all_zero = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (bytes[i] != 0) return false;
    }
    return true;
  };
  if (all_zero(15) && bytes[15] == 1) return true;
  return all_zero(10) && bytes[10] == 0xFF && bytes[11] == 0xFF && bytes[12] == 127;
}

absl::StatusOr<ServerAddress> ParseServerAddress(std::string_view text) {
  if (const std::optional<IpAddress> bare = IpAddress::Parse(text)) {
    return ServerAddress{*bare, kDnsPort};
  }
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return BadServer(text);
    const std::string_view address = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (address.find(':') == std::string_view::npos) return BadServer(text);
    if (rest.empty()) return FromParts(address, "53", text);
    return rest.front() == ':' ? FromParts(address, rest.substr(1), text) : BadServer(text);
  }
  const size_t colon = text.find(':');
  // More than one colon without brackets could be read in two ways.
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return BadServer(text);
  }
  return FromParts(text.substr(0, colon), text.substr(colon + 1), text);
}

absl::StatusOr<std::vector<ServerAddress>> SystemServers(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(JoinText("cannot read ", path));
  std::vector<ServerAddress> servers;
  std::string line;
  for (int i = 0; i < kMaxResolvConfLines && std::getline(file, line); ++i) {
    std::istringstream words(line);
    std::string keyword;
    std::string value;
    if (!(words >> keyword >> value) || keyword != "nameserver") continue;
    const std::optional<IpAddress> address = IpAddress::Parse(value);
    if (address.has_value() && servers.size() < kMaxServers) {
      servers.push_back({*address, kDnsPort});
    }
  }
  if (file.bad()) return absl::UnavailableError(JoinText("cannot read ", path));
  if (servers.empty()) servers.push_back({IpAddress::FromV4(0x7F000001), kDnsPort});
  return servers;
}

}  // namespace mxsweep::dns
