#include "scanner/smtp/dialogue.h"

#include <optional>
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/smtp/command.h"
#include "scanner/smtp/reply.h"
#include "scanner/smtp/session.h"

namespace mxsweep::scanner {
namespace {

constexpr int kServiceUnavailable = 421;

// The parts of a dialogue share these. Pinned in HoldDialogue's frame.
//
// Tens of thousands of dialogues wait for a server at once, so the coroutines below are few and
// hold little, and what a reply means is worked out in functions that take no memory while they
// wait.
struct Dialogue {
  const DialogueRequest& request;
  EndpointFacts* facts;
  SmtpSession session;
  int64_t mark_ns = 0;  // when the last measured step ended

  const DialogueOptions& options() const { return *request.options; }

  int64_t Lap() {
    const int64_t now_ns = request.loop->real_now_ns();
    return now_ns - std::exchange(mark_ns, now_ns);
  }

  void End(Outcome outcome, const SmtpReply& reply) {
    facts->error_detail = ReplyRowText(reply, 200);
    facts->throttled = reply.code == kServiceUnavailable;
    if (facts->outcome == Outcome::kTlsOk) return;  // nothing undoes a completed handshake
    facts->outcome = reply.code == kServiceUnavailable ? Outcome::kThrottled421 : outcome;
    facts->transient_refusal = reply.transient_negative();
  }
};

// Each of the following takes the reply that was waited for, and says whether the dialogue goes on.

// The greeting, before which nothing is sent (RFC 5321 §3.1).
bool OnGreeting(Dialogue* d) {
  d->facts->greeting_ns = d->Lap();
  d->facts->greeting = std::move(d->session.reply());
  const SmtpReply& reply = *d->facts->greeting;
  if (reply.positive()) return true;
  if (reply.transient_negative()) {
    d->End(Outcome::kGreeting4xx, reply);
  } else if (reply.permanent_negative()) {
    d->End(Outcome::kGreeting5xx, reply);
  } else {
    d->End(Outcome::kSmtpProtocolError, reply);
  }
  return false;
}

bool OnEhlo(Dialogue* d) {
  const SmtpReply& reply = d->session.reply();
  if (!reply.positive()) {
    d->End(Outcome::kEhloRefused, reply);
    return false;
  }
  d->facts->ehlo = ParseEhloKeywords(reply);
  if (d->facts->ehlo->starttls) return true;
  d->facts->outcome = Outcome::kNoStartTls;
  const std::string behind = StartTlsBehind(d->session.unread());
  if (!behind.empty()) {
    d->facts->error_detail = JoinText("the reply to EHLO ends before \"", behind, "\"");
  }
  return false;
}

void OnHelo(Dialogue* d) {
  const SmtpReply& reply = d->session.reply();
  d->facts->helo_used = true;
  if (reply.positive()) {
    d->facts->outcome = Outcome::kNoStartTls;  // extensions are EHLO's
  } else {
    d->End(Outcome::kEhloRefused, reply);
  }
}

bool OnStartTls(Dialogue* d) {
  d->facts->starttls_ns = d->Lap();
  d->facts->starttls_reply = std::move(d->session.reply());
  // RFC 3207 §4 knows no other positive code than 220, but says of none that it is a refusal; what
  // senders make of one differs (scanner/posture/senders.cc), and most go on.
  if (!d->facts->starttls_reply->positive()) {
    d->End(Outcome::kStartTlsRefused, *d->facts->starttls_reply);
    return false;
  }
  // Whatever stands behind the 220 came in clear: it is no part of TLS, and believing it is
  // CVE-2011-0411 seen from the client.
  d->facts->injected_plaintext_bytes = static_cast<uint32_t>(d->session.DropUnread());
  return true;
}

// Does the dialogue go on behind the handshake?
bool OnHandshake(Dialogue* d) {
  d->facts->handshake_ns = d->Lap();
  return d->request.last_stage > Stage::kHandshake;
}

// Senders (Postfix, OpenSMTPD) say HELO where EHLO is refused within TLS, but not after 421.
bool IsWorthHelo(const SmtpReply& reply) {
  return !reply.positive() && reply.code != kServiceUnavailable;
}

// The answer to the second EHLO (what was said in clear is forgotten, RFC 3207 §4.2), or to the
// HELO that followed it.
void OnHelloAgain(Dialogue* d, bool is_helo) {
  const SmtpReply& reply = d->session.reply();
  d->facts->after_tls_code = static_cast<uint16_t>(reply.code);
  if (reply.positive()) {
    d->facts->after_tls = is_helo ? AfterTls::kHelo : AfterTls::kOk;
    if (!is_helo) d->facts->ehlo_after_tls = ParseEhloKeywords(reply);
    return;
  }
  d->facts->after_tls =
      reply.code == kServiceUnavailable ? AfterTls::kThrottled421 : AfterTls::kRefused;
  d->End(Outcome::kEhloRefused, reply);  // does not undo the handshake
}

// No answer came.
void OnSilenceWithinTls(Dialogue* d) {
  const Outcome failure = d->session.failure();
  d->facts->after_tls = failure == Outcome::kCommandTimeout      ? AfterTls::kTimeout
                        : failure == Outcome::kSmtpProtocolError ? AfterTls::kNotSmtp
                                                                 : AfterTls::kClosed;
}

// Has EHLO or HELO been answered by somebody who can be told goodbye?
bool IsWorthQuit(const EndpointFacts& facts) {
  return facts.outcome == Outcome::kNoStartTls || facts.outcome == Outcome::kEhloRefused;
}

void SayEhlo(Dialogue* d, Stage stage) {
  d->facts->stage = stage;
  d->session.Send(EhloCommand(d->options().ehlo_name));
}

void SayHelo(Dialogue* d) { d->session.Send(HeloCommand(d->options().ehlo_name)); }

auto ShakeHands(Dialogue* d) {
  const DialogueRequest& request = d->request;
  const bool is_named = request.offer.server_name && request.server_name != nullptr;
  const std::string_view server_name = is_named ? std::string_view(*request.server_name) : "";
  d->facts->stage = Stage::kHandshake;
  d->facts->sent_server_name = !server_name.empty();
  return d->session.ShakeHands(request.tls, server_name, request.offer.max_version,
                               request.offer.post_quantum, d->options().handshake_timeout_ns);
}

Task<void> SendProbe(Dialogue* d) {
  d->facts->stage = Stage::kHandshake;
  return d->session.Probe(*d->request.probe_hello, d->request.tls,
                          d->options().handshake_timeout_ns);
}

// The second EHLO, and HELO where it is refused. True: the connection is worth a QUIT.
Task<bool> SayHelloAgain(Dialogue* d) {
  SayEhlo(d, Stage::kEhloAfterTls);
  bool answered = co_await d->session.ReadReply(d->options().command_timeout_ns);
  const bool helo = answered && IsWorthHelo(d->session.reply());
  if (helo) {
    d->facts->after_tls_code = static_cast<uint16_t>(d->session.reply().code);
    SayHelo(d);
    answered = co_await d->session.ReadReply(d->options().command_timeout_ns);
  }
  if (answered) {
    OnHelloAgain(d, helo);
  } else {
    OnSilenceWithinTls(d);
  }
  co_return answered;
}

// The way to TLS in SMTP (RFC 3207 §4), and the second EHLO. True: the connection is worth a QUIT.
Task<bool> TalkUpToTls(Dialogue* d) {
  d->facts->stage = Stage::kGreeting;
  bool answered = co_await d->session.ReadReply(d->options().greeting_timeout_ns);
  if (!answered) co_return false;
  if (!OnGreeting(d) || d->request.last_stage == Stage::kGreeting) co_return true;

  SayEhlo(d, Stage::kEhlo);
  answered = co_await d->session.ReadReply(d->options().command_timeout_ns);
  if (!answered) co_return false;
  if (d->session.reply().permanent_negative()) {
    // HELO where EHLO is refused for good (RFC 5321 §4.1.1.1).
    SayHelo(d);
    answered = co_await d->session.ReadReply(d->options().command_timeout_ns);
    if (answered) OnHelo(d);
    co_return IsWorthQuit(*d->facts);
  }
  if (!OnEhlo(d)) co_return IsWorthQuit(*d->facts);

  d->facts->stage = Stage::kStartTls;
  d->session.Send(kStartTlsCommand);
  answered = co_await d->session.ReadReply(d->options().command_timeout_ns);
  if (!answered) co_return false;
  if (!OnStartTls(d)) co_return d->facts->outcome == Outcome::kStartTlsRefused;

  if (d->request.probe_hello != nullptr) {
    co_await SendProbe(d);
    co_return false;
  }
  const bool done = co_await ShakeHands(d);
  if (!done) co_return false;
  if (!OnHandshake(d)) co_return true;

  answered = co_await SayHelloAgain(d);
  co_return answered;
}

// The same with TLS from the first byte.
Task<bool> TalkWithinTls(Dialogue* d) {
  if (d->request.probe_hello != nullptr) {
    co_await SendProbe(d);
    co_return false;
  }
  const bool done = co_await ShakeHands(d);
  if (!done) co_return false;
  if (!OnHandshake(d)) co_return true;

  d->facts->stage = Stage::kGreeting;
  bool answered = co_await d->session.ReadReply(d->options().greeting_timeout_ns);
  if (!answered) co_return false;
  if (!OnGreeting(d)) co_return true;

  answered = co_await SayHelloAgain(d);
  co_return answered;
}

}  // namespace

Task<std::unique_ptr<EndpointFacts>> HoldDialogue(DialogueRequest request) {
  auto facts = std::make_unique<EndpointFacts>();
  facts->started_at = request.loop->wall_now();
  {
    Dialogue d{.request = request,
               .facts = facts.get(),
               .session = SmtpSession(request.loop, facts.get()),
               .mark_ns = request.loop->real_now_ns()};
    facts->elapsed_ns = -d.mark_ns;  // until it is over
    const bool connected = co_await d.session.Connect(request.to, d.options().connect_timeout_ns);
    bool say_goodbye = false;
    if (connected) {
      facts->connect_ns = d.Lap();
      if (d.options().implicit_tls) {
        say_goodbye = co_await TalkWithinTls(&d);
      } else {
        say_goodbye = co_await TalkUpToTls(&d);
      }
    }
    // Who answers 421 closes (RFC 5321 §3.8). While we waited for its goodbye, the gate would send
    // it the next connection.
    if (say_goodbye && !facts->throttled) {
      // The stage tells where a dialogue ended: only a complete one has come to QUIT.
      const bool complete =
          facts->after_tls == AfterTls::kOk || facts->after_tls == AfterTls::kHelo;
      if (complete) facts->stage = Stage::kQuit;
      const bool answered = co_await d.session.Quit(d.options().quit_timeout_ns);
      if (complete && answered) facts->stage = Stage::kDone;
    }
    d.session.FinishFacts();
  }
  facts->elapsed_ns += request.loop->real_now_ns();
  co_return std::move(facts);
}

}  // namespace mxsweep::scanner
