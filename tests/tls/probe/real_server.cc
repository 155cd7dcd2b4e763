#include "tests/tls/probe/real_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <utility>

#include "absl/strings/str_replace.h"

namespace mxsweep::tls::testing {
namespace {

constexpr int kAnswerTimeoutMs = 10000;

sockaddr_in Loopback(int port) {
  return {.sin_family = AF_INET,
          .sin_port = htons(static_cast<uint16_t>(port)),
          .sin_addr = {htonl(INADDR_LOOPBACK)},
          .sin_zero = {}};
}

// One that the kernel has just given and taken back.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
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

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "mxsweep_probe_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path_); }

std::string TemporaryFolder::Write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name) << text;
  return Path(name);
}

std::string KeyPem(EVP_PKEY* key) {
  const bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  const uint8_t* text = nullptr;
  size_t length = 0;
  if (!PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ||
      !BIO_mem_contents(memory.get(), &text, &length)) {
    std::abort();
  }
  return std::string(reinterpret_cast<const char*>(text), length);
}

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
    if (Start(program, with_files)) return;
  }
  ADD_FAILURE() << "no server with " << with_files;
}

RealServer::~RealServer() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(stdin_);
  if (lines_ != nullptr) std::fclose(lines_);
}

bool RealServer::Available(Program program) {
  const char* const command = program == Program::kOpenssl
                                  ? "openssl version >/dev/null 2>&1"
                                  : "gnutls-serv --version >/dev/null 2>&1";
  return std::system(command) == 0;
}

// A shell, so that the options are split; it becomes the server. A pipe that stays open is its
// standard input: at the end of that it would end.
bool RealServer::Start(Program program, const std::string& options) {
  if (pid_ >= 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(stdin_);
    std::fclose(std::exchange(lines_, nullptr));
  }
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::abort();
  const int gnutls_port = FreePort();
  // The machine's configurations have opinions on levels and versions, which are not the library's.
  const std::string command =
      program == Program::kOpenssl
          ? "OPENSSL_CONF=/dev/null exec " + openssl_ +
                " s_server -accept 127.0.0.1:0 -num_tickets 0 " + options
          : "GNUTLS_SYSTEM_PRIORITY_FILE=/dev/null exec gnutls-serv --echo --port " +
                std::to_string(gnutls_port) + " " + options;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, out[1], 2);
  const char* argv[] = {"sh", "-c", command.c_str(), nullptr};
  const int error =
      posix_spawn(&pid_, "/bin/sh", &actions, nullptr, const_cast<char* const*>(argv), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  stdin_ = in[1];
  if (error != 0) std::abort();
  // "ACCEPT 127.0.0.1:40123", "Echo Server listening on IPv4 0.0.0.0 port 40123...done".
  static const std::regex kListens(
      "(?:ACCEPT 127\\.0\\.0\\.1:|IPv4 0\\.0\\.0\\.0 port )([0-9]+)(?:\n|\\.\\.\\.done)");
  lines_ = fdopen(out[0], "r");
  std::string seen;
  char line[512];
  while (std::fgets(line, sizeof(line), lines_) != nullptr) {
    seen += line;
    std::smatch match;
    if (!std::regex_search(seen, match, kListens)) continue;
    port_ = std::stoi(match[1]);
    return true;
  }
  ADD_FAILURE() << seen;
  return false;
}

ServerFlight RealServer::Ask(const std::string& hello, size_t step) const {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in to = Loopback(port_);
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
