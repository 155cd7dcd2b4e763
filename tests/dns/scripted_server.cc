#include "tests/dns/scripted_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "dns/wire_name.h"

namespace mxsweep::dns {
namespace {

void Check(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

bool ReadFully(int fd, uint8_t* out, size_t length) {
  while (length > 0) {
    const ssize_t count = read(fd, out, length);
    if (count <= 0) return false;
    out += count;
    length -= static_cast<size_t>(count);
  }
  return true;
}

}  // namespace

std::vector<uint8_t> FrameHonestly(const std::vector<uint8_t>& message) {
  std::vector<uint8_t> framed(2 + message.size());
  framed[0] = static_cast<uint8_t>(message.size() >> 8);
  framed[1] = static_cast<uint8_t>(message.size());
  std::copy(message.begin(), message.end(), framed.begin() + 2);
  return framed;
}

ScriptedServer::ScriptedServer(Script script, Framing framing)
    : script_(std::move(script)), framing_(std::move(framing)) {
  // Both transports at one port: the kernel chooses for UDP, and TCP takes the same if it is free.
  for (int attempt = 0; attempt < 20; ++attempt) {
    udp_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    tcp_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Check(udp_ >= 0 && tcp_ >= 0, "socket");
    const int bytes = 4 << 20;
    if (setsockopt(udp_, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0) {
      (void)setsockopt(udp_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    }
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Check(bind(udp_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "bind");
    socklen_t length = sizeof(address);
    Check(getsockname(udp_, reinterpret_cast<sockaddr*>(&address), &length) == 0, "getsockname");
    port_ = ntohs(address.sin_port);
    if (bind(tcp_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) break;
    close(udp_);
    close(tcp_);
    Check(attempt < 19, "bind TCP");
  }
  Check(listen(tcp_, 100) == 0, "listen");
  thread_ = std::thread([this] { Loop(); });
}

ScriptedServer::~ScriptedServer() {
  stop_ = true;
  thread_.join();
  for (const int fd : connections_) close(fd);
  close(udp_);
  close(tcp_);
}

void ScriptedServer::SendTo(const sockaddr_in& peer, const std::vector<uint8_t>& message) const {
  (void)sendto(udp_, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&peer),
               sizeof(peer));
}

ServerAddress ScriptedServer::address() const { return {IpAddress::FromV4(0x7F000001), port_}; }

void ScriptedServer::Loop() {
  while (!stop_) {
    std::vector<pollfd> polled = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
    for (const int fd : connections_) polled.push_back({fd, POLLIN, 0});
    if (poll(polled.data(), polled.size(), 10) <= 0) continue;
    if (polled[0].revents != 0) ServeUdp();
    if (polled[1].revents != 0) {
      const int fd = accept(tcp_, nullptr, nullptr);
      if (fd >= 0) connections_.push_back(fd);
    }
    for (size_t i = 2; i < polled.size(); ++i) {
      if (polled[i].revents == 0 || ServeTcp(polled[i].fd)) continue;
      close(polled[i].fd);
      connections_.erase(std::find(connections_.begin(), connections_.end(), polled[i].fd));
    }
  }
}

void ScriptedServer::ServeUdp() {
  sockaddr_in peer = {};
  uint8_t buffer[2048];
  while (true) {
    socklen_t length = sizeof(peer);
    const ssize_t count = recvfrom(udp_, buffer, sizeof(buffer), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&peer), &length);
    if (count <= 0) return;
    for (const auto& answer : Answer(buffer, static_cast<size_t>(count), &peer)) {
      (void)sendto(udp_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&peer),
                   length);
    }
  }
}

bool ScriptedServer::ServeTcp(int fd) {
  uint8_t prefix[2];
  if (!ReadFully(fd, prefix, 2)) return false;
  std::vector<uint8_t> query(static_cast<size_t>(prefix[0]) << 8 | prefix[1]);
  if (!ReadFully(fd, query.data(), query.size())) return false;
  for (const auto& answer : Answer(query.data(), query.size(), nullptr)) {
    const std::vector<uint8_t> framed = framing_(answer);
    if (send(fd, framed.data(), framed.size(), MSG_NOSIGNAL) < 0) return false;
  }
  return true;
}

std::vector<std::vector<uint8_t>> ScriptedServer::Answer(const uint8_t* bytes, size_t length,
                                                         const sockaddr_in* peer) {
  const auto name = ReadWireName({bytes, length}, 12);
  Check(name.ok() && length >= name->next + 4, "query");
  ScriptedQuery query;
  query.id = static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
  query.ad = (bytes[3] & 0x20) != 0;
  query.cd = (bytes[3] & 0x10) != 0;
  query.has_edns = bytes[11] == 1;
  query.name = name->name;
  query.type = static_cast<RrType>(bytes[name->next] << 8 | bytes[name->next + 1]);
  query.over_tcp = peer == nullptr;
  if (peer != nullptr) query.peer = *peer;
  query.number = ++queries_;
  if (query.over_tcp) ++tcp_queries_;
  query.repeat = ++repeats_[{query.name, query.type}];
  return script_(query);
}

}  // namespace mxsweep::dns
