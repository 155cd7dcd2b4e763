#ifndef MXSWEEP_TLS_SESSION_SECURITY_LEVEL_H_
#define MXSWEEP_TLS_SESSION_SECURITY_LEVEL_H_

#include <cstdint>
#include <span>
#include <string>

#include "tls/pki/certificate_table.h"
#include "tls/session/facts.h"

namespace mxsweep::tls {

struct SecurityLevel {
  int level = 0;  // 0–5: the highest OpenSSL level at which this handshake would still succeed
  std::string limited;  // what keeps it from the next level ("leaf key: RSA 2048 bits"); empty at 5
};

// The OpenSSL security level (SSL_CTX_set_security_level, OpenSSL 3.0) of everything that was
// negotiated and shown: protocol version, cipher, key exchange, handshake signature, leaf and chain
// keys, and the signature of each certificate that is not self-signed. `chain` as sent, leaf first.
// A pure function.
SecurityLevel JudgeSecurityLevel(const HandshakeFacts& facts,
                                 std::span<const CertificateRef> chain);

// Security bits of a key, as OpenSSL counts them (NIST SP 800-57 part 1, table 2, interpolated for
// RSA).
int KeySecurityBits(KeyType type, uint32_t key_bits);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_SESSION_SECURITY_LEVEL_H_
