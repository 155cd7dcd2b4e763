#include "tools/doctor/reverse_names.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/select.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

using Clock = std::chrono::steady_clock;
using Strings = absl::StatusOr<std::vector<std::string>>;

// What a question came to; nothing: it is open.
using Answer = std::optional<Strings>;

Strings Failed(int status) {
  if (status == ARES_ENOTFOUND || status == ARES_ENODATA) return std::vector<std::string>();
  return absl::UnavailableError(ares_strerror(status));
}

std::string NameText(std::string_view name) {
  while (name.ends_with(".")) name.remove_suffix(1);
  return absl::AsciiStrToLower(ToAbsl(name));
}

// (ares_gethostbyaddr would make "not found" of a time-out.)
void OnPointers(void* argument, int status, int, unsigned char* bytes, int length) {
  auto& answer = *static_cast<Answer*>(argument);
  hostent* host = nullptr;
  if (status == ARES_SUCCESS) {
    status = ares_parse_ptr_reply(bytes, length, nullptr, 0, AF_INET, &host);
  }
  if (status != ARES_SUCCESS) {
    answer = Failed(status);
    return;
  }
  std::vector<std::string> names = {NameText(host->h_name)};
  for (char** alias = host->h_aliases; alias != nullptr && *alias != nullptr; ++alias) {
    names.push_back(NameText(*alias));
  }
  ares_free_hostent(host);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  answer = std::move(names);
}

// "7.2.0.192.in-addr.arpa", "….ip6.arpa" (RFC 1035 §3.5, RFC 3596 §2.5).
std::string PointerName(const dns::IpAddress& address) {
  std::string name;
  const std::span<const uint8_t> bytes = address.bytes();
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    if (address.is_v6()) {
      AppendText(&name, absl::StrFormat("%x.%x.", *byte & 15, *byte >> 4));
    } else {
      AppendText(&name, *byte, ".");
    }
  }
  return name + (address.is_v6() ? "ip6.arpa" : "in-addr.arpa");
}

void OnAddresses(void* argument, int status, int, ares_addrinfo* found) {
  auto& answer = *static_cast<Answer*>(argument);
  if (status != ARES_SUCCESS) {
    answer = Failed(status);
    return;
  }
  std::vector<std::string> addresses;
  for (const ares_addrinfo_node* node = found->nodes; node != nullptr; node = node->ai_next) {
    char text[INET6_ADDRSTRLEN] = "";
    const void* bytes =
        node->ai_family == AF_INET
            ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(node->ai_addr)->sin_addr)
            : &reinterpret_cast<sockaddr_in6*>(node->ai_addr)->sin6_addr;
    inet_ntop(node->ai_family, bytes, text, sizeof(text));
    addresses.emplace_back(text);
  }
  ares_freeaddrinfo(found);
  answer = std::move(addresses);
}

// A channel for one question.
class Channel {
 public:
  static absl::StatusOr<std::unique_ptr<Channel>> Create(
      const std::vector<dns::ServerAddress>& servers, std::chrono::milliseconds timeout) {
    ares_options options{};
    options.tries = 2;
    options.timeout = static_cast<int>(timeout.count() / (2 * options.tries));
    // No search domains, no /etc/hosts: what others see is asked for.
    options.lookups = const_cast<char*>("b");
    auto channel = std::make_unique<Channel>();
    int status = ares_init_options(&channel->channel_, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS);
    if (status != ARES_SUCCESS) return absl::UnavailableError(ares_strerror(status));
    channel->ready_ = true;
    std::string list;
    for (const dns::ServerAddress& server : servers) {
      AppendText(&list, list.empty() ? "" : ",", server.ToString());
    }
    if (!list.empty()) status = ares_set_servers_ports_csv(channel->channel_, list.c_str());
    if (status != ARES_SUCCESS) return absl::UnavailableError(ares_strerror(status));
    return channel;
  }
  ~Channel() {
    if (ready_) ares_destroy(channel_);
  }

  ares_channel get() { return channel_; }

  void RunUntil(const Answer& answer, Clock::time_point deadline) {
    while (!answer && Clock::now() < deadline) {
      fd_set readable;
      fd_set writable;
      FD_ZERO(&readable);
      FD_ZERO(&writable);
      const int count = ares_fds(channel_, &readable, &writable);
      timeval wait{.tv_sec = 0, .tv_usec = 50'000};
      select(count, &readable, &writable, nullptr, &wait);
      ares_process(channel_, &readable, &writable);
    }
    if (!answer) ares_cancel(channel_);
  }

 private:
  ares_channel channel_{};
  bool ready_ = false;
};

}  // namespace

Strings NamesOf(const dns::IpAddress& address, const std::vector<dns::ServerAddress>& servers,
                std::chrono::milliseconds timeout) {
  auto channel = Channel::Create(servers, timeout);
  if (!channel.ok()) return channel.status();
  Answer answer;
  constexpr int kInternet = 1;
  constexpr int kPointer = 12;
  ares_query((*channel)->get(), PointerName(address).c_str(), kInternet, kPointer, OnPointers,
             &answer);
  (*channel)->RunUntil(answer, Clock::now() + timeout);
  return *answer;
}

Strings AddressesOf(const std::string& name, const std::vector<dns::ServerAddress>& servers,
                    std::chrono::milliseconds timeout) {
  auto channel = Channel::Create(servers, timeout);
  if (!channel.ok()) return channel.status();
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_flags = ARES_AI_NOSORT;
  Answer answer;
  ares_getaddrinfo((*channel)->get(), name.c_str(), nullptr, &hints, OnAddresses, &answer);
  (*channel)->RunUntil(answer, Clock::now() + timeout);
  return *answer;
}

}  // namespace mxsweep::tools
