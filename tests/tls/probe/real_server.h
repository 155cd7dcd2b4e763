// A TLS server of somebody else as a child process, and probes of it over a socket.
#ifndef MXSWEEP_TESTS_TLS_PROBE_REAL_SERVER_H_
#define MXSWEEP_TESTS_TLS_PROBE_REAL_SERVER_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/pki/pem_files.h"
#include "tests/tls/session/server_process.h"
#include "tls/probe/surveys.h"

namespace mxsweep::tls::testing {

// Listens on a port of 127.0.0.1 for as long as it lives.
class RealServer {
 public:
  enum class Program { kOpenssl, kGnutls };

  // `options` for the shell. "CERT", "KEY" of an RSA-2048 leaf and "EC_CERT", "EC_KEY" of a P-256
  // one stand for their files, "FOLDER" for the folder they are in.
  // `openssl`: the program to start, for the shell.
  RealServer(Program program, const std::string& options, std::string openssl = "openssl");
  RealServer(const RealServer&) = delete;
  RealServer& operator=(const RealServer&) = delete;

  // The program is there.
  static bool Available(Program program);

  // Sends the ClientHello and reads the flight to its end, in portions of `step` bytes.
  ServerFlight Ask(const std::string& hello, size_t step = 16384) const;
  ServerFlight Ask(Probe probe) const;
  // All that the plan wants to know.
  std::vector<ProbeResult> Run(SurveySet surveys, const OrdinaryHandshake& ordinary) const;

  int port() const { return process_->port(); }
  const TestCertificate& rsa() const { return rsa_; }
  const TestCertificate& ecdsa() const { return ecdsa_; }

 private:
  std::string Command(Program program, const std::string& options) const;

  std::string openssl_;
  TemporaryFolder folder_;
  TestCertificate rsa_;
  TestCertificate ecdsa_;
  std::optional<ServerProcess> process_;
};

}  // namespace mxsweep::tls::testing

#endif  // MXSWEEP_TESTS_TLS_PROBE_REAL_SERVER_H_
