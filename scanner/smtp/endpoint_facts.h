// What one dialogue with one server showed, before any judgement.
#ifndef MXSWEEP_SCANNER_SMTP_ENDPOINT_FACTS_H_
#define MXSWEEP_SCANNER_SMTP_ENDPOINT_FACTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "dns/facts.h"
#include "dns/ip_address.h"
#include "scanner/base/boxed.h"
#include "scanner/smtp/outcome.h"
#include "scanner/smtp/reply.h"
#include "tls/probe/server_flight.h"
#include "tls/session/facts.h"

namespace mxsweep::scanner {

// That the attempt offered something else than usual, and why.
struct OtherOffer {
  std::string_view word;      // OfferWord
  std::string usual_failure;  // what the usual offer came to: "tls_alert: unrecognized_name"
};

// That a reply had lines with different codes: senders take the first one's or the last one's.
struct MixedCodes {
  Stage stage = Stage::kGreeting;
  int first = 0;
  int last = 0;
};

// One attempt. What was not reached is empty, and small: these are what most of a scan waits with.
struct EndpointFacts {
  Outcome outcome = Outcome::kLocalError;
  Stage stage = Stage::kConnect;  // how far the dialogue had come when it ended
  bool helo_used = false;
  // The code that ended it was transient (4xx): another attempt may fare better.
  bool transient_refusal = false;
  // Some reply was 421, even after the handshake: the address wants to be left in peace.
  bool throttled = false;
  AfterTls after_tls = AfterTls::kNotReached;
  uint16_t after_tls_code = 0;  // of the last reply to EHLO or HELO within TLS; 0: none came
  // The ClientHello, if there was one, named the server (SNI).
  bool sent_server_name = true;
  Boxed<OtherOffer> other_offer;  // empty: the usual one
  Boxed<MixedCodes> mixed_codes;  // of the first such reply, QUIT's apart
  std::string error_detail;       // a sentence, where there is more to say than the outcome does

  Boxed<SmtpReply> greeting;
  Boxed<EhloKeywords> ehlo;
  Boxed<SmtpReply> starttls_reply;
  std::optional<uint32_t> injected_plaintext_bytes;  // known once STARTTLS was accepted
  Boxed<tls::HandshakeFacts> handshake;              // once a ClientHello was sent
  Boxed<tls::ServerFlight> flight;                   // in its place, of a probe
  Boxed<EhloKeywords> ehlo_after_tls;

  absl::Time started_at;
  // Not met for this name: concluded from what others met at the address, the last of them then.
  // InfinitePast: it was met.
  absl::Time inferred_from = absl::InfinitePast();
  std::optional<int64_t> connect_ns;   // from the start
  std::optional<int64_t> greeting_ns;  // from being connected
  std::optional<int64_t>
      starttls_ns;  // from the greeting (or the connection) to the reply to STARTTLS
  std::optional<int64_t> handshake_ns;  // from there
  int64_t elapsed_ns = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;

  bool inferred() const { return inferred_from != absl::InfinitePast(); }

  // STARTTLS was offered; null where EHLO was never answered. With implicit TLS: the handshake was
  // completed.
  std::optional<bool> starttls_offered() const {
    if (ehlo) return ehlo->starttls;
    if (handshake) return true;
    if (outcome == Outcome::kNoStartTls) return false;
    return std::nullopt;
  }
};

// Whose endpoint it is: made once per MX host and shared by the tasks of its addresses, on
// whichever worker they run. Immutable.
struct HostContext {
  std::string host;               // empty: an address without a name
  std::string provider;           // registrable domain of the host; empty: none
  Boxed<dns::HostAnswer> answer;  // empty: the address was given, and nothing was asked

  // SNI: the TLSA base domain, without DANE the MX host name (RFC 7672 §8.1).
  const std::string& server_name() const {
    return answer && !answer->tlsa_base_domain.empty() ? answer->tlsa_base_domain : host;
  }
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SMTP_ENDPOINT_FACTS_H_
