#include "dns/datagram_batch.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mxsweep::dns {

size_t OutgoingDatagrams::Push(const iovec* parts, int count) {
  const size_t before = bytes_.size();
  for (int i = 0; i < count; ++i) {
    const auto* bytes = static_cast<const uint8_t*>(parts[i].iov_base);
    bytes_.insert(bytes_.end(), bytes, bytes + parts[i].iov_len);
  }
  ends_.push_back(bytes_.size());
  return bytes_.size() - before;
}

int OutgoingDatagrams::Send(int fd) {
  constexpr size_t kBatch = 64;
  size_t sent = 0;
  size_t begin = 0;
  int error = 0;
  while (sent < ends_.size()) {
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> parts;
    const size_t count = std::min(kBatch, ends_.size() - sent);
    size_t at = begin;
    for (size_t i = 0; i < count; ++i) {
      parts[i] = {&bytes_[at], ends_[sent + i] - at};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      at = ends_[sent + i];
    }
    const int done = sendmmsg(fd, messages.data(), static_cast<unsigned>(count), MSG_NOSIGNAL);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      error = done < 0 ? errno : EAGAIN;
      break;
    }
    sent += static_cast<size_t>(done);
    begin = ends_[sent - 1];
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(begin));
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<ptrdiff_t>(sent));
  for (size_t& end : ends_) end -= begin;
  return error;
}

void OutgoingDatagrams::Clear() {
  bytes_.clear();
  ends_.clear();
}

struct IncomingDatagrams::Batch {
  // Not a multiple of a page apart: their first lines, which are all that most of them fill, would
  // compete for the same few places in the cache.
  struct alignas(64) Datagram {
    uint8_t bytes[kMaxBytes];
  };
  std::array<Datagram, kBatch> datagrams;
  std::array<sockaddr_in6, kBatch> peers;  // An IPv4 address is shorter.
  std::array<iovec, kBatch> parts;
  std::array<mmsghdr, kBatch> messages;

  Batch() : messages{} {
    for (int i = 0; i < kBatch; ++i) {
      parts[i] = {datagrams[i].bytes, kMaxBytes};
      messages[i].msg_hdr.msg_name = &peers[i];
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

IncomingDatagrams::IncomingDatagrams() = default;
IncomingDatagrams::~IncomingDatagrams() = default;

ssize_t IncomingDatagrams::Receive(int fd, void* buffer, size_t length, sockaddr* from,
                                   socklen_t* from_length) {
  // An empty datagram is no message, and c-ares would take its length for the end of the socket.
  for (;; ++next_) {
    if (next_ == count_ && !Fetch(fd)) return -1;
    if (batch_->messages[next_].msg_len > 0) break;
  }
  const mmsghdr& message = batch_->messages[next_];
  const size_t bytes = std::min<size_t>(message.msg_len, length);
  std::memcpy(buffer, batch_->datagrams[next_].bytes, bytes);
  if (from != nullptr) {
    std::memcpy(from, &batch_->peers[next_], std::min(*from_length, message.msg_hdr.msg_namelen));
    *from_length = message.msg_hdr.msg_namelen;
  }
  ++next_;
  ++taken_;
  return static_cast<ssize_t>(bytes);
}

bool IncomingDatagrams::Fetch(int fd) {
  if (drained_ || taken_ >= per_round_) {
    behind_ = !drained_;
    drained_ = false;
    taken_ = 0;
    errno = EAGAIN;
    return false;
  }
  if (batch_ == nullptr) batch_ = std::make_unique<Batch>();
  for (mmsghdr& message : batch_->messages) message.msg_hdr.msg_namelen = sizeof(sockaddr_in6);
  int received = 0;
  do {
    received = recvmmsg(fd, batch_->messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  } while (received < 0 && errno == EINTR);
  next_ = 0;
  count_ = std::max(received, 0);
  if (received <= 0) {
    behind_ = false;
    taken_ = 0;
    return false;
  }
  // Where fewer came than were asked for there is no more: that needs no system call.
  drained_ = received < kBatch;
  return true;
}

void IncomingDatagrams::Clear() {
  count_ = next_ = taken_ = 0;
  drained_ = false;
  behind_ = false;
}

}  // namespace mxsweep::dns
