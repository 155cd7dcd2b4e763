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
struct Dialogue {
  EventLoop* loop;
  tls::ClientContext* tls;
  const DialogueOptions* options;
  std::string server_name;
  uint16_t max_version;
  EndpointFacts facts;
  int64_t mark_ns = 0;  // when the last measured step ended

  int64_t Lap() {
    const int64_t now_ns = loop->real_now_ns();
    return now_ns - std::exchange(mark_ns, now_ns);
  }

  void End(Outcome outcome, const SmtpReply& reply) {
    facts.error_detail = ReplyRowText(reply, 200);
    facts.throttled = reply.code == kServiceUnavailable;
    if (facts.outcome == Outcome::kTlsOk) return;  // nothing undoes a completed handshake
    facts.outcome = reply.code == kServiceUnavailable ? Outcome::kThrottled421 : outcome;
    facts.transient_refusal = reply.transient_negative();
  }
};

// The greeting, before which nothing is sent (RFC 5321 §3.1). False: the dialogue ends here.
Task<bool> AwaitGreeting(Dialogue* d, SmtpSession* session) {
  d->facts.stage = Stage::kGreeting;
  std::optional<SmtpReply> greeting = co_await session->ReadReply(d->options->greeting_timeout_ns);
  if (!greeting) co_return false;
  d->facts.greeting_ns = d->Lap();
  d->facts.greeting = std::move(greeting);
  const SmtpReply& reply = *d->facts.greeting;
  if (reply.positive()) co_return true;
  if (reply.transient_negative()) {
    d->End(Outcome::kGreeting4xx, reply);
  } else if (reply.permanent_negative()) {
    d->End(Outcome::kGreeting5xx, reply);
  } else {
    d->End(Outcome::kSmtpProtocolError, reply);
  }
  co_return false;
}

// EHLO, and HELO where EHLO is refused for good (RFC 5321 §4.1.1.1). False: the dialogue ends here.
Task<bool> SayEhlo(Dialogue* d, SmtpSession* session) {
  d->facts.stage = Stage::kEhlo;
  session->Send(EhloCommand(d->options->ehlo_name));
  std::optional<SmtpReply> reply = co_await session->ReadReply(d->options->command_timeout_ns);
  if (!reply) co_return false;
  if (reply->positive()) {
    d->facts.ehlo = ParseEhloKeywords(*reply);
    if (d->facts.ehlo->starttls) co_return true;
    d->facts.outcome = Outcome::kNoStartTls;
    co_return false;
  }
  if (!reply->permanent_negative()) {
    d->End(Outcome::kEhloRefused, *reply);
    co_return false;
  }
  session->Send(HeloCommand(d->options->ehlo_name));
  std::optional<SmtpReply> helo = co_await session->ReadReply(d->options->command_timeout_ns);
  if (!helo) co_return false;
  d->facts.helo_used = true;
  if (helo->positive()) {
    d->facts.outcome = Outcome::kNoStartTls;  // extensions are EHLO's
  } else {
    d->End(Outcome::kEhloRefused, *helo);
  }
  co_return false;
}

// STARTTLS (RFC 3207 §4). False: the dialogue ends here.
Task<bool> AskForTls(Dialogue* d, SmtpSession* session) {
  d->facts.stage = Stage::kStartTls;
  session->Send(kStartTlsCommand);
  std::optional<SmtpReply> reply = co_await session->ReadReply(d->options->command_timeout_ns);
  if (!reply) co_return false;
  d->facts.starttls_ns = d->Lap();
  d->facts.starttls_reply = std::move(reply);
  if (d->facts.starttls_reply->code != 220) {
    d->End(Outcome::kStartTlsRefused, *d->facts.starttls_reply);
    co_return false;
  }
  // Whatever stands behind the 220 came in clear: it is no part of TLS, and believing it is
  // CVE-2011-0411 seen from the client.
  d->facts.injected_plaintext_bytes = static_cast<uint32_t>(session->DropUnread());
  co_return true;
}

Task<bool> ShakeHands(Dialogue* d, SmtpSession* session) {
  d->facts.stage = Stage::kHandshake;
  const bool done = co_await session->ShakeHands(d->tls, d->server_name, d->max_version,
                                                 d->options->handshake_timeout_ns);
  const int64_t took_ns = d->Lap();
  if (done) d->facts.handshake_ns = took_ns;
  co_return done;
}

// The second EHLO: what was said in clear is forgotten (RFC 3207 §4.2). False: no use in a QUIT.
Task<bool> SayEhloAgain(Dialogue* d, SmtpSession* session) {
  d->facts.stage = Stage::kEhloAfterTls;
  session->Send(EhloCommand(d->options->ehlo_name));
  std::optional<SmtpReply> reply = co_await session->ReadReply(d->options->command_timeout_ns);
  if (!reply) co_return false;
  if (reply->positive()) {
    d->facts.ehlo_after_tls = ParseEhloKeywords(*reply);
  } else {
    d->End(Outcome::kEhloRefused, *reply);  // no more than a remark: the handshake stands
  }
  co_return true;
}

// The way to TLS in SMTP, and the second EHLO. True: the connection is worth a QUIT.
Task<bool> TalkUpToTls(Dialogue* d, SmtpSession* session) {
  bool go_on = co_await AwaitGreeting(d, session);
  if (!go_on) co_return d->facts.greeting.has_value();
  go_on = co_await SayEhlo(d, session);
  if (!go_on) {
    co_return d->facts.outcome == Outcome::kNoStartTls || d->facts.outcome == Outcome::kEhloRefused;
  }
  go_on = co_await AskForTls(d, session);
  if (!go_on) co_return d->facts.outcome == Outcome::kStartTlsRefused;
  go_on = co_await ShakeHands(d, session);
  if (!go_on) co_return false;
  go_on = co_await SayEhloAgain(d, session);
  co_return go_on;
}

// The same with TLS from the first byte.
Task<bool> TalkWithinTls(Dialogue* d, SmtpSession* session) {
  bool go_on = co_await ShakeHands(d, session);
  if (!go_on) co_return false;
  go_on = co_await AwaitGreeting(d, session);
  if (!go_on) co_return d->facts.greeting.has_value();
  go_on = co_await SayEhloAgain(d, session);
  co_return go_on;
}

}  // namespace

Task<EndpointFacts> HoldDialogue(EventLoop* loop, tls::ClientContext* tls,
                                 const DialogueOptions* options, SocketAddress to,
                                 std::string server_name, uint16_t max_version) {
  Dialogue d{.loop = loop,
             .tls = tls,
             .options = options,
             .server_name = std::move(server_name),
             .max_version = max_version,
             .facts = {}};
  d.facts.started_at = loop->wall_now();
  const int64_t started_ns = loop->real_now_ns();
  d.mark_ns = started_ns;
  {
    SmtpSession session(loop, &d.facts);
    const bool connected = co_await session.Connect(to, options->connect_timeout_ns);
    bool say_goodbye = false;
    if (connected) {
      d.facts.connect_ns = d.Lap();
      if (options->implicit_tls) {
        say_goodbye = co_await TalkWithinTls(&d, &session);
      } else {
        say_goodbye = co_await TalkUpToTls(&d, &session);
      }
    }
    if (say_goodbye) {
      // The stage tells where a dialogue ended: only a complete one has come to QUIT.
      const bool complete = d.facts.ehlo_after_tls.has_value();
      if (complete) d.facts.stage = Stage::kQuit;
      const bool answered = co_await session.Quit(options->quit_timeout_ns);
      if (complete && answered) d.facts.stage = Stage::kDone;
    }
    session.FinishFacts();
  }
  d.facts.elapsed_ns = loop->real_now_ns() - started_ns;
  co_return std::move(d.facts);
}

}  // namespace mxsweep::scanner
