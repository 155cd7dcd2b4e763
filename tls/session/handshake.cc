#include "tls/session/handshake.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "scanner/base/text.h"
#include "tls/session/errors.h"
#include "tls/session/handshake_observer.h"

namespace mxsweep::tls {
namespace {

// One SSL_read takes at most a record's plaintext (RFC 8446 §5.1).
constexpr size_t kMaxRecordPlaintext = 16 * 1024;

bool IsIpLiteral(const std::string& name) {
  in_addr v4;
  return name.find(':') != std::string::npos || name.starts_with('[') ||
         inet_pton(AF_INET, name.c_str(), &v4) == 1;
}

// A scanner meets RSA certificates whose key usage forbids what they are used for; senders take
// them, and so do we, where the library can be told so (BoringSSL of 2026 no longer can). A
// template, so that the function need not exist.
template <typename Ssl>
void AllowAnyRsaKeyUsage(Ssl* ssl) {
  if constexpr (requires { SSL_set_enforce_rsa_key_usage(ssl, 0); }) {
    SSL_set_enforce_rsa_key_usage(ssl, 0);
  }
}

// Where BoringSSL has no such group there is nothing to leave out, and no function to do it.
template <typename Ssl>
bool OfferNoPostQuantum(Ssl* ssl, const ClientOffer& offer) {
  if constexpr (requires { SSL_set1_group_ids(ssl, offer.groups.data(), size_t{}); }) {
    return SSL_set1_group_ids(ssl, offer.groups.data(), offer.groups.size());
  }
  return true;
}

}  // namespace

struct Handshake::State {
  explicit State(ClientContext* client) : context(client), observer(&facts, client->pool_) {}
  ~State() { SSL_free(ssl); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  HandshakeOutcome Finish(HandshakeOutcome outcome, std::string_view detail);
  HandshakeOutcome FinishFailed(int ssl_error);
  void FreeSession() {
    SSL_free(std::exchange(ssl, nullptr));
    std::string().swap(leftover);
  }

  static const BIO_METHOD* BioMethod();
  static int BioRead(BIO* bio, char* to, int length);
  static int BioWrite(BIO* bio, const char* from, int length);
  static long BioControl(BIO* bio, int command, long number, void* pointer);
  static void OnMessage(int is_write, int version, int content_type, const void* bytes,
                        size_t length, SSL* ssl, void* arg);

  ClientContext* context;
  SSL* ssl = nullptr;
  HandshakeFacts facts;
  HandshakeObserver observer;
  // Set for the length of one call only.
  std::span<const uint8_t> input;
  std::string* output = nullptr;
  // What followed the handshake in the span that completed it.
  std::string leftover;
};

const BIO_METHOD* Handshake::State::BioMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index(), "mxsweep");
    BIO_meth_set_read(made, BioRead);
    BIO_meth_set_write(made, BioWrite);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

int Handshake::State::BioRead(BIO* bio, char* to, int length) {
  State* state = static_cast<State*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (state->input.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t taken = std::min(state->input.size(), static_cast<size_t>(std::max(length, 0)));
  std::memcpy(to, state->input.data(), taken);
  state->input = state->input.subspan(taken);
  return static_cast<int>(taken);
}

int Handshake::State::BioWrite(BIO* bio, const char* from, int length) {
  State* state = static_cast<State*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (state->output == nullptr || length <= 0) return -1;
  state->output->append(from, static_cast<size_t>(length));
  state->facts.bytes_out += static_cast<uint64_t>(length);
  return length;
}

long Handshake::State::BioControl(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

void Handshake::State::OnMessage(int is_write, int /*version*/, int content_type, const void* bytes,
                                 size_t length, SSL*, void* arg) {
  State* state = static_cast<State*>(arg);
  const uint8_t* data = static_cast<const uint8_t*>(bytes);
  if (content_type == SSL3_RT_ALERT && length == 2) {
    state->observer.OnAlert(is_write != 0, data[0], data[1]);
  }
  if (content_type == SSL3_RT_HANDSHAKE && is_write == 0 &&
      state->facts.outcome == HandshakeOutcome::kInProgress) {
    state->observer.OnMessage({data, length});
  }
}

HandshakeOutcome Handshake::State::Finish(HandshakeOutcome outcome, std::string_view detail) {
  facts.outcome = outcome;
  facts.error_detail = detail;
  if (outcome != HandshakeOutcome::kOk) FreeSession();
  return outcome;
}

HandshakeOutcome Handshake::State::FinishFailed(int ssl_error) {
  const bool no_memory = ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE;
  std::string errors = TakeLibraryErrors();
  if (errors.empty()) {
    // BoringSSL refuses some malformed messages without a reason of its own.
    errors = facts.alert_sent ? JoinText("refused with the alert ", AlertText(*facts.alert_sent))
                              : "refused without a reason";
  }
  if (ssl_error == SSL_ERROR_ZERO_RETURN) {
    return Finish(HandshakeOutcome::kClosed,
                  "the server sent close_notify before the handshake was complete");
  }
  if (facts.alert_received.has_value()) {
    return Finish(HandshakeOutcome::kAlertReceived,
                  JoinText("the server sent the alert ", AlertText(*facts.alert_received)));
  }
  return Finish(no_memory ? HandshakeOutcome::kLocalError : HandshakeOutcome::kProtocolError,
                errors);
}

Handshake::Handshake(ClientContext* context) : state_(std::make_unique<State>(context)) {}
Handshake::~Handshake() = default;
Handshake::Handshake(Handshake&&) noexcept = default;
Handshake& Handshake::operator=(Handshake&&) noexcept = default;

absl::Status Handshake::Start(std::string_view server_name, uint16_t max_version, std::string* out,
                              bool post_quantum) {
  State& state = *state_;
  const ClientOffer& offer = OfferOf(state.context->profile_);
  state.facts.profile = state.context->profile_;
  state.facts.asked_for_status = offer.asks_for_status;
  ERR_clear_error();
  state.ssl = SSL_new(state.context->context_);
  BIO* bio = BIO_new(State::BioMethod());
  if (state.ssl == nullptr || bio == nullptr) {
    BIO_free(bio);
    state.Finish(HandshakeOutcome::kLocalError, "no memory for a TLS session");
    return absl::ResourceExhaustedError(state.facts.error_detail);
  }
  BIO_set_data(bio, &state);
  BIO_set_init(bio, 1);
  SSL_set_bio(state.ssl, bio, bio);
  SSL_set_connect_state(state.ssl);
  SSL_set_shed_handshake_config(state.ssl, 1);
  AllowAnyRsaKeyUsage(state.ssl);
  SSL_set_msg_callback(state.ssl, State::OnMessage);
  SSL_set_msg_callback_arg(state.ssl, &state);

  std::string name(server_name.substr(0, server_name.size() - server_name.ends_with('.')));
  const bool bad_name =
      name.find('\0') != std::string::npos ||
      (!name.empty() && !IsIpLiteral(name) && !SSL_set_tlsext_host_name(state.ssl, name.c_str()));
  if (bad_name || max_version < offer.min_version ||
      !SSL_set_max_proto_version(state.ssl, max_version)) {
    state.Finish(HandshakeOutcome::kLocalError,
                 bad_name ? "the server name does not fit SNI" : "no such TLS version");
    ERR_clear_error();
    return absl::InvalidArgumentError(state.facts.error_detail);
  }
  // TLS 1.2 has no such group, and BoringSSL leaves it out.
  state.facts.offered_post_quantum =
      HasPostQuantum() && offer.post_quantum && post_quantum && max_version >= kTls13;
  if (!post_quantum && !OfferNoPostQuantum(state.ssl, offer)) {
    state.Finish(HandshakeOutcome::kLocalError, TakeLibraryErrors());
    return absl::ResourceExhaustedError(state.facts.error_detail);
  }
  Advance({}, out);
  return absl::OkStatus();
}

HandshakeOutcome Handshake::Advance(std::span<const uint8_t> in, std::string* out) {
  State& state = *state_;
  if (state.ssl == nullptr || state.facts.outcome != HandshakeOutcome::kInProgress) {
    return state.facts.outcome;
  }
  state.facts.bytes_in += in.size();
  state.input = in;
  state.output = out;
  ERR_clear_error();
  const int result = SSL_do_handshake(state.ssl);
  const int error = SSL_get_error(state.ssl, result);
  state.output = nullptr;
  const std::span<const uint8_t> rest = std::exchange(state.input, {});
  if (result == 1) {
    state.leftover.assign(rest.begin(), rest.end());
    return state.Finish(HandshakeOutcome::kOk, "");
  }
  if (error != SSL_ERROR_WANT_READ) return state.FinishFailed(error);
  if (state.facts.bytes_in > kMaxHandshakeBytesIn) {
    return state.Finish(HandshakeOutcome::kProtocolError,
                        JoinText("more than ", kMaxHandshakeBytesIn, " bytes of handshake"));
  }
  return HandshakeOutcome::kInProgress;
}

void Handshake::OnTransportClosed() {
  State& state = *state_;
  if (state.facts.outcome != HandshakeOutcome::kInProgress) return;
  state.Finish(HandshakeOutcome::kClosed, JoinText("the server closed the connection after ",
                                                   state.facts.bytes_in, " bytes of handshake"));
}

bool Handshake::Encrypt(std::string_view plaintext, std::string* out) {
  State& state = *state_;
  if (state.ssl == nullptr || state.facts.outcome != HandshakeOutcome::kOk ||
      plaintext.size() > kMaxEncryptBytes) {
    return false;
  }
  if (plaintext.empty()) return true;
  state.output = out;
  ERR_clear_error();
  const int written = SSL_write(state.ssl, plaintext.data(), static_cast<int>(plaintext.size()));
  state.output = nullptr;
  ERR_clear_error();
  return written == static_cast<int>(plaintext.size());
}

Handshake::DecryptState Handshake::Decrypt(std::span<const uint8_t> in, std::string* plaintext,
                                           std::string* out) {
  State& state = *state_;
  if (state.ssl == nullptr || state.facts.outcome != HandshakeOutcome::kOk)
    return DecryptState::kError;
  state.facts.bytes_in += in.size();
  std::string joined = std::exchange(state.leftover, {});
  state.input = in;
  if (!joined.empty()) {
    joined.append(in.begin(), in.end());
    state.input = {reinterpret_cast<const uint8_t*>(joined.data()), joined.size()};
  }
  state.output = out;
  ERR_clear_error();
  char buffer[kMaxRecordPlaintext];
  int got;
  while ((got = SSL_read(state.ssl, buffer, sizeof(buffer))) > 0) {
    plaintext->append(buffer, static_cast<size_t>(got));
  }
  const int error = SSL_get_error(state.ssl, got);
  state.output = nullptr;
  state.input = {};
  if (error == SSL_ERROR_WANT_READ) return DecryptState::kOpen;
  const std::string errors = TakeLibraryErrors();
  if (error == SSL_ERROR_ZERO_RETURN) return DecryptState::kClosed;
  const bool alert = state.facts.alert_received.has_value();
  state.facts.error_detail =
      alert ? JoinText("the server sent the alert ", AlertText(*state.facts.alert_received))
            : errors;
  state.FreeSession();
  return alert ? DecryptState::kAlert : DecryptState::kError;
}

void Handshake::Close(std::string* out) {
  State& state = *state_;
  if (state.ssl == nullptr || state.facts.outcome != HandshakeOutcome::kOk) return;
  state.output = out;
  ERR_clear_error();
  SSL_shutdown(state.ssl);
  state.output = nullptr;
  ERR_clear_error();
}

const HandshakeFacts& Handshake::Facts() const { return state_->facts; }

HandshakeFacts Handshake::TakeFacts() { return std::move(state_->facts); }

bool WorthRetryingWithTls12(const HandshakeFacts& facts) {
  if (facts.version_wire == kTls13) {
    return facts.outcome == HandshakeOutcome::kAlertReceived ||
           facts.outcome == HandshakeOutcome::kProtocolError;
  }
  return !facts.version_wire && facts.outcome == HandshakeOutcome::kAlertReceived;
}

}  // namespace mxsweep::tls
