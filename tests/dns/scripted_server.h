// A DNS server on 127.0.0.1 that does what a test tells it to, UDP and TCP, in a thread of its own.
#ifndef MXSWEEP_TESTS_DNS_SCRIPTED_SERVER_H_
#define MXSWEEP_TESTS_DNS_SCRIPTED_SERVER_H_

#include <netinet/in.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "dns/cares_resolver.h"
#include "dns/message.h"

namespace mxsweep::dns {

// A query as the server sees it.
struct ScriptedQuery {
  uint16_t id = 0;
  std::string name;
  RrType type = RrType::kA;
  bool ad = false;
  bool cd = false;
  bool has_edns = false;
  bool over_tcp = false;
  int number = 0;         // Of all queries that this server got, from 1 on.
  int repeat = 0;         // Of those for this name and type, from 1 on.
  sockaddr_in peer = {};  // Who asks, over UDP: for answers from elsewhere.
};

// Messages to send back, in order; none: silence.
using Script = std::function<std::vector<std::vector<uint8_t>>(const ScriptedQuery&)>;

// What goes over TCP for a message; the ordinary way is two bytes of length and the message.
using Framing = std::function<std::vector<uint8_t>(const std::vector<uint8_t>& message)>;
std::vector<uint8_t> FrameHonestly(const std::vector<uint8_t>& message);

class ScriptedServer {
 public:
  // `script` and `framing` run in the server's thread.
  explicit ScriptedServer(Script script, Framing framing = FrameHonestly);
  ~ScriptedServer();

  ServerAddress address() const;
  // A datagram to whom the script says, besides its answers.
  void SendTo(const sockaddr_in& peer, const std::vector<uint8_t>& message) const;
  int queries() const { return queries_; }
  int tcp_queries() const { return tcp_queries_; }

 private:
  void Loop();
  void ServeUdp();
  bool ServeTcp(int fd);
  // `peer`: null over TCP.
  std::vector<std::vector<uint8_t>> Answer(const uint8_t* bytes, size_t length,
                                           const sockaddr_in* peer);

  Script script_;
  Framing framing_;
  int udp_ = -1;
  int tcp_ = -1;
  uint16_t port_ = 0;
  std::vector<int> connections_;
  std::map<std::pair<std::string, RrType>, int> repeats_;
  std::atomic<int> queries_{0};
  std::atomic<int> tcp_queries_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_TESTS_DNS_SCRIPTED_SERVER_H_
