#ifndef MXSWEEP_SCANNER_WORK_WORKER_H_
#define MXSWEEP_SCANNER_WORK_WORKER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dns/resolver.h"
#include "scanner/engine/event_loop.h"
#include "scanner/pace/pacer.h"
#include "scanner/targets/target_reader.h"
#include "scanner/work/address_memory.h"
#include "scanner/work/chain_recorder.h"
#include "scanner/work/crl_table.h"
#include "scanner/work/host_table.h"
#include "scanner/work/packed_store.h"
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
  std::atomic<uint64_t> parked{0};    // of those, in a crowd
  std::atomic<uint64_t> inferred{0};  // endpoints told from what others met at their address
};

// An address for which many wait.
struct Crowd {
  SocketAddress server;
  uint64_t waiting = 0;
};

// One core's share of a scan: an event loop, a resolver, TLS contexts, a pacer, and the hosts,
// addresses and lists that it owns. What is done with them are free coroutines, a file each
// (target_task.h, host_task.h, endpoint_task.h, fetch_task.h, policy_task.h, revocation_task.h).
//
// Workers share nothing that changes, apart from ScanContext::Services. A host is owned by the
// worker its name hashes to, an address by the one its prefix hashes to, a revocation list by the
// one its URL and issuer hash to: so each is asked once, and per-address politeness needs no lock.
// Workers ask each other by messages (ask_owner.h).
//
// Everything but the constructor and counters() belongs to the loop's thread.
class Worker final : public Pacer::TurnTaker {
 public:
  // What is offered: to mail servers (--offer), and to web servers (FetchOffer). Borrowed.
  struct TlsContexts {
    tls::ClientContext* mail = nullptr;
    tls::ClientContext* web = nullptr;
  };

  // All borrowed. `seed`: for the spread of retries.
  Worker(ScanContext* context, EventLoop* loop, dns::Resolver* resolver, const TlsContexts& tls,
         const Gate::Options& gate, uint64_t seed);
  // REQUIRES: nothing is under way.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Works on a target, which whoever starts it has counted in context()->targets_open and taken a
  // slot for, until its rows are with the recorder; then it counts no more.
  void Start(Target target);

  // Starts what the gate lets through now, at most `admissions`. To be called once an iteration of
  // the loop. Returns how many it let through.
  uint32_t Admit(uint32_t admissions);

  // Starts nothing more: what waits at the gate or for a second attempt is given up, what is under
  // way is finished.
  void Drain() { pacer_.Drain(); }
  bool draining() const { return pacer_.draining(); }

  // The time for crowds is over: what waits for a busy address is told from what others met there,
  // where that is known, and else not asked.
  void EndCrowds() { pacer_.EndCrowds(); }

  // The largest crowds and how many addresses have one, as of some seconds ago. For any thread.
  struct Crowds {
    std::vector<Crowd> largest;
    uint64_t addresses = 0;
  };
  Crowds crowds() const;

  const WorkerCounters& counters() const { return counters_; }
  EventLoop* loop() { return loop_; }

  // For tasks.
  ScanContext* context() { return context_; }
  const ScanContext::Settings& settings() const { return context_->settings; }
  const ScanContext::Services& services() const { return context_->services; }
  dns::Resolver* resolver() { return resolver_; }
  tls::ClientContext* tls() { return tls_.mail; }
  tls::ClientContext* web_tls() { return tls_.web; }
  Pacer& pacer() { return pacer_; }
  HostTable& hosts() { return hosts_; }
  AddressMemory& memory() { return memory_; }
  // What waits: WaitingTargets, and the hosts whose endpoints are being asked (see target_task.cc,
  // host_task.cc).
  PackedStore& waiting_targets() { return waiting_targets_; }
  PackedStore& waiting_hosts() { return waiting_hosts_; }
  // What is kept beyond a Summary while its host or target waits, by its handle.
  absl::flat_hash_map<uint32_t, std::shared_ptr<const MisnamedLeaves>>& misnamed_of_hosts() {
    return misnamed_of_hosts_;
  }
  // Of waiting hosts, by handle: whose TLSA records were looked up once more.
  absl::flat_hash_map<uint32_t, dns::HostAnswer>& refreshed_hosts() { return refreshed_hosts_; }
  absl::flat_hash_map<uint32_t, std::shared_ptr<const MisnamedLeaves>>& misnamed_of_targets() {
    return misnamed_of_targets_;
  }
  // Which of context()->workers this is.
  uint8_t index() const { return index_; }
  void set_index(uint8_t index) { index_ = index; }
  // The gate's number for the provider of a host; empty: nobody.
  Gate::Provider ProviderOf(std::string_view provider) const;
  CrlTable& crls() { return crls_; }
  ChainRecorder& chains() { return chains_; }
  WorkerCounters& counters() { return counters_; }

  Worker* OwnerOfHost(std::string_view host) const;
  // All addresses of a prefix (/24, /64) have one owner.
  Worker* OwnerOfAddress(const dns::IpAddress& address) const;
  Worker* OwnerOfCrl(std::string_view key) const;  // CrlTable::KeyOf

  // A task counts as under way from Began to Ended, which stands before whoever waits for it is
  // told.
  void TaskBegan() { ++tasks_; }
  void TaskEnded() { --tasks_; }

  // For ClientHellos that nobody keeps a secret by: other bytes each time, from the worker's seed.
  std::array<uint8_t, 32> NextRandomBytes();

  void OnTurn(const Pacer::Turn& turn) override;
  // Something was parked in a crowd, or is no longer.
  void Parked() { ++parked_; }
  void Unparked() { --parked_; }
  // Likewise of documents to fetch.
  void FetchParked() { Parked(), ++parked_fetches_; }
  void FetchUnparked() { Unparked(), --parked_fetches_; }
  uint64_t parked_fetches() const { return parked_fetches_; }

 private:
  void PublishCrowds(int64_t now_ns);

  ScanContext* context_;
  EventLoop* loop_;
  dns::Resolver* resolver_;
  TlsContexts tls_;
  Pacer pacer_;
  HostTable hosts_;
  AddressMemory memory_;
  PackedStore waiting_targets_;
  PackedStore waiting_hosts_;
  absl::flat_hash_map<uint32_t, std::shared_ptr<const MisnamedLeaves>> misnamed_of_hosts_;
  absl::flat_hash_map<uint32_t, dns::HostAnswer> refreshed_hosts_;
  absl::flat_hash_map<uint32_t, std::shared_ptr<const MisnamedLeaves>> misnamed_of_targets_;
  uint8_t index_ = 0;
  CrlTable crls_;
  ChainRecorder chains_;
  WorkerCounters counters_;
  uint64_t tasks_ = 0;  // under way
  uint64_t parked_ = 0;
  uint64_t parked_fetches_ = 0;
  std::array<uint64_t, 2> random_{};  // the seed, and how often it was used
  mutable std::mutex crowds_mutex_;   // of crowds_
  Crowds crowds_;
  int64_t crowds_at_ns_ = 0;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_WORKER_H_
