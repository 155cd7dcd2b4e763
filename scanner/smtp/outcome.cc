#include "scanner/smtp/outcome.h"

#include <cerrno>

namespace mxsweep::scanner {
namespace {

Outcome TimeoutIn(Stage stage) {
  switch (stage) {
    case Stage::kConnect:
      return Outcome::kConnectTimeout;
    case Stage::kGreeting:
      return Outcome::kGreetingTimeout;
    case Stage::kHandshake:
      return Outcome::kTlsTimeout;
    default:
      return Outcome::kCommandTimeout;
  }
}

}  // namespace

std::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kDns:
      return "dns";
    case Stage::kGate:
      return "gate";
    case Stage::kConnect:
      return "connect";
    case Stage::kGreeting:
      return "greeting";
    case Stage::kEhlo:
      return "ehlo";
    case Stage::kStartTls:
      return "starttls";
    case Stage::kHandshake:
      return "handshake";
    case Stage::kEhloAfterTls:
      return "ehlo_after_tls";
    case Stage::kQuit:
      return "quit";
    case Stage::kDone:
      return "done";
  }
  return "";
}

std::optional<Outcome> OutcomeFromName(std::string_view name) {
  for (auto i = static_cast<int>(Outcome::kTlsOk); i <= static_cast<int>(Outcome::kLocalError);
       ++i) {
    if (OutcomeName(static_cast<Outcome>(i)) == name) return static_cast<Outcome>(i);
  }
  return std::nullopt;
}

std::optional<Stage> StageFromName(std::string_view name) {
  for (auto i = static_cast<int>(Stage::kDns); i <= static_cast<int>(Stage::kDone); ++i) {
    if (StageName(static_cast<Stage>(i)) == name) return static_cast<Stage>(i);
  }
  return std::nullopt;
}

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kTlsOk:
      return "tls_ok";
    case Outcome::kNoStartTls:
      return "no_starttls";
    case Outcome::kStartTlsRefused:
      return "starttls_refused";
    case Outcome::kGreeting4xx:
      return "greeting_4xx";
    case Outcome::kGreeting5xx:
      return "greeting_5xx";
    case Outcome::kEhloRefused:
      return "ehlo_refused";
    case Outcome::kThrottled421:
      return "throttled_421";
    case Outcome::kConnectRefused:
      return "connect_refused";
    case Outcome::kConnectTimeout:
      return "connect_timeout";
    case Outcome::kUnreachable:
      return "unreachable";
    case Outcome::kGreetingTimeout:
      return "greeting_timeout";
    case Outcome::kCommandTimeout:
      return "command_timeout";
    case Outcome::kSmtpProtocolError:
      return "smtp_protocol_error";
    case Outcome::kClosedEarly:
      return "closed_early";
    case Outcome::kReset:
      return "reset";
    case Outcome::kTlsAlert:
      return "tls_alert";
    case Outcome::kTlsTimeout:
      return "tls_timeout";
    case Outcome::kTlsProtocolError:
      return "tls_protocol_error";
    case Outcome::kBlocked:
      return "blocked";
    case Outcome::kNotAskedNoRoute:
      return "not_asked_no_route";
    case Outcome::kNotAskedCrowded:
      return "not_asked_crowded";
    case Outcome::kLocalNoRoute:
      return "local_no_route";
    case Outcome::kLocalNoDescriptors:
      return "local_no_descriptors";
    case Outcome::kLocalNoPorts:
      return "local_no_ports";
    case Outcome::kLocalNoBuffers:
      return "local_no_buffers";
    case Outcome::kLocalError:
      return "local_error";
  }
  return "";
}

std::string_view AfterTlsName(AfterTls after_tls) {
  switch (after_tls) {
    case AfterTls::kNotReached:
      return "";
    case AfterTls::kOk:
      return "ok";
    case AfterTls::kHelo:
      return "helo";
    case AfterTls::kRefused:
      return "refused";
    case AfterTls::kThrottled421:
      return "throttled_421";
    case AfterTls::kClosed:
      return "closed";
    case AfterTls::kTimeout:
      return "timeout";
    case AfterTls::kNotSmtp:
      return "not_smtp";
  }
  return "";
}

bool IsLocal(Outcome outcome) {
  return outcome >= Outcome::kLocalNoRoute && outcome <= Outcome::kLocalError;
}

bool IsNotAsked(Outcome outcome) {
  return outcome == Outcome::kBlocked || outcome == Outcome::kNotAskedNoRoute ||
         outcome == Outcome::kNotAskedCrowded;
}

Outcome OutcomeOfIo(Stage stage, IoError error) {
  switch (error) {
    case 0:
      return Outcome::kClosedEarly;
    case kDeadline:
    case ETIMEDOUT:  // the kernel's own time-out: retransmissions, user timeout
      return TimeoutIn(stage);
    case ECONNREFUSED:
      return Outcome::kConnectRefused;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
      return Outcome::kReset;
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENOPROTOOPT:  // ICMP protocol unreachable
    case EPROTO:
    case EACCES:  // ICMPv6: administratively prohibited
      return stage == Stage::kConnect ? Outcome::kUnreachable : Outcome::kReset;
    case kInboxFull:
      return stage == Stage::kHandshake ? Outcome::kTlsProtocolError : Outcome::kSmtpProtocolError;
    case kNoRoute:
    case EAFNOSUPPORT:
      return Outcome::kLocalNoRoute;
    case ENFILE:
    case EMFILE:
      return Outcome::kLocalNoDescriptors;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
      return Outcome::kLocalNoPorts;
    case ENOBUFS:
    case ENOMEM:
      return Outcome::kLocalNoBuffers;
    default:
      return Outcome::kLocalError;
  }
}

}  // namespace mxsweep::scanner
