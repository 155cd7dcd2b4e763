#include "tools/lab/smtp_session.h"

#include <array>

#include "scanner/base/text.h"
#include "tools/lab/smtp_texts.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

constexpr uint32_t kPostscreenDelayMs = 600;
constexpr size_t kSplitBytes = 7;
constexpr size_t kFillerBytes = 1024;

std::string TlsAlert(uint8_t description) {
  // A fatal alert in a record of its own (RFC 5246 §6.2.1, §7.2).
  return {'\x15', '\x03', '\x03', '\0', '\x02', '\x02', static_cast<char>(description)};
}
constexpr uint8_t kHandshakeFailure = 40;
constexpr uint8_t kProtocolVersion = 70;
constexpr uint8_t kInternalError = 80;

bool IsMailCommand(std::string_view verb) {
  for (const std::string_view one : {"mail", "rcpt", "data", "bdat", "auth", "vrfy", "expn", "turn",
                                     "etrn", "send", "soml", "saml"}) {
    if (verb == one) return true;
  }
  return false;
}

}  // namespace

uint32_t SmtpSession::GreetDelayMs() const {
  const Address& address = world_.addresses()[address_];
  if (address.behaviour == Behaviour::kGreetDelay) return address.greet_delay_ms;
  return address.behaviour == Behaviour::kEarlySilence ? kPostscreenDelayMs : 0;
}

size_t SmtpSession::PieceBytes() const {
  if (behaviour() == Behaviour::kStutter) return 1;
  return behaviour() == Behaviour::kSplitReplies ? kSplitBytes : 0;
}

Step SmtpSession::Greet() {
  greeted_ = true;
  if (behaviour() == Behaviour::kBlocked) Violated(Violation::kBlockedConnection, "");
  const Reply greeting = GreetingOf(world_, address_);
  Step step{Format(greeting, behaviour())};
  switch (behaviour()) {
    case Behaviour::kSilentGreeting:
      step.next = Next::kSilence;
      break;
    case Behaviour::kCloseGreeting:
      step.next = Next::kClose;
      break;
    case Behaviour::kResetGreeting:
      step.next = Next::kReset;
      break;
    case Behaviour::kGarbageGreeting:
      return {std::string(kGarbageGreeting), Next::kSilence};
    case Behaviour::kEndlessGreeting:
      return {"220 ", Next::kRepeat, std::string(kFillerBytes, 'x')};
    case Behaviour::kFirst421:
      if (visit_ == 1) {
        told_421_ = true;
        return Say(421, "4.7.0 Busy, try again", Next::kClose);
      }
      break;
    case Behaviour::kGreeting421:
      told_421_ = true;
      step.next = Next::kClose;
      break;
    case Behaviour::kGreeting354:
      step.next = Next::kSilence;
      break;
    default:
      break;
  }
  awaiting_command_ = step.next == Next::kListen;
  return step;
}

Step SmtpSession::TalkedTooEarly() {
  Violated(Violation::kTalkedBeforeGreeting, "");
  if (behaviour() != Behaviour::kEarlySilence) return {};
  greeted_ = true;
  return Say(554, "5.5.1 Protocol error: you talk too soon", Next::kClose);
}

Step SmtpSession::Command(std::string_view line, bool more) {
  const size_t space = std::min(line.find(' '), line.size());
  const std::string verb = ToLower(line.substr(0, space));
  const std::string_view argument = line.substr(std::min(space + 1, line.size()));
  if (told_421_) {
    if (verb != "quit") Violated(Violation::kCommandAfter421, line);
    return {.next = Next::kSilence};
  }
  if (!awaiting_command_) return {.next = Next::kSilence};
  if (IsMailCommand(verb)) Violated(Violation::kMailCommand, line);
  if (verb == "starttls" && !in_tls_) return StartTls(more);
  if (more && !in_tls_) Violated(Violation::kPipelined, line);
  if (verb == "ehlo" || verb == "helo") return Ehlo(verb, argument);
  if (verb == "quit") return Quit();
  if (verb == "noop" || verb == "rset") return Say(250, "2.0.0 Ok");
  return Say(502, "5.5.2 Error: command not recognized");
}

Step SmtpSession::Ehlo(std::string_view verb, std::string_view argument) {
  if (argument.empty() || world_.Parse(ToLower(argument)).role != NameRole::kUnknown ||
      ToLower(argument).ends_with(".lab")) {
    Violated(Violation::kEhloWithTargetName, argument);
  }
  const std::string name = world_.HostName(world_.addresses()[address_].owner);
  if (verb == "helo") {
    const bool refused = behaviour() == Behaviour::kEhloRefused ||
                         (in_tls_ && behaviour() == Behaviour::kEhloAfterTlsRefused);
    return refused ? Say(550, "5.7.1 Go away") : Say(250, name);
  }
  Step step{Format(EhloReplyOf(world_, address_, in_tls_), behaviour())};
  switch (behaviour()) {
    case Behaviour::kSilentEhlo:
      step.next = Next::kSilence;
      break;
    case Behaviour::kCloseEhlo:
      step.next = Next::kClose;
      break;
    case Behaviour::kResetEhlo:
      step.next = Next::kReset;
      break;
    case Behaviour::kEndlessEhlo:
      step = {"", Next::kRepeat, "250-X-ENDLESS\r\n"};
      break;
    case Behaviour::kEhlo421:
      told_421_ = true;
      step.next = Next::kClose;
      break;
    case Behaviour::kStuckAfterTls:
      if (in_tls_) step = {"", Next::kSilence};
      break;
    case Behaviour::kEhloAfterTls421:
      told_421_ = in_tls_;
      if (in_tls_) step.next = Next::kClose;
      break;
    case Behaviour::kEhloAfterTlsClose:
      if (in_tls_) step.next = Next::kClose;
      break;
    default:
      break;
  }
  awaiting_command_ = step.next == Next::kListen;
  return step;
}

Step SmtpSession::StartTls(bool more) {
  if (more) Violated(Violation::kDataWithStarttls, "");
  if (behaviour() == Behaviour::kNoStarttls || behaviour() == Behaviour::kXStarttls ||
      behaviour() == Behaviour::kHeloOnly) {
    return Say(502, "5.5.1 Command not implemented");
  }
  const Reply reply = StarttlsReplyOf(behaviour());
  Step step{Format(reply, behaviour()), Next::kListen};
  if (reply.code == 220) step.next = Next::kHandshake;
  switch (behaviour()) {
    case Behaviour::kSilentStarttls:
    case Behaviour::kSilentHandshake:
      step.next = Next::kSilence;
      break;
    case Behaviour::kStarttls421:
      told_421_ = true;
      step.next = Next::kClose;
      break;
    case Behaviour::kCloseStarttls:
      step.next = Next::kClose;
      break;
    case Behaviour::kResetStarttls:
      step.next = Next::kReset;
      break;
    case Behaviour::kInjectedPlaintext:
      step.send += kInjected;
      break;
    default:
      break;
  }
  awaiting_command_ = step.next == Next::kListen;
  return step;
}

Step SmtpSession::ClientHello() {
  switch (behaviour()) {
    case Behaviour::kSilentHandshake:
      return {.next = Next::kSilence};
    case Behaviour::kCloseHandshake:
      return {.next = Next::kClose};
    case Behaviour::kResetHandshake:
      return {.next = Next::kReset};
    case Behaviour::kTlsGarbage:
      return {std::string(kTlsGarbage), Next::kSilence};
    case Behaviour::kAlertHandshakeFailure:
      return {TlsAlert(kHandshakeFailure), Next::kClose};
    case Behaviour::kAlertProtocolVersion:
      return {TlsAlert(kProtocolVersion), Next::kClose};
    case Behaviour::kAlertInternalError:
      return {TlsAlert(kInternalError), Next::kClose};
    default:
      return {.next = Next::kHandshake};
  }
}

Step SmtpSession::Secured() {
  in_tls_ = true;
  awaiting_command_ = behaviour() != Behaviour::kCloseAfterTls;
  return {.next = awaiting_command_ ? Next::kListen : Next::kClose};
}

Step SmtpSession::Quit() {
  ++report_.quits;
  awaiting_command_ = false;
  if (in_tls_ && behaviour() == Behaviour::kNoQuitReply) return {.next = Next::kSilence};
  return Say(221, "2.0.0 Bye", Next::kClose);
}

void SmtpSession::ClientClosed() {
  if (awaiting_command_) Violated(Violation::kNoQuit, "");
  awaiting_command_ = false;
}

void SmtpSession::Malformed(std::string_view why) { Violated(Violation::kMalformedCommand, why); }

Step SmtpSession::Say(int code, std::string_view text, Next next) const {
  return {Format({code, {std::string(text)}}, behaviour()), next};
}

void SmtpSession::Violated(Violation violation, std::string_view detail) {
  const Address& address = world_.addresses()[address_];
  report_.Count(violation,
                JoinText(world_.HostName(address.owner), " ", world_.AddressText(address_), " (",
                         NameOf(address.behaviour), ") ", detail.substr(0, 80)));
}

}  // namespace mxsweep::lab
