#ifndef MXSWEEP_SCANNER_SMTP_DIALOGUE_H_
#define MXSWEEP_SCANNER_SMTP_DIALOGUE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "scanner/engine/event_loop.h"
#include "scanner/engine/stream.h"
#include "scanner/engine/task.h"
#include "scanner/smtp/endpoint_facts.h"
#include "tls/session/handshake.h"

namespace mxsweep::scanner {

// How every dialogue of a scan is held. Immutable once the scan runs.
struct DialogueOptions {
  bool implicit_tls = false;
  std::string ehlo_name;
  int64_t connect_timeout_ns = 10'000'000'000;
  int64_t greeting_timeout_ns = 45'000'000'000;
  int64_t command_timeout_ns = 30'000'000'000;
  int64_t handshake_timeout_ns = 30'000'000'000;
  int64_t quit_timeout_ns = 2'000'000'000;
};

// What a ClientHello offers.
struct Offer {
  uint16_t max_version = tls::kTls13;  // the newest TLS version
  bool server_name = true;             // SNI, where there is a name
  bool post_quantum = true;            // X25519MLKEM768, where we have it and the profile does

  friend bool operator==(const Offer&, const Offer&) = default;
};

// What one dialogue needs. What is borrowed, `server_name` too, outlives it.
struct DialogueRequest {
  EventLoop* loop;
  tls::ClientContext* tls;
  const DialogueOptions* options;
  SocketAddress to;
  Offer offer;
  // The dialogue ends behind this stage, with a QUIT: kDone; kHandshake, or kGreeting (not with
  // implicit TLS), where nothing more is wanted.
  Stage last_stage = Stage::kDone;
  const std::string* server_name = nullptr;  // for SNI; null or empty: none
  // Sent in place of the handshake's ClientHello (tls/probe/client_hello.h). What the server says
  // to it in the clear is facts->flight, and the dialogue ends there. Null: a handshake is made.
  const std::string* probe_hello = nullptr;
};

// One connection to one server: connect, greeting, EHLO, STARTTLS, handshake, EHLO, QUIT (RFC 5321,
// RFC 3207); with implicit TLS the handshake comes first (RFC 8314 §3.3). Never fails: however it
// ends, the facts (never null) say so.
Task<std::unique_ptr<EndpointFacts>> HoldDialogue(DialogueRequest request);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SMTP_DIALOGUE_H_
