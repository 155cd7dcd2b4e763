#include "tools/lab/dns_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "scanner/base/text.h"
#include "tools/lab/sockets.h"

namespace mxsweep::lab {
namespace {

constexpr unsigned kBatch = 64;             // datagrams per system call
constexpr size_t kMaxQueryBytes = 1024;     // longer ones are cut, and then malformed
constexpr size_t kMaxTcpConnections = 512;  // per thread
constexpr size_t kMaxTcpBuffer = 1 << 17;
constexpr int kSocketBufferBytes = 32 << 20;  // some 40,000 queries
constexpr int kStopCheckMs = 100;
constexpr int kPortTries = 50;

absl::StatusOr<Fd> Bind(int type, uint16_t port) {
  Fd fd(socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return ErrnoStatus("socket");
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  const sockaddr_in address = SocketAddressV4(INADDR_LOOPBACK, port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoStatus(JoinText("cannot bind 127.0.0.1:", port));
  }
  return fd;
}

}  // namespace

// One thread: a UDP socket, a TCP listener, and the connections of the latter.
class DnsServer::Worker {
 public:
  static absl::StatusOr<std::unique_ptr<Worker>> Create(DnsResponder& responder, uint16_t port) {
    auto worker = std::unique_ptr<Worker>(new Worker(responder));
    absl::StatusOr<Fd> udp = Bind(SOCK_DGRAM, port);
    if (!udp.ok()) return udp.status();
    worker->udp_ = *std::move(udp);
    absl::StatusOr<Fd> tcp = Bind(SOCK_STREAM, worker->Port());
    // A port that is free for UDP may be taken for TCP: any other will do where none was asked for.
    for (int i = 0; i < kPortTries && !tcp.ok() && port == 0; ++i) {
      udp = Bind(SOCK_DGRAM, port);
      if (!udp.ok()) return udp.status();
      worker->udp_ = *std::move(udp);
      tcp = Bind(SOCK_STREAM, worker->Port());
    }
    if (!tcp.ok()) return tcp.status();
    // The forced form needs a privilege; the other is cut down to net.core.rmem_max.
    SetOption(worker->udp_.get(), SOL_SOCKET, SO_RCVBUF, kSocketBufferBytes);
    SetOption(worker->udp_.get(), SOL_SOCKET, SO_RCVBUFFORCE, kSocketBufferBytes);
    SetOption(worker->udp_.get(), SOL_SOCKET, SO_SNDBUF, kSocketBufferBytes);
    worker->listener_ = *std::move(tcp);
    if (listen(worker->listener_.get(), 128) != 0) return ErrnoStatus("listen");
    worker->epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
    worker->Watch(worker->udp_.get());
    worker->Watch(worker->listener_.get());
    return worker;
  }

  uint16_t Port() const {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    getsockname(udp_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

  void Run(const std::atomic<bool>& stop) {
    std::array<epoll_event, kBatch> events;
    while (!stop) {
      const int count = epoll_wait(epoll_.get(), events.data(), kBatch, kStopCheckMs);
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == udp_.get()) {
          ServeUdp();
        } else if (fd == listener_.get()) {
          Accept();
        } else {
          ServeTcp(fd);
        }
      }
    }
  }

  const DnsCounts& counts() const { return counts_; }

 private:
  explicit Worker(DnsResponder& responder) : responder_(responder), answers_(kBatch) {}

  void Watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }

  void ServeUdp() {
    std::array<mmsghdr, kBatch> in{};
    std::array<iovec, kBatch> parts;
    std::array<sockaddr_in, kBatch> peers;
    for (unsigned i = 0; i < kBatch; ++i) {
      parts[i] = {queries_[i].data(), queries_[i].size()};
      in[i].msg_hdr = {&peers[i], sizeof(peers[i]), &parts[i], 1, nullptr, 0, 0};
    }
    const int received = recvmmsg(udp_.get(), in.data(), kBatch, MSG_DONTWAIT, nullptr);
    unsigned sending = 0;
    std::array<mmsghdr, kBatch> out{};
    for (int i = 0; i < received; ++i) {
      std::string& answer = answers_[i];
      responder_.Answer({queries_[i].data(), in[i].msg_len}, Transport::kUdp, counts_, answer);
      if (answer.empty()) continue;
      parts[i] = {answer.data(), answer.size()};
      out[sending++].msg_hdr = {&peers[i], sizeof(peers[i]), &parts[i], 1, nullptr, 0, 0};
    }
    for (unsigned sent = 0; sent < sending;) {
      const int n = sendmmsg(udp_.get(), &out[sent], sending - sent, 0);
      sent += n > 0 ? static_cast<unsigned>(n) : 1;  // One that can't be sent is lost, as UDP is.
    }
  }

  void Accept() {
    for (;;) {
      Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) return;
      if (connections_.size() >= kMaxTcpConnections) continue;
      const int raw = fd.get();
      Watch(raw);
      connections_.emplace(raw, Connection{std::move(fd), {}});
    }
  }

  // Queries are answered in order; each has its length in front (RFC 1035 §4.2.2).
  void ServeTcp(int fd) {
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    std::string& buffer = found->second.buffer;
    char chunk[4096];
    const ssize_t size = recv(fd, chunk, sizeof(chunk), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0 || buffer.size() > kMaxTcpBuffer) {
      connections_.erase(found);
      return;
    }
    buffer.append(chunk, static_cast<size_t>(size));
    for (;;) {
      if (buffer.size() < 2) return;
      const size_t length = static_cast<uint8_t>(buffer[0]) << 8 | static_cast<uint8_t>(buffer[1]);
      if (buffer.size() < 2 + length) return;
      std::string answer;
      responder_.Answer({reinterpret_cast<const uint8_t*>(buffer.data()) + 2, length},
                        Transport::kTcp, counts_, answer);
      buffer.erase(0, 2 + length);
      if (answer.empty()) continue;
      answer.insert(0, {static_cast<char>(answer.size() >> 8), static_cast<char>(answer.size())});
      if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(answer.size())) {
        connections_.erase(found);
        return;
      }
    }
  }

  struct Connection {
    Fd fd;
    std::string buffer;
  };

  DnsResponder& responder_;
  Fd udp_;
  Fd listener_;
  Fd epoll_;
  std::unordered_map<int, Connection> connections_;
  std::array<std::array<uint8_t, kMaxQueryBytes>, kBatch> queries_;
  std::vector<std::string> answers_;
  DnsCounts counts_;
};

absl::StatusOr<std::unique_ptr<DnsServer>> DnsServer::Start(DnsResponder& responder, uint16_t port,
                                                            int threads) {
  auto server = std::unique_ptr<DnsServer>(new DnsServer());
  for (int i = 0; i < threads; ++i) {
    absl::StatusOr<std::unique_ptr<Worker>> worker = Worker::Create(responder, port);
    if (!worker.ok()) return worker.status();
    port = server->port_ = (*worker)->Port();
    server->workers_.push_back(*std::move(worker));
  }
  for (const std::unique_ptr<Worker>& worker : server->workers_) {
    server->threads_.emplace_back([&worker = *worker, &stop = server->stop_] { worker.Run(stop); });
  }
  return server;
}

DnsServer::~DnsServer() { Stop(); }

void DnsServer::Stop() {
  stop_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

DnsCounts DnsServer::counts() const {
  DnsCounts sum;
  for (const std::unique_ptr<Worker>& worker : workers_) sum.Add(worker->counts());
  return sum;
}

}  // namespace mxsweep::lab
