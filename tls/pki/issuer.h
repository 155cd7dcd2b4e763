#ifndef MXSWEEP_TLS_PKI_ISSUER_H_
#define MXSWEEP_TLS_PKI_ISSUER_H_

#include <span>

#include "tls/pki/certificate_der.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tls {

class TrustStore;

// The certificate among `candidates` (in any order), else in `store` (may be null), whose name is
// the issuer's and whose key signed `certificate`. An empty handle if there is none.
//
// Of the candidates with that name, which a stranger sent, kMaxIssuersTried are tried: each costs a
// signature, of whatever size he likes.
DerHandle FindIssuer(const CertificateDer& certificate, std::span<const DerHandle> candidates,
                     const TrustStore* store);
inline constexpr size_t kMaxIssuersTried = 4;

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_ISSUER_H_
