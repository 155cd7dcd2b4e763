#include "scanner/smtp/session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "scanner/smtp/command.h"
#include "tls/session/errors.h"

namespace mxsweep::scanner {
namespace {

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Appends `bytes` to `beginning`, as far as a message may quote them.
void KeepBeginning(std::span<const uint8_t> bytes, std::string* beginning) {
  const size_t kept = std::min(bytes.size(), kMaxErrorExcerptBytes - beginning->size());
  beginning->append(reinterpret_cast<const char*>(bytes.data()), kept);
}

// Is it a line of SMTP where a TLS record should be? No content type of TLS is a digit
// (RFC 8446 §5.1: 20 to 24).
bool IsClearText(std::string_view answer) {
  constexpr size_t kCodeDigits = 3;
  return answer.size() > kCodeDigits &&
         std::ranges::all_of(answer.substr(0, kCodeDigits), absl::ascii_isdigit);
}

// Of a server that ends the handshake and then says in clear why: that; else empty. `answer` begins
// with the record of an alert (RFC 8446 §6).
std::string_view ClearTextBehindAlert(std::string_view answer) {
  constexpr std::string_view kAlertType = "\x15";
  constexpr size_t kAlertRecordBytes = 7;
  if (!answer.starts_with(kAlertType) || answer.size() <= kAlertRecordBytes) return "";
  answer.remove_prefix(kAlertRecordBytes);
  return IsClearText(answer) ? answer : "";
}

// How the probe's connection went, for whoever looks after the address: it is no outcome of the
// endpoint's.
Outcome OutcomeOfFlight(const tls::ServerFlight& flight) {
  switch (flight.kind) {
    case tls::FlightKind::kServerHello:
    case tls::FlightKind::kHelloRetryRequest:
      return Outcome::kTlsOk;
    case tls::FlightKind::kAlert:
      return Outcome::kTlsAlert;
    default:
      return Outcome::kTlsProtocolError;
  }
}

std::string_view FirstLine(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

SmtpSession::SmtpSession(EventLoop* loop, EndpointFacts* facts)
    : loop_(loop), facts_(facts), stream_(loop->NewStream()) {}

void SmtpSession::Fail(Outcome outcome, std::string detail) {
  failure_ = outcome;
  facts_->error_detail = std::move(detail);
  // A completed handshake cannot be undone by what comes after it.
  if (!encrypted_) facts_->outcome = outcome;
}

void SmtpSession::FailIo(IoError error) {
  const Outcome outcome = OutcomeOfIo(facts_->stage, error);
  std::string detail;
  if (error == kDeadline) {
    detail = "no answer in time";
  } else if (error == 0) {
    detail = parser_.in_reply() ? "closed in the middle of a reply" : "closed by the server";
  } else if (error == kInboxFull) {
    detail = "more bytes than a server may send unasked";
  } else {
    detail = std::strerror(error);
  }
  Fail(outcome, std::move(detail));
}

bool SmtpSession::OnConnected(IoError error) {
  if (error != 0) FailIo(error);
  return error == 0;
}

void SmtpSession::SendBytes(const std::string& bytes) {
  if (bytes.empty()) return;
  if (!tls_) facts_->bytes_out += bytes.size();
  stream_->Send(bytes);
}

void SmtpSession::Send(std::string_view command) {
  std::string bytes;
  if (encrypted_) {
    tls_->Encrypt(command, &bytes);
  } else {
    bytes = command;
  }
  SendBytes(bytes);
}

bool SmtpSession::TakePlaintext(std::span<const uint8_t> bytes) {
  if (!encrypted_) {
    facts_->bytes_in += bytes.size();
    unread_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return true;
  }
  std::string out;
  const tls::Handshake::DecryptState state = tls_->Decrypt(bytes, &unread_, &out);
  SendBytes(out);
  switch (state) {
    case tls::Handshake::DecryptState::kOpen:
      return true;
    case tls::Handshake::DecryptState::kClosed:
      if (!unread_.empty()) return true;  // read that first; the stream ends next
      FailIo(0);
      return false;
    case tls::Handshake::DecryptState::kAlert:
      Fail(Outcome::kTlsAlert, "alert " + tls::AlertText(tls_->Facts().alert_received.value_or(0)));
      return false;
    case tls::Handshake::DecryptState::kError:
      Fail(Outcome::kTlsProtocolError, tls_->Facts().error_detail);
      return false;
  }
  return false;
}

bool SmtpSession::BeginReply() {
  if (HasReply()) parser_.TakeReply();  // the last one
  return ParseReply();
}

bool SmtpSession::OnReceived(const Stream::Received& received) {
  if (received.error != 0 || received.bytes.empty()) {
    FailIo(received.error);
    return true;
  }
  return !TakePlaintext(received.bytes) || ParseReply();
}

bool SmtpSession::ParseReply() {
  const SmtpReplyParser::Result result = parser_.Feed(AsBytes(unread_));
  unread_.erase(0, result.consumed);
  if (result.state == SmtpReplyParser::State::kError) {
    Fail(Outcome::kSmtpProtocolError, std::string(parser_.error().message()));
  }
  if (HasReply() && reply().codes_differ && !facts_->mixed_codes) {
    facts_->mixed_codes = {facts_->stage, reply().first_code, reply().code};
  }
  return result.state != SmtpReplyParser::State::kNeedMore;
}

size_t SmtpSession::DropUnread() { return std::exchange(unread_, {}).size(); }

Task<bool> SmtpSession::ShakeHands(tls::ClientContext* tls, std::string_view server_name,
                                   uint16_t max_version, bool post_quantum, int64_t timeout_ns) {
  const int64_t deadline_ns = loop_->now_ns() + timeout_ns;
  tls_.emplace(tls);
  std::string out;
  const absl::Status status = tls_->Start(server_name, max_version, &out, post_quantum);
  if (!status.ok()) {
    tls_.reset();  // no ClientHello was made
    Fail(Outcome::kLocalError, std::string(status.message()));
    co_return false;
  }
  SendBytes(out);
  std::string answer;  // how what the server sends begins
  tls::HandshakeOutcome outcome = tls::HandshakeOutcome::kInProgress;
  while (outcome == tls::HandshakeOutcome::kInProgress) {
    const Stream::Received received = co_await stream_->Receive(deadline_ns);
    if (received.error != 0 || received.bytes.empty()) {
      if (received.error != kDeadline) tls_->OnTransportClosed();
      FailIo(received.error);
      co_return false;
    }
    out.clear();
    KeepBeginning(received.bytes, &answer);
    outcome = tls_->Advance(received.bytes, &out);
    SendBytes(out);  // also on failure: the alert for the server
  }
  if (outcome != tls::HandshakeOutcome::kOk) {
    FailHandshake(answer);
    co_return false;
  }
  encrypted_ = true;
  facts_->outcome = Outcome::kTlsOk;
  TakePlaintext({});  // what came with the server's last flight
  co_return true;
}

Task<void> SmtpSession::Probe(std::string_view hello, const tls::ClientContext* context,
                              int64_t timeout_ns) {
  const int64_t deadline_ns = loop_->now_ns() + timeout_ns;
  SendBytes(std::string(hello));
  tls::ServerFlightReader reader(context->certificate_pool());
  while (!reader.done()) {
    const Stream::Received received = co_await stream_->Receive(deadline_ns);
    if (received.error != 0) {
      FailIo(received.error);
      reader.Abandon(received.error == kDeadline ? tls::FlightEnd::kTimedOut
                                                 : tls::FlightEnd::kReset);
    } else if (received.bytes.empty()) {
      FailIo(0);
      reader.Eof();
    } else {
      facts_->bytes_in += received.bytes.size();
      reader.Feed(received.bytes);
      if (reader.done()) facts_->outcome = OutcomeOfFlight(reader.flight());
    }
  }
  facts_->flight = reader.Take();
}

void SmtpSession::FailHandshake(std::string_view answer) {
  if (IsClearText(answer)) {
    return Fail(Outcome::kTlsProtocolError,
                JoinText("the server goes on in clear: \"",
                         SanitizeText(FirstLine(answer), kMaxErrorExcerptBytes), "\""));
  }
  const tls::HandshakeFacts& shown = tls_->Facts();
  switch (shown.outcome) {
    case tls::HandshakeOutcome::kAlertReceived: {
      const std::string_view behind = FirstLine(ClearTextBehindAlert(answer));
      return Fail(
          Outcome::kTlsAlert,
          JoinText("alert ", tls::AlertText(shown.alert_received.value_or(0)),
                   behind.empty() ? "" : ", and in clear: \"",
                   SanitizeText(behind, kMaxErrorExcerptBytes), behind.empty() ? "" : "\""));
    }
    case tls::HandshakeOutcome::kClosed:
      return Fail(Outcome::kClosedEarly, shown.error_detail);
    case tls::HandshakeOutcome::kLocalError:
      return Fail(Outcome::kLocalError, shown.error_detail);
    default:
      return Fail(Outcome::kTlsProtocolError, shown.error_detail);
  }
}

Task<bool> SmtpSession::Quit(int64_t timeout_ns) {
  // Goodbye is a courtesy: whatever comes of it leaves the facts as they are.
  const Outcome outcome = facts_->outcome;
  std::string detail = facts_->error_detail;
  const bool had_mixed_codes = facts_->mixed_codes.has_value();
  Send(kQuitCommand);
  const bool answered = co_await ReadReply(timeout_ns);
  if (encrypted_) {
    std::string out;
    tls_->Close(&out);
    SendBytes(out);
  }
  facts_->outcome = outcome;
  facts_->error_detail = std::move(detail);
  if (!had_mixed_codes) facts_->mixed_codes.reset();
  co_return answered;
}

void SmtpSession::FinishFacts() {
  if (!tls_) return;
  facts_->handshake = tls_->TakeFacts();
  facts_->bytes_in += facts_->handshake->bytes_in;
  facts_->bytes_out += facts_->handshake->bytes_out;
}

}  // namespace mxsweep::scanner
