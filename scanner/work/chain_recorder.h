#ifndef MXSWEEP_SCANNER_WORK_CHAIN_RECORDER_H_
#define MXSWEEP_SCANNER_WORK_CHAIN_RECORDER_H_

#include <memory>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/verdict/revocation.h"
#include "scanner/work/recent_certificates.h"
#include "scanner/work/scan_context.h"
#include "tls/pki/certificate.h"
#include "tls/pki/certificate_table.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::scanner {

// A certificate whose row is yet to be written.
struct NewCertificate {
  tls::CertificateRef certificate;
  tls::DerHandle der;
  std::unique_ptr<tls::CertificateFacts> facts;
  CertificateRevocation revocation;
};

// Interns the chains that a worker is shown, and sees to it that each certificate gets its row.
// Thread-confined; the tables behind it are shared by all workers.
class ChainRecorder {
 public:
  // Borrows `services`.
  explicit ChainRecorder(const ScanContext::Services* services) : services_(services) {}

  // A chain as a server sent it at `seen_at`, leaf first. Those met for the first time are
  // recorded, or with --revocation put into `new_certificates`, to be recorded by Record.
  std::vector<tls::CertificateRef> Intern(std::span<const tls::DerHandle> shown, absl::Time seen_at,
                                          std::vector<NewCertificate>* new_certificates);
  // That of a handshake; empty without one.
  std::vector<tls::CertificateRef> Intern(const EndpointFacts& facts,
                                          std::vector<NewCertificate>* new_certificates);

  // Records them all, and tells whoever waits for their rows.
  void Record(absl::Time seen_at, std::vector<NewCertificate>* new_certificates);

 private:
  const ScanContext::Services* services_;
  RecentCertificates recent_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_CHAIN_RECORDER_H_
