#ifndef MXSWEEP_SCANNER_DIALOGUE_H_
#define MXSWEEP_SCANNER_DIALOGUE_H_

#include <cstdint>
#include <string>

#include "scanner/endpoint_facts.h"
#include "scanner/event_loop.h"
#include "scanner/stream.h"
#include "scanner/task.h"
#include "tls/handshake.h"

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

// One connection to one server: connect, greeting, EHLO, STARTTLS, handshake, EHLO, QUIT (RFC 5321,
// RFC 3207); with implicit TLS the handshake comes first (RFC 8314 §3.3). Never fails: however it
// ends, the facts say so. `loop`, `tls`, `options` outlive the task. `server_name`: for SNI; empty:
// none. `max_version`: the newest TLS version to offer.
Task<EndpointFacts> HoldDialogue(EventLoop* loop, tls::ClientContext* tls,
                                 const DialogueOptions* options, SocketAddress to,
                                 std::string server_name, uint16_t max_version);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_DIALOGUE_H_
