#ifndef MXSWEEP_TLS_PKI_CERTIFICATE_LEVEL_H_
#define MXSWEEP_TLS_PKI_CERTIFICATE_LEVEL_H_

#include <optional>
#include <span>
#include <vector>

#include "tls/pki/certificate_der.h"
#include "tls/pki/security_level.h"

namespace mxsweep::tls {

// The certificate half of OpenSSL's security levels: the highest at which verification finds no key
// too small and no digest too weak on `path` (X509_V_ERR_EE_KEY_TOO_SMALL, …_CA_KEY_TOO_SMALL,
// …_CA_MD_TOO_WEAK). It is the same in OpenSSL 1.1 to 3.5. It ends a handshake only where the
// client enforces verification; one that matches by DANE usage 3 looks at the leaf's key alone.
//
// `path`: DER, the leaf first, the trust anchor last; or, where no anchor was reached, the topmost
// issuer that was found. Every key counts, the anchor's too, and every signature but that of the
// last: nobody relies on it. What else the server sent does not count.
//
// Nothing where a key on the path is of a kind we do not know.
// REQUIRES: the path is not empty.
std::optional<SecurityLevel> JudgeCertificateLevel(std::span<const std::vector<uint8_t>> path,
                                                   bool anchored);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_CERTIFICATE_LEVEL_H_
