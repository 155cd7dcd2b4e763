#include "tests/simulation/simulated_server.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "scanner/base/check.h"

namespace mxsweep::scanner::simulation {

using tls::testing::TestServer;

namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

// Of every server. Named, since BoringSSL's own choice is another with every year.
std::string Groups() {
  return tls::HasPostQuantum() ? "X25519MLKEM768:X25519:P-256:P-384" : "X25519:P-256:P-384";
}

}  // namespace

Expected ExpectedOf(Manner manner) {
  // Where there is a hybrid group to be left out.
  const uint32_t without_hybrid = tls::HasPostQuantum() ? 1 : 0;
  switch (manner) {
    case Manner::kGood:
    case Manner::kTls12:
    case Manner::kInjects:
    case Manner::kHeloOnlyWithinTls:
    case Manner::kStartTls250:
    case Manner::kMixedGreeting:
      return {Outcome::kTlsOk, Stage::kDone};
    case Manner::kClosesAfterHandshake:
    case Manner::kThrottledWithinTls:
    case Manner::kRefusesWithinTls:
    case Manner::kGarbageWithinTls:
    case Manner::kSilentWithinTls:
      return {Outcome::kTlsOk, Stage::kEhloAfterTls};
    case Manner::kIgnoresQuit:
      return {Outcome::kTlsOk, Stage::kQuit};
    case Manner::kNoStartTls:
    case Manner::kStartTlsTooLate:
    case Manner::kHeloOnly:
      return {Outcome::kNoStartTls, Stage::kEhlo};
    case Manner::kEhloRefused:
      return {Outcome::kEhloRefused, Stage::kEhlo};
    case Manner::kEhlo4xx:
      return {Outcome::kEhloRefused, Stage::kEhlo, true};
    case Manner::kStartTls4xx:
    case Manner::kMixedStartTls:
      return {Outcome::kStartTlsRefused, Stage::kStartTls, true};
    case Manner::kStartTls5xx:
      return {Outcome::kStartTlsRefused, Stage::kStartTls};
    case Manner::kGreeting4xx:
      return {Outcome::kGreeting4xx, Stage::kGreeting, true};
    case Manner::kGreeting5xx:
      return {Outcome::kGreeting5xx, Stage::kGreeting};
    case Manner::kThrottled:
      return {Outcome::kThrottled421, Stage::kGreeting, true};
    case Manner::kThrottledAtStartTls:
      return {Outcome::kThrottled421, Stage::kStartTls, true};
    case Manner::kRefused:
      return {Outcome::kConnectRefused, Stage::kConnect};
    case Manner::kIgnoresConnect:
      return {Outcome::kConnectTimeout, Stage::kConnect, true};
    case Manner::kUnreachable:
      return {Outcome::kUnreachable, Stage::kConnect, true};
    case Manner::kNoDescriptors:
      return {Outcome::kLocalNoDescriptors, Stage::kConnect, true};
    case Manner::kSilent:
      return {Outcome::kGreetingTimeout, Stage::kGreeting, true};
    case Manner::kSilentAtEhlo:
      return {Outcome::kCommandTimeout, Stage::kEhlo, true};
    case Manner::kSilentAtStartTls:
      return {Outcome::kCommandTimeout, Stage::kStartTls, true};
    case Manner::kGarbageGreeting:
    case Manner::kEndlessGreeting:
      return {Outcome::kSmtpProtocolError, Stage::kGreeting};
    case Manner::kClosesAtOnce:
      return {Outcome::kClosedEarly, Stage::kGreeting, true};
    case Manner::kResetsAtOnce:
      return {Outcome::kReset, Stage::kGreeting, true};
    case Manner::kClosesAtEhlo:
      return {Outcome::kClosedEarly, Stage::kEhlo, true};
    case Manner::kResetsInHandshake:
      return {Outcome::kReset, Stage::kHandshake, true, without_hybrid};
    case Manner::kClosesInHandshake:
      return {Outcome::kClosedEarly, Stage::kHandshake, true, without_hybrid};
    case Manner::kSilentInHandshake:
      return {Outcome::kTlsTimeout, Stage::kHandshake, true, without_hybrid};
    case Manner::kGarbageInHandshake:
      return {Outcome::kTlsProtocolError, Stage::kHandshake};
    case Manner::kAlertInHandshake:
    case Manner::kAlertThenClearText:
      return {Outcome::kTlsAlert, Stage::kHandshake, false, 2 + without_hybrid};
  }
  std::abort();
}

// One connection: a line at a time in clear, then the same within TLS.
class ServerNetwork::Connection final : public Peer {
 public:
  Connection(ServerNetwork* network, dns::IpAddress address, Manner manner)
      : network_(network), address_(address), client_(network->client_), manner_(manner) {}

  ~Connection() override { network_->CountClosed(address_, client_); }

  void OnConnected() override {
    if (script().implicit_tls) return BeginTls();
    switch (manner_) {
      case Manner::kSilent:
        return;
      case Manner::kClosesAtOnce:
        return Close(script().greet_delay_ns);
      case Manner::kResetsAtOnce:
        return Reset(script().greet_delay_ns);
      case Manner::kGarbageGreeting:
        return Greet("SSH-2.0-OpenSSH_9.2\r\n");
      case Manner::kEndlessGreeting: {
        std::string lines;
        while (lines.size() < 80'000) lines += "220-and so on and so on and so on\r\n";
        return Write(lines, script().greet_delay_ns, {.max_piece_bytes = 4096});
      }
      case Manner::kGreeting4xx:
        return Greet("450 4.3.2 not now\r\n");
      case Manner::kGreeting5xx:
        return Greet("554 5.7.1 not you\r\n");
      case Manner::kMixedGreeting:
        return Greet("554-not you\r\n220 after all\r\n");
      case Manner::kThrottled:
        Greet("421 4.7.0 too many connections\r\n");
        return Throttle();
      default:
        return Greet("220-mx.sim.example ESMTP\r\n220 ready\r\n");
    }
  }

  void OnClientSends(std::string_view) override {
    // Within TLS the order is TLS's own.
    if (tls_sent_) return;
    // Greeting, then an answer to each command, before the next word.
    if (reply_ends_.size() <= sends_ || delivered() < reply_ends_[sends_]) {
      network_->Complain(address_, "the client spoke before its turn");
    }
    ++sends_;
    if (accepted_tls_) tls_sent_ = true;
  }

  void OnBytes(std::string_view bytes) override {
    if (accepted_tls_) return OnTlsBytes(bytes);
    unread_ += bytes;
    for (size_t end = unread_.find("\r\n"); end != std::string::npos; end = unread_.find("\r\n")) {
      const std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 2);
      OnCommand(line);
    }
  }

 private:
  Server& server() { return network_->servers_.at(address_); }
  const ServerScript& script() { return server().script; }
  Travel travel() { return {script().max_piece_bytes, script().max_gap_ns}; }

  void Greet(std::string_view text) {
    Write(text, script().greet_delay_ns, travel());
    reply_ends_.push_back(written());
  }
  void Reply(std::string_view text) {
    Write(text, script().reply_delay_ns, travel());
    reply_ends_.push_back(written());
  }
  // In one piece: what comes later is no longer behind the reply.
  void ReplyWhole(const std::string& reply, const std::string& behind) {
    const uint64_t end = written() + reply.size() + behind.size();
    WriteWhole(reply + behind, script().reply_delay_ns);
    reply_ends_.push_back(end);
  }
  // The 421 was written: the client knows when its last byte has come.
  void Throttle() {
    WhenDelivered([this] {
      const int64_t now_ns = loop()->now_ns();
      server().peace.push_back({now_ns, now_ns + network_->politeness_.backoff_ns});
    });
  }

  void OnCommand(const std::string& line) {
    if (line == "QUIT") {
      Reply("221 bye\r\n");
      return Close(0);
    }
    if (line == "STARTTLS") return OnStartTls();
    if (!line.starts_with("EHLO scanner.example.net") &&
        !line.starts_with("HELO scanner.example.net")) {
      network_->Complain(address_, "the client said " + line);
    }
    const bool helo = line.starts_with("HELO");
    switch (manner_) {
      case Manner::kSilentAtEhlo:
        return;
      case Manner::kClosesAtEhlo:
        return Close(0);
      case Manner::kEhloRefused:
        return Reply("550 5.7.1 no\r\n");
      case Manner::kEhlo4xx:
        return Reply("451 4.3.0 later\r\n");
      case Manner::kHeloOnly:
        return Reply(helo ? "250 mx.sim.example\r\n" : "500 5.5.1 what?\r\n");
      case Manner::kNoStartTls:
        return Reply("250-mx.sim.example\r\n250-XSTARTTLS\r\n250 SIZE 1000\r\n");
      case Manner::kStartTlsTooLate:
        return ReplyWhole("250 mx.sim.example\r\n", "250 STARTTLS\r\n");
      default:
        return Reply("250-mx.sim.example\r\n250-SIZE 35882577\r\n250 StartTLS\r\n");
    }
  }

  void OnStartTls() {
    switch (manner_) {
      case Manner::kSilentAtStartTls:
        return;
      case Manner::kStartTls4xx:
        return Reply("454 4.7.0 TLS not available\r\n");
      case Manner::kMixedStartTls:
        return Reply("220-go ahead\r\n454 or rather not\r\n");
      case Manner::kStartTls5xx:
        return Reply("502 5.5.1 not implemented\r\n");
      case Manner::kThrottledAtStartTls:
        Reply("421 4.7.0 go away\r\n");
        return Throttle();
      case Manner::kInjects:
        ReplyWhole("220 go\r\n", "250 injected\r\n");
        break;
      case Manner::kStartTls250:
        Reply("250 go ahead\r\n");
        break;
      default:
        Reply("220 go ahead\r\n");
    }
    BeginTls();
  }

  void BeginTls() {
    accepted_tls_ = true;
    tls_sent_ = script().implicit_tls;
  }

  // The ClientHello, in one piece: every name of a simulated world ends so.
  void MeetClient(std::string_view hello) {
    const bool named = hello.find("sim.example") != std::string_view::npos;
    const auto* chain = script().chain;
    if (!named && script().chain_without_name != nullptr) chain = script().chain_without_name;
    tls::testing::TestServerOptions options = {.groups = Groups()};
    if (manner_ == Manner::kTls12) options.max_version = tls::kTls12;
    tls_.emplace(*chain, options);
  }

  // In a single piece.
  void WriteWhole(std::string_view text, int64_t delay_ns) {
    Write(text, delay_ns, {.max_piece_bytes = kWhole, .max_gap_ns = 0});
  }

  void OnTlsBytes(std::string_view bytes) {
    const bool too_long = !tls_ && bytes.size() > script().longest_hello_bytes;
    switch (too_long ? script().on_longer_hello : manner_) {
      case Manner::kSilentInHandshake:
        return;
      case Manner::kResetsInHandshake:
        return Reset(0);
      case Manner::kClosesInHandshake:
        return Close(0);
      case Manner::kGarbageInHandshake:
        return Write("250 what are you talking about?\r\n", 0, travel());
      case Manner::kAlertInHandshake: {
        const std::string alert("\x15\x03\x03\x00\x02\x02\x28", 7);  // fatal, handshake_failure
        return Write(alert, 0, travel());
      }
      case Manner::kAlertThenClearText:
        return WriteWhole(std::string("\x15\x03\x03\x00\x02\x02\x28", 7) + "454 no key\r\n", 0);
      default:
        break;
    }
    if (!tls_) MeetClient(bytes);
    const std::string out = tls_->Receive(std::string(bytes));
    if (!out.empty()) Write(out, script().reply_delay_ns, travel());
    if (manner_ == Manner::kClosesAfterHandshake && tls_->done()) return Close(0);
    if (manner_ == Manner::kSilentWithinTls) return;
    if (tls_->failed()) return Close(0);
    if (script().implicit_tls && tls_->done() && !greeted_in_tls_) {
      greeted_in_tls_ = true;
      const bool throttles = manner_ == Manner::kThrottledWithinTls;
      const std::string text = throttles ? "421 4.7.0 too many\r\n" : "220 mx.sim.example\r\n";
      Write(tls_->Send(text), script().greet_delay_ns, travel());
      if (throttles) Throttle();
    }
    ReadPlaintext();
  }

  void ReadPlaintext() {
    const std::string& said = tls_->plaintext();
    for (size_t end = said.find("\r\n", read_); end != std::string::npos;
         end = said.find("\r\n", read_)) {
      const std::string line = said.substr(read_, end - read_);
      read_ = end + 2;
      if (line == "QUIT") {
        if (manner_ == Manner::kIgnoresQuit) return;
        Write(tls_->Send("221 bye\r\n"), 0, travel());
        Write(tls_->SendCloseNotify(), 0, travel());
        return Close(0);
      }
      const bool helo = line.starts_with("HELO scanner.example.net");
      if (!line.starts_with("EHLO scanner.example.net") && !(helo && refused_in_tls_)) {
        network_->Complain(address_, "within TLS the client said " + line);
      }
      if (manner_ == Manner::kThrottledWithinTls) {
        Write(tls_->Send("421 4.7.0 too many\r\n"), 0, travel());
        Throttle();
        continue;
      }
      Write(tls_->Send(AnswerWithinTls(helo)), 0, travel());
    }
  }

  // To EHLO or HELO.
  std::string AnswerWithinTls(bool helo) {
    switch (manner_) {
      case Manner::kRefusesWithinTls:
      case Manner::kHeloOnlyWithinTls:
        if (helo && manner_ == Manner::kHeloOnlyWithinTls) return "250 mx.sim.example\r\n";
        refused_in_tls_ = true;
        return "550 5.7.1 no\r\n";
      case Manner::kGarbageWithinTls:
        return "Error: out of cheese\r\n";
      default:
        return "250-mx.sim.example\r\n250 REQUIRETLS\r\n";
    }
  }

  ServerNetwork* network_;
  dns::IpAddress address_;
  uint64_t client_;
  Manner manner_;
  std::vector<uint64_t> reply_ends_;  // in written(), of the greeting and each answer in clear
  size_t sends_ = 0;
  bool accepted_tls_ = false;
  bool tls_sent_ = false;
  std::string unread_;
  std::optional<TestServer> tls_;
  size_t read_ = 0;
  bool greeted_in_tls_ = false;
  bool refused_in_tls_ = false;
};

// One GET, one answer, and the end.
class ServerNetwork::WebConnection final : public Peer {
 public:
  WebConnection(ServerNetwork* network, const SocketAddress& to)
      : network_(network),
        address_(to.address),
        client_(network->client_),
        tls_wanted_(to.port == kHttpsPort) {}

  ~WebConnection() override { network_->CountClosed(address_, client_); }

  void OnConnected() override {}
  void OnClientSends(std::string_view) override {}

  void OnBytes(std::string_view bytes) override {
    if (!tls_wanted_) {
      request_ += bytes;
      return OnRequest();
    }
    if (!tls_) {
      if (bytes.size() > web().longest_hello_bytes) return Close(0);
      if (bytes.find("mta-sts.") == std::string_view::npos) {
        network_->Complain(address_, "the client sent no server name");
      }
      tls_.emplace(*web().chain, web().tls);
    }
    const std::string out = tls_->Receive(std::string(bytes));
    if (!out.empty()) Write(out, web().reply_delay_ns, {});
    if (tls_->failed()) return Close(0);
    request_ = tls_->plaintext();
    OnRequest();
  }

 private:
  const WebScript& web() { return network_->servers_.at(address_).web; }

  void OnRequest() {
    if (answered_ || request_.find("\r\n\r\n") == std::string::npos) return;
    answered_ = true;
    const size_t end = request_.find(" HTTP/1.1\r\n");
    if (!request_.starts_with("GET /") || end == std::string::npos) {
      network_->Complain(address_, "the client said " + request_);
      return Close(0);
    }
    const std::string target = request_.substr(4, end - 4);
    ++network_->documents_asked_[address_.ToString() + target];
    const auto found = web().documents.find(target);
    const bool is_there = found != web().documents.end();
    const std::string body = is_there ? found->second : "no";
    const std::string answer =
        std::string(is_there ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 404 Not Found\r\n") +
        "Content-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
        body;
    Write(tls_ ? tls_->Send(answer) : answer, web().reply_delay_ns, {});
    if (tls_) Write(tls_->SendCloseNotify(), 0, {});
    Close(0);
  }

  ServerNetwork* network_;
  dns::IpAddress address_;
  uint64_t client_;
  bool tls_wanted_;
  std::optional<TestServer> tls_;
  std::string request_;  // in clear
  bool answered_ = false;
};

void ServerNetwork::Add(const dns::IpAddress& address, ServerScript script) {
  servers_[address].script = std::move(script);
}

void ServerNetwork::AddWeb(const dns::IpAddress& address, WebScript script) {
  Server& server = servers_[address];
  server.is_web = true;
  server.web = std::move(script);
}

void ServerNetwork::Complain(const dns::IpAddress& address, std::string_view what) {
  complaints_.push_back(address.ToString() + " at " + std::to_string(time_->now_ns() / kMs) +
                        " ms: " + std::string(what));
}

uint32_t ServerNetwork::connections(const dns::IpAddress& address) const {
  return servers_.at(address).connections;
}

std::map<std::string, uint32_t> ServerNetwork::ConnectionsByAddress() const {
  std::map<std::string, uint32_t> connections;
  for (const auto& [address, server] : servers_) {
    if (server.connections > 0) connections[address.ToString()] = server.connections;
  }
  return connections;
}

ServerNetwork::Prefix& ServerNetwork::PrefixOf(const dns::IpAddress& address) {
  const std::span<const uint8_t> bytes = address.bytes().first(address.is_v6() ? 8 : 3);
  return prefixes_[std::string(bytes.begin(), bytes.end())];
}

void ServerNetwork::CountOpen(const dns::IpAddress& address) {
  ++servers_.at(address).open;
  ++PrefixOf(address).open;
  ++open_;
}

void ServerNetwork::ForgetClient() {
  ++client_;
  open_ = 0;
  for (auto& [address, server] : servers_) {
    server.open = 0;
    server.peace.clear();
  }
  for (auto& [key, prefix] : prefixes_) prefix.open = 0;
}

void ServerNetwork::CountClosed(const dns::IpAddress& address, uint64_t client) {
  if (client != client_) return;
  --servers_.at(address).open;
  --PrefixOf(address).open;
  --open_;
}

Network::Answer ServerNetwork::Connect(const SocketAddress& to) {
  const auto found = servers_.find(to.address);
  if (found == servers_.end()) {
    Complain(to.address, "nobody lives here");
    return {.error = ECONNREFUSED};
  }
  Server& server = found->second;
  const int64_t now_ns = time_->now_ns();
  if (server.open >= politeness_.per_address_concurrency)
    Complain(to.address, "one too many at once");
  if (now_ns - server.last_start_ns < politeness_.per_address_interval_ns) {
    Complain(to.address, "too soon after the last one");
  }
  for (const auto& [from_ns, until_ns] : server.peace) {
    if (now_ns > from_ns && now_ns < until_ns) Complain(to.address, "too soon after a 421");
  }
  if (open_ >= politeness_.concurrency) Complain(to.address, "too many connections in all");
  server.last_start_ns = now_ns;
  Prefix& prefix = PrefixOf(to.address);
  if (politeness_.per_prefix_concurrency > 0 && prefix.open >= politeness_.per_prefix_concurrency) {
    Complain(to.address, "one too many at once for its prefix");
  }
  if (now_ns - prefix.last_start_ns < politeness_.per_prefix_interval_ns) {
    Complain(to.address, "too soon after the last one of its prefix");
  }
  prefix.last_start_ns = now_ns;
  const std::vector<Manner>& manners = server.script.manners;
  const Manner manner = manners[std::min<size_t>(server.connections, manners.size() - 1)];
  ++server.connections;
  if (server.is_web) {
    const bool speaks_tls = server.web.chain != nullptr;
    if (to.port != (speaks_tls ? kHttpsPort : kHttpPort)) Complain(to.address, "the wrong port");
    CountOpen(to.address);
    return {.delay_ns = server.web.connect_delay_ns,
            .peer = std::make_unique<WebConnection>(this, to)};
  }
  switch (manner) {
    case Manner::kRefused:
      return {.delay_ns = server.script.connect_delay_ns, .error = ECONNREFUSED};
    case Manner::kUnreachable:
      return {.delay_ns = server.script.connect_delay_ns, .error = EHOSTUNREACH};
    case Manner::kNoDescriptors:
      return {.delay_ns = 0, .error = ENFILE};
    case Manner::kIgnoresConnect:
      return {.silent = true};
    default:
      break;
  }
  CountOpen(to.address);
  return {.delay_ns = server.script.connect_delay_ns,
          .peer = std::make_unique<Connection>(this, to.address, manner)};
}

}  // namespace mxsweep::scanner::simulation
