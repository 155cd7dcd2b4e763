#include "bench/name_tree.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr int kBufferBytes = 8 << 20;
constexpr int kLookMs = 50;

std::string AddressText(const std::array<uint8_t, 4>& address) {
  return JoinText(int{address[0]}, ".", int{address[1]}, ".", int{address[2]}, ".",
                  int{address[3]});
}

}  // namespace

absl::StatusOr<std::unique_ptr<NameTree>> NameTree::Start(int domains, bool is_signed) {
  std::unique_ptr<NameTree> tree(new NameTree(domains, is_signed));
  if (absl::Status status = tree->Open(); !status.ok()) return status;
  tree->thread_ = std::thread([&tree = *tree] { tree.Serve(); });
  return tree;
}

NameTree::~NameTree() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  for (const Socket& socket : sockets_) close(socket.fd);
}

absl::Status NameTree::Bind(const std::array<uint8_t, 4>& address, NameLevel level) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return absl::InternalError(JoinText("socket: ", std::strerror(errno)));
  sockets_.push_back({fd, level});
  // A burst of questions fits.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof(kBufferBytes)) != 0) {
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof(kBufferBytes));
  }
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(kDnsPort);
  std::memcpy(&name.sin_addr, address.data(), address.size());
  if (bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0) {
    return absl::UnavailableError(JoinText("port 53 of ", AddressText(address), ": ",
                                           std::strerror(errno),
                                           " (tools/own-network, as root, has it free)"));
  }
  return absl::OkStatus();
}

absl::Status NameTree::Open() {
  absl::Status status = Bind(NameZones::RootAddress(), NameLevel::kRoot);
  for (int i = 0; i < NameZones::kTopLevelDomains && status.ok(); ++i) {
    status = Bind(NameZones::TopLevelAddress(i), NameLevel::kTopLevel);
  }
  for (int i = 0; i < NameZones::kDomainServers && status.ok(); ++i) {
    status = Bind(NameZones::DomainServerAddress(i), NameLevel::kDomain);
  }
  return status;
}

void NameTree::Serve() {
  std::vector<pollfd> polled;
  for (const Socket& socket : sockets_) polled.push_back({socket.fd, POLLIN, 0});
  while (!stop_) {
    if (poll(polled.data(), polled.size(), kLookMs) <= 0) continue;
    for (size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents != 0) ServeSocket(sockets_[i]);
    }
  }
}

void NameTree::ServeSocket(const Socket& socket) {
  std::array<uint8_t, 1500> query;
  Bytes response;
  for (;;) {
    sockaddr_in peer{};
    socklen_t peer_length = sizeof(peer);
    const ssize_t length = recvfrom(socket.fd, query.data(), query.size(), 0,
                                    reinterpret_cast<sockaddr*>(&peer), &peer_length);
    if (length < 0) return;
    const std::span<const uint8_t> bytes(query.data(), static_cast<size_t>(length));
    Note(socket.level, bytes, zones_.Answer(socket.level, bytes, &response));
    if (response.empty()) continue;
    (void)sendto(socket.fd, response.data(), response.size(), 0,
                 reinterpret_cast<const sockaddr*>(&peer), peer_length);
  }
}

void NameTree::Note(NameLevel level, std::span<const uint8_t> query, bool known) {
  // What is behind the header, up to the OPT record: name and type, and a class that is always IN.
  constexpr size_t kHeaderBytes = 12;
  constexpr size_t kOptBytes = 11;
  bool again = false;
  if (known && query.size() > kHeaderBytes + kOptBytes) {
    std::string question(query.begin() + kHeaderBytes, query.end() - kOptBytes);
    question += static_cast<char>(level);
    again = !seen_.insert(std::move(question)).second;
  }
  const std::lock_guard lock(mutex_);
  const bool above = level != NameLevel::kDomain;
  ++(above ? counts_.above : counts_.domains);
  if (again) ++(above ? counts_.above_again : counts_.domains_again);
  if (!known) ++counts_.unexpected;
}

std::string NameTree::List() const {
  std::string list;
  for (int i = 0; i < zones_.domains(); ++i) AppendText(&list, NameZones::DomainName(i), "\n");
  return list;
}

std::string NameTree::UnboundConfig() const {
  // As on a machine that has both IPv4 and IPv6 (no name server here has an address of the latter).
  // The root is asked for its own name servers first, as one from root hints is.
  std::string config =
      JoinText("server:\n  do-ip6: yes\n  do-not-query-localhost: no\n  trust-anchor: \"",
               zones_.TrustAnchor(), "\"\n");
  for (int i = 0; i < NameZones::kTopLevelDomains && !zones_.is_signed(); ++i) {
    AppendText(&config, "  domain-insecure: \"t", i, "\"\n");
  }
  AppendText(&config, "stub-zone:\n  name: \".\"\n  stub-prime: yes\n  stub-addr: ",
             AddressText(NameZones::RootAddress()), "\n");
  return config;
}

}  // namespace mxsweep::bench
