#include "scanner/work/certificate_rows.h"

#include <utility>

namespace mxsweep::scanner {

tls::CertificateTable::Interned CertificateRows::Intern(std::span<const uint8_t> der) {
  // In one step: nobody may see a certificate that is neither new to him nor awaited.
  const std::lock_guard lock(mutex_);
  tls::CertificateTable::Interned interned = table_->Intern(der);
  if (interned.first_seen) pending_.try_emplace(interned.certificate->sha256);
  return interned;
}

void CertificateRows::Recorded(const tls::Certificate& certificate) {
  std::vector<absl::AnyInvocable<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(certificate.sha256);
    if (found == pending_.end()) return;
    waiting = std::move(found->second);
    pending_.erase(found);
  }
  for (auto& told : waiting) told();
}

bool CertificateRows::Await(const tls::Certificate& certificate, absl::AnyInvocable<void()> told) {
  const std::lock_guard lock(mutex_);
  const auto found = pending_.find(certificate.sha256);
  if (found == pending_.end()) return false;
  found->second.push_back(std::move(told));
  return true;
}

}  // namespace mxsweep::scanner
