#include "dns/cares_channel.h"

// ares_send and the socket functions are marked deprecated from 1.28 on, and remain; 1.18 has no
// others.
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dns/datagram_batch.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

// c-ares' own limit of a UDP answer; what we advertise is less (QueryOptions::udp_payload_size).
constexpr int kUdpBufferBytes = 4096;
// Until datagrams that found the socket's buffer full are sent again.
constexpr std::chrono::milliseconds kFullPause{2};

// Whoever wants to answer in a server's place has to guess id and source port (RFC 5452 §4.5).
// c-ares 1.18 has one socket for as long as it lives, and its later ones' udp_max_queries closes a
// socket only when nothing is on its way. So a socket is used for so many queries, then another
// one, with a port of the kernel's choice; it takes the answers that are still due, and is closed.
// A query pays for a sixty-fourth of that. Where many queries stay without an answer, sockets pile
// up: then those that are there take turns.
constexpr size_t kQueriesPerSocket = 64;
constexpr size_t kMostSockets = 16;

constexpr int kHeaderBytes = 12;  // of a message (RFC 1035 §4.1.1)

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// Once for the process; c-ares says that this must not race.
int InitLibrary() {
  static const int kStatus = ares_library_init(ARES_LIB_INIT_ALL);
  return kStatus;
}

// The privileged form is not bound to net.core.rmem_max. Smaller buffers only cost retries.
void SetBuffer(int fd, int forced_option, int option, int bytes) {
  if (setsockopt(fd, SOL_SOCKET, forced_option, &bytes, sizeof(bytes)) == 0) return;
  (void)setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes));
}

// Returns -1, with errno set, if there is none to be had.
int OpenUdpSocket(int family, int buffer_bytes) {
  const int fd = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && buffer_bytes > 0) {
    SetBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, buffer_bytes);
    SetBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, buffer_bytes);
  }
  return fd;
}

// The one question of a query that we have built: labels, then type and class.
std::span<const uint8_t> QuestionOf(std::span<const uint8_t> query) {
  size_t end = kHeaderBytes;
  while (end < query.size() && query[end] != 0) end += 1 + query[end];
  return query.subspan(kHeaderBytes, std::min(end + 5, query.size()) - kHeaderBytes);
}

// The kernel counts a small datagram with all that it needs to keep it: some 800 bytes.
size_t AnswerRoom(int fd) {
  constexpr size_t kBytesEach = 1024;
  int bytes = 0;
  socklen_t size = sizeof(bytes);
  (void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &size);
  return static_cast<size_t>(std::max(bytes, 0)) / kBytesEach;
}

}  // namespace

class CaresChannel::Impl {
 public:
  Impl(EventLoop& loop, const ChannelOptions& options, ResultSink sink, AfterIo after_io)
      : loop_(loop), options_(options), sink_(std::move(sink)), after_io_(std::move(after_io)) {}

  ~Impl() {
    destroying_ = true;
    CloseOthers();
    if (channel_ != nullptr) ares_destroy(channel_);
  }

  absl::Status Open(const ServerAddress& server);
  void Send(std::span<const uint8_t> query, const AttemptTag& tag);
  void ProcessTimeouts() {
    last_errno_ = 0;
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    CloseFinished();
  }
  size_t outstanding() const { return outstanding_; }
  bool HasId(uint16_t id) const { return by_id_.contains(id); }
  bool behind() const { return incoming_.behind(); }
  size_t answer_room() const { return answer_room_; }

 private:
  struct UdpSocket {
    int fd;
    size_t sent = 0;  // since it was last chosen
    size_t outstanding = 0;
  };
  // Travels through c-ares as the query's argument, and is freed when the query is over.
  struct Pending {
    Impl* impl;
    AttemptTag tag;
    uint16_t id = 0;
    UdpSocket* socket = nullptr;         // UDP only: the answer must come here
    std::vector<uint8_t> question = {};  // UDP only: the section as it was sent
    bool formerr = false;                // the code was FORMERR, which c-ares must not see
    bool without_question = false;       // we have put the section into the answer
  };
  // Makes the datagram one that c-ares takes: see where it is called. Returns its new length.
  size_t Prepare(std::span<uint8_t> buffer, size_t length);

  // Has c-ares serve `fd`.
  void Process(ares_socket_t fd, bool readable, bool writable);
  void SendDatagrams();
  bool SendNow();

  // The UDP sockets. c-ares knows one of them, the first, and of the others nothing.
  UdpSocket* current() const { return sockets_.back().get(); }
  void ChangeSocket();
  std::unique_ptr<UdpSocket> ConnectAnother();
  void ReadFrom(UdpSocket* socket);
  void CloseFinished();
  void CloseOthers();
  static void NoteSocket(Pending* pending, UdpSocket* socket);

  static void OnQueryDone(void* arg, int status, int timeouts, unsigned char* bytes, int length);
  static void OnSocketState(void* data, ares_socket_t fd, int readable, int writable);
  static ares_socket_t OpenSocket(int domain, int type, int protocol, void* data);
  static int CloseSocket(ares_socket_t fd, void* data);
  static int Connect(ares_socket_t fd, const sockaddr* address, ares_socklen_t length, void* data);
  static ares_ssize_t Receive(ares_socket_t fd, void* buffer, size_t length, int flags,
                              sockaddr* from, ares_socklen_t* from_length, void* data);
  static ares_ssize_t SendVector(ares_socket_t fd, const iovec* parts, int count, void* data);

  // Passes a socket call's result on and keeps its errno.
  template <typename T>
  T Note(T result) {
    if (result < 0 && !WouldBlock(errno) && errno != EINPROGRESS) last_errno_ = errno;
    return result;
  }

  EventLoop& loop_;
  const ChannelOptions options_;
  ResultSink sink_;
  AfterIo after_io_;
  ares_channel channel_ = nullptr;
  size_t outstanding_ = 0;
  int last_errno_ = 0;
  bool destroying_ = false;
  absl::flat_hash_map<uint16_t, Pending*> by_id_;  // the queries on the wire

  // Of the UDP sockets. Datagrams are gathered and sent together when the loop comes round, after
  // c-ares was told that they are sent. If that fails, c-ares hears of it as of an ICMP error: when
  // it next reads.
  ares_socket_t udp_fd_ = ARES_SOCKET_BAD;  // of the one that c-ares knows
  // The last one is for the next queries. Never closed while c-ares may be reading.
  std::vector<std::unique_ptr<UdpSocket>> sockets_;
  UdpSocket* known_ = nullptr;    // of udp_fd_
  UdpSocket* reading_ = nullptr;  // where c-ares' next read goes; null: to known_
  sockaddr_storage server_ = {};
  socklen_t server_length_ = 0;
  OutgoingDatagrams outgoing_;
  IncomingDatagrams incoming_;
  int send_errno_ = 0;  // yet to be told
  size_t answer_room_ = 0;
  bool sending_soon_ = false;
  bool full_ = false;  // the socket was full, and is given a pause
  Timer send_timer_;
};

absl::Status CaresChannel::Impl::Open(const ServerAddress& server) {
  ares_options options = {};
  int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
             ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS;
  // NOCHECKRESP: SERVFAIL and REFUSED come to us as they are, with what EDNS says of them. IGNTC:
  // it is us who turn to TCP. EDNS: without it, every UDP answer over 512 bytes counts as
  // truncated; over TCP it would only make c-ares itself ask again after FORMERR.
  options.flags =
      ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
      (options_.transport == Transport::kUdp ? ARES_FLAG_EDNS | ARES_FLAG_IGNTC | ARES_FLAG_STAYOPEN
                                             : ARES_FLAG_USEVC);
  options.ednspsz = kUdpBufferBytes;
#if ARES_VERSION >= 0x012000
  // From 1.32 on the time-out follows the server's mean latency; one try would cut off slow
  // domains.
  options.timeout = static_cast<int>(options_.attempt_timeout.count());
  options.tries = 4;
#else
  // A TCP query survives one connection that the server closes as the query is sent.
  options.timeout = static_cast<int>(options_.query_timeout.count());
  options.tries = options_.transport == Transport::kTcp ? 2 : 1;
#endif
#ifdef ARES_OPT_QUERY_CACHE
  options.qcache_max_ttl = 0;
  mask |= ARES_OPT_QUERY_CACHE;
#endif
  char lookups[] = "b";
  options.lookups = lookups;
  options.sock_state_cb = &Impl::OnSocketState;
  options.sock_state_cb_data = this;
  if (int rc = InitLibrary(); rc != ARES_SUCCESS) {
    return absl::UnavailableError(JoinText("c-ares: ", ares_strerror(rc)));
  }
  if (int rc = ares_init_options(&channel_, &options, mask); rc != ARES_SUCCESS) {
    return absl::UnavailableError(JoinText("c-ares: ", ares_strerror(rc)));
  }
  static constexpr ares_socket_functions kFunctions = {
      &Impl::OpenSocket, &Impl::CloseSocket, &Impl::Connect, &Impl::Receive, &Impl::SendVector};
  ares_set_socket_functions(channel_, &kFunctions, this);
  if (int rc = ares_set_servers_ports_csv(channel_, server.ToString().c_str());
      rc != ARES_SUCCESS) {
    return absl::InvalidArgumentError(
        JoinText("resolver ", server.ToString(), ": ", ares_strerror(rc)));
  }
  return absl::OkStatus();
}

void CaresChannel::Impl::Send(std::span<const uint8_t> query, const AttemptTag& tag) {
  last_errno_ = 0;
  ++outstanding_;
  auto pending = std::make_unique<Pending>(Pending{this, tag});
  pending->id = static_cast<uint16_t>(query[0] << 8 | query[1]);
  if (options_.transport == Transport::kUdp) {
    const std::span<const uint8_t> question = QuestionOf(query);
    pending->question.assign(question.begin(), question.end());
  }
  by_id_.try_emplace(pending->id, pending.get());
  ares_send(channel_, query.data(), static_cast<int>(query.size()), &Impl::OnQueryDone,
            pending.release());
}

void CaresChannel::Impl::OnQueryDone(void* arg, int status, int /*timeouts*/, unsigned char* bytes,
                                     int length) {
  const std::unique_ptr<Pending> pending(static_cast<Pending*>(arg));
  Impl& self = *pending->impl;
  --self.outstanding_;
  if (const auto known = self.by_id_.find(pending->id);
      known != self.by_id_.end() && known->second == pending.get()) {
    self.by_id_.erase(known);
  }
  NoteSocket(pending.get(), nullptr);
  if (self.destroying_) return;
  AttemptResult result;
  result.tag = pending->tag;
  result.os_error = self.last_errno_;
  if (status == ARES_SUCCESS && bytes != nullptr && length > 0) {
    result.kind = AttemptResult::Kind::kMessage;
    result.message = ParseResponse({bytes, static_cast<size_t>(length)});
    if (result.message.ok() && pending->formerr && result.message->rcode == Rcode::kNotImp) {
      result.message->rcode = Rcode::kFormErr;
    }
    result.without_question = pending->without_question;
  } else if (status == ARES_EBADRESP) {
    result.kind = AttemptResult::Kind::kMessage;
    result.message = absl::InvalidArgumentError("unreadable");
  } else if (status == ARES_ETIMEOUT) {
    result.kind = AttemptResult::Kind::kExpired;
  } else {
    result.kind = AttemptResult::Kind::kFailed;
    if (status == ARES_ENOMEM) result.os_error = ENOMEM;
  }
  self.sink_(std::move(result));
}

void CaresChannel::Impl::OnSocketState(void* data, ares_socket_t fd, int readable, int writable) {
  Impl& self = *static_cast<Impl*>(data);
  if (readable == 0 && writable == 0) {
    self.loop_.UnwatchSocket(fd);
    return;
  }
  self.loop_.WatchSocket(fd, readable != 0, writable != 0,
                         [&self, fd](bool r, bool w) { self.Process(fd, r, w); });
}

void CaresChannel::Impl::Process(ares_socket_t fd, bool readable, bool writable) {
  last_errno_ = 0;
  // Each socket that is ready has its turn between two looks at the clock.
  incoming_.LimitRound(IncomingDatagrams::kPerRound / std::max<int>(sockets_.size(), 1));
  // c-ares stops reading in the middle where a datagram comes from somebody else.
  do {
    ares_process_fd(channel_, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
  } while (!incoming_.empty());
  reading_ = nullptr;
  after_io_();
}

void CaresChannel::Impl::ReadFrom(UdpSocket* socket) {
  reading_ = socket;
  Process(udp_fd_, true, false);
}

// The query is on its way through that one; null: through none any more.
void CaresChannel::Impl::NoteSocket(Pending* pending, UdpSocket* socket) {
  if (pending->socket != nullptr) --pending->socket->outstanding;
  pending->socket = socket;
  if (socket != nullptr) ++socket->outstanding;
}

std::unique_ptr<CaresChannel::Impl::UdpSocket> CaresChannel::Impl::ConnectAnother() {
  const int fd = OpenUdpSocket(server_.ss_family, options_.socket_buffer_bytes);
  if (fd < 0) return nullptr;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&server_), server_length_) != 0) {
    ::close(fd);
    return nullptr;
  }
  auto socket = std::make_unique<UdpSocket>(UdpSocket{.fd = fd});
  loop_.WatchSocket(fd, true, false, [this, at = socket.get()](bool, bool) { ReadFrom(at); });
  return socket;
}

void CaresChannel::Impl::ChangeSocket() {
  // What is gathered belongs to the one that was. If that does not take it all, it stays.
  if (full_ || send_errno_ != 0 || (!outgoing_.empty() && !SendNow())) return;
  if (sockets_.size() < kMostSockets) {
    std::unique_ptr<UdpSocket> socket = ConnectAnother();
    if (socket != nullptr) sockets_.push_back(std::move(socket));
  } else {
    std::rotate(sockets_.begin(), sockets_.begin() + 1, sockets_.end());
  }
  current()->sent = 0;
}

// Not while answers are handled: an event loop over io_uring has to submit what it holds back
// before a socket is closed, and would meet the answers to it at once, without end.
void CaresChannel::Impl::CloseFinished() {
  if (sockets_.empty()) return;
  const auto finished = [this](const std::unique_ptr<UdpSocket>& socket) {
    if (socket.get() == known_ || socket.get() == current() || socket->outstanding > 0)
      return false;
    loop_.UnwatchSocket(socket->fd);
    ::close(socket->fd);
    return true;
  };
  std::erase_if(sockets_, finished);
}

// All that c-ares does not know.
void CaresChannel::Impl::CloseOthers() {
  for (const auto& [id, pending] : by_id_) NoteSocket(pending, nullptr);
  for (const std::unique_ptr<UdpSocket>& socket : sockets_) {
    if (socket.get() == known_) continue;
    loop_.UnwatchSocket(socket->fd);
    ::close(socket->fd);
  }
  sockets_.clear();
  known_ = reading_ = nullptr;
}

void CaresChannel::Impl::SendDatagrams() {
  sending_soon_ = full_ = false;
  CloseFinished();
  if (outgoing_.empty()) return;
  if (send_errno_ == 0 && SendNow()) return;
  if (full_) {
    sending_soon_ = true;
    send_timer_ = Timer(loop_, kFullPause, [this] { SendDatagrams(); });
    return;
  }
  Process(udp_fd_, true, false);
}

// Sends what is gathered, through the current socket. If not all of it goes, either the socket is
// full or send_errno_ says why.
bool CaresChannel::Impl::SendNow() {
  const int error = outgoing_.Send(current()->fd);
  if (error == 0) return true;
  if (WouldBlock(error) || error == ENOBUFS) {
    full_ = true;
  } else {
    send_errno_ = error;
  }
  return false;
}

ares_socket_t CaresChannel::Impl::OpenSocket(int domain, int type, int protocol, void* data) {
  Impl& self = *static_cast<Impl*>(data);
  if (self.options_.transport == Transport::kUdp) {
    const int fd = self.Note(OpenUdpSocket(domain, self.options_.socket_buffer_bytes));
    if (fd < 0) return ARES_SOCKET_BAD;
    self.udp_fd_ = fd;
    self.answer_room_ = AnswerRoom(fd);
    self.sockets_.push_back(std::make_unique<UdpSocket>(UdpSocket{.fd = fd}));
    self.known_ = self.current();
    return fd;
  }
  const int fd = self.Note(::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (fd < 0) return ARES_SOCKET_BAD;
  const int on = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

int CaresChannel::Impl::CloseSocket(ares_socket_t fd, void* data) {
  Impl& self = *static_cast<Impl*>(data);
  if (fd == self.udp_fd_) {
    self.CloseOthers();
    self.udp_fd_ = ARES_SOCKET_BAD;
    self.outgoing_.Clear();
    self.incoming_.Clear();
  }
  return ::close(fd);
}

int CaresChannel::Impl::Connect(ares_socket_t fd, const sockaddr* address, ares_socklen_t length,
                                void* data) {
  Impl& self = *static_cast<Impl*>(data);
  if (fd == self.udp_fd_ && length <= sizeof(self.server_)) {
    std::memcpy(&self.server_, address, length);
    self.server_length_ = length;
  }
  return self.Note(::connect(fd, address, length));
}

ares_ssize_t CaresChannel::Impl::Receive(ares_socket_t fd, void* buffer, size_t length, int flags,
                                         sockaddr* from, ares_socklen_t* from_length, void* data) {
  Impl& self = *static_cast<Impl*>(data);
  if (fd != self.udp_fd_) {
    return self.Note(::recvfrom(fd, buffer, length, flags, from, from_length));
  }
  if (self.send_errno_ != 0) {
    errno = std::exchange(self.send_errno_, 0);
    return self.Note(ssize_t{-1});
  }
  const auto* bytes = static_cast<const uint8_t*>(buffer);
  const socklen_t room = *from_length;
  for (;;) {
    *from_length = room;
    UdpSocket* const socket = self.reading_ == nullptr ? self.known_ : self.reading_;
    const ssize_t count =
        self.Note(self.incoming_.Receive(socket->fd, buffer, length, from, from_length));
    if (count < kHeaderBytes) return count;
    // To another port than the query came from: whoever sent it has guessed the id alone.
    const auto query = self.by_id_.find(static_cast<uint16_t>(bytes[0] << 8 | bytes[1]));
    if (query != self.by_id_.end() && query->second->socket != socket) continue;
    return static_cast<ares_ssize_t>(
        self.Prepare({static_cast<uint8_t*>(buffer), length}, static_cast<size_t>(count)));
  }
}

size_t CaresChannel::Impl::Prepare(std::span<uint8_t> buffer, size_t length) {
  const auto known = by_id_.find(static_cast<uint16_t>(buffer[0] << 8 | buffer[1]));
  const auto rcode = static_cast<Rcode>(buffer[3] & 0x0F);
  if (known == by_id_.end() || rcode == Rcode::kNoError || rcode == Rcode::kNxDomain) {
    return length;
  }
  Pending& pending = *known->second;
  // Some say no with the header alone, and c-ares would take that for nobody's answer. Such a
  // message says nothing of a name, only that this server will not help, so that the id is enough
  // to believe it.
  const std::vector<uint8_t>& question = pending.question;
  if (buffer[4] == 0 && buffer[5] == 0 && length + question.size() <= buffer.size()) {
    uint8_t* const rest = buffer.data() + kHeaderBytes;
    std::memmove(rest + question.size(), rest, length - kHeaderBytes);
    std::copy(question.begin(), question.end(), rest);
    buffer[5] = 1;
    length += question.size();
    pending.without_question = true;
  }
  // On one FORMERR, c-ares before 1.22 would switch EDNS off for all queries to come, and take
  // every answer over 512 bytes for truncated; later ones would ask again by themselves. We put the
  // code back where the query ends.
  if (rcode == Rcode::kFormErr) {
    buffer[3] = static_cast<uint8_t>((buffer[3] & 0xF0) | static_cast<uint8_t>(Rcode::kNotImp));
    pending.formerr = true;
  }
  return length;
}

ares_ssize_t CaresChannel::Impl::SendVector(ares_socket_t fd, const iovec* parts, int count,
                                            void* data) {
  Impl& self = *static_cast<Impl*>(data);
  if (fd != self.udp_fd_) {
    msghdr message = {};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<size_t>(count);
    return self.Note(::sendmsg(fd, &message, MSG_NOSIGNAL));
  }
  if (self.current()->sent >= kQueriesPerSocket) self.ChangeSocket();
  ++self.current()->sent;
  const auto* bytes = static_cast<const uint8_t*>(parts[0].iov_base);
  const auto query = self.by_id_.find(static_cast<uint16_t>(bytes[0] << 8 | bytes[1]));
  if (query != self.by_id_.end()) NoteSocket(query->second, self.current());
  if (!self.sending_soon_) {
    self.sending_soon_ = true;
    self.send_timer_ =
        Timer(self.loop_, std::chrono::nanoseconds(0), [&self] { self.SendDatagrams(); });
  }
  return static_cast<ares_ssize_t>(self.outgoing_.Push(parts, count));
}

CaresChannel::CaresChannel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CaresChannel::~CaresChannel() = default;

absl::StatusOr<std::unique_ptr<CaresChannel>> CaresChannel::Create(EventLoop& loop,
                                                                   const ServerAddress& server,
                                                                   const ChannelOptions& options,
                                                                   ResultSink sink,
                                                                   AfterIo after_io) {
  auto impl = std::make_unique<Impl>(loop, options, std::move(sink), std::move(after_io));
  if (absl::Status status = impl->Open(server); !status.ok()) return status;
  return std::unique_ptr<CaresChannel>(new CaresChannel(std::move(impl)));
}

void CaresChannel::Send(std::span<const uint8_t> query, const AttemptTag& tag) {
  impl_->Send(query, tag);
}
void CaresChannel::ProcessTimeouts() { impl_->ProcessTimeouts(); }
bool CaresChannel::HasId(uint16_t id) const { return impl_->HasId(id); }
size_t CaresChannel::outstanding() const { return impl_->outstanding(); }
bool CaresChannel::behind() const { return impl_->behind(); }
size_t CaresChannel::answer_room() const { return impl_->answer_room(); }

}  // namespace mxsweep::dns
