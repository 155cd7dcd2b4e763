#include "scanner/engine/uring_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

// Asks the routing table by connecting a UDP socket, which sends nothing. 0: there is a route;
// kNoRoute: there is none, or no address of ours to come from (IPv6 switched off); else why that is
// not to be learnt.
int AskForRoute(const sockaddr* address, socklen_t bytes) {
  const int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno == EAFNOSUPPORT ? kNoRoute : errno;
  const int error = connect(fd, address, bytes) == 0 ? 0 : errno;
  close(fd);
  return error == ENETUNREACH || error == EADDRNOTAVAIL ? kNoRoute : 0;
}

// What a failed connection tells. An unreachable network is the network's word where there is a
// route, and our own lack where there is none; an address that is not available is a port where
// there is a route. Where we cannot tell, it is our own trouble and not the server's.
int WithoutRoute(int error, const sockaddr* address, socklen_t bytes) {
  if (error != ENETUNREACH && error != EADDRNOTAVAIL) return error;
  const int route = AskForRoute(address, bytes);
  return route == 0 ? error : route;
}

// Is it the peer's or the network's doing? Then whoever receives is told, too.
bool IsOfTheConnection(int error) {
  switch (error) {
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ECONNREFUSED:
    case ENOTCONN:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EPROTO:
    case EACCES:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool HasRouteTo(const dns::IpAddress& to) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (to.is_v6()) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(9);  // any: nothing is sent
    std::memcpy(&v6.sin6_addr, to.bytes().data(), 16);
    return AskForRoute(reinterpret_cast<const sockaddr*>(&v6), sizeof(v6)) != kNoRoute;
  }
  v4.sin_family = AF_INET;
  v4.sin_port = htons(9);
  std::memcpy(&v4.sin_addr, to.bytes().data(), 4);
  return AskForRoute(reinterpret_cast<const sockaddr*>(&v4), sizeof(v4)) != kNoRoute;
}

UringStream::UringStream(UringLoop* loop)
    : Stream(&loop->timers()), socket_(new UringSocket(loop, this)) {}

UringStream::~UringStream() { socket_->Detach(); }

UringSocket::UringSocket(UringLoop* loop, UringStream* stream) : loop_(loop), stream_(stream) {
  ++loop_->sockets_alive_;
}

UringSocket::~UringSocket() { --loop_->sockets_alive_; }

void UringSocket::Release(int holds) {
  holds_ -= holds;
  if (holds_ == 0) delete this;
}

void UringSocket::Fail(int error) {
  ++holds_;
  loop_->failed_connects_.push_back({this, error});
}

void UringSocket::OnFailedConnect(int error) {
  if (stream_ != nullptr) stream_->DeliverConnected(error);
  Release();
}

void UringSocket::Connect(const SocketAddress& to) {
  MXSWEEP_CHECK(index_ < 0);
  UringRing& ring = *loop_->ring_;
  index_ = ring.TakeDescriptor();
  if (index_ < 0) return Fail(ENFILE);

  const bool v6 = to.address.is_v6();
  if (v6) {
    address_.v6 = {};
    address_.v6.sin6_family = AF_INET6;
    address_.v6.sin6_port = htons(to.port);
    std::memcpy(&address_.v6.sin6_addr, to.address.bytes().data(), 16);
  } else {
    address_.v4 = {};
    address_.v4.sin_family = AF_INET;
    address_.v4.sin_port = htons(to.port);
    std::memcpy(&address_.v4.sin_addr, to.address.bytes().data(), 4);
  }

  const bool bound = !loop_->options_.source_addresses.empty();
  if (bound) {
    if (const int error = loop_->OpenBoundSocket(index_, to.address); error != 0) {
      return Fail(error);
    }
    SubmitConnect();
  } else {
    io_uring_sqe* sqe = ring.NextSqe();
    io_uring_prep_socket_direct(sqe, v6 ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP, index_, 0);
    sqe->user_data = UringUserData(this, UringOp::kSocket);
    ++holds_;
  }
}

// Not linked behind the socket: the kernel begins a linked request when it comes round to it, by
// which time the slot may have been closed and may hold the socket of another connection.
void UringSocket::SubmitConnect() {
  io_uring_sqe* sqe = loop_->ring_->NextSqe();
  io_uring_prep_connect(
      sqe, index_, reinterpret_cast<const sockaddr*>(&address_),
      address_.v4.sin_family == AF_INET6 ? sizeof(address_.v6) : sizeof(address_.v4));
  sqe->flags |= IOSQE_FIXED_FILE;
  sqe->user_data = UringUserData(this, UringOp::kConnect);
  connecting_ = true;
  ++holds_;
}

void UringSocket::OnSocket(int result) {
  if (stream_ != nullptr) {
    if (result < 0) {
      stream_->DeliverConnected(-result);
    } else {
      SubmitConnect();
    }
  }
  Release();
}

void UringSocket::OnConnect(int result) {
  connecting_ = false;
  if (stream_ != nullptr) {
    if (result == 0) ArmReceive();
    stream_->DeliverConnected(
        WithoutRoute(-result, reinterpret_cast<const sockaddr*>(&address_), sizeof(address_)));
  }
  Release();
}

void UringSocket::ArmReceive() {
  io_uring_sqe* sqe = loop_->ring_->NextSqe();
  io_uring_prep_recv_multishot(sqe, index_, nullptr, 0, 0);
  sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  sqe->buf_group = UringRing::kBufferGroup;
  sqe->user_data = UringUserData(this, UringOp::kReceive);
  receiving_ = true;
  ++holds_;
}

void UringSocket::OnReceive(int result, unsigned flags) {
  const bool last = (flags & IORING_CQE_F_MORE) == 0;
  if (last) receiving_ = false;
  // Every completion but the last belongs to the same operation: hold on while the stream is told,
  // since it may go.
  ++holds_;
  // No buffer was free for a moment: they are given back as completions are handled, so ask again.
  const bool again = last && (result > 0 || result == -ENOBUFS);
  if (again && stream_ != nullptr) ArmReceive();
  if (result > 0) {
    const unsigned id = flags >> IORING_CQE_BUFFER_SHIFT;
    if (stream_ != nullptr) {
      stream_->DeliverBytes(loop_->ring_->Buffer(id, static_cast<size_t>(result)));
    }
    loop_->ring_->RecycleBuffer(id);
  } else if (stream_ != nullptr && !again) {
    stream_->DeliverEnd(result == 0 && reset_ ? ECONNRESET : -result);
  }
  Release(last ? 2 : 1);
}

void UringSocket::Send(std::string_view bytes) {
  if (index_ < 0 || bytes.empty()) return;
  if (sending_) {
    if (!unsent_) unsent_.emplace();
    unsent_->append(bytes);
    return;
  }
  outgoing_.append(bytes);
  if (flush_due_) return;
  flush_due_ = true;
  ++holds_;
  loop_->sends_due_.push_back(this);
}

void UringSocket::Flush() {
  flush_due_ = false;
  if (index_ >= 0) SubmitSend();
  Release();
}

void UringSocket::SubmitSend() {
  io_uring_sqe* sqe = loop_->ring_->NextSqe();
  io_uring_prep_send(sqe, index_, outgoing_.data() + sent_bytes_, outgoing_.size() - sent_bytes_,
                     MSG_NOSIGNAL | MSG_WAITALL);
  sqe->flags |= IOSQE_FIXED_FILE;
  sqe->user_data = UringUserData(this, UringOp::kSend);
  sending_ = true;
  ++holds_;
}

void UringSocket::OnSend(int result) {
  sending_ = false;
  if (result > 0) sent_bytes_ += static_cast<size_t>(result);
  if (result <= 0 || sent_bytes_ == outgoing_.size()) {
    outgoing_ = result > 0 && unsent_ ? std::move(*unsent_) : std::string();
    sent_bytes_ = 0;
    unsent_.reset();
  }
  if (stream_ != nullptr) {
    if (!outgoing_.empty()) SubmitSend();
    // A broken connection shows in the receive as well, after what the peer still had to say; only
    // trouble of our own would not. The kernel tells of a reset but once, though: when it has told
    // the send, the receive looks like an ordinary end.
    if (result == -ECONNRESET) reset_ = true;
    if (result < 0 && !IsOfTheConnection(-result)) stream_->DeliverEnd(-result);
  }
  Release();
}

// By its user data, which the kernel finds by a hash: by its descriptor it would look through all
// that is in flight.
void UringSocket::Cancel(UringOp op) {
  io_uring_sqe* sqe = loop_->ring_->NextSqe();
  io_uring_prep_cancel64(sqe, UringUserData(this, op), 0);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  sqe->user_data = UringUserData(nullptr, UringOp::kIgnored);
}

void UringSocket::Detach() {
  stream_ = nullptr;
  if (index_ >= 0) {
    UringRing& ring = *loop_->ring_;
    if (flush_due_) SubmitSend();  // the last words
    if (connecting_) Cancel(UringOp::kConnect);
    if (receiving_) Cancel(UringOp::kReceive);
    if (sending_) Cancel(UringOp::kSend);
    io_uring_sqe* sqe = ring.NextSqe();
    io_uring_prep_close_direct(sqe, index_);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = UringUserData(nullptr, UringOp::kIgnored);
    ring.ReturnDescriptor(index_);
    index_ = -1;
  }
  Release();
}

}  // namespace mxsweep::scanner
