// A document over HTTP/1.1 (RFC 9112), plain or over TLS: MTA-STS policies and CRLs. One GET, one
// connection, no redirects, nothing kept.
#ifndef MXSWEEP_SCANNER_HTTP_FETCH_H_
#define MXSWEEP_SCANNER_HTTP_FETCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/engine/event_loop.h"
#include "scanner/engine/stream.h"
#include "scanner/engine/task.h"
#include "tls/pki/name_match.h"
#include "tls/pki/pkix.h"
#include "tls/session/handshake.h"

namespace mxsweep::scanner {

// What to fetch, and how much of it and for how long at most. Immutable once the fetch runs.
struct HttpRequest {
  bool tls = true;
  std::string host;  // for DNS, Host and SNI; A-labels, or an IP literal without brackets
  uint16_t port = 443;
  std::string target = "/";  // path and query, beginning with "/"; no blanks, no controls
  std::string accept = "*/*";
  size_t max_body_bytes = 64 * 1024;
  int64_t connect_timeout_ns = 10'000'000'000;
  // From the start of the connection to the last byte of the body, whatever the server does. Time
  // at the gate does not count; where several addresses are tried, all share it.
  int64_t timeout_ns = 60'000'000'000;
};

// "https://mta-sts.example.org/.well-known/mta-sts.txt".
std::string UrlOf(const HttpRequest& request);

// Why a fetch ended. All but kOk mean that there is no document.
enum class FetchOutcome : uint8_t {
  kOk,                 // status 200 and the whole body
  kHostNotFound,       // the DNS says: no such host, or no address
  kHostLookupError,    // the DNS does not say
  kBlocked,            // no address may be connected to: nothing was sent
  kConnectRefused,     //
  kConnectTimeout,     //
  kUnreachable,        //
  kTlsFailed,          // alert, or not acceptable TLS
  kTimeout,            // connected, and not complete in time: slow, silent or endless
  kClosedEarly,        // FIN before the response was complete, or a TLS session without its end
  kReset,              //
  kHttpProtocolError,  // not HTTP, a content coding that was not asked for, too many headers …
  kHttpStatus,         // a status other than 200, redirects apart
  kRedirect,           // 3xx: not followed
  kTooLarge,           // a body over max_body_bytes, announced or sent
  kLocalError,         // our own trouble: says nothing about the server
  kNotAskedCrowded,    // too many waited for the address: nothing was sent
  kCancelled,          // the scan was stopped first
};
// "ok", "host_not_found", …
std::string_view FetchOutcomeName(FetchOutcome outcome);

// How far a fetch came.
enum class FetchStage : uint8_t { kDns, kGate, kConnect, kHandshake, kHeaders, kBody, kDone };
std::string_view FetchStageName(FetchStage stage);

struct FetchFacts {
  FetchOutcome outcome = FetchOutcome::kLocalError;
  FetchStage stage = FetchStage::kDns;
  std::string error_detail;  // a sentence, printable; empty with kOk

  std::optional<int> http_status;           // of the final response
  std::optional<std::string> content_type;  // as sent; null: there was none, or no response
  std::optional<std::string> location;      // of a redirect, likewise
  std::string body;                         // kOk only; at most max_body_bytes, any bytes

  // With TLS, once a ClientHello was sent. The chain is kept when the handshake fails afterwards.
  std::optional<tls::HandshakeFacts> handshake;
  // What the chain is worth, where one was shown: filled by Worker::Fetch, not by FetchHttp. The
  // name is matched against SAN alone (RFC 8461 §3.3).
  std::optional<tls::PkixVerdict> pkix;
  std::optional<tls::NameMatch> name_match;

  absl::Time started_at;
  int64_t elapsed_ns = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint32_t attempts = 0;  // connections made or tried

  // Another address of the host may fare better: nobody was met at this one.
  bool nobody_there() const {
    return outcome == FetchOutcome::kConnectRefused || outcome == FetchOutcome::kConnectTimeout ||
           outcome == FetchOutcome::kUnreachable || outcome == FetchOutcome::kBlocked ||
           (outcome == FetchOutcome::kLocalError && stage == FetchStage::kConnect);
  }
};

// What a fetch offers: all that BoringSSL has, whosever ClientHello the mail servers get (--offer):
// whether a policy can be had says nothing of the program that delivers the mail, which mostly
// leaves the fetching to another one. The name is sent (RFC 8461 §7.1), and X25519MLKEM768 is not
// offered: no column tells of the group, and a ClientHello of two packets would lose the policies
// of servers and firewalls that read but one.
inline tls::ClientOptions FetchOffer() { return {.profile = tls::ClientProfile::kEverything}; }

// Fetches `request` from the server at `to`. Never fails: however it ends, the facts say so.
// `loop`, `tls` (of FetchOffer()) and `request` outlive the task; `tls` may be null for a plain
// request. `budget_ns`:
// what is left of request->timeout_ns. The scan's own connections go through Worker::Fetch, which
// asks the gate first.
Task<FetchFacts> FetchHttp(EventLoop* loop, tls::ClientContext* tls, const HttpRequest* request,
                           SocketAddress to, int64_t budget_ns);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_HTTP_FETCH_H_
