// What a failed handshake tells of our own client, and which second ClientHello would settle it.
#ifndef MXSWEEP_TLS_SESSION_OFFERS_H_
#define MXSWEEP_TLS_SESSION_OFFERS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "tls/session/facts.h"

namespace mxsweep::tls {

// A second ClientHello.
enum class SecondOffer : uint8_t {
  // Handshake::Start with kTls12: TLS 1.0 to 1.2. Its session id is empty, for without TLS 1.3
  // nobody
  // needs one for compatibility (RFC 8446 §4.1.2, §D.4).
  kTls12NoSessionId,
  // Handshake::Start with no server name: no SNI.
  kNoServerName,
  // Handshake::Start without X25519MLKEM768: a ClientHello that fits into one packet.
  kNoPostQuantum,
};

// Why a failed handshake may be the doing of our own client: of what BoringSSL does not offer or
// does not take, and other senders' libraries do. Empty: it is the server's, or did not fail.
//   "no_common_cipher"        an alert before any ServerHello that says so (40, 71), or a suite
//   that
//                             we had not offered: finite-field DHE, CBC with SHA-256, CCM,
//                             Camellia, ARIA, anonymous suites, Ed448 and RSA-PSS keys
//   "no_common_version"       protocol_version (70) before any ServerHello
//   "client_hello"            any other alert before any ServerHello: something in ours is not
//                             understood, the server name (112, 80) or the OCSP request
//   "session_id_echoed"       it came back although nothing is resumed
//   "key_usage"               the leaf's key usage forbids what its key is used for
//   "certificate_not_parsed"  BoringSSL cannot read the leaf
//   "leaf_key"                the leaf's key is of a kind that BoringSSL cannot use
//   "signature_algorithm"     the server signed with one that we had not offered
//   "group"                   it took a group that we had not offered
std::string_view MayBeOurs(const HandshakeFacts& facts);

// The offers, the most promising first, that may succeed where the usual one came to `facts`; empty
// where none would. TLS 1.2 where WorthRetryingWithTls12 says so, or the session id came back;
// without a server name after the alerts 112, 80 and 40 before any ServerHello, if there was one;
// without X25519MLKEM768, if that was offered, where nothing of TLS came but an alert or the end of
// the stream (or nothing: facts that are still in progress are those of a time-out or a reset).
std::vector<SecondOffer> SecondOffers(const HandshakeFacts& facts, bool had_server_name);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_SESSION_OFFERS_H_
