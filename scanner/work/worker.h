#ifndef MXSWEEP_SCANNER_WORK_WORKER_H_
#define MXSWEEP_SCANNER_WORK_WORKER_H_

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "dns/resolver.h"
#include "scanner/engine/event_loop.h"
#include "scanner/engine/task.h"
#include "scanner/http/fetch.h"
#include "scanner/pace/gate.h"
#include "scanner/pace/ip_set.h"
#include "scanner/record/recorder.h"
#include "scanner/smtp/dialogue.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/targets/target_reader.h"
#include "scanner/verdict/mta_sts.h"
#include "scanner/verdict/summary.h"
#include "scanner/verdict/verdicts.h"
#include "scanner/work/certificate_rows.h"
#include "scanner/work/crl_table.h"
#include "scanner/work/host_table.h"
#include "scanner/work/recent_certificates.h"
#include "tls/pki/certificate_table.h"
#include "tls/pki/pkix.h"
#include "tls/session/handshake.h"

namespace mxsweep::scanner {

class Worker;

// What all workers of a scan share: settings that no longer change, and tables that are safe to
// share. Outlives the workers.
struct ScanContext {
  DialogueOptions dialogue;
  uint16_t port = 25;
  uint32_t retries = 1;
  int64_t retry_delay_ns = 30'000'000'000;
  bool use_ipv4 = true;
  bool use_ipv6 = true;
  MtaStsLevel mta_sts = MtaStsLevel::kRecord;
  uint16_t mta_sts_port = 443;
  int64_t mta_sts_timeout_ns = 60'000'000'000;  // for one policy
  AddressFilter filter;
  HostTable::Key hash_key{};
  tls::CertificateTable* certificates = nullptr;
  tls::PkixVerifier* pkix = nullptr;
  // With --revocation: lists are fetched, and certificate rows wait for them. Else null.
  CertificateRows* certificate_rows = nullptr;
  Recorder* recorder = nullptr;
  std::vector<Worker*> workers;  // set before the first target
  // Domains that were started and whose MX hosts are not known yet: added by whoever starts them,
  // taken off by their worker.
  std::atomic<int64_t> awaiting_mx{0};
};

// What a worker counts; read by the progress line on another thread.
struct alignas(64) WorkerCounters {
  std::atomic<uint64_t> domains_done{0};
  std::atomic<uint64_t> hosts_done{0};
  std::atomic<uint64_t> endpoints_done{0};
  std::atomic<uint64_t> connections{0};
  std::atomic<uint64_t> tls_ok{0};
  std::atomic<uint64_t> retries{0};
  std::atomic<uint64_t> throttled{0};
  std::atomic<uint64_t> in_flight{0};
  std::atomic<uint64_t> queued{0};
};

// One core's share of a scan: an event loop, a resolver, a TLS context, a gate, and the hosts and
// addresses that it owns. Workers talk to each other by posting messages; they share nothing that
// changes, apart from the tables of ScanContext.
//
// A host is owned by the worker its name hashes to, an address by the one its bytes hash to: so
// each host is looked up once, and per-address politeness needs no lock.
//
// Everything but the constructor's context and counters() belongs to the loop's thread.
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
  void Drain();
  bool draining() const { return draining_; }

  const WorkerCounters& counters() const { return counters_; }
  EventLoop* loop() { return loop_; }

  // For the tasks of this worker (domain_task.cc, host_task.cc, endpoint_task.cc).
  //
  // Summaries of what others own: the callback is called on *this* worker's thread.
  void AskForHost(std::string host, HostTable::Callback done);
  void AskForEndpoint(std::shared_ptr<const HostContext> host, const dns::IpAddress& address,
                      HostTable::Callback done);
  // Fetches a document from the addresses of `request->host`, in their order, until somebody is met
  // at one; each address is asked by its owner, when the gate lets it. With TLS, the chain that was
  // shown is judged, and then dropped. kCancelled if the scan is being stopped.
  Task<FetchFacts> Fetch(std::shared_ptr<const HttpRequest> request);

 private:
  struct GateWaiter;
  struct Sleeper;
  class AwaitGate;
  class AwaitSleep;

  size_t OwnerOfAddress(const dns::IpAddress& address) const;
  void OwnHost(std::string host, HostTable::Callback done);

  Task<void> ScanDomain(Target target, Done done);
  void ScanHostTarget(Target target, Done done);
  void ScanAddressTarget(const Target& target, Done done);
  void FinishTarget(const Summary& found, Done* done);
  Task<void> ScanHost(std::string host);
  Task<void> ScanEndpoint(std::shared_ptr<const HostContext> host, dns::IpAddress address,
                          HostTable::Callback done);
  // A domain's TXT records and, as far as context_->mta_sts says, its policy: into `policies`,
  // which lives until `under_way` is told.
  Task<void> FindPolicies(std::string domain, DomainPolicies* policies, Join* under_way);
  using FetchCallback = absl::AnyInvocable<void(FetchFacts)>;
  // The callback is called on this worker's thread.
  void AskForFetch(std::shared_ptr<const HttpRequest> request, const dns::IpAddress& address,
                   int64_t budget_ns, FetchCallback done);
  Task<void> FetchFrom(std::shared_ptr<const HttpRequest> request, dns::IpAddress address,
                       int64_t budget_ns, FetchCallback done);
  // Those to connect to: of the families that are used, each once, in the order of the answer.
  std::vector<dns::IpAddress> AddressesToTry(const dns::HostAnswer& answer) const;
  // A connection that the gate has let through; what is borrowed outlives the task. To be followed
  // by AfterConnection, which gives it back.
  Task<std::unique_ptr<EndpointFacts>> Connect(const HostContext& host,
                                               const dns::IpAddress& address, uint16_t max_version);
  void AfterConnection(const dns::IpAddress& address, const EndpointFacts& facts);
  // Once more without TLS 1.3; `facts` are replaced if that went well. False: it was not tried.
  Task<bool> TryOlderTls(const HostContext* host, dns::IpAddress address,
                         std::unique_ptr<EndpointFacts>* facts);
  int64_t RetryDelayNs(uint32_t attempt);
  // False, at once, if the scan is being stopped.
  Task<bool> SleepBeforeRetry(uint32_t attempts);
  // Has `address` answered 421 so often in a row that it is left alone?
  bool IsLeftAlone(const dns::IpAddress& address) const;
  // Sends away everybody who waits at the gate for `address`, or for any.
  void SendAway(const dns::IpAddress* address);
  // A certificate whose row is yet to be written.
  struct NewCertificate {
    tls::CertificateRef certificate;
    tls::DerHandle der;
    std::unique_ptr<tls::CertificateFacts> facts;
    CertificateRevocation revocation;
  };
  // Judges what was seen, records it, and tells `done` what it means for the host.
  void FinishEndpoint(const HostContext& host, const dns::IpAddress& address,
                      const EndpointFacts& facts, uint32_t attempts, HostTable::Callback* done);
  // The same with --revocation. What is borrowed outlives the task.
  Task<void> FinishEndpointWithRevocation(const HostContext* host, dns::IpAddress address,
                                          const EndpointFacts* facts, uint32_t attempts,
                                          HostTable::Callback* done);
  Findings RecordEndpoint(const HostContext& host, const dns::IpAddress& address,
                          const EndpointFacts& facts, const EndpointVerdicts& verdicts,
                          uint32_t attempts);
  // Those met for the first time are recorded, or with --revocation put into `new_certificates`.
  std::vector<tls::CertificateRef> InternChain(const EndpointFacts& facts,
                                               std::vector<NewCertificate>* new_certificates);

  // What a list shall be asked, by whom and where it is.
  struct CrlDemand {
    std::string url;
    std::string key;  // CrlTable::KeyOf
    std::vector<uint8_t> issuer;
    tls::CrlQuestion question;
  };
  // What the list at `url`, by `issuer`, says. The callback is called on this worker's thread.
  void AskForCrl(std::string url, const tls::DerHandle& issuer, tls::CrlQuestion question,
                 CrlTable::Callback done);
  void OwnCrl(CrlDemand demand, CrlTable::Callback done);
  Task<void> FetchCrl(CrlDemand demand);
  // What the first list that knows says of `certificate`.
  Task<CertificateRevocation> LookUpRevocation(tls::DerHandle certificate, tls::DerHandle issuer);
  // Asks the lists of the endpoint's path, completes its verdicts, and records the certificates.
  // When it is done, the rows of all certificates of the chain are with the recorder.
  Task<void> LookUpRevocations(const EndpointFacts* facts, EndpointVerdicts* verdicts,
                               std::vector<NewCertificate>* new_certificates);

  ScanContext* context_;
  EventLoop* loop_;
  dns::Resolver* resolver_;
  tls::ClientContext* tls_;
  Gate gate_;
  HostTable hosts_;
  CrlTable crls_;
  RecentCertificates recent_certificates_;
  uint64_t random_;
  WorkerCounters counters_;

  // Wakes the loop when the gate may let something through.
  struct WakeUp final : Timer {
    void OnTimer() override {}
  };
  WakeUp gate_timer_;
  uint64_t last_admitted_ = 0;
  bool draining_ = false;
  uint64_t tasks_ = 0;  // under way
  absl::flat_hash_set<GateWaiter*> gate_waiters_;
  absl::flat_hash_set<Sleeper*> sleepers_;
  uint64_t next_wait_ = 0;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_WORKER_H_
