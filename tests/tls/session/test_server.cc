#include "tests/tls/session/test_server.h"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace mxsweep::tls::testing {
namespace {

void Check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "test server: %s\n", what);
  ERR_print_errors_fp(stderr);
  std::abort();
}

}  // namespace

TestServer::TestServer(const std::vector<const TestCertificate*>& chain,
                       const TestServerOptions& options)
    : context_(SSL_CTX_new(TLS_method())) {
  SSL_CTX* context = context_.get();
  Check(SSL_CTX_set_min_proto_version(context, options.min_version) &&
            SSL_CTX_set_max_proto_version(context, options.max_version),
        "versions");
  Check(SSL_CTX_use_certificate(context, chain[0]->x509()) &&
            SSL_CTX_use_PrivateKey(context, chain[0]->key()),
        "certificate");
  for (size_t i = 1; i < chain.size(); ++i) {
    Check(SSL_CTX_add1_chain_cert(context, chain[i]->x509()), "chain");
  }
  if (!options.ciphers.empty())
    Check(SSL_CTX_set_cipher_list(context, options.ciphers.c_str()), "ciphers");
  if (!options.groups.empty())
    Check(SSL_CTX_set1_curves_list(context, options.groups.c_str()), "groups");
  if (!options.ocsp_response.empty()) {
    Check(SSL_CTX_set_ocsp_response(context, options.ocsp_response.data(),
                                    options.ocsp_response.size()),
          "OCSP");
  }
  if (!options.sct_list.empty()) {
    Check(SSL_CTX_set_signed_cert_timestamp_list(context, options.sct_list.data(),
                                                 options.sct_list.size()),
          "SCT");
  }
  if (!options.signature_algorithms.empty()) {
    Check(SSL_CTX_set_signing_algorithm_prefs(context, options.signature_algorithms.data(),
                                              options.signature_algorithms.size()),
          "signature algorithms");
  }
  if (options.request_client_certificate) SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  ssl_.reset(SSL_new(context));
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(in_, -1);
  BIO_set_mem_eof_return(out_, -1);
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_accept_state(ssl_.get());
}

std::string TestServer::Receive(std::span<const uint8_t> bytes) {
  if (!bytes.empty()) BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
  ERR_clear_error();
  if (!done_ && !failed_) {
    const int result = SSL_do_handshake(ssl_.get());
    done_ = result == 1;
    failed_ = result != 1 && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ;
  }
  if (done_) {
    char buffer[4096];
    int got;
    while ((got = SSL_read(ssl_.get(), buffer, sizeof(buffer))) > 0) {
      plaintext_.append(buffer, static_cast<size_t>(got));
    }
    client_closed_ = SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN;
  }
  ERR_clear_error();
  return TakeOutput();
}

std::string TestServer::Receive(const std::string& bytes) { return Receive(AsBytes(bytes)); }

std::string TestServer::Send(const std::string& plaintext) {
  Check(SSL_write(ssl_.get(), plaintext.data(), static_cast<int>(plaintext.size())) ==
            static_cast<int>(plaintext.size()),
        "write");
  return TakeOutput();
}

std::string TestServer::SendKeyUpdate() {
  SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
  SSL_write(ssl_.get(), "2", 1);
  return TakeOutput();
}

std::string TestServer::SendCloseNotify() {
  SSL_shutdown(ssl_.get());
  return TakeOutput();
}

std::string TestServer::SendFatalAlert(uint8_t alert) {
  SSL_send_fatal_alert(ssl_.get(), alert);
  ERR_clear_error();
  return TakeOutput();
}

std::string TestServer::server_name() const {
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

std::string TestServer::TakeOutput() {
  const uint8_t* data = nullptr;
  size_t length = 0;
  Check(BIO_mem_contents(out_, &data, &length), "output");
  std::string output(reinterpret_cast<const char*>(data), length);
  BIO_reset(out_);
  return output;
}

std::span<const uint8_t> AsBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

HandshakeOutcome Shake(Handshake* client, std::string client_hello, TestServer* server,
                       size_t step) {
  std::string to_server = std::move(client_hello);
  HandshakeOutcome outcome = HandshakeOutcome::kInProgress;
  while (!to_server.empty()) {
    const std::string to_client = server->Receive(std::exchange(to_server, {}));
    for (size_t at = 0; at < to_client.size() && outcome == HandshakeOutcome::kInProgress;
         at += step) {
      step = std::min(step, to_client.size());
      const size_t length = std::min(step, to_client.size() - at);
      outcome = client->Advance(AsBytes(to_client).subspan(at, length), &to_server);
    }
  }
  return outcome;
}

}  // namespace mxsweep::tls::testing
