#include "bench/load_server.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "scanner/base/text.h"
#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::bench {
namespace {

namespace factory = tls::testing;

constexpr int kBacklog = 65535;
// How often a server that holds connections looks whether it is to let them go, and how many it
// lets go before it looks at the others.
constexpr int kHoldLookMs = 5;
constexpr size_t kReleaseAtOnce = 256;

absl::Status ErrnoStatus(std::string_view what) {
  return absl::InternalError(JoinText(std::string(what), ": ", std::strerror(errno)));
}

// Valid around now.
factory::CertificateSpec Dated(factory::CertificateSpec spec) {
  const int64_t now = std::time(nullptr);
  spec.not_before = now - factory::kDay;
  spec.not_after = now + 30 * factory::kDay;
  return spec;
}

// P-256 all of it; ECDSA P-256 leaf and intermediate are shown.
factory::TestPki MakeChain() {
  const auto key = [](int index) { return factory::TestKey(factory::KeyKind::kP256, index); };
  factory::TestCertificate root =
      factory::MakeSelfSigned(Dated(factory::CaSpec("Load Root")), key(1));
  factory::TestCertificate intermediate =
      factory::MakeSigned(Dated(factory::CaSpec("Load CA")), key(2), root);
  factory::TestCertificate leaf = factory::MakeSigned(Dated({}), key(3), intermediate);
  return {std::move(root), std::move(intermediate), std::move(leaf)};
}

bssl::UniquePtr<SSL_CTX> MakeTlsContext(const factory::TestPki& pki) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_with_buffers_method()));
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> owned;
  std::vector<CRYPTO_BUFFER*> chain;
  for (const auto* certificate : {&pki.leaf, &pki.intermediate}) {
    const std::vector<uint8_t> der = certificate->der();
    owned.emplace_back(CRYPTO_BUFFER_new(der.data(), der.size(), nullptr));
    chain.push_back(owned.back().get());
  }
  SSL_CTX_set_chain_and_key(context.get(), chain.data(), chain.size(), pki.leaf.key(), nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set1_curves_list(context.get(), "X25519:P-256");
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

// Leaves for names, made when they are first asked for: by the same intermediate, each with a key
// that few others have.
class Leaves {
 public:
  explicit Leaves(const factory::TestPki& pki) : pki_(pki) {
    const std::vector<uint8_t> der = pki.intermediate.der();
    intermediate_.reset(CRYPTO_BUFFER_new(der.data(), der.size(), nullptr));
  }

  bool Show(SSL* ssl, const std::string& name) {
    auto [found, is_new] = leaves_.try_emplace(name);
    Leaf& leaf = found->second;
    if (is_new) {
      const auto number = static_cast<int>(leaves_.size());
      leaf.key = factory::TestKey(factory::KeyKind::kP256, 4 + number % kLeafKeys);
      factory::CertificateSpec spec = Dated({});
      spec.common_name = name;
      spec.subject_alt_names = "DNS:" + name;
      spec.serial = 10'000 + number;
      const std::vector<uint8_t> der = factory::MakeSigned(spec, leaf.key, pki_.intermediate).der();
      leaf.certificate.reset(CRYPTO_BUFFER_new(der.data(), der.size(), nullptr));
    }
    CRYPTO_BUFFER* chain[] = {leaf.certificate.get(), intermediate_.get()};
    return SSL_set_chain_and_key(ssl, chain, std::size(chain), leaf.key, nullptr) == 1;
  }

  // For SSL_CTX_set_cert_cb.
  static int OnCertificate(SSL* ssl, void* self) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    return static_cast<Leaves*>(self)->Show(ssl, name == nullptr ? "" : name) ? 1 : 0;
  }

 private:
  static constexpr int kLeafKeys = 64;
  struct Leaf {
    bssl::UniquePtr<CRYPTO_BUFFER> certificate;
    EVP_PKEY* key = nullptr;
  };

  const factory::TestPki& pki_;
  bssl::UniquePtr<CRYPTO_BUFFER> intermediate_;
  std::unordered_map<std::string, Leaf> leaves_;
};

// Drops SYNs to addresses outside 127.0.0.0/8 (a wildcard socket would take them) and to those with
// the dead bit.
bool SetFilter(int fd, uint32_t dead_bit) {
  const auto destination = static_cast<uint32_t>(SKF_NET_OFF + 16);  // of the IPv4 header
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, destination),
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 24),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IN_LOOPBACKNET, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, destination),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, dead_bit, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog filter = {.len = std::size(program), .filter = program};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0;
}

int Listen(uint16_t port, uint32_t dead_bit) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(port);
  any.sin_addr.s_addr = htonl(INADDR_ANY);
  if (fd >= 0 && SetFilter(fd, dead_bit) &&
      bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any)) == 0 && listen(fd, kBacklog) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

struct Connection {
  explicit Connection(int socket) : fd(socket) {}
  ~Connection() { close(fd); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  enum class Step : uint8_t {
    kGreet,
    kEhlo,
    kStartTls,
    kHandshake,
    kEhloAgain,
    kQuit,
    kEnd,
    kBare
  };

  int fd;
  Step step = Step::kGreet;
  bool own_leaf = false;
  bool in_clear = false;  // STARTTLS is not offered
  bool refuses = false;   // STARTTLS is offered and refused
  bool held = false;
  bool passed_hold = false;  // once is enough
  uint32_t flight = 0;       // bare: the next to be received
  uint32_t missing = 0;      // bare: bytes of it
  bssl::UniquePtr<SSL> tls;
};

// One process's share of the servers. One thread.
class Server {
 public:
  // `leaves` is a context whose certificate depends on the name asked for.
  Server(const LoadServerOptions& options, SSL_CTX* context, SSL_CTX* leaves,
         LoadCounters* counters)
      : options_(options),
        context_(context),
        leaves_(leaves),
        counters_(counters),
        epoll_(epoll_create1(0)) {
    uint32_t most = 0;
    for (const Flight& flight : options.flights) most = std::max(most, flight.server_bytes);
    filler_.assign(most, 'x');
  }

  absl::Status Listen() {
    smtp_ = bench::Listen(options_.port, options_.dead_bit);
    bare_ = bench::Listen(static_cast<uint16_t>(options_.port + 1), options_.dead_bit);
    own_leaf_ = bench::Listen(static_cast<uint16_t>(options_.port + 2), options_.dead_bit);
    clear_ = bench::Listen(static_cast<uint16_t>(options_.port + 3), options_.dead_bit);
    refusing_ = bench::Listen(static_cast<uint16_t>(options_.port + 4), options_.dead_bit);
    if (smtp_ < 0 || bare_ < 0 || own_leaf_ < 0 || clear_ < 0 || refusing_ < 0) {
      return ErrnoStatus("cannot listen");
    }
    Watch(smtp_, &smtp_);
    Watch(clear_, &clear_);
    Watch(refusing_, &refusing_);
    Watch(own_leaf_, &own_leaf_);
    Watch(bare_, &bare_);
    return absl::OkStatus();
  }

  [[noreturn]] void Run() {
    epoll_event events[256];
    while (true) {
      const int count =
          epoll_wait(epoll_, events, std::size(events), held_.empty() ? -1 : kHoldLookMs);
      for (int i = 0; i < count; ++i) {
        void* who = events[i].data.ptr;
        if (who == &smtp_ || who == &bare_ || who == &own_leaf_ || who == &clear_ ||
            who == &refusing_) {
          AcceptAll(static_cast<int*>(who));
        } else {
          Handle(static_cast<Connection*>(who));
        }
      }
      if (!held_.empty()) LetGo();
    }
  }

 private:
  using Step = Connection::Step;

  void Watch(int fd, void* who) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = who}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void AcceptAll(const int* listener) {
    const bool bare = listener == &bare_;
    while (true) {
      const int fd = accept4(*listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      auto* connection = new Connection(fd);
      if (bare) connection->step = Step::kBare;
      connection->own_leaf = listener == &own_leaf_;
      connection->in_clear = listener == &clear_;
      connection->refuses = listener == &refusing_;
      Watch(fd, connection);
      counters_->accepted.fetch_add(1, std::memory_order_relaxed);
      if (bare) {
        if (!AnswerFlight(connection)) delete connection;
      } else if (!HoldAt(connection, Hold::kGreeting)) {
        Greet(connection);
      }
    }
  }

  // Is the connection to be left alone for now?
  bool HoldAt(Connection* connection, Hold where) {
    if (connection->passed_hold ||
        counters_->hold.load(std::memory_order_relaxed) != static_cast<uint32_t>(where)) {
      return false;
    }
    connection->held = true;
    held_.push_back(connection);
    counters_->held.fetch_add(1, std::memory_order_relaxed);
    return true;
  }

  void LetGo() {
    if (counters_->hold.load(std::memory_order_relaxed) != 0) return;
    for (size_t i = 0; i < kReleaseAtOnce && !held_.empty(); ++i) {
      Connection* connection = held_.front();
      held_.pop_front();
      counters_->held.fetch_sub(1, std::memory_order_relaxed);
      connection->held = false;
      connection->passed_hold = true;
      if (connection->step == Step::kGreet) {
        Greet(connection);
      } else {
        Handle(connection);
      }
    }
  }

  void Greet(Connection* connection) {
    connection->step = Step::kEhlo;
    if (!Say(connection, kGreetingLine)) delete connection;
  }

  void Handle(Connection* connection) {
    if (connection->held) return SeeWhetherItIsGone(connection);
    if (!Advance(connection)) delete connection;
  }

  // A held connection stays readable; it must not be forgotten when its client ends.
  void SeeWhetherItIsGone(Connection* connection) {
    char byte;
    const ssize_t got = recv(connection->fd, &byte, 1, MSG_PEEK);
    if (got > 0) {
      epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = connection}};
      epoll_ctl(epoll_, EPOLL_CTL_MOD, connection->fd, &event);
    } else if (got == 0 || errno != EAGAIN) {
      held_.erase(std::find(held_.begin(), held_.end(), connection));
      counters_->held.fetch_sub(1, std::memory_order_relaxed);
      delete connection;
    }
  }

  // False: the connection has ended.
  bool Advance(Connection* connection) {
    switch (connection->step) {
      case Step::kBare:
        return AdvanceBare(connection);
      case Step::kHandshake:
      case Step::kEhloAgain:
      case Step::kQuit:
      case Step::kEnd:
        return AdvanceTls(connection);
      default:
        return AdvanceClear(connection);
    }
  }

  bool AdvanceClear(Connection* connection) {
    char line[1024];
    const ssize_t got = recv(connection->fd, line, sizeof(line), 0);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    // A client that waits for every reply sends a command at a time, in one piece.
    const bool starttls = std::string_view(line, 4) == "STAR";
    if (connection->step == Step::kStartTls && starttls && connection->refuses) {
      return Say(connection, kStartTlsRefusal);
    }
    if (connection->step == Step::kStartTls && starttls) {
      connection->step = Step::kHandshake;
      connection->tls.reset(SSL_new(connection->own_leaf ? leaves_ : context_));
      SSL_set_fd(connection->tls.get(), connection->fd);
      SSL_set_accept_state(connection->tls.get());
      return Say(connection, kStartTlsReply);
    }
    if (std::string_view(line, 4) == "QUIT") {
      counters_->completed.fetch_add(1, std::memory_order_relaxed);
      return Say(connection, kQuitReply) && false;  // and closes
    }
    connection->step = Step::kStartTls;
    return Say(connection, connection->in_clear ? kEhloReplyWithinTls : kEhloReply);
  }

  bool AdvanceTls(Connection* connection) {
    SSL* tls = connection->tls.get();
    ERR_clear_error();
    if (connection->step == Step::kHandshake) {
      if (HoldAt(connection, Hold::kClientHello)) return true;
      const int done = SSL_do_handshake(tls);
      if (done != 1) return SSL_get_error(tls, done) == SSL_ERROR_WANT_READ;
      connection->step = Step::kEhloAgain;
    }
    if (connection->step == Step::kEhloAgain && HoldAt(connection, Hold::kEhlo)) return true;
    char command[1024];
    int got;
    while ((got = SSL_read(tls, command, sizeof(command))) > 0) {
      const bool quit = std::string_view(command, 4) == "QUIT";
      const std::string_view reply = quit ? kQuitReply : kEhloReplyWithinTls;
      SSL_write(tls, reply.data(), static_cast<int>(reply.size()));
      connection->step = quit ? Step::kEnd : Step::kQuit;
      if (quit) counters_->completed.fetch_add(1, std::memory_order_relaxed);
    }
    return SSL_get_error(tls, got) == SSL_ERROR_WANT_READ;
  }

  bool AdvanceBare(Connection* connection) {
    char bytes[4096];
    const ssize_t got = recv(connection->fd, bytes, sizeof(bytes), 0);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    connection->missing -= std::min(connection->missing, static_cast<uint32_t>(got));
    return connection->missing > 0 || AnswerFlight(connection);
  }

  // Answers the flight that was received, and prepares for the next.
  bool AnswerFlight(Connection* connection) {
    const std::vector<Flight>& flights = options_.flights;
    if (connection->flight >= flights.size()) return false;
    const bool sent = Say(connection, {filler_.data(), flights[connection->flight].server_bytes});
    if (++connection->flight < flights.size()) {
      connection->missing = flights[connection->flight].client_bytes;
    } else {
      counters_->completed.fetch_add(1, std::memory_order_relaxed);
    }
    return sent;
  }

  // What is said fits into the empty buffer of a socket.
  static bool Say(Connection* connection, std::string_view text) {
    return text.empty() || send(connection->fd, text.data(), text.size(), MSG_NOSIGNAL) ==
                               static_cast<ssize_t>(text.size());
  }

  const LoadServerOptions& options_;
  SSL_CTX* context_;
  SSL_CTX* leaves_;
  LoadCounters* counters_;
  int epoll_;
  int smtp_ = -1;
  int clear_ = -1;
  int refusing_ = -1;
  int bare_ = -1;
  int own_leaf_ = -1;
  std::string filler_;
  std::deque<Connection*> held_;
};

absl::Status WriteFile(const std::string& path, std::string_view text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file ? absl::OkStatus() : absl::InternalError("cannot write " + path);
}

}  // namespace

std::string FlightText(const Flight& flight) {
  return JoinText(flight.client_bytes, ":", flight.server_bytes);
}

std::optional<Flight> ParseFlight(const std::string& text) {
  Flight flight{};
  if (std::sscanf(text.c_str(), "%u:%u", &flight.client_bytes, &flight.server_bytes) != 2) {
    return std::nullopt;
  }
  return flight;
}

absl::Status ServeLoad(const LoadServerOptions& options) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  signal(SIGPIPE, SIG_IGN);
  const absl::StatusOr<LoadCountersFile> counters = LoadCountersFile::Open(options.counters_file);
  if (!counters.ok()) return counters.status();
  const factory::TestPki pki = MakeChain();
  const bssl::UniquePtr<SSL_CTX> context = MakeTlsContext(pki);
  Leaves leaves(pki);
  const bssl::UniquePtr<SSL_CTX> own_leaf = MakeTlsContext(pki);
  SSL_CTX_set_cert_cb(own_leaf.get(), &Leaves::OnCertificate, &leaves);
  absl::Status status = WriteFile(options.trust_store_file, pki.root.pem());
  if (!status.ok()) return status;
  // All listen before the first connection comes: a socket that joins later takes its part of those
  // that are being made.
  std::vector<std::unique_ptr<Server>> servers;
  for (int i = 0; i < options.processes; ++i) {
    servers.push_back(
        std::make_unique<Server>(options, context.get(), own_leaf.get(), counters->operator->()));
    status = servers.back()->Listen();
    if (!status.ok()) return status;
  }
  for (int i = 1; i < options.processes; ++i) {
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      servers[static_cast<size_t>(i)]->Run();
    }
  }
  status = WriteFile(options.ready_file, "ready\n");
  if (!status.ok()) return status;
  servers[0]->Run();
}

absl::StatusOr<LoadCountersFile> LoadCountersFile::Map(const std::string& path, int flags) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(LoadCounters)) != 0) return ErrnoStatus(path);
  void* memory = mmap(nullptr, sizeof(LoadCounters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) return ErrnoStatus(path);
  return LoadCountersFile(static_cast<LoadCounters*>(memory));
}

absl::StatusOr<LoadCountersFile> LoadCountersFile::Create(const std::string& path) {
  return Map(path, O_CREAT | O_EXCL);  // a new file is all zeros
}

absl::StatusOr<LoadCountersFile> LoadCountersFile::Open(const std::string& path) {
  return Map(path, 0);
}

LoadCountersFile::LoadCountersFile(LoadCountersFile&& other) noexcept
    : counters_(std::exchange(other.counters_, nullptr)) {}

LoadCountersFile::~LoadCountersFile() {
  if (counters_ != nullptr) munmap(counters_, sizeof(LoadCounters));
}

}  // namespace mxsweep::bench
