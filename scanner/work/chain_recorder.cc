#include "scanner/work/chain_recorder.h"

#include <utility>

#include "scanner/record/rows.h"

namespace mxsweep::scanner {

std::vector<tls::CertificateRef> ChainRecorder::Intern(
    const EndpointFacts& facts, std::vector<NewCertificate>* new_certificates) {
  if (!facts.handshake) return {};
  return Intern(facts.handshake->chain, facts.started_at, new_certificates);
}

std::vector<tls::CertificateRef> ChainRecorder::Intern(
    std::span<const tls::DerHandle> shown, absl::Time seen_at,
    std::vector<NewCertificate>* new_certificates) {
  std::vector<tls::CertificateRef> chain;
  CertificateRows* rows = services_->certificate_rows;
  for (const tls::DerHandle& der : shown) {
    if (tls::CertificateRef known = recent_.Find(der)) {
      chain.push_back(std::move(known));
      continue;
    }
    tls::CertificateTable::Interned interned =
        rows != nullptr
            ? rows->Intern(der.der())
            // Its row is with the recorder before any other worker may write an
            // endpoint that shows it.
            : services_->certificates->Intern(
                  der.der(), [&](const tls::CertificateFacts& certificate) {
                    services_->recorder->Push(MakeCertificateRow(certificate, der.der(), seen_at));
                  });
    if (interned.first_seen && rows != nullptr) {
      new_certificates->push_back({interned.certificate, der, std::move(interned.facts), {}});
    }
    recent_.Keep(der, interned.certificate);
    chain.push_back(interned.certificate);
  }
  return chain;
}

void ChainRecorder::Record(absl::Time seen_at, std::vector<NewCertificate>* new_certificates) {
  for (NewCertificate& certificate : *new_certificates) {
    services_->recorder->Push(MakeCertificateRow(*certificate.facts, certificate.der.der(), seen_at,
                                                 certificate.revocation));
    services_->certificate_rows->Recorded(*certificate.certificate);
  }
  new_certificates->clear();
}

}  // namespace mxsweep::scanner
