#ifndef MXSWEEP_TLS_SESSION_HANDSHAKE_H_
#define MXSWEEP_TLS_SESSION_HANDSHAKE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tls/session/client_profile.h"
#include "tls/session/facts.h"
#include "tls/session/version.h"

struct ssl_ctx_st;

namespace mxsweep::tls {

// The longest handshake message (in practice: Certificate) that is taken, in bytes.
inline constexpr size_t kMaxHandshakeMessageBytes = 128 * 1024;
// All that is taken before the handshake is complete. More is a protocol error.
inline constexpr size_t kMaxHandshakeBytesIn = 512 * 1024;
// The largest plaintext one Encrypt() takes.
inline constexpr size_t kMaxEncryptBytes = 64 * 1024;

struct ClientOptions {
  ClientProfile profile = ClientProfile::kEverything;
};

// What all handshakes of one worker share: what is offered (the profile), and the pool in which
// equal certificates are kept once. Accepts every certificate, since judging is not part of shaking
// hands. Keeps no sessions and no tickets.
//
// Thread-safety: one worker's; its handshakes must live on the same thread and die before it.
class ClientContext {
 public:
  static absl::StatusOr<std::unique_ptr<ClientContext>> Create(const ClientOptions& options = {});
  ~ClientContext();
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  // For others who read certificates on the same thread. Valid as long as the context is.
  crypto_buffer_pool_st* certificate_pool() const { return pool_; }

 private:
  friend class Handshake;
  ClientContext() = default;

  ClientProfile profile_ = ClientProfile::kEverything;
  crypto_buffer_pool_st* pool_ = nullptr;
  ssl_ctx_st* context_ = nullptr;
};

// One TLS client session without I/O: bytes in, bytes out.
//
//   Handshake tls(&context);
//   tls.Start("mx.example.org", kTls13, &out);            // send out
//   while (tls.Advance(received, &out) == kInProgress) …  // send out, receive more
//   tls.Encrypt("EHLO …\r\n", &out); … tls.Decrypt(received, &plaintext, &out); … tls.Close(&out);
//
// Every call appends to `out` what must be sent, also when it fails: the alert for the server is
// there. Input may be cut anywhere, down to single bytes, and is always taken whole; what follows
// the handshake in the same span (a server that speaks first) is kept until the next Decrypt(), so
// call that once with an empty span after kOk. Nothing is kept of a span or of `out` after the
// call.
//
// Memory: between records a session holds no I/O buffers, after the handshake no handshake
// state: 5.6 kB while it waits for the ServerHello (18 kB with X25519MLKEM768 offered), 2.8 kB when
// open, facts included and certificates apart (tests/tls/session/handshake_memory_test.cc).
//
// Thread-safety: none; lives on its ClientContext's thread.
class Handshake {
 public:
  enum class DecryptState : uint8_t {
    kOpen,    // go on
    kClosed,  // close_notify: the server ended the session in good order
    kAlert,   // the server ended it with an alert: Facts().alert_received
    kError,   // not acceptable TLS: Facts().error_detail; our alert is in `out`
  };

  // `context` is borrowed and must outlive this.
  explicit Handshake(ClientContext* context);
  ~Handshake();
  Handshake(Handshake&&) noexcept;
  Handshake& operator=(Handshake&&) noexcept;

  // Begins, with a ClientHello for the profile's versions up to `max_version` (kTls10 … kTls13).
  // `server_name` is sent as SNI (RFC 6066 §3; without its trailing dot); empty or an IP literal:
  // no SNI. `post_quantum` false: X25519MLKEM768, which makes the ClientHello longer than what a
  // careless server or firewall reads at once, is left out. Called once. kInvalidArgument: a name
  // over 255 bytes or with a NUL, or a version that the profile does not have.
  absl::Status Start(std::string_view server_name, uint16_t max_version, std::string* out,
                     bool post_quantum = true);

  // Takes what the server sent. kInProgress: more is needed. kOk: complete. Any other outcome is
  // final. REQUIRES: Start() succeeded, and the last outcome was kInProgress.
  HandshakeOutcome Advance(std::span<const uint8_t> in, std::string* out);

  // The server closed the stream (FIN or reset) while the handshake was in progress: outcome
  // kClosed.
  void OnTransportClosed();

  // REQUIRES (the three below): the outcome is kOk.
  // Appends the records for `plaintext` (at most kMaxEncryptBytes). False if the session no longer
  // can.
  bool Encrypt(std::string_view plaintext, std::string* out);
  // Appends what `in` holds of plaintext, and to `out` what TLS itself has to say (alerts, key
  // updates).
  DecryptState Decrypt(std::span<const uint8_t> in, std::string* plaintext, std::string* out);
  // Appends our close_notify.
  void Close(std::string* out);

  // What has been learnt so far; complete once the outcome is not kInProgress. Valid as long as
  // this lives.
  const HandshakeFacts& Facts() const;
  // Moves the facts out (for a session whose bytes still flow: call it last).
  HandshakeFacts TakeFacts();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Might a fresh connection with max_version kTls12 succeed where this one, begun with kTls13, did
// not? Some servers fail in TLS 1.3 only (an RSA key of 512 bits cannot make its signatures), and
// BoringSSL is stricter there than the senders we speak for (key usage of RSA keys). True for an
// alert or a protocol error after TLS 1.3 was chosen, and for an alert before anything was.
bool WorthRetryingWithTls12(const HandshakeFacts& facts);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_SESSION_HANDSHAKE_H_
