#include "scanner/http/fetch.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "scanner/base/version.h"
#include "scanner/http/response.h"
#include "scanner/smtp/outcome.h"
#include "tls/session/errors.h"

namespace mxsweep::scanner {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;
constexpr size_t kMaxDetailBytes = 200;

// "example.org", "example.org:8080", "[2001:db8::1]".
std::string Authority(const HttpRequest& request) {
  const bool v6 = request.host.find(':') != std::string::npos;
  std::string text = v6 ? JoinText("[", request.host, "]") : request.host;
  if (request.port != (request.tls ? kHttpsPort : kHttpPort)) AppendText(&text, ":", request.port);
  return text;
}

// RFC 9112 §3. The connection is for this one request; no content coding is taken.
std::string RequestText(const HttpRequest& request) {
  return JoinText("GET ", request.target, " HTTP/1.1\r\nHost: ", Authority(request),
                  "\r\nUser-Agent: mxsweep/", kVersion, "\r\nAccept: ", request.accept,
                  "\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n");
}

// What a failed stream operation means once there is a connection.
FetchOutcome OutcomeOfConnected(IoError error) {
  switch (OutcomeOfIo(Stage::kHandshake, error)) {
    case Outcome::kClosedEarly:
      return FetchOutcome::kClosedEarly;
    case Outcome::kTlsTimeout:
      return FetchOutcome::kTimeout;
    case Outcome::kReset:
      return FetchOutcome::kReset;
    case Outcome::kTlsProtocolError:  // more bytes than we would buffer
      return FetchOutcome::kHttpProtocolError;
    default:
      return FetchOutcome::kLocalError;
  }
}

FetchOutcome OutcomeOfConnecting(IoError error) {
  switch (OutcomeOfIo(Stage::kConnect, error)) {
    case Outcome::kConnectRefused:
      return FetchOutcome::kConnectRefused;
    case Outcome::kConnectTimeout:
      return FetchOutcome::kConnectTimeout;
    case Outcome::kUnreachable:
      return FetchOutcome::kUnreachable;
    case Outcome::kReset:
      return FetchOutcome::kReset;
    default:
      return FetchOutcome::kLocalError;
  }
}

// One fetch from connection to body. Pinned in FetchHttp's frame.
class Fetch {
 public:
  Fetch(EventLoop* loop, const HttpRequest* request, int64_t deadline_ns)
      : facts(),
        loop_(loop),
        request_(request),
        deadline_ns_(deadline_ns),
        stream_(loop->NewStream()),
        reader_(request->max_body_bytes) {}

  Task<bool> Connect(SocketAddress to);
  Task<bool> ShakeHands(tls::ClientContext* context);
  Task<void> Ask();
  // Moves what was learnt into the facts.
  void Finish();

  FetchFacts facts;

 private:
  using State = HttpResponseReader::State;

  void End(FetchOutcome outcome, std::string_view detail) {
    facts.outcome = outcome;
    facts.error_detail = SanitizeText(detail, kMaxDetailBytes);
  }
  void EndIo(IoError error);
  void EndClosed(std::string_view in_body);
  void EndHandshake();
  void EndResponse();
  void Send(const std::string& bytes);
  bool TakeBytes(std::span<const uint8_t> bytes);

  EventLoop* loop_;
  const HttpRequest* request_;
  int64_t deadline_ns_;
  std::unique_ptr<Stream> stream_;
  std::optional<tls::Handshake> tls_;
  HttpResponseReader reader_;
};

void Fetch::EndIo(IoError error) {
  if (facts.stage == FetchStage::kConnect) {
    return End(OutcomeOfConnecting(error),
               error == kDeadline ? "no answer in time" : std::strerror(error));
  }
  if (error == kDeadline) {
    return End(FetchOutcome::kTimeout, reader_.started()
                                           ? JoinText("not complete in time, after ",
                                                      reader_.body().size(), " bytes of the body")
                                           : std::string("no answer in time"));
  }
  if (error != 0) return End(OutcomeOfConnected(error), std::strerror(error));
  EndClosed("closed in the middle of the body");
}

void Fetch::EndClosed(std::string_view in_body) {
  End(FetchOutcome::kClosedEarly, reader_.in_body() ? in_body : "closed by the server");
}

void Fetch::Send(const std::string& bytes) {
  if (bytes.empty()) return;
  if (!tls_) facts.bytes_out += bytes.size();
  stream_->Send(bytes);
}

Task<bool> Fetch::Connect(SocketAddress to) {
  facts.stage = FetchStage::kConnect;
  facts.attempts = 1;
  const int64_t deadline_ns =
      std::min(deadline_ns_, loop_->now_ns() + request_->connect_timeout_ns);
  const IoError error = co_await stream_->Connect(to, deadline_ns);
  if (error != 0) EndIo(error);
  co_return error == 0;
}

Task<bool> Fetch::ShakeHands(tls::ClientContext* context) {
  facts.stage = FetchStage::kHandshake;
  tls_.emplace(context);
  std::string out;
  const absl::Status status =
      tls_->Start(request_->host, tls::kTls13, &out, /*post_quantum=*/false);
  if (!status.ok()) {
    End(FetchOutcome::kLocalError, MessageOf(status));
    co_return false;
  }
  Send(out);
  tls::HandshakeOutcome outcome = tls::HandshakeOutcome::kInProgress;
  while (outcome == tls::HandshakeOutcome::kInProgress) {
    const Stream::Received received = co_await stream_->Receive(deadline_ns_);
    if (received.error != 0 || received.bytes.empty()) {
      if (received.error != kDeadline) tls_->OnTransportClosed();
      EndIo(received.error);
      co_return false;
    }
    out.clear();
    outcome = tls_->Advance(received.bytes, &out);
    Send(out);  // also on failure: the alert for the server
  }
  if (outcome != tls::HandshakeOutcome::kOk) EndHandshake();
  co_return outcome == tls::HandshakeOutcome::kOk;
}

void Fetch::EndHandshake() {
  const tls::HandshakeFacts& shown = tls_->Facts();
  const bool ours = shown.outcome == tls::HandshakeOutcome::kLocalError;
  End(ours ? FetchOutcome::kLocalError : FetchOutcome::kTlsFailed, shown.error_detail);
}

// False: the fetch has ended.
bool Fetch::TakeBytes(std::span<const uint8_t> bytes) {
  if (!tls_) {
    facts.bytes_in += bytes.size();
    return reader_.Feed(bytes) == State::kNeedMore;
  }
  std::string plaintext;
  std::string out;
  const tls::Handshake::DecryptState state = tls_->Decrypt(bytes, &plaintext, &out);
  Send(out);
  const State read =
      reader_.Feed({reinterpret_cast<const uint8_t*>(plaintext.data()), plaintext.size()});
  if (read != State::kNeedMore) return false;
  switch (state) {
    case tls::Handshake::DecryptState::kOpen:
      return true;
    case tls::Handshake::DecryptState::kClosed:
      if (reader_.End() == State::kNeedMore) EndClosed("closed in the middle of the body");
      return false;
    case tls::Handshake::DecryptState::kAlert:
    case tls::Handshake::DecryptState::kError:
      End(FetchOutcome::kTlsFailed, tls_->Facts().error_detail);
      return false;
  }
  return false;
}

Task<void> Fetch::Ask() {
  facts.stage = FetchStage::kHeaders;
  std::string request = RequestText(*request_);
  if (tls_) {
    std::string records;
    tls_->Encrypt(request, &records);
    request = std::move(records);
  }
  Send(request);
  // What came with the server's last flight is waiting inside the session.
  bool go_on = !tls_ || TakeBytes({});
  while (go_on) {
    const Stream::Received received = co_await stream_->Receive(deadline_ns_);
    if (reader_.in_body()) facts.stage = FetchStage::kBody;
    if (received.error == 0 && !received.bytes.empty()) {
      go_on = TakeBytes(received.bytes);
      if (reader_.in_body()) facts.stage = FetchStage::kBody;
      continue;
    }
    // Without TLS a FIN may be the end of the body; within, only the end of the session is, since
    // anybody on the way can send a FIN (RFC 9112 §9.8).
    if (received.error == 0 && tls_) {
      EndClosed("closed without the end of the TLS session");
    } else if (received.error != 0 || reader_.End() == State::kNeedMore) {
      EndIo(received.error);
    }
    break;
  }
  EndResponse();
  if (tls_) {
    std::string out;
    tls_->Close(&out);
    Send(out);
  }
}

// What the response came to, where it came to its end.
void Fetch::EndResponse() {
  switch (reader_.state()) {
    case State::kNeedMore:
      return;  // the connection ended it
    case State::kComplete:
      facts.stage = FetchStage::kDone;
      return End(FetchOutcome::kOk, "");
    case State::kNot200: {
      const int status = reader_.status().value_or(0);
      if (status < 300 || status > 399) {
        return End(FetchOutcome::kHttpStatus, JoinText("status ", status));
      }
      return End(FetchOutcome::kRedirect,
                 JoinText("status ", status, ", to ", reader_.location().value_or("nowhere")));
    }
    case State::kTooLarge:
      return End(FetchOutcome::kTooLarge, reader_.error());
    case State::kMalformed:
      return End(FetchOutcome::kHttpProtocolError, reader_.error());
  }
}

void Fetch::Finish() {
  facts.http_status = reader_.status();
  facts.content_type = reader_.content_type();
  facts.location = reader_.location();
  if (facts.outcome == FetchOutcome::kOk) facts.body = reader_.TakeBody();
  if (!tls_) return;
  facts.handshake = tls_->TakeFacts();
  facts.bytes_in = facts.handshake->bytes_in;
  facts.bytes_out = facts.handshake->bytes_out;
}

}  // namespace

std::string UrlOf(const HttpRequest& request) {
  return JoinText(request.tls ? "https://" : "http://", Authority(request), request.target);
}

std::string_view FetchOutcomeName(FetchOutcome outcome) {
  switch (outcome) {
    case FetchOutcome::kOk:
      return "ok";
    case FetchOutcome::kHostNotFound:
      return "host_not_found";
    case FetchOutcome::kHostLookupError:
      return "host_lookup_error";
    case FetchOutcome::kBlocked:
      return "blocked";
    case FetchOutcome::kConnectRefused:
      return "connect_refused";
    case FetchOutcome::kConnectTimeout:
      return "connect_timeout";
    case FetchOutcome::kUnreachable:
      return "unreachable";
    case FetchOutcome::kTlsFailed:
      return "tls_failed";
    case FetchOutcome::kTimeout:
      return "timeout";
    case FetchOutcome::kClosedEarly:
      return "closed_early";
    case FetchOutcome::kReset:
      return "reset";
    case FetchOutcome::kHttpProtocolError:
      return "http_protocol_error";
    case FetchOutcome::kHttpStatus:
      return "http_status";
    case FetchOutcome::kRedirect:
      return "redirect";
    case FetchOutcome::kTooLarge:
      return "too_large";
    case FetchOutcome::kLocalError:
      return "local_error";
    case FetchOutcome::kNotAskedCrowded:
      return "not_asked_crowded";
    case FetchOutcome::kCancelled:
      return "cancelled";
  }
  return "local_error";
}

std::string_view FetchStageName(FetchStage stage) {
  switch (stage) {
    case FetchStage::kDns:
      return "dns";
    case FetchStage::kGate:
      return "gate";
    case FetchStage::kConnect:
      return "connect";
    case FetchStage::kHandshake:
      return "handshake";
    case FetchStage::kHeaders:
      return "headers";
    case FetchStage::kBody:
      return "body";
    case FetchStage::kDone:
      return "done";
  }
  return "done";
}

Task<FetchFacts> FetchHttp(EventLoop* loop, tls::ClientContext* tls, const HttpRequest* request,
                           SocketAddress to, int64_t budget_ns) {
  const int64_t started_ns = loop->real_now_ns();
  const absl::Time started_at = loop->wall_now();
  FetchFacts facts;
  {
    Fetch fetch(loop, request, loop->now_ns() + budget_ns);
    bool go_on = co_await fetch.Connect(to);
    if (go_on && request->tls) go_on = co_await fetch.ShakeHands(tls);
    if (go_on) co_await fetch.Ask();
    fetch.Finish();
    facts = std::move(fetch.facts);
  }
  facts.started_at = started_at;
  facts.elapsed_ns = loop->real_now_ns() - started_ns;
  co_return std::move(facts);
}

}  // namespace mxsweep::scanner
