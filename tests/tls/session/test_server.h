// A TLS server in memory, for tests of whatever speaks TLS as a client.
#ifndef MXSWEEP_TESTS_TLS_SESSION_TEST_SERVER_H_
#define MXSWEEP_TESTS_TLS_SESSION_TEST_SERVER_H_

#include <openssl/base.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls::testing {

struct TestServerOptions {
  uint16_t min_version = kTls10;
  uint16_t max_version = kTls13;
  std::string ciphers;  // of TLS 1.2 and older, "" for the defaults
  std::string groups;   // "P-256:X25519", "" for the defaults
  std::vector<uint8_t> ocsp_response;
  std::vector<uint8_t> sct_list;  // SignedCertificateTimestampList
  bool request_client_certificate = false;
  std::vector<uint16_t> signature_algorithms;
};

// Bytes in, bytes out, like the Handshake it stands opposite to.
class TestServer {
 public:
  // `chain` leaf first; its key is the leaf's.
  TestServer(const std::vector<const TestCertificate*>& chain,
             const TestServerOptions& options = {});

  // Takes what the client sent, goes on with the handshake or reads what it says, and returns what
  // is to be sent.
  std::string Receive(std::span<const uint8_t> bytes);
  std::string Receive(const std::string& bytes);
  // Returns the records of `plaintext`.
  std::string Send(const std::string& plaintext);
  std::string SendCloseNotify();
  // Of TLS 1.3, and one byte behind it.
  std::string SendKeyUpdate();
  std::string SendFatalAlert(uint8_t alert);

  bool done() const { return done_; }
  bool client_closed() const { return client_closed_; }
  bool failed() const { return failed_; }
  const std::string& plaintext() const { return plaintext_; }
  std::string server_name() const;
  const SSL* ssl() const { return ssl_.get(); }

 private:
  std::string TakeOutput();

  bssl::UniquePtr<SSL_CTX> context_;
  bssl::UniquePtr<SSL> ssl_;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
  bool done_ = false;
  bool failed_ = false;
  bool client_closed_ = false;
  std::string plaintext_;
};

std::span<const uint8_t> AsBytes(const std::string& text);

// Talks until both are done or one has failed. `step`: the server's bytes are fed to the client so
// many at a time.
HandshakeOutcome Shake(Handshake* client, std::string client_hello, TestServer* server,
                       size_t step = SIZE_MAX);

}  // namespace mxsweep::tls::testing

#endif  // MXSWEEP_TESTS_TLS_SESSION_TEST_SERVER_H_
