#ifndef MXSWEEP_TLS_PKI_OPENSSL_PARSE_H_
#define MXSWEEP_TLS_PKI_OPENSSL_PARSE_H_

#include <string>

#include "tls/pki/certificate_der.h"

namespace mxsweep::tls {

// The rule by which OpenSSL cannot parse this certificate: "the serial number has a needless zero
// byte"; empty: it can. A server that sends one, needed or not, ends the handshake of every client
// that is built on OpenSSL, whether or not it verifies. BoringSSL is stricter in other things
// (versions, extensions, dates), which are told apart.
std::string OpenSslParseTrouble(Bytes der);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_OPENSSL_PARSE_H_
