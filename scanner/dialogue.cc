#include "scanner/dialogue.h"

#include <optional>
#include <utility>

#include "scanner/smtp_command.h"
#include "scanner/smtp_reply.h"
#include "scanner/smtp_session.h"

namespace mxsweep::scanner {
namespace {

constexpr int kServiceUnavailable = 421;

// The parts of a dialogue share these. Pinned in HoldDialogue's frame.
//
// Tens of thousands of dialogues wait for a server at once, so the coroutines below are few, and
// what a reply means is worked out in functions that take no memory while they wait.
struct Dialogue {
  EventLoop* loop;
  tls::ClientContext* tls;
  const DialogueOptions* options;
  std::string_view server_name;
  uint16_t max_version;
  EndpointFacts* facts;
  int64_t mark_ns = 0;  // when the last measured step ended

  int64_t Lap() {
    const int64_t now_ns = loop->real_now_ns();
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
bool OnGreeting(Dialogue* d, SmtpReply* greeting) {
  d->facts->greeting_ns = d->Lap();
  d->facts->greeting = std::move(*greeting);
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

bool OnEhlo(Dialogue* d, const SmtpReply& reply) {
  if (!reply.positive()) {
    d->End(Outcome::kEhloRefused, reply);
    return false;
  }
  d->facts->ehlo = ParseEhloKeywords(reply);
  if (d->facts->ehlo->starttls) return true;
  d->facts->outcome = Outcome::kNoStartTls;
  return false;
}

void OnHelo(Dialogue* d, const SmtpReply& reply) {
  d->facts->helo_used = true;
  if (reply.positive()) {
    d->facts->outcome = Outcome::kNoStartTls;  // extensions are EHLO's
  } else {
    d->End(Outcome::kEhloRefused, reply);
  }
}

bool OnStartTls(Dialogue* d, SmtpSession* session) {
  d->facts->starttls_ns = d->Lap();
  d->facts->starttls_reply = std::move(session->reply());
  if (d->facts->starttls_reply->code != 220) {
    d->End(Outcome::kStartTlsRefused, *d->facts->starttls_reply);
    return false;
  }
  // Whatever stands behind the 220 came in clear: it is no part of TLS, and believing it is
  // CVE-2011-0411 seen from the client.
  d->facts->injected_plaintext_bytes = static_cast<uint32_t>(session->DropUnread());
  return true;
}

void OnHandshake(Dialogue* d) { d->facts->handshake_ns = d->Lap(); }

// The second EHLO: what was said in clear is forgotten (RFC 3207 §4.2).
void OnEhloAgain(Dialogue* d, const SmtpReply& reply) {
  if (reply.positive()) {
    d->facts->ehlo_after_tls = ParseEhloKeywords(reply);
  } else {
    d->End(Outcome::kEhloRefused, reply);  // no more than a remark: the handshake stands
  }
}

// Has EHLO or HELO been answered by somebody who can be told goodbye?
bool IsWorthQuit(const EndpointFacts& facts) {
  return facts.outcome == Outcome::kNoStartTls || facts.outcome == Outcome::kEhloRefused;
}

void SayEhlo(Dialogue* d, SmtpSession* session, Stage stage) {
  d->facts->stage = stage;
  session->Send(EhloCommand(d->options->ehlo_name));
}

void SayHelo(Dialogue* d, SmtpSession* session) {
  session->Send(HeloCommand(d->options->ehlo_name));
}

// The way to TLS in SMTP (RFC 3207 §4), and the second EHLO. True: the connection is worth a QUIT.
Task<bool> TalkUpToTls(Dialogue* d, SmtpSession* session) {
  EndpointFacts* const facts = d->facts;
  const DialogueOptions& options = *d->options;

  facts->stage = Stage::kGreeting;
  bool answered = co_await session->ReadReply(options.greeting_timeout_ns);
  if (!answered) co_return false;
  if (!OnGreeting(d, &session->reply())) co_return true;

  SayEhlo(d, session, Stage::kEhlo);
  answered = co_await session->ReadReply(options.command_timeout_ns);
  if (!answered) co_return false;
  if (session->reply().permanent_negative()) {
    // HELO where EHLO is refused for good (RFC 5321 §4.1.1.1).
    SayHelo(d, session);
    answered = co_await session->ReadReply(options.command_timeout_ns);
    if (answered) OnHelo(d, session->reply());
    co_return IsWorthQuit(*facts);
  }
  if (!OnEhlo(d, session->reply())) co_return IsWorthQuit(*facts);

  facts->stage = Stage::kStartTls;
  session->Send(kStartTlsCommand);
  answered = co_await session->ReadReply(options.command_timeout_ns);
  if (!answered) co_return false;
  if (!OnStartTls(d, session)) co_return facts->outcome == Outcome::kStartTlsRefused;

  facts->stage = Stage::kHandshake;
  const bool done = co_await session->ShakeHands(d->tls, d->server_name, d->max_version,
                                                 options.handshake_timeout_ns);
  if (!done) co_return false;
  OnHandshake(d);

  SayEhlo(d, session, Stage::kEhloAfterTls);
  answered = co_await session->ReadReply(options.command_timeout_ns);
  if (answered) OnEhloAgain(d, session->reply());
  co_return answered;
}

// The same with TLS from the first byte.
Task<bool> TalkWithinTls(Dialogue* d, SmtpSession* session) {
  const DialogueOptions& options = *d->options;

  d->facts->stage = Stage::kHandshake;
  const bool done = co_await session->ShakeHands(d->tls, d->server_name, d->max_version,
                                                 options.handshake_timeout_ns);
  if (!done) co_return false;
  OnHandshake(d);

  d->facts->stage = Stage::kGreeting;
  bool answered = co_await session->ReadReply(options.greeting_timeout_ns);
  if (!answered) co_return false;
  if (!OnGreeting(d, &session->reply())) co_return true;

  SayEhlo(d, session, Stage::kEhloAfterTls);
  answered = co_await session->ReadReply(options.command_timeout_ns);
  if (answered) OnEhloAgain(d, session->reply());
  co_return answered;
}

}  // namespace

Task<std::unique_ptr<EndpointFacts>> HoldDialogue(EventLoop* loop, tls::ClientContext* tls,
                                                  const DialogueOptions* options, SocketAddress to,
                                                  std::string_view server_name,
                                                  uint16_t max_version) {
  auto facts = std::make_unique<EndpointFacts>();
  Dialogue d{.loop = loop,
             .tls = tls,
             .options = options,
             .server_name = server_name,
             .max_version = max_version,
             .facts = facts.get()};
  facts->started_at = loop->wall_now();
  const int64_t started_ns = loop->real_now_ns();
  d.mark_ns = started_ns;
  {
    SmtpSession session(loop, facts.get());
    const bool connected = co_await session.Connect(to, options->connect_timeout_ns);
    bool say_goodbye = false;
    if (connected) {
      facts->connect_ns = d.Lap();
      if (options->implicit_tls) {
        say_goodbye = co_await TalkWithinTls(&d, &session);
      } else {
        say_goodbye = co_await TalkUpToTls(&d, &session);
      }
    }
    if (say_goodbye) {
      // The stage tells where a dialogue ended: only a complete one has come to QUIT.
      const bool complete = facts->ehlo_after_tls.has_value();
      if (complete) facts->stage = Stage::kQuit;
      const bool answered = co_await session.Quit(options->quit_timeout_ns);
      if (complete && answered) facts->stage = Stage::kDone;
    }
    session.FinishFacts();
  }
  facts->elapsed_ns = loop->real_now_ns() - started_ns;
  co_return std::move(facts);
}

}  // namespace mxsweep::scanner
