#include "scanner/smtp/command.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "scanner/base/text.h"
#include "scanner/pace/ip_set.h"

namespace mxsweep::scanner {
namespace {

constexpr size_t kMaxNameBytes = 253;
constexpr size_t kMaxLabelBytes = 63;
constexpr std::string_view kIpv6Tag = "IPv6:";

bool IsHostLabel(absl::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelBytes && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '-';
         });
}

bool IsAddressLiteral(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
  text = text.substr(1, text.size() - 2);
  const bool tagged = absl::StartsWithIgnoreCase(ToAbsl(text), ToAbsl(kIpv6Tag));
  if (tagged) text.remove_prefix(kIpv6Tag.size());
  const std::optional<dns::IpAddress> address = dns::IpAddress::Parse(text);
  return address.has_value() && address->is_v6() == tagged;
}

std::string CanonicalHostName() {
  char host_name[256] = {};
  if (gethostname(host_name, sizeof(host_name) - 1) != 0) return {};
  addrinfo hints = {};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host_name, nullptr, &hints, &found) != 0) return host_name;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  return found->ai_canonname != nullptr ? found->ai_canonname : host_name;
}

std::optional<dns::IpAddress> FromSockaddr(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return dns::IpAddress::FromV4(ntohl(v4->sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    return dns::IpAddress::FromBytes(std::span<const uint8_t>(v6->sin6_addr.s6_addr));
  }
  return std::nullopt;
}

// A global address of this machine if it has one, else any that is not loopback, else loopback.
dns::IpAddress OwnAddress() {
  dns::IpAddress best = dns::IpAddress::FromV4(INADDR_LOOPBACK);
  int best_rank = 0;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return best;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
    const std::optional<dns::IpAddress> address = FromSockaddr(item->ifa_addr);
    if (!address.has_value()) continue;
    const std::optional<std::string_view> special = SpecialPurpose(*address);
    // IPv4 before IPv6 of the same standing: servers understand its literal more often.
    int rank = 0;
    if (!special.has_value()) {
      rank = address->is_v6() ? 3 : 4;
    } else if (*special != "loopback") {
      rank = address->is_v6() ? 1 : 2;
    }
    if (rank > best_rank) {
      best = *address;
      best_rank = rank;
    }
  }
  return best;
}

}  // namespace

std::string EhloCommand(std::string_view name) { return JoinText("EHLO ", name, "\r\n"); }

std::string HeloCommand(std::string_view name) { return JoinText("HELO ", name, "\r\n"); }

absl::Status ValidateEhloName(std::string_view name) {
  if (!name.empty() && name.front() == '[') {
    if (IsAddressLiteral(name)) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "EHLO name is not an address literal such as [192.0.2.1] or [IPv6:2001:db8::1]");
  }
  const std::vector<absl::string_view> labels = absl::StrSplit(ToAbsl(name), '.');
  if (labels.size() < 2) {
    return absl::InvalidArgumentError(
        "EHLO name must be fully qualified (host.example.org): servers refuse a single label");
  }
  if (name.size() > kMaxNameBytes || !std::all_of(labels.begin(), labels.end(), IsHostLabel)) {
    return absl::InvalidArgumentError(
        "EHLO name is not a host name: letters, digits and hyphens, labels of 1 to 63");
  }
  if (std::all_of(labels.back().begin(), labels.back().end(), absl::ascii_isdigit)) {
    return absl::InvalidArgumentError("EHLO name looks like an address: write it as [192.0.2.1]");
  }
  return absl::OkStatus();
}

std::string AddressLiteral(const dns::IpAddress& address) {
  return JoinText("[", address.is_v6() ? kIpv6Tag : std::string_view(), address.ToString(), "]");
}

std::string DefaultEhloName() {
  const std::string name = absl::AsciiStrToLower(CanonicalHostName());
  // "localhost.localdomain" is a name that says nothing.
  if (ValidateEhloName(name).ok() && !absl::EndsWith(name, ".localdomain") &&
      !absl::EndsWith(name, ".localhost")) {
    return name;
  }
  return AddressLiteral(OwnAddress());
}

}  // namespace mxsweep::scanner
