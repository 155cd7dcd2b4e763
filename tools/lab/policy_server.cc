#include "tools/lab/policy_server.h"

#include <linux/filter.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "scanner/base/text.h"
#include "tools/lab/sts_postures.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

constexpr int kBacklog = 128;
constexpr int kPollMs = 100;
constexpr size_t kMaxRequestBytes = 8 << 10;
constexpr std::chrono::milliseconds kParallelGrace{30};
constexpr std::chrono::milliseconds kTricklePause{100};
constexpr int kLifetimeS = 600;  // of a connection on which nothing happens
constexpr std::string_view kPath = "/.well-known/mta-sts.txt";

// Every packet to this socket is dropped, SYNs too.
void DropEverything(int fd) {
  sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  const sock_fprog program{1, code};
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

absl::StatusOr<Fd> Listen(uint32_t address, uint16_t port, bool drop) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return ErrnoStatus("socket");
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (drop) DropEverything(fd.get());
  const sockaddr_in to = SocketAddressV4(address, port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return ErrnoStatus(JoinText("cannot listen at ", AddressText(address), " port ", port));
  }
  return fd;
}

// Has the client's FIN or RST come, read or not?
bool ClientHasLeft(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return true;
  return info.tcpi_state != TCP_ESTABLISHED && info.tcpi_state != TCP_FIN_WAIT1 &&
         info.tcpi_state != TCP_FIN_WAIT2;
}

std::string ServerName(const SSL* ssl) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  return ToLower(name == nullptr ? "" : name);
}

// The zone whose policy host the client asks for.
uint32_t ZoneOf(const World& world, std::string_view server_name) {
  const ParsedName parsed = world.Parse(server_name);
  return parsed.role == NameRole::kPolicyHost ? parsed.zone : kNothing;
}

bool WriteAll(SSL* ssl, std::string_view text) {
  while (!text.empty()) {
    const int sent =
        SSL_write(ssl, text.data(), static_cast<int>(std::min<size_t>(text.size(), 1 << 14)));
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string ReadRequest(SSL* ssl) {
  std::string request;
  char buffer[4096];
  while (request.find("\r\n\r\n") == request.npos && request.size() < kMaxRequestBytes) {
    const int got = SSL_read(ssl, buffer, sizeof(buffer));
    if (got <= 0) break;
    request.append(buffer, static_cast<size_t>(got));
  }
  return request;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PolicyServer>> PolicyServer::Start(const World& world,
                                                                  CertificateStore& store,
                                                                  uint16_t port) {
  auto server = std::unique_ptr<PolicyServer>(new PolicyServer(world, store));
  const absl::Status status = server->Init(port);
  if (!status.ok()) return status;
  return server;
}

absl::Status PolicyServer::Init(uint16_t port) {
  context_.reset(SSL_CTX_new(TLS_method()));
  if (!context_ || !SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION)) {
    return absl::InternalError("the policy hosts' TLS cannot be set up");
  }
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_cert_cb(context_.get(), &OnCertificate, this);
  std::vector<uint32_t> addresses;
  for (uint32_t i = 0; i < kPolicyServers; ++i) addresses.push_back(world_.PolicyAddress(i));
  addresses.push_back(world_.PolicyAddress(kPolicyDropping));
  for (const uint32_t address : addresses) {
    absl::StatusOr<Fd> fd = Listen(address, port, address == world_.PolicyAddress(kPolicyDropping));
    if (!fd.ok()) return fd.status();
    listeners_.push_back(*std::move(fd));
  }
  for (size_t i = 0; i < kPolicyServers; ++i) {
    acceptors_.emplace_back([this, i, address = addresses[i]] { Accept(listeners_[i], address); });
  }
  return absl::OkStatus();
}

PolicyServer::~PolicyServer() { Stop(); }

void PolicyServer::Stop() {
  stop_ = true;
  for (std::thread& acceptor : acceptors_) {
    if (acceptor.joinable()) acceptor.join();
  }
  std::unique_lock lock(mutex_);
  for (const auto& [address, counts] : counts_) {
    for (const auto& [connection, fd] : counts.open) shutdown(fd, SHUT_RDWR);
  }
  idle_.wait(lock, [this] { return open_ == 0; });
}

void PolicyServer::Accept(const Fd& listener, uint32_t address) {
  while (!stop_) {
    pollfd waiting{listener.get(), POLLIN, 0};
    if (poll(&waiting, 1, kPollMs) <= 0) continue;
    Fd fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) continue;
    const timeval limit{.tv_sec = kLifetimeS, .tv_usec = 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    const std::lock_guard lock(mutex_);
    Counts& counts = counts_[address];
    std::set<uint64_t> older;
    for (const auto& [connection, open_fd] : counts.open) {
      if (!ClientHasLeft(open_fd)) older.insert(connection);
    }
    const uint64_t connection = next_connection_++;
    counts.open.emplace(connection, fd.get());
    ++counts.connections;
    counts.most_open = std::max(counts.most_open, static_cast<uint32_t>(older.size() + 1));
    ++open_;
    std::thread([this, address, connection, fd = std::move(fd),
                 older = std::move(older)]() mutable {
      Hold(std::move(fd), address, connection, std::move(older));
    }).detach();
  }
}

// A connection, from its handshake to its end.
void PolicyServer::Hold(Fd fd, uint32_t address, uint64_t connection, std::set<uint64_t> older) {
  if (!older.empty()) SuspectParallel(address, older);
  bssl::UniquePtr<SSL> ssl(SSL_new(context_.get()));
  if (ssl && SSL_set_fd(ssl.get(), fd.get()) && SSL_accept(ssl.get()) == 1) {
    Talk(ssl.get(), address);
    SSL_shutdown(ssl.get());
  }
  ERR_clear_error();
  // FIN behind the last record; then wait for the client's, so that no RST overtakes it.
  shutdown(fd.get(), SHUT_WR);
  char buffer[4096];
  while (!stop_ && recv(fd.get(), buffer, sizeof(buffer), 0) > 0) {
  }
  // What follows the last use of *this must be under the lock: Stop waits for it.
  const std::lock_guard lock(mutex_);
  counts_[address].open.erase(connection);
  fd.Reset();
  --open_;
  idle_.notify_all();
}

// Whoever closes one connection and opens the next may be seen doing it the other way round: only
// if an older connection is still open a moment later, they were parallel.
void PolicyServer::SuspectParallel(uint32_t address, const std::set<uint64_t>& older) {
  std::this_thread::sleep_for(kParallelGrace);
  const std::lock_guard lock(mutex_);
  const std::map<uint64_t, int>& open = counts_[address].open;
  const auto still_open = [&open](uint64_t connection) {
    const auto found = open.find(connection);
    return found != open.end() && !ClientHasLeft(found->second);
  };
  if (std::any_of(older.begin(), older.end(), still_open)) {
    report_.Count(Violation::kParallelConnections, AddressText(address));
  }
}

int PolicyServer::OnCertificate(SSL* ssl, void* self) {
  auto& server = *static_cast<PolicyServer*>(self);
  const uint32_t zone = ZoneOf(server.world_, ServerName(ssl));
  if (zone == kNothing || !server.world_.zones()[zone].sts) return 0;
  if (server.world_.zones()[zone].sts == StsPosture::kAlert) return 0;  // internal_error
  const std::shared_ptr<const Chain> chain = server.store_.PolicyChainOf(zone);
  std::vector<CRYPTO_BUFFER*> buffers;
  for (const auto& certificate : chain->certificates) buffers.push_back(certificate->buffer.get());
  return SSL_set_chain_and_key(ssl, buffers.data(), buffers.size(),
                               chain->certificates[0]->key->private_key.get(), nullptr);
}

void PolicyServer::Talk(SSL* ssl, uint32_t address) {
  const std::string server_name = ServerName(ssl);
  const uint32_t zone = ZoneOf(world_, server_name);
  const std::string request = ReadRequest(ssl);
  if (zone == kNothing || request.empty()) return;
  JudgeRequest(request, server_name, address);
  const PolicyAnswer answer = PolicyAnswerOf(world_, zone);
  switch (answer.manner) {
    case PolicyAnswer::Manner::kWhole:
      if (WriteAll(ssl, answer.head)) WriteAll(ssl, answer.body);
      return;
    case PolicyAnswer::Manner::kTrickle: {
      bool alive = WriteAll(ssl, answer.head);
      while (alive && !stop_) {
        std::this_thread::sleep_for(kTricklePause);
        alive = WriteAll(ssl, "#");
      }
      return;
    }
    case PolicyAnswer::Manner::kSilent:
      ReadRequest(ssl);  // until the client leaves
      return;
    case PolicyAnswer::Manner::kClose:
      return;
  }
}

void PolicyServer::JudgeRequest(const std::string& request, const std::string& server_name,
                                uint32_t address) {
  const std::string lower = ToLower(request);
  const bool proper = request.starts_with(JoinText("GET ", kPath, " HTTP/1.1\r\n")) &&
                      request.ends_with("\r\n\r\n") &&
                      (lower.find(JoinText("\r\nhost: ", server_name, "\r\n")) != lower.npos ||
                       lower.find(JoinText("\r\nhost: ", server_name, ":")) != lower.npos);
  const std::lock_guard lock(mutex_);
  ++counts_[address].requests;
  if (!proper) report_.Count(Violation::kMalformedRequest, server_name);
  if (++requested_[server_name] == 2) report_.Count(Violation::kPolicyAskedTwice, server_name);
}

nlohmann::json PolicyServer::ReportJson() const {
  const std::lock_guard lock(mutex_);
  nlohmann::json json = ToJson(world_, report_);
  nlohmann::json& hosts = json["policy_hosts"] = nlohmann::json::object();
  for (const auto& [address, counts] : counts_) {
    hosts[AddressText(address)] = {{"connections", counts.connections},
                                   {"most_open", counts.most_open},
                                   {"requests", counts.requests}};
  }
  return json;
}

}  // namespace mxsweep::lab
