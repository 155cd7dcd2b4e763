#ifndef MXSWEEP_TLS_SESSION_SESSION_LEVEL_H_
#define MXSWEEP_TLS_SESSION_SESSION_LEVEL_H_

#include <cstdint>

#include "tls/pki/certificate_table.h"
#include "tls/pki/security_level.h"
#include "tls/session/facts.h"

namespace mxsweep::tls {

// By which OpenSSL's rules: they differ in the versions alone. TLS 1.0 and 1.1 with static RSA, and
// SSL 3.0, pass some levels in 3.0 (with ECDHE their signatures keep them at 0 there, too);
// from 3.1 on they are for level 0 only.
enum class OpenSslRules : uint8_t { k3_0, k3_1 };

// The session half of OpenSSL's security levels: the highest at which a client makes this very
// handshake, verification or not. Counts version, cipher, key exchange, handshake signature, and in
// TLS 1.2 and before the curve of an ECDSA key, which must be one of the groups that the client's
// level leaves it. `leaf` may be null: not known. A pure function.
SecurityLevel JudgeSessionLevel(const HandshakeFacts& facts, const Certificate* leaf,
                                OpenSslRules rules);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_SESSION_SESSION_LEVEL_H_
