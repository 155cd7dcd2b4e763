// File descriptors with an owner, and the few socket calls that the lab's servers share.
#ifndef MXSWEEP_TOOLS_LAB_SOCKETS_H_
#define MXSWEEP_TOOLS_LAB_SOCKETS_H_

#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "scanner/base/text.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { Reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void Reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

inline absl::Status ErrnoStatus(std::string_view what) {
  return absl::UnavailableError(JoinText(what, ": ", std::strerror(errno)));
}

// `ip` in host order.
inline sockaddr_in SocketAddressV4(uint32_t ip, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(ip);
  address.sin_port = htons(port);
  return address;
}

inline void SetOption(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_SOCKETS_H_
