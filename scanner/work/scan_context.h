#ifndef MXSWEEP_SCANNER_WORK_SCAN_CONTEXT_H_
#define MXSWEEP_SCANNER_WORK_SCAN_CONTEXT_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "dns/ip_address.h"
#include "scanner/pace/ip_set.h"
#include "scanner/record/recorder.h"
#include "scanner/smtp/dialogue.h"
#include "scanner/verdict/mta_sts.h"
#include "scanner/work/attempts.h"
#include "scanner/work/background.h"
#include "scanner/work/certificate_rows.h"
#include "scanner/work/host_table.h"
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
    bool use_ipv4 = true;
    bool use_ipv6 = true;
    MtaStsLevel mta_sts = MtaStsLevel::kRecord;
    uint16_t mta_sts_port = 443;
    int64_t mta_sts_timeout_ns = 60'000'000'000;  // for one policy
    AddressFilter filter;
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
    // Reads long revocation lists. Null without --revocation.
    Background* background = nullptr;
  };

  Settings settings;
  Services services;
  std::vector<Worker*> workers;  // set before the first target
  // Domains that were started and whose MX hosts are not known yet: added by whoever starts them,
  // taken off by their worker.
  std::atomic<int64_t> awaiting_mx{0};
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_SCAN_CONTEXT_H_
