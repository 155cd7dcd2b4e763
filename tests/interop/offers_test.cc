// That what `--offer` is held against (client_hello_reader.cc) is still what the programs send:
// each is asked for its ClientHello.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/interop/child_process.h"
#include "tests/interop/openssl_program.h"
#include "tests/tls/session/client_hello_reader.h"

namespace mxsweep::interop {
namespace {

using tls::ClientProfile;
using tls::testing::CapturedHello;
using tls::testing::HelloText;
using tls::testing::ReadHello;

constexpr int kTimeoutMs = 20'000;

// A server that says what SMTP says before TLS, and keeps what comes then.
class HelloCatcher {
 public:
  HelloCatcher() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~HelloCatcher() {
    close(connection_);
    close(listener_);
  }
  HelloCatcher(const HelloCatcher&) = delete;
  HelloCatcher& operator=(const HelloCatcher&) = delete;

  uint16_t port() const { return port_; }

  // The records of the ClientHello; what there is of them when the time is over.
  std::string Catch() {
    if (!Await(listener_)) return "";
    connection_ = accept(listener_, nullptr, nullptr);
    Say("220 mx.example.org ESMTP\r\n");
    Read();  // EHLO
    Say("250-mx.example.org\r\n250 STARTTLS\r\n");
    Read();  // STARTTLS
    Say("220 go ahead\r\n");
    std::string records;
    while (!ReadHello(records)) {
      const std::string more = Read();
      if (more.empty()) break;
      records += more;
    }
    return records;
  }

 private:
  static bool Await(int socket) {
    pollfd poll_fd = {.fd = socket, .events = POLLIN, .revents = 0};
    return poll(&poll_fd, 1, kTimeoutMs) == 1;
  }
  void Say(std::string_view text) {
    EXPECT_EQ(send(connection_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  std::string Read() {
    char buffer[16'384];
    const ssize_t got = Await(connection_) ? recv(connection_, buffer, sizeof(buffer), 0) : 0;
    return {buffer, static_cast<size_t>(std::max<ssize_t>(got, 0))};
  }

  int listener_;
  int connection_ = -1;
  uint16_t port_ = 0;
};

std::string NewFolder(const char* name) {
  const std::string folder =
      (std::filesystem::path(::testing::TempDir()) / absl::StrCat(name, ".", getpid())).string();
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

// What a program says to us. PORT in its command is ours.
HelloText HelloOf(Arguments command, const ProcessOptions& options) {
  HelloCatcher catcher;
  for (std::string& word : command) {
    word = absl::StrReplaceAll(word, {{"PORT", absl::StrCat(catcher.port())}});
  }
  const std::string folder = NewFolder("hello");
  const auto program = ChildProcess::Start("client", command, folder + "/log", options);
  EXPECT_TRUE(program.ok()) << program.status();
  const std::string records = catcher.Catch();
  const std::optional<HelloText> hello = ReadHello(records);
  EXPECT_TRUE(hello.has_value()) << records.size() << " bytes; " << program->LogTail();
  std::filesystem::remove_all(folder);
  return hello.value_or(HelloText());
}

void ExpectCaptured(const HelloText& now, const HelloText& captured) {
  EXPECT_EQ(now.suites, captured.suites);
  EXPECT_EQ(now.groups, captured.groups);
  EXPECT_EQ(now.signature_algorithms, captured.signature_algorithms);
  EXPECT_EQ(now.versions, captured.versions);
  EXPECT_EQ(now.key_shares, captured.key_shares);
  EXPECT_EQ(now.extensions, captured.extensions);
}

TEST(Offers, OfOpenssl35AreThoseThatWereCaptured) {
  const auto programs = OpensslPrograms(MXSWEEP_INTEROP_SERVERS);
  ASSERT_TRUE(programs.ok()) << programs.status();
  for (const OpensslProgram& program : *programs) {
    if (!absl::StartsWith(program.version, "3.5.")) continue;
    Arguments command = program.command;
    command.insert(command.end(), {"s_client", "-connect", "127.0.0.1:PORT", "-starttls", "smtp",
                                   "-servername", "mx.example.org"});
    ExpectCaptured(HelloOf(command, {.environment = program.environment}),
                   CapturedHello(ClientProfile::kOpenssl));
    return;
  }
  GTEST_SKIP() << "no OpenSSL 3.5 (see fetch_servers)";
}

TEST(Offers, OfPostfixAreThoseThatWereCaptured) {
  const std::string servers = MXSWEEP_INTEROP_SERVERS;
  const std::string root = servers + "/root";
  if (!std::filesystem::exists(root + "/usr/sbin/posttls-finger")) {
    GTEST_SKIP() << "no posttls-finger (see fetch_servers)";
  }
  const std::string folder = NewFolder("postfix");
  // Accounts that every Debian has, since this machine need not have Postfix's.
  ASSERT_TRUE(WriteFile(folder + "/main.cf",
                        "compatibility_level = 3.6\nmail_owner = daemon\ndefault_privs = bin\n"
                        "setgid_group = mail\ninet_interfaces = 127.0.0.1\n"
                        "myhostname = sender.example.org\n")
                  .ok());
  ASSERT_TRUE(WriteFile(folder + "/master.cf", "").ok());
  std::string libraries = root + "/usr/lib/postfix";
  for (const auto& entry : std::filesystem::directory_iterator(root + "/usr/lib")) {
    if (absl::EndsWith(entry.path().string(), "-linux-gnu")) {
      absl::StrAppend(&libraries, ":", entry.path().string());
    }
  }
  const HelloText hello =
      HelloOf({root + "/usr/sbin/posttls-finger", "-c", "-l", "may", "[127.0.0.1]:PORT"},
              {.environment = {"LD_LIBRARY_PATH=" + libraries, "MAIL_CONFIG=" + folder,
                               "OPENSSL_CONF=/dev/null"}});
  std::filesystem::remove_all(folder);
  ExpectCaptured(hello, CapturedHello(ClientProfile::kPostfix));
}

}  // namespace
}  // namespace mxsweep::interop
