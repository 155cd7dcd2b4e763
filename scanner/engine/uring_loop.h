#ifndef MXSWEEP_SCANNER_ENGINE_URING_LOOP_H_
#define MXSWEEP_SCANNER_ENGINE_URING_LOOP_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "scanner/engine/event_loop.h"
#include "scanner/engine/load_monitor.h"
#include "scanner/engine/uring_ring.h"

namespace mxsweep::scanner {

class UringDnsLoop;
class UringSocket;

// The event loop of a worker over one io_uring. Sockets are direct descriptors, receives are
// multishot from provided buffers (an idle connection holds no buffer), and everything queued
// during an iteration goes to the kernel in the one system call that also waits.
//
// Create, Run and the destructor belong to one thread; Post and the load figures are for any.
class UringLoop final : public EventLoop {
 public:
  struct Options {
    UringRing::Options ring;
    // Bound to in turn before connecting; empty: the kernel chooses.
    std::vector<dns::IpAddress> source_addresses;
  };

  static absl::StatusOr<std::unique_ptr<UringLoop>> Create(Options options);
  // REQUIRES: no stream of this loop is alive.
  ~UringLoop() override;

  int64_t now_ns() const override { return now_ns_; }
  int64_t real_now_ns() const override;
  absl::Time wall_now() const override { return absl::Now(); }
  TimerWheel& timers() override { return timers_; }
  std::unique_ptr<Stream> NewStream() override;
  dns::EventLoop& dns_loop() override;
  void Post(absl::AnyInvocable<void()> message) override;
  bool HasRouteTo(const dns::IpAddress& address) override;
  int max_streams() const override { return ring_->max_descriptors(); }

  // Called once an iteration, after completions, messages and timers: where the worker starts what
  // may start now. Returns how many sessions it started.
  void SetIterationHook(absl::AnyInvocable<uint32_t()> hook) { iteration_hook_ = std::move(hook); }

  // Runs until Stop(), which is called on the loop's own thread, or until the ring fails: then what
  // is under way is never told of, and the loop can neither be used nor destroyed.
  void Run();
  void Stop() { running_ = false; }

  // How busy the loop is and how much it may take on; for its own thread.
  const LoadMonitor& load() const { return load_; }
  // Why the ring has failed; empty: it has not. Thread-safe.
  std::string failure() const;

  // Moving average of an iteration's busy time, and time not credited so far. Thread-safe.
  int64_t lag_ns() const { return lag_ns_.load(std::memory_order_relaxed); }
  int64_t lost_ns() const { return lost_ns_.load(std::memory_order_relaxed); }

 private:
  friend class UringSocket;

  explicit UringLoop(Options options);
  absl::Status SetUp();
  void Iterate();
  // Returns how many there were.
  size_t HandleCompletions();
  void HandleCompletion(const io_uring_cqe& cqe);
  void HandleMessages();
  void HandleFailedConnects();
  void FlushSends();
  void ArmMailbox();
  void Observe();
  int64_t WaitNs() const;
  // Opens a socket for `to` in slot `index`, bound to the next source address of its family.
  // Returns 0 or an errno value.
  int OpenBoundSocket(int index, const dns::IpAddress& to);

  Options options_;
  std::unique_ptr<UringRing> ring_;
  CreditedClock clock_;
  int64_t now_ns_ = 0;
  TimerWheel timers_;
  LoadMonitor load_;
  std::atomic<int64_t> lag_ns_{0};
  std::atomic<int64_t> lost_ns_{0};
  absl::AnyInvocable<uint32_t()> iteration_hook_;
  bool running_ = false;

  // Connections that failed before they reached the ring; told of in the next iteration, when the
  // coroutine that asked is suspended for certain.
  struct FailedConnect {
    UringSocket* socket;
    int error;
  };
  std::vector<FailedConnect> failed_connects_;
  // Sockets that were given something to send in this iteration.
  std::vector<UringSocket*> sends_due_;
  int64_t sockets_alive_ = 0;  // UringSockets, attached or waiting for their last completion
  size_t next_source_ = 0;

  std::atomic<bool> failed_{false};  // the ring's failure() no longer changes

  int mailbox_fd_ = -1;
  uint64_t mailbox_counter_ = 0;
  std::atomic<bool> mailbox_awake_{false};
  std::mutex mailbox_mutex_;
  std::vector<absl::AnyInvocable<void()>> mailbox_;
  std::vector<absl::AnyInvocable<void()>> messages_;  // being handled
  std::unique_ptr<UringDnsLoop> dns_loop_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_URING_LOOP_H_
