#include "tls/pki/issuer.h"

#include <algorithm>

#include "tls/pki/public_key.h"
#include "tls/pki/trust_store.h"

namespace mxsweep::tls {
namespace {

bool IsNamedAsIssuer(const CertificateDer& subject, const DerHandle& candidate) {
  return std::ranges::equal(CutCertificate(candidate.der()).subject, subject.issuer);
}

bool IsIssuer(const CertificateDer& subject, const DerHandle& candidate) {
  return IsNamedAsIssuer(subject, candidate) &&
         SignedBy(subject, CutCertificate(candidate.der()).spki);
}

}  // namespace

DerHandle FindIssuer(const CertificateDer& certificate, std::span<const DerHandle> candidates,
                     const TrustStore* store) {
  size_t tried = 0;
  for (const DerHandle& candidate : candidates) {
    if (!IsNamedAsIssuer(certificate, candidate)) continue;
    if (tried++ == kMaxIssuersTried) break;
    if (IsIssuer(certificate, candidate)) return candidate;
  }
  if (store == nullptr) return {};
  for (const DerHandle& anchor : store->AnchorsNamed(certificate.issuer)) {
    if (IsIssuer(certificate, anchor)) return anchor;
  }
  return {};
}

}  // namespace mxsweep::tls
