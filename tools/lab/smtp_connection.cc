#include "tools/lab/smtp_connection.h"

#include <openssl/bio.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace mxsweep::lab {
namespace {

constexpr int64_t kLifetimeMs = 600'000;  // whatever happens
constexpr int64_t kDrainMs = 10'000;      // for the client's FIN after ours
constexpr int64_t kResetDelayMs = 100;    // so that the client reads what came before
constexpr double kPieceDelayMs = 2;       // times --delay-scale
constexpr size_t kMaxUnreadBytes = 64 << 10;
constexpr size_t kMaxCommandBytes = 512;  // RFC 5321 §4.5.3.1.4
constexpr size_t kRepeatBytes = 4 << 20;  // of an endless reply
constexpr size_t kRepeatChunk = 32 << 10;
constexpr size_t kReadBytes = 16 << 10;

}  // namespace

SmtpConnection::SmtpConnection(const Context& context, Fd fd, uint32_t address,
                               AddressCounts& counts, bool implicit_tls)
    : context_(context),
      fd_(std::move(fd)),
      counts_(counts),
      session_(context.world, address, counts.connections, context.report),
      identity_{.address = address},
      implicit_tls_(implicit_tls) {}

bool SmtpConnection::Start(int64_t now_ms) {
  now_ms_ = now_ms;
  give_up_ms_ = now_ms + kLifetimeMs;
  SetTimer(kLifetimeMs);
  if (implicit_tls_) {
    state_ = State::kAwaitHello;
    return true;
  }
  return StartGreeting();
}

bool SmtpConnection::StartGreeting() {
  const auto delay_ms = static_cast<int64_t>(session_.GreetDelayMs() * context_.delay_scale);
  if (delay_ms > 0) {
    state_ = State::kGreetDelay;
    SetTimer(delay_ms);
    return true;
  }
  state_ = ssl_ ? State::kTls : State::kPlain;
  Apply(session_.Greet());
  return state_ != State::kOver;
}

bool SmtpConnection::OnTimer(int64_t now_ms) {
  now_ms_ = now_ms;
  if (now_ms >= give_up_ms_) return false;
  switch (state_) {
    case State::kGreetDelay:
      SetTimer(give_up_ms_ - now_ms);
      state_ = ssl_ ? State::kTls : State::kPlain;
      Apply(session_.Greet());
      break;
    case State::kResetSoon: {
      const linger now{.l_onoff = 1, .l_linger = 0};
      setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
      return false;
    }
    case State::kDraining:
      return false;
    default:
      SetTimer(give_up_ms_ - now_ms);
      Pump();
  }
  return state_ != State::kOver;
}

bool SmtpConnection::OnWritable(int64_t now_ms) {
  now_ms_ = now_ms;
  wants_write_ = false;
  if (state_ == State::kHandshake) {
    Handshake();
  } else {
    Pump();
  }
  return state_ != State::kOver;
}

bool SmtpConnection::OnReadable(int64_t now_ms) {
  now_ms_ = now_ms;
  switch (state_) {
    case State::kGreetDelay:
      if (ssl_) break;  // Inside TLS nothing is looked at before the greeting.
      if (!ReadPlain()) return false;
      if (in_.empty()) break;
      if (!session_.greeted()) {
        Step step = session_.TalkedTooEarly();
        if (step.next != Next::kListen) Apply(std::move(step));
      }
      break;
    case State::kPlain:
      if (!ReadPlain()) return false;
      TakeLines();
      break;
    case State::kTls:
      if (!ReadTls()) return false;
      TakeLines();
      break;
    case State::kAwaitHello:
      ReadHello();
      break;
    case State::kHandHello:
      ReadHelloByHand();
      break;
    case State::kHandshake:
      Handshake();
      break;
    case State::kResetSoon:
    case State::kSilent:
    case State::kDraining:
      Forget();
      break;
    case State::kOver:
      break;
  }
  return state_ != State::kOver;
}

// False when the client has left.
bool SmtpConnection::ReadPlain() {
  char buffer[kReadBytes];
  for (;;) {
    const ssize_t size = recv(fd_.get(), buffer, sizeof(buffer), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return true;
    if (size <= 0) {
      TakeLines();  // A QUIT that was followed by FIN at once is still a QUIT.
      session_.ClientClosed();
      return false;
    }
    in_.append(buffer, static_cast<size_t>(size));
    if (in_.size() > kMaxUnreadBytes) {
      session_.Malformed("endless command");
      return false;
    }
    if (static_cast<size_t>(size) < sizeof(buffer)) return true;
  }
}

bool SmtpConnection::ReadTls() {
  char buffer[kReadBytes];
  for (;;) {
    const int size = SSL_read(ssl_.get(), buffer, sizeof(buffer));
    if (size > 0) {
      in_.append(buffer, static_cast<size_t>(size));
      if (in_.size() > kMaxUnreadBytes) return false;
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), size);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return true;
    TakeLines();
    session_.ClientClosed();
    return false;
  }
}

// After our FIN or in silence: all that matters is that the client leaves, and what it says after
// 421.
void SmtpConnection::Forget() {
  char buffer[kReadBytes];
  for (;;) {
    const ssize_t size = recv(fd_.get(), buffer, sizeof(buffer), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) return End();
    if (ssl_ || is_past_smtp_ || state_ != State::kDraining) continue;
    in_.append(buffer, static_cast<size_t>(size));
    for (size_t end; (end = in_.find('\n')) != in_.npos; in_.erase(0, end + 1)) {
      std::string_view line(in_.data(), end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      session_.Command(line, /*more=*/false);
    }
    if (in_.size() > kMaxUnreadBytes) in_.clear();
  }
}

void SmtpConnection::ReadHello() {
  char byte;
  const ssize_t size = recv(fd_.get(), &byte, 1, MSG_PEEK);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return End();
  Step step = session_.ClientHello();
  if (step.next != Next::kHandshake) {
    // Whatever is unread when a socket is closed turns FIN into RST: read it.
    state_ = State::kSilent;
    Forget();
    if (state_ != State::kOver) Apply(std::move(step));
    return;
  }
  const TlsPosture tls = context_.world.addresses()[identity_.address].tls;
  if (OldTlsOf(tls) != nullptr || HybridTlsOf(tls) != nullptr) {
    in_.clear();
    state_ = State::kHandHello;
    return ReadHelloByHand();
  }
  ssl_ = context_.tls.New(&identity_);
  if (!ssl_ || !SSL_set_fd(ssl_.get(), fd_.get())) return End();
  state_ = State::kHandshake;
  Handshake();
}

void SmtpConnection::ReadHelloByHand() {
  if (!ReadPlain()) return End();
  const std::optional<size_t> length = RecordLength(in_);
  if (!length || in_.size() < *length) return;
  const std::string record = std::exchange(in_, "");
  const TlsPosture tls = context_.world.addresses()[identity_.address].tls;
  const std::optional<Hello> hello = ReadClientHello(record.substr(0, *length));
  if (const HybridTls* hybrid = HybridTlsOf(tls)) {
    const std::optional<std::string> answer = hello ? AnswerByHand(*hybrid, *hello) : std::nullopt;
    if (!answer) return PlayFrom(record);
    identity_.server_name = hello->server_name;
    return SendByHand(*answer);
  }
  identity_.server_name = hello ? hello->server_name : "";
  SendByHand(AnswerHello(*OldTlsOf(tls), *context_.tls.ChainFor(identity_), hello).records);
}

// BoringSSL makes the handshake, and begins with what was read from the socket already.
void SmtpConnection::PlayFrom(const std::string& record) {
  ssl_ = context_.tls.New(&identity_);
  BIO* first = BIO_new(BIO_s_mem());
  BIO* socket = BIO_new_socket(fd_.get(), BIO_NOCLOSE);
  if (!ssl_ || first == nullptr || socket == nullptr) return End();
  BIO_set_mem_eof_return(first, -1);
  BIO_write_all(first, record.data(), record.size());
  SSL_set_bio(ssl_.get(), first, socket);
  has_first_record_ = true;
  state_ = State::kHandshake;
  Handshake();
}

void SmtpConnection::SendByHand(const std::string& records) {
  identity_.greeted_by_client = true;
  CountHandshake();
  ++context_.report.failed_handshakes;
  // It fits into the empty buffer of a socket.
  if (send(fd_.get(), records.data(), records.size(), MSG_NOSIGNAL) < 0) return End();
  shutdown(fd_.get(), SHUT_WR);
  is_past_smtp_ = true;
  state_ = State::kDraining;
  SetTimer(kDrainMs);
  Forget();
}

void SmtpConnection::Handshake() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    const int error = SSL_get_error(ssl_.get(), result);
    wants_write_ = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ && std::exchange(has_first_record_, false)) {
      SSL_set0_rbio(ssl_.get(), BIO_new_socket(fd_.get(), BIO_NOCLOSE));
      return Handshake();
    }
    if (wants_write_ || error == SSL_ERROR_WANT_READ) return;
    CountHandshake();
    ++context_.report.failed_handshakes;
    ERR_clear_error();
    // An alert was sent: FIN behind it, and wait, so that it is not lost in a RST.
    shutdown(fd_.get(), SHUT_WR);
    state_ = State::kDraining;
    SetTimer(kDrainMs);
    return Forget();
  }
  CountHandshake();
  ++context_.report.handshakes;
  ++counts_.handshakes;
  in_.clear();
  state_ = State::kTls;
  Step step = session_.Secured();
  if (implicit_tls_ && step.next == Next::kListen) {
    if (!StartGreeting()) return;
  } else {
    Apply(std::move(step));
  }
  // The client's first words may have come in the same segment as its Finished.
  if (state_ == State::kTls) {
    if (ReadTls()) {
      TakeLines();
    } else {
      End();
    }
  }
}

void SmtpConnection::CountHandshake() {
  if (!identity_.greeted_by_client) return;
  uint32_t& count = context_.report.client_hellos[{identity_.address, identity_.server_name}];
  if (++count == context_.max_handshakes + 1) {
    context_.report.Count(
        Violation::kTooManyHandshakes,
        context_.world.AddressText(identity_.address) + " " + identity_.server_name);
  }
}

void SmtpConnection::TakeLines() {
  while (!step_pending_ && (state_ == State::kPlain || state_ == State::kTls)) {
    const size_t end = in_.find('\n');
    if (end == in_.npos) return;
    std::string line = in_.substr(0, end);
    in_.erase(0, end + 1);
    if (line.ends_with('\r')) {
      line.pop_back();
    } else {
      session_.Malformed("bare LF");
    }
    if (line.size() > kMaxCommandBytes) session_.Malformed("long line");
    Apply(session_.Command(line, !in_.empty()));
  }
}

void SmtpConnection::Apply(Step step) {
  out_ += step.send;
  next_ = step.next;
  step_pending_ = true;
  repeat_ = std::move(step.repeat);
  repeat_left_ = repeat_.empty() ? 0 : kRepeatBytes;
  Pump();
}

// Sends what there is to send; piece by piece, if that is the server's manner.
void SmtpConnection::Pump() {
  if (!step_pending_) return;
  const bool pieces = session_.PieceBytes() > 0;
  for (;;) {
    if (out_.empty()) Refill();
    if (out_.empty()) break;
    if (!WriteSome()) return;
    if (pieces && !out_.empty()) {
      SetTimer(std::max<int64_t>(1, static_cast<int64_t>(kPieceDelayMs * context_.delay_scale)));
      return;
    }
  }
  StepSent();
}

void SmtpConnection::Refill() {
  if (repeat_left_ == 0) return;
  while (out_.size() < kRepeatChunk) out_ += repeat_;
  repeat_left_ -= std::min(repeat_left_, out_.size());
}

// False if nothing more can be sent now.
bool SmtpConnection::WriteSome() {
  const size_t piece = session_.PieceBytes();
  const size_t size = piece > 0 ? std::min(piece, out_.size()) : out_.size();
  ssize_t sent;
  if (ssl_) {
    sent = SSL_write(ssl_.get(), out_.data(), static_cast<int>(size));
    if (sent <= 0) {
      const int error = SSL_get_error(ssl_.get(), static_cast<int>(sent));
      wants_write_ = error == SSL_ERROR_WANT_WRITE;
      if (!wants_write_) End();
      return false;
    }
  } else {
    sent = send(fd_.get(), out_.data(), size, MSG_NOSIGNAL);
    if (sent < 0) {
      wants_write_ = errno == EAGAIN || errno == EINTR;
      if (!wants_write_) End();
      return false;
    }
  }
  out_.erase(0, static_cast<size_t>(sent));
  return true;
}

void SmtpConnection::StepSent() {
  step_pending_ = false;
  switch (next_) {
    case Next::kListen:
      TakeLines();
      break;
    case Next::kHandshake:
      in_.clear();
      state_ = State::kAwaitHello;
      break;
    case Next::kClose:
      if (ssl_) SSL_shutdown(ssl_.get());
      shutdown(fd_.get(), SHUT_WR);
      state_ = State::kDraining;
      SetTimer(kDrainMs);
      break;
    case Next::kReset:
      state_ = State::kResetSoon;
      SetTimer(kResetDelayMs);
      break;
    case Next::kSilence:
    case Next::kRepeat:
      state_ = State::kSilent;
      break;
  }
}

}  // namespace mxsweep::lab
