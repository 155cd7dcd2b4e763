#include "tools/lab/smtp_server.h"

#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <deque>
#include <queue>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "scanner/base/text.h"
#include "tools/lab/smtp_connection.h"
#include "tools/lab/sockets.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

constexpr int kBacklog = 512;
constexpr size_t kMaxEvents = 1024;
constexpr int kMaxWaitMs = 100;
constexpr int kAcceptsAtOnce = 64;
constexpr int64_t kParallelGraceMs = 30;
constexpr uint64_t kListenerBit = uint64_t{1} << 63;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Every packet to this socket is dropped, SYNs too: a host that is not there.
void DropEverything(int fd) {
  sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  const sock_fprog program{1, code};
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

absl::StatusOr<Fd> Listen(const World& world, uint32_t address, uint16_t port, bool drop) {
  const bool v6 = address == world.v6_address();
  Fd fd(socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return ErrnoStatus("socket");
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // Inherited by what is accepted: replies that are sent in pieces shall arrive in pieces.
  SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (drop) DropEverything(fd.get());
  int bound;
  if (v6) {
    SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_addr = in6addr_loopback;
    to.sin6_port = htons(port);
    bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  } else {
    const sockaddr_in to = SocketAddressV4(
        address == kNothing ? world.options().network : world.addresses()[address].ip, port);
    bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  }
  if (bound != 0 || listen(fd.get(), kBacklog) != 0) {
    return ErrnoStatus(
        JoinText("cannot listen at ",
                 address == kNothing ? "the network's address" : world.AddressText(address),
                 " port ", port));
  }
  return fd;
}

}  // namespace

class SmtpServer::Worker {
 public:
  Worker(const World& world, const TlsServer& tls, const SmtpServerOptions& options)
      : context_{world, tls, report_, options.delay_scale, options.max_handshakes},
        options_(options),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  // kNothing: the trap.
  absl::Status Add(uint32_t address) {
    const World& world = context_.world;
    const bool drop =
        address != kNothing && world.addresses()[address].behaviour == Behaviour::kConnectTimeout;
    for (const bool implicit : {false, true}) {
      const uint16_t port = implicit ? options_.tls_port : options_.smtp_port;
      if (port == 0) continue;
      absl::StatusOr<Fd> fd = Listen(world, address, port, drop);
      if (!fd.ok()) return fd.status();
      epoll_event event{.events = EPOLLIN, .data = {.u64 = kListenerBit | listeners_.size()}};
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd->get(), &event);
      listeners_.push_back({*std::move(fd), address, counts_.size(), implicit});
    }
    counts_.emplace_back();
    return absl::OkStatus();
  }

  void Run(const std::atomic<bool>& stop) {
    std::vector<epoll_event> events(kMaxEvents);
    while (!stop) {
      const int count =
          epoll_wait(epoll_.get(), events.data(), static_cast<int>(kMaxEvents), WaitMs());
      int64_t now_ms = NowMs();
      // Connections first: whoever closed one and then opened the next shall not be taken for
      // having had both.
      for (int i = 0; i < count; ++i) {
        if ((events[i].data.u64 & kListenerBit) != 0) continue;
        OnConnection(events[i], now_ms);
        // A batch of handshakes takes long; whoever waits for a timer shall not wait for all of it.
        const int64_t later_ms = NowMs();
        if (later_ms > now_ms) RunTimers(now_ms = later_ms);
      }
      for (int i = 0; i < count; ++i) {
        if ((events[i].data.u64 & kListenerBit) != 0) {
          Accept(listeners_[events[i].data.u64 & ~kListenerBit], now_ms);
        }
      }
      RunTimers(now_ms);
      JudgeSuspects(now_ms);
    }
  }

  const Report& FinishReport() {
    for (const Listener& listener : listeners_) {
      const AddressCounts& counts = counts_[listener.counts];
      if (counts.connections > 0 && listener.address != kNothing) {
        report_.addresses[listener.address] = counts;
      }
    }
    return report_;
  }

 private:
  struct Listener {
    Fd fd;
    uint32_t address;
    size_t counts;  // index
    bool implicit_tls;
  };
  struct Slot {
    std::unique_ptr<SmtpConnection> connection;
    uint32_t generation = 0;
    bool watching_write = false;
    int64_t timer_ms = 0;  // what is in the queue for it
  };
  struct Suspect {
    int64_t due_ms;
    uint32_t slot;
    uint32_t generation;
    uint32_t address;
  };
  // Due time, slot, generation.
  using Timer = std::tuple<int64_t, uint32_t, uint32_t>;

  int WaitMs() const {
    if (timers_.empty()) return kMaxWaitMs;
    const int64_t left = std::get<0>(timers_.top()) - NowMs();
    return static_cast<int>(std::clamp<int64_t>(left, 0, kMaxWaitMs));
  }

  void Accept(const Listener& listener, int64_t now_ms) {
    for (int i = 0; i < kAcceptsAtOnce; ++i) {
      Fd fd(accept4(listener.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) {
        // Out of descriptors: what waits in the backlog stays there.
        if (errno == EMFILE || errno == ENFILE) usleep(1000);
        return;
      }
      ++report_.connections;
      if (listener.address == kNothing) {
        report_.Count(Violation::kTrapConnection, "");
        continue;
      }
      AddressCounts& counts = counts_[listener.counts];
      ++counts.connections;
      counts.most_open = std::max(counts.most_open, ++counts.open);
      if (counts.open > 1) SuspectParallel(listener.address, now_ms);
      Open(std::move(fd), listener, counts, now_ms);
    }
  }

  // A client that closes one connection and opens the next may be seen doing it the other way
  // round: only if an older connection is still open a moment later, they were parallel.
  void SuspectParallel(uint32_t address, int64_t now_ms) {
    for (uint32_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].connection && slots_[i].connection->address() == address) {
        suspects_.push_back({now_ms + kParallelGraceMs, i, slots_[i].generation, address});
      }
    }
  }

  void JudgeSuspects(int64_t now_ms) {
    while (!suspects_.empty() && suspects_.front().due_ms <= now_ms) {
      const Suspect& suspect = suspects_.front();
      const Slot& slot = slots_[suspect.slot];
      if (slot.connection && slot.generation == suspect.generation) {
        report_.Count(Violation::kParallelConnections, context_.world.AddressText(suspect.address));
      }
      suspects_.pop_front();
    }
  }

  void Open(Fd fd, const Listener& listener, AddressCounts& counts, int64_t now_ms) {
    uint32_t index;
    if (free_.empty()) {
      index = static_cast<uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    Slot& slot = slots_[index];
    ++slot.generation;
    slot.watching_write = false;
    slot.timer_ms = 0;
    slot.connection = std::make_unique<SmtpConnection>(context_, std::move(fd), listener.address,
                                                       counts, listener.implicit_tls);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = Id(index)}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, slot.connection->fd(), &event);
    Settle(index, slot.connection->Start(now_ms));
  }

  uint64_t Id(uint32_t index) const {
    return uint64_t{slots_[index].generation & 0x7fffffff} << 32 | index;
  }

  void OnConnection(const epoll_event& event, int64_t now_ms) {
    const auto index = static_cast<uint32_t>(event.data.u64);
    Slot& slot = slots_[index];
    if (!slot.connection || Id(index) != event.data.u64) return;
    bool alive = true;
    if ((event.events & EPOLLOUT) != 0) alive = slot.connection->OnWritable(now_ms);
    if (alive && (event.events & ~EPOLLOUT) != 0) alive = slot.connection->OnReadable(now_ms);
    Settle(index, alive);
  }

  // What follows from any event: destroy the connection, or watch what it now waits for.
  void Settle(uint32_t index, bool alive) {
    Slot& slot = slots_[index];
    SmtpConnection& connection = *slot.connection;
    if (!alive) {
      --connection.counts().open;
      slot.connection.reset();
      free_.push_back(index);
      return;
    }
    if (connection.wants_write() != slot.watching_write) {
      slot.watching_write = connection.wants_write();
      epoll_event event{.events = EPOLLIN | (slot.watching_write ? EPOLLOUT : 0u),
                        .data = {.u64 = Id(index)}};
      epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd(), &event);
    }
    if (connection.timer_ms() != slot.timer_ms) {
      slot.timer_ms = connection.timer_ms();
      timers_.emplace(slot.timer_ms, index, slot.generation);
    }
  }

  void RunTimers(int64_t now_ms) {
    while (!timers_.empty() && std::get<0>(timers_.top()) <= now_ms) {
      const auto [due_ms, index, generation] = timers_.top();
      timers_.pop();
      Slot& slot = slots_[index];
      if (!slot.connection || slot.generation != generation || slot.timer_ms != due_ms) continue;
      Settle(index, slot.connection->OnTimer(now_ms));
    }
  }

  Report report_;
  SmtpConnection::Context context_;
  const SmtpServerOptions& options_;
  Fd epoll_;
  std::vector<Listener> listeners_;
  // Connections hold references to their counts: never resized while the thread runs.
  std::vector<AddressCounts> counts_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  std::deque<Suspect> suspects_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
};

absl::StatusOr<std::unique_ptr<SmtpServer>> SmtpServer::Start(
    const World& world, const TlsServer& tls, const std::vector<uint32_t>& addresses,
    const SmtpServerOptions& options) {
  auto server = std::unique_ptr<SmtpServer>(new SmtpServer(world, options));
  for (int i = 0; i < options.threads; ++i) {
    server->workers_.push_back(std::make_unique<Worker>(world, tls, server->options_));
  }
  size_t next = 0;
  for (const uint32_t address : addresses) {
    if (address != kNothing && world.addresses()[address].behaviour == Behaviour::kConnectRefused) {
      continue;
    }
    const absl::Status added = server->workers_[next++ % server->workers_.size()]->Add(address);
    if (!added.ok()) return added;
  }
  for (const std::unique_ptr<Worker>& worker : server->workers_) {
    server->threads_.emplace_back([&worker = *worker, &stop = server->stop_] { worker.Run(stop); });
  }
  return server;
}

SmtpServer::SmtpServer(const World& world, const SmtpServerOptions& options)
    : world_(world), options_(options) {}

SmtpServer::~SmtpServer() { Stop(); }

void SmtpServer::Stop() {
  stop_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

nlohmann::json SmtpServer::ReportJson() const {
  nlohmann::json sum;
  for (const std::unique_ptr<Worker>& worker : workers_) {
    Merge(sum, ToJson(world_, worker->FinishReport()));
  }
  return sum;
}

}  // namespace mxsweep::lab
