#ifndef MXSWEEP_SCANNER_WORK_SCAN_CONTEXT_H_
#define MXSWEEP_SCANNER_WORK_SCAN_CONTEXT_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "dns/ip_address.h"
#include "scanner/pace/ip_set.h"
#include "scanner/pace/outage_watch.h"
#include "scanner/pace/slots.h"
#include "scanner/record/recorder.h"
#include "scanner/smtp/dialogue.h"
#include "scanner/verdict/domain_findings.h"
#include "scanner/verdict/mta_sts.h"
#include "scanner/work/attempts.h"
#include "scanner/work/background.h"
#include "scanner/work/certificate_rows.h"
#include "scanner/work/host_table.h"
#include "scanner/work/packed_store.h"
#include "scanner/work/prime_judge.h"
#include "scanner/work/resumed_endpoints.h"
#include "tls/pki/certificate_table.h"
#include "tls/pki/pkix.h"

namespace mxsweep::scanner {

class Worker;

// What all workers of a scan share. Outlives the workers.
struct ScanContext {
  // How the scan is to be done: no longer changes once the workers run.
  struct Settings {
    DialogueOptions dialogue;
    AttemptLimits attempts;
    uint16_t port = 25;
    MtaStsLevel mta_sts = MtaStsLevel::kRecord;
    uint16_t mta_sts_port = 443;
    int64_t mta_sts_timeout_ns = 60'000'000'000;  // for one policy
    AddressFilter filter;
    // Of one domain: how many of its MX hosts are asked, those of the smallest preferences first.
    uint32_t max_hosts = 20;
    // Of one host, and of one domain.
    AddressChoice addresses;
    // Hosts are looked up, and nobody is connected to: their endpoints are another job's.
    bool resolve_only = false;
    // Crowds are told from what others met at their address (AddressMemory::Infer).
    bool infer = true;
    // Of a worker: documents to fetch that wait in a crowd, each a task of some 1.5 KB. What comes
    // on top is not asked for: an address that answers one of them a second is done with a
    // twentieth of them within the longest patience.
    uint32_t max_parked_fetches = 65'536;
    // Of everything whose owner is chosen by a hash, and of fingerprints.
    HostTable::Key hash_key{};
  };
  // What the workers use together: each is safe to share. Borrowed.
  struct Services {
    tls::CertificateTable* certificates = nullptr;
    tls::PkixVerifier* pkix = nullptr;
    // With --revocation: lists are fetched, and certificate rows wait for them. Else null.
    CertificateRows* certificate_rows = nullptr;
    Recorder* recorder = nullptr;
    // Of a scan that goes on. Null: this is its first run.
    const ResumedEndpoints* resumed = nullptr;
    // Whose silence it is, of servers and of resolvers. Null: theirs.
    OutageWatch* connections = nullptr;
    OutageWatch* names = nullptr;
    // Reads long revocation lists, and judges primes.
    Background* background = nullptr;
    PrimeJudge* primes = nullptr;
  };

  explicit ScanContext(uint32_t slot_count = 1'000) : slots(slot_count) {}

  void AddWorker(Worker* worker);

  Settings settings;
  Services services;
  Slots slots;
  PackedBudget packed;
  std::vector<Worker*> workers;  // set before the first target (AddWorker)
  // Domains that were started and whose MX hosts are not known yet: added by whoever starts them,
  // taken off by their worker.
  std::atomic<int64_t> awaiting_mx{0};
  // Targets that were started and are not done: counted likewise.
  std::atomic<int64_t> targets_open{0};
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_SCAN_CONTEXT_H_
