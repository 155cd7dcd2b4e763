#include "scanner/engine/uring_loop.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/time/clock.h"
#include "scanner/base/check.h"
#include "scanner/engine/uring_dns_loop.h"
#include "scanner/engine/uring_socket.h"

namespace mxsweep::scanner {
namespace {

// The loop wakes at least this often, so that a longer gap on its clock can only be time in which
// it was kept from running.
constexpr int64_t kMaxWaitNs = CreditedClock::kMaxCreditNs / 2;

// A wake-up with as many completions may have left others in the kernel (see SubmitAndCollect), or
// sockets for which no buffer was free.
constexpr size_t kMaybeMore = 8;
// Enough for every socket to have a buffer; an end, where peers send faster than we read.
constexpr int kMaxRounds = 32;

int64_t MonotonicNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

absl::StatusOr<std::unique_ptr<UringLoop>> UringLoop::Create(Options options) {
  std::unique_ptr<UringLoop> loop(new UringLoop(std::move(options)));
  if (absl::Status status = loop->SetUp(); !status.ok()) return status;
  return loop;
}

UringLoop::UringLoop(Options options) : options_(std::move(options)), timers_(0) {}

absl::Status UringLoop::SetUp() {
  absl::StatusOr<std::unique_ptr<UringRing>> ring = UringRing::Create(options_.ring);
  if (!ring.ok()) return ring.status();
  ring_ = *std::move(ring);
  mailbox_fd_ = eventfd(0, EFD_CLOEXEC);
  if (mailbox_fd_ < 0) {
    return absl::ResourceExhaustedError("no file descriptor is left (raise ulimit -n)");
  }
  Observe();
  dns_loop_ = std::make_unique<UringDnsLoop>(ring_.get(), &timers_, &now_ns_);
  ArmMailbox();
  return absl::OkStatus();
}

UringLoop::~UringLoop() {
  if (ring_ != nullptr) {
    // What has been closed is told of shortly; nothing new is started.
    for (int i = 0; i < 1000 && sockets_alive_ > 0; ++i) {
      FlushSends();
      ring_->SubmitAndWait(1'000'000);
      ring_->SubmitAndCollect();
      HandleCompletions();
      HandleFailedConnects();
    }
    MXSWEEP_CHECK(sockets_alive_ == 0);
  }
  if (mailbox_fd_ >= 0) close(mailbox_fd_);
}

dns::EventLoop& UringLoop::dns_loop() { return *dns_loop_; }

int64_t UringLoop::real_now_ns() const { return MonotonicNs(); }

void UringLoop::Observe() { now_ns_ = clock_.Observe(MonotonicNs()); }

std::unique_ptr<Stream> UringLoop::NewStream() { return std::make_unique<UringStream>(this); }

void UringLoop::Post(absl::AnyInvocable<void()> message) {
  // The lock is held to the end: the message may be the one after which the loop is destroyed, and
  // the loop cannot see it before we are out of here.
  std::lock_guard lock(mailbox_mutex_);
  mailbox_.push_back(std::move(message));
  // One wake-up for however many messages come before the loop looks.
  if (!mailbox_awake_.exchange(true)) {
    const uint64_t one = 1;
    while (write(mailbox_fd_, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
  }
}

void UringLoop::ArmMailbox() {
  io_uring_sqe* sqe = ring_->NextSqe();
  io_uring_prep_read(sqe, mailbox_fd_, &mailbox_counter_, sizeof(mailbox_counter_), 0);
  sqe->user_data = UringUserData(nullptr, UringOp::kMailbox);
}

void UringLoop::HandleMessages() {
  // Taken round by round: what a message posts is handled in the next iteration, so that
  // completions are never kept waiting.
  {
    std::lock_guard lock(mailbox_mutex_);
    mailbox_awake_.store(false);
    std::swap(messages_, mailbox_);
  }
  for (auto& message : messages_) message();
  messages_.clear();
}

void UringLoop::Run() {
  running_ = true;
  while (running_) {
    Iterate();
    if (ring_->failure().empty()) continue;
    failed_.store(true, std::memory_order_release);
    return;
  }
}

std::string UringLoop::failure() const {
  return failed_.load(std::memory_order_acquire) ? ring_->failure() : "";
}

void UringLoop::FlushSends() {
  // A flush sends, and nothing else: the list does not grow meanwhile.
  for (UringSocket* socket : sends_due_) socket->Flush();
  sends_due_.clear();
}

void UringLoop::Iterate() {
  FlushSends();
  ring_->SubmitAndWait(WaitNs());
  const int64_t woken_ns = MonotonicNs();
  now_ns_ = clock_.Observe(woken_ns);
  // What has arrived is read, all of it, before any deadline is looked at.
  size_t handled = HandleCompletions();
  for (int round = 0; round < kMaxRounds && handled >= kMaybeMore; ++round) {
    FlushSends();
    ring_->SubmitAndCollect();
    handled = HandleCompletions();
  }
  HandleFailedConnects();
  HandleMessages();
  timers_.Advance(now_ns_);
  uint32_t started = 0;
  if (iteration_hook_) started = iteration_hook_();
  dns_loop_->FireSoon();
  const int64_t done_ns = MonotonicNs();
  now_ns_ = clock_.Observe(done_ns);
  load_.OnIteration(done_ns - woken_ns, started);
  lag_ns_.store(load_.ewma_ns(), std::memory_order_relaxed);
  lost_ns_.store(clock_.lost_ns(), std::memory_order_relaxed);
}

int64_t UringLoop::WaitNs() const {
  if (!failed_connects_.empty() || mailbox_awake_.load(std::memory_order_relaxed) ||
      dns_loop_->HasSoon()) {
    return 0;
  }
  const int64_t until_timer_ns = timers_.NextDeadlineNs() - now_ns_;
  return std::clamp<int64_t>(until_timer_ns, 0, kMaxWaitNs);
}

size_t UringLoop::HandleCompletions() {
  constexpr unsigned kBatch = 256;
  io_uring_cqe* batch[kBatch];
  size_t handled = 0;
  while (const unsigned count = io_uring_peek_batch_cqe(ring_->get(), batch, kBatch)) {
    for (unsigned i = 0; i < count; ++i) {
      HandleCompletion(*batch[i]);
      // Whoever watches reads as much as it wants to, and is told again in the next iteration of
      // what it left: that is no reason for another round in this one.
      const bool watch =
          (batch[i]->user_data & kUringOpMask) == static_cast<uint64_t>(UringOp::kWatch);
      handled += watch ? 0 : 1;
    }
    io_uring_cq_advance(ring_->get(), count);
  }
  return handled;
}

void UringLoop::HandleCompletion(const io_uring_cqe& cqe) {
  const auto op = static_cast<UringOp>(cqe.user_data & kUringOpMask);
  void* object = reinterpret_cast<void*>(static_cast<uintptr_t>(cqe.user_data & ~kUringOpMask));
  switch (op) {
    case UringOp::kIgnored:
      break;
    case UringOp::kSocket:
      static_cast<UringSocket*>(object)->OnSocket(cqe.res);
      break;
    case UringOp::kConnect:
      static_cast<UringSocket*>(object)->OnConnect(cqe.res);
      break;
    case UringOp::kReceive:
      static_cast<UringSocket*>(object)->OnReceive(cqe.res, cqe.flags);
      break;
    case UringOp::kSend:
      static_cast<UringSocket*>(object)->OnSend(cqe.res);
      break;
    case UringOp::kWatch:
      dns_loop_->OnPoll(static_cast<UringDnsLoop::Watch*>(object), cqe.res);
      break;
    case UringOp::kMailbox:
      ArmMailbox();
      break;
  }
}

void UringLoop::HandleFailedConnects() {
  if (failed_connects_.empty()) return;
  std::vector<FailedConnect> failed = std::exchange(failed_connects_, {});
  for (const FailedConnect& connect : failed) connect.socket->OnFailedConnect(connect.error);
}

bool UringLoop::HasRouteTo(const dns::IpAddress& address) {
  const std::vector<dns::IpAddress>& sources = options_.source_addresses;
  const bool may_come =
      sources.empty() || std::ranges::any_of(sources, [&](const dns::IpAddress& source) {
        return source.is_v6() == address.is_v6();
      });
  return may_come && scanner::HasRouteTo(address);
}

int UringLoop::OpenBoundSocket(int index, const dns::IpAddress& to) {
  const std::vector<dns::IpAddress>& sources = options_.source_addresses;
  for (size_t tried = 0; tried < sources.size(); ++tried) {
    const dns::IpAddress& source = sources[next_source_++ % sources.size()];
    if (source.is_v6() != to.is_v6()) continue;
    const int fd = socket(to.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) return errno;
    // The port is chosen at connect, per destination: else a source address has 28,000 connections.
    const int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    v4.sin_family = AF_INET;
    v6.sin6_family = AF_INET6;
    const std::span<const uint8_t> bytes = source.bytes();
    std::memcpy(source.is_v6() ? static_cast<void*>(&v6.sin6_addr) : &v4.sin_addr, bytes.data(),
                bytes.size());
    const int failed = source.is_v6()
                           ? bind(fd, reinterpret_cast<const sockaddr*>(&v6), sizeof(v6))
                           : bind(fd, reinterpret_cast<const sockaddr*>(&v4), sizeof(v4));
    if (failed != 0) {
      const int error = errno;
      close(fd);
      return error;
    }
    return ring_->InstallDescriptor(index, fd);
  }
  return kNoRoute;  // no source address of this family was given
}

}  // namespace mxsweep::scanner
