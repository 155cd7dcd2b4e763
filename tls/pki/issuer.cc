#include "tls/pki/issuer.h"

#include <algorithm>

#include "tls/pki/public_key.h"
#include "tls/pki/trust_store.h"

namespace mxsweep::tls {
namespace {

bool IsIssuer(const CertificateDer& subject, const DerHandle& candidate) {
  const CertificateDer issuer = CutCertificate(candidate.der());
  return std::ranges::equal(issuer.subject, subject.issuer) && SignedBy(subject, issuer.spki);
}

}  // namespace

DerHandle FindIssuer(const CertificateDer& certificate, std::span<const DerHandle> candidates,
                     const TrustStore* store) {
  for (const DerHandle& candidate : candidates) {
    if (IsIssuer(certificate, candidate)) return candidate;
  }
  if (store == nullptr) return {};
  for (const DerHandle& anchor : store->AnchorsNamed(certificate.issuer)) {
    if (IsIssuer(certificate, anchor)) return anchor;
  }
  return {};
}

}  // namespace mxsweep::tls
