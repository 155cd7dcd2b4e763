#include "tools/doctor/smtp_greeting.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "dns/server_address.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = SmtpAnswer::Kind;

// RFC 5321 §4.5.3.1.5.
constexpr size_t kMaxLineBytes = 512;

struct HostAndPort {
  std::string host;
  std::string port = "25";
};

HostAndPort SplitHost(const std::string& text) {
  if (const auto address = dns::ParseServerAddress(text); address.ok()) {
    const bool says_port =
        text.ends_with(JoinText(":", address->port)) && text != address->address.ToString();
    return {address->address.ToString(), says_port ? std::to_string(address->port) : "25"};
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

class Connection {
 public:
  explicit Connection(int family)
      : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  ~Connection() {
    if (fd_ >= 0) close(fd_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // 0, or an errno value.
  int Connect(const addrinfo& to, Clock::time_point deadline) const {
    if (fd_ < 0) return errno;
    if (connect(fd_, to.ai_addr, to.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!Await(POLLOUT, deadline)) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }

  // The first line, without its end; empty: none came.
  std::string ReadLine(Clock::time_point deadline) const {
    std::string text;
    while (text.size() < kMaxLineBytes && Await(POLLIN, deadline)) {
      char bytes[kMaxLineBytes];
      const ssize_t got = recv(fd_, bytes, kMaxLineBytes - text.size(), 0);
      if (got <= 0) break;
      text.append(bytes, static_cast<size_t>(got));
      if (text.find('\n') != std::string::npos) break;
    }
    return text.substr(0, text.find_first_of("\r\n"));
  }

  void SayQuit() const {
    constexpr std::string_view kQuit = "QUIT\r\n";
    (void)send(fd_, kQuit.data(), kQuit.size(), MSG_NOSIGNAL);
  }

 private:
  bool Await(short events, Clock::time_point deadline) const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd poll_fd{.fd = fd_, .events = events, .revents = 0};
    return poll(&poll_fd, 1, static_cast<int>(std::max<int64_t>(left.count(), 0))) == 1;
  }

  int fd_;
};

Kind KindOf(int error) {
  if (error == ETIMEDOUT) return Kind::kSilent;
  return error == ECONNREFUSED ? Kind::kRefused : Kind::kUnreachable;
}

}  // namespace

SmtpAnswer AskForGreeting(const std::string& host, std::chrono::milliseconds timeout) {
  const HostAndPort place = SplitHost(host);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(place.host.c_str(), place.port.c_str(), &hints, &found);
      error != 0) {
    return {host, Kind::kNoName, gai_strerror(error)};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  const Clock::time_point deadline = Clock::now() + timeout;
  const Connection connection(addresses->ai_family);
  if (const int error = connection.Connect(*addresses, deadline); error != 0) {
    return {host, KindOf(error), std::strerror(error)};
  }
  const std::string line = connection.ReadLine(deadline);
  connection.SayQuit();
  if (line.empty()) return {host, Kind::kNoGreeting, ""};
  return {host, Kind::kGreeting, SanitizeText(line, kMaxLineBytes)};
}

}  // namespace mxsweep::tools
