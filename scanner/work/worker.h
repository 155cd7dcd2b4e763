#ifndef MXSWEEP_SCANNER_WORK_WORKER_H_
#define MXSWEEP_SCANNER_WORK_WORKER_H_

#include <atomic>
#include <cstdint>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "dns/resolver.h"
#include "scanner/engine/event_loop.h"
#include "scanner/pace/pacer.h"
#include "scanner/targets/target_reader.h"
#include "scanner/work/chain_recorder.h"
#include "scanner/work/crl_table.h"
#include "scanner/work/host_table.h"
#include "scanner/work/scan_context.h"
#include "tls/session/handshake.h"

namespace mxsweep::scanner {

// What a worker counts; read by the progress line on another thread.
struct alignas(64) WorkerCounters {
  std::atomic<uint64_t> hosts_done{0};
  std::atomic<uint64_t> endpoints_done{0};
  std::atomic<uint64_t> connections{0};
  std::atomic<uint64_t> tls_ok{0};
  std::atomic<uint64_t> retries{0};
  std::atomic<uint64_t> throttled{0};
  std::atomic<uint64_t> in_flight{0};
  std::atomic<uint64_t> queued{0};
};

// One core's share of a scan: an event loop, a resolver, a TLS context, a pacer, and the hosts,
// addresses and lists that it owns. What is done with them are free coroutines, a file each
// (domain_task.h, host_task.h, endpoint_task.h, fetch_task.h, policy_task.h, revocation_task.h).
//
// Workers share nothing that changes, apart from ScanContext::Services. A host is owned by the
// worker its name hashes to, an address by the one its bytes hash to, a revocation list by the one
// its URL and issuer hash to: so each is asked once, and per-address politeness needs no lock.
// Workers ask each other by messages (ask_owner.h).
//
// Everything but the constructor and counters() belongs to the loop's thread.
class Worker {
 public:
  using Done = absl::AnyInvocable<void()>;

  // All borrowed. `seed`: for the spread of retries.
  Worker(ScanContext* context, EventLoop* loop, dns::Resolver* resolver,
         tls::ClientContext* tls_context, const Gate::Options& gate, uint64_t seed);
  // REQUIRES: nothing is under way.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Works on a target until its rows are with the recorder; then calls `done`, on this thread.
  void Start(Target target, Done done);

  // Starts what the gate lets through now, at most `admissions`. To be called once an iteration of
  // the loop. Returns how many it let through.
  uint32_t Admit(uint32_t admissions);

  // Starts nothing more: what waits at the gate or for a second attempt is given up, what is under
  // way is finished.
  void Drain() { pacer_.Drain(); }
  bool draining() const { return pacer_.draining(); }

  const WorkerCounters& counters() const { return counters_; }
  EventLoop* loop() { return loop_; }

  // For tasks.
  ScanContext* context() { return context_; }
  const ScanContext::Settings& settings() const { return context_->settings; }
  const ScanContext::Services& services() const { return context_->services; }
  dns::Resolver* resolver() { return resolver_; }
  tls::ClientContext* tls() { return tls_; }
  Pacer& pacer() { return pacer_; }
  HostTable& hosts() { return hosts_; }
  CrlTable& crls() { return crls_; }
  ChainRecorder& chains() { return chains_; }
  WorkerCounters& counters() { return counters_; }

  Worker* OwnerOfHost(std::string_view host) const;
  Worker* OwnerOfAddress(const dns::IpAddress& address) const;
  Worker* OwnerOfCrl(std::string_view key) const;  // CrlTable::KeyOf

  // A task counts as under way from Began to Ended, which stands before whoever waits for it is
  // told.
  void TaskBegan() { ++tasks_; }
  void TaskEnded() { --tasks_; }

 private:
  ScanContext* context_;
  EventLoop* loop_;
  dns::Resolver* resolver_;
  tls::ClientContext* tls_;
  Pacer pacer_;
  HostTable hosts_;
  CrlTable crls_;
  ChainRecorder chains_;
  WorkerCounters counters_;
  uint64_t tasks_ = 0;  // under way
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_WORKER_H_
