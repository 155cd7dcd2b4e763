#include "tests/tls/probe/real_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_replace.h"

namespace mxsweep::tls::testing {
namespace {

constexpr int kAnswerTimeoutMs = 10000;

// "ACCEPT 127.0.0.1:40123", "Echo Server listening on IPv4 0.0.0.0 port 40123...done".
constexpr char kAnnouncements[] =
    "(?:ACCEPT 127\\.0\\.0\\.1:|IPv4 0\\.0\\.0\\.0 port )([0-9]+)(?:\n|\\.\\.\\.done)";

// One that the kernel has just given and taken back.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = LoopbackAddress(0);
  socklen_t length = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::abort();
  }
  close(fd);
  return ntohs(address.sin_port);
}

TestCertificate MakeLeaf(KeyKind kind) { return MakeSelfSigned({}, TestKey(kind, 71)); }

std::array<uint8_t, 32> FixedRandom() {
  std::array<uint8_t, 32> random;
  for (size_t i = 0; i < random.size(); ++i) random[i] = static_cast<uint8_t>(i * 7 + 1);
  return random;
}

}  // namespace

RealServer::RealServer(Program program, const std::string& options, std::string openssl)
    : openssl_(std::move(openssl)),
      rsa_(MakeLeaf(KeyKind::kRsa2048)),
      ecdsa_(MakeLeaf(KeyKind::kP256)) {
  const std::string with_files =
      absl::StrReplaceAll(options, {{"EC_CERT", folder_.Write("ec.pem", ecdsa_.pem())},
                                    {"EC_KEY", folder_.Write("ec.key", KeyPem(ecdsa_.key()))},
                                    {"CERT", folder_.Write("rsa.pem", rsa_.pem())},
                                    {"KEY", folder_.Write("rsa.key", KeyPem(rsa_.key()))},
                                    {"FOLDER", folder_.Path("")}});
  // Somebody else may take the port that GnuTLS must be told.
  for (int attempt = 0; attempt < 5; ++attempt) {
    process_.emplace(Command(program, with_files), kAnnouncements);
    if (process_->port() != 0) return;
  }
  ADD_FAILURE() << "no server with " << with_files << ": " << process_->output();
}

bool RealServer::Available(Program program) {
  const char* const command = program == Program::kOpenssl
                                  ? "openssl version >/dev/null 2>&1"
                                  : "gnutls-serv --version >/dev/null 2>&1";
  return std::system(command) == 0;
}

std::string RealServer::Command(Program program, const std::string& options) const {
  // The machine's configurations have opinions on levels and versions, which are not the library's.
  if (program == Program::kOpenssl) {
    return "OPENSSL_CONF=/dev/null exec " + openssl_ +
           " s_server -accept 127.0.0.1:0 -num_tickets 0 " + options;
  }
  return "GNUTLS_SYSTEM_PRIORITY_FILE=/dev/null exec gnutls-serv --echo --port " +
         std::to_string(FreePort()) + " " + options;
}

ServerFlight RealServer::Ask(const std::string& hello, size_t step) const {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in to = LoopbackAddress(port());
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  EXPECT_EQ(send(fd, hello.data(), hello.size(), MSG_NOSIGNAL), static_cast<ssize_t>(hello.size()));
  ServerFlightReader reader;
  while (!reader.done()) {
    pollfd wait = {.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, kAnswerTimeoutMs) != 1) {
      reader.Abandon(FlightEnd::kTimedOut);
      break;
    }
    std::vector<uint8_t> buffer(step);
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got > 0) {
      reader.Feed({buffer.data(), static_cast<size_t>(got)});
    } else if (got == 0) {
      reader.Eof();
    } else {
      reader.Abandon(FlightEnd::kReset);
    }
  }
  close(fd);
  return reader.Take();
}

ServerFlight RealServer::Ask(Probe probe) const {
  return Ask(WriteClientHello(HelloOf(probe, "mx.example.org", FixedRandom())));
}

std::vector<ProbeResult> RealServer::Run(SurveySet surveys,
                                         const OrdinaryHandshake& ordinary) const {
  std::vector<ProbeResult> done;
  while (const std::optional<Probe> probe = NextProbe(surveys, ordinary, done)) {
    done.push_back({.probe = *probe, .reached_tls = true, .flight = Ask(*probe)});
  }
  return done;
}

}  // namespace mxsweep::tls::testing
