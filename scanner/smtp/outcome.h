// The words that say how an endpoint's dialogue ended: docs/outcomes.md, as enumerations.
#ifndef MXSWEEP_SCANNER_SMTP_OUTCOME_H_
#define MXSWEEP_SCANNER_SMTP_OUTCOME_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "scanner/engine/stream.h"

namespace mxsweep::scanner {

enum class Stage : uint8_t {
  kDns,
  kGate,
  kConnect,
  kGreeting,
  kEhlo,
  kStartTls,
  kHandshake,
  kEhloAfterTls,
  kQuit,
  kDone,
};

enum class Outcome : uint8_t {
  kTlsOk,
  kNoStartTls,
  kStartTlsRefused,
  kGreeting4xx,
  kGreeting5xx,
  kEhloRefused,
  kThrottled421,
  kConnectRefused,
  kConnectTimeout,
  kUnreachable,
  kGreetingTimeout,
  kCommandTimeout,
  kSmtpProtocolError,
  kClosedEarly,
  kReset,
  kTlsAlert,
  kTlsTimeout,
  kTlsProtocolError,
  kBlocked,
  kNotAskedNoRoute,
  kNotAskedCrowded,
  kLocalNoRoute,
  kLocalNoDescriptors,
  kLocalNoPorts,
  kLocalNoBuffers,
  kLocalError,
};

// What became of the EHLO within TLS: only there a sender learns whether the server takes mail.
enum class AfterTls : uint8_t {
  kNotReached,
  kOk,
  kHelo,          // EHLO was refused, and HELO accepted
  kRefused,       // both were refused
  kThrottled421,  // either was answered 421
  kClosed,        // the connection ended, in good order, by an alert or by a reset
  kTimeout,
  kNotSmtp,  // what came is no reply
};
std::string_view StageName(Stage stage);
std::string_view OutcomeName(Outcome outcome);
// Nothing for a word that is none of them.
std::optional<Outcome> OutcomeFromName(std::string_view name);
std::optional<Stage> StageFromName(std::string_view name);
// "ok", "helo", "refused", "throttled_421", "closed", "timeout", "not_smtp"; empty: not reached.
std::string_view AfterTlsName(AfterTls after_tls);

// Our own trouble: says nothing about the server.
bool IsLocal(Outcome outcome);

// Nothing was sent, and nothing was tried.
bool IsNotAsked(Outcome outcome);

// What a failed or ended stream operation means in `stage`. `error` is of Stream: 0 is the peer's
// FIN.
Outcome OutcomeOfIo(Stage stage, IoError error);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SMTP_OUTCOME_H_
