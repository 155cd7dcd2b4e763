#ifndef MXSWEEP_TLS_PKI_CERTIFICATE_NAMES_H_
#define MXSWEEP_TLS_PKI_CERTIFICATE_NAMES_H_

#include <string>
#include <vector>

#include "tls/pki/certificate_der.h"

namespace mxsweep::tls {

// RFC 4514 text of a Name (with its tag and length), in valid UTF-8; "#" and hex where X.509
// refuses it.
std::string DistinguishedNameText(Bytes name);

// One subjectAltName as in CertificateFacts::subject_alt_names.
std::string GeneralNameText(GeneralName kind, Bytes contents);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_CERTIFICATE_NAMES_H_
