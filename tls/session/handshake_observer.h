#ifndef MXSWEEP_TLS_SESSION_HANDSHAKE_OBSERVER_H_
#define MXSWEEP_TLS_SESSION_HANDSHAKE_OBSERVER_H_

#include <cstdint>
#include <span>

#include "tls/session/facts.h"

namespace mxsweep::tls {

// Reads the server's handshake messages (decrypted, each whole, before BoringSSL judges them) into
// facts, so that what was shown is known even where the handshake fails on that very message. What
// it cannot read it leaves alone: saying that a message is wrong is BoringSSL's part.
class HandshakeObserver {
 public:
  // Both are borrowed; `pool` may be null.
  HandshakeObserver(HandshakeFacts* facts, crypto_buffer_pool_st* pool)
      : facts_(facts), pool_(pool) {}

  // One message with its header of four bytes (RFC 8446 §4, RFC 5246 §7.4).
  void OnMessage(std::span<const uint8_t> message);
  // One alert that came in (`sent` false) or went out.
  void OnAlert(bool sent, uint8_t level, uint8_t number);

 private:
  HandshakeFacts* facts_;
  crypto_buffer_pool_st* pool_;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_SESSION_HANDSHAKE_OBSERVER_H_
