// Runs the real program and talks to it: with OpenSSL's client over STARTTLS, and over DNS.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "nlohmann/json.hpp"
#include "scanner/base/text.h"
#include "tests/lab/dns_client.h"
#include "tests/lab/lab_fixture.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

using testing::HasSubstr;

// Apart from whatever else runs on this machine: tests run side by side.
const uint16_t kSmtpPort = static_cast<uint16_t>(2600 + getpid() % 4096);
const std::string kNetwork = JoinText("127.", 64 + getpid() % 128, ".0.0");

std::string RunCommand(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (const size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) {
    out.append(buffer.data(), size);
  }
  pclose(pipe);
  return out;
}

// The program, started once for all tests of this file, which ask it nothing else meanwhile.
class Served : public testing::Test {
 protected:
  void SetUp() override {
    state_ = testing::TempDir() + JoinText("/mxsweep-lab-", getpid());
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(ends[1], STDOUT_FILENO);
      const std::string report = state_ + ".json";
      const std::string port = JoinText(kSmtpPort);
      execl(MXSWEEP_LAB_PROGRAM, "mxsweep-lab", "serve", "--seed", "1", "--domains", "200",
            "--network", kNetwork.c_str(), "--dns-port", "0", "--smtp-port", port.c_str(),
            "--processes", "2", "--threads", "2", "--delay-scale", "0.2", "--state", state_.c_str(),
            "--report", report.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    FILE* out = fdopen(ends[0], "r");
    unsigned dns_port = 0;
    ASSERT_EQ(fscanf(out, "ready dns=127.0.0.1:%u", &dns_port), 1);
    fclose(out);
    dns_port_ = static_cast<uint16_t>(dns_port);
  }

  void TearDown() override {
    if (pid_ > 0) kill(pid_, SIGTERM), waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(state_);
    std::filesystem::remove(state_ + ".json");
  }

  nlohmann::json Stop() {
    kill(pid_, SIGTERM);
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    EXPECT_EQ(status, 0);
    std::ifstream file(state_ + ".json");
    return nlohmann::json::parse(file);
  }

  // The same world as the program's, but for its network.
  std::string AddressOf(const std::string& zone) {
    const auto reply = AskUdp(dns_port_, {"mx1." + zone + ".lab", kTypeA}, 2000);
    EXPECT_TRUE(reply && !reply->answers.empty()) << zone;
    if (!reply || reply->answers.empty()) return "";
    const std::string& data = reply->answers.back().data;
    return JoinText(static_cast<uint8_t>(data[0]), ".", static_cast<uint8_t>(data[1]), ".",
                    static_cast<uint8_t>(data[2]), ".", static_cast<uint8_t>(data[3]));
  }

  // What `openssl s_client` prints; it says EHLO, STARTTLS and, inside TLS, QUIT.
  std::string OpenSsl(const std::string& zone, const std::string& flags = "") {
    // A capital Q at a line's start would be a command to s_client itself.
    return RunCommand(JoinText(
        "(sleep 0.5; printf 'ehlo scanner.example.org\\r\\n'; sleep 0.2; printf ",
        "'quit\\r\\n'; sleep 0.2) | timeout 10 openssl s_client -starttls smtp ",
        "-name scanner.example.org -servername mx1.", zone, ".lab ", "-verify_hostname mx1.", zone,
        ".lab -CAfile ", state_, "/ca.pem -cipher 'ALL:@SECLEVEL=0' ", flags, " -connect ",
        AddressOf(zone), ":", kSmtpPort, " 2>&1"));
  }

  // Connects and gives errno, 0 where it succeeded.
  int Connect(const std::string& zone, int timeout_ms) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const timeval timeout{0, timeout_ms * 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(kSmtpPort);
    unsigned p[4];
    sscanf(AddressOf(zone).c_str(), "%u.%u.%u.%u", &p[0], &p[1], &p[2], &p[3]);
    to.sin_addr.s_addr = htonl(p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]);
    const int error = connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0 ? 0 : errno;
    close(fd);
    return error;
  }

  std::string state_;
  pid_t pid_ = -1;
  uint16_t dns_port_ = 0;
};

TEST_F(Served, AnswersDnsOverUdpAndTcp) {
  EXPECT_TRUE(AskUdp(dns_port_, {"perfect.lab", kTypeMx}, 2000)->ad);
  EXPECT_TRUE(AskUdp(dns_port_, {"domain-truncated.lab", kTypeMx}, 2000)->truncated);
  const auto tcp = AskTcp(dns_port_, {"domain-truncated.lab", kTypeMx}, 2000);
  ASSERT_TRUE(tcp);
  EXPECT_EQ(tcp->answers.size(), 3u);
  EXPECT_FALSE(AskUdp(dns_port_, {"domain-timeout.lab", kTypeMx}, 200));
  const nlohmann::json report = Stop();
  EXPECT_EQ(report["dns"]["udp"], 3);
  EXPECT_EQ(report["dns"]["tcp"], 1);
  EXPECT_EQ(report["dns"]["by_type"]["MX"], 4);
  EXPECT_EQ(report["dns"]["dropped"], 1);
}

TEST_F(Served, ShakesHandsWithOpenSslInEveryPosture) {
  const std::string perfect = OpenSsl("perfect");
  EXPECT_THAT(perfect, HasSubstr("New, TLSv1.3"));
  EXPECT_THAT(perfect, HasSubstr("Verify return code: 0 (ok)"));
  EXPECT_THAT(perfect, HasSubstr("221 2.0.0 Bye"));
  EXPECT_THAT(OpenSsl("expired"), HasSubstr("certificate has expired"));
  EXPECT_THAT(OpenSsl("self-signed"), HasSubstr("self-signed certificate"));
  EXPECT_THAT(OpenSsl("wrong-name"), HasSubstr("hostname mismatch"));
  EXPECT_THAT(OpenSsl("incomplete-chain"), HasSubstr("unable to verify the first certificate"));
  EXPECT_THAT(OpenSsl("weak-key"), HasSubstr("Server public key is 1024 bit"));
  EXPECT_THAT(OpenSsl("old-tls"), HasSubstr("Protocol  : TLSv1\n"));
  EXPECT_THAT(OpenSsl("static-rsa"), HasSubstr("Cipher is AES128-GCM-SHA256"));
  EXPECT_THAT(OpenSsl("tls-tls13-p384"), HasSubstr("Server Temp Key: ECDH, secp384r1"));
  EXPECT_THAT(OpenSsl("behaviour-stapled", "-status"), HasSubstr("OCSP"));
  EXPECT_THAT(OpenSsl("behaviour-stutter"), HasSubstr("Verify return code: 0 (ok)"));
  EXPECT_THAT(OpenSsl("cert-client-purpose"), HasSubstr("nsuitable certificate purpose"));
  EXPECT_THAT(OpenSsl("cert-extra-certificate"), HasSubstr("Verify return code: 0 (ok)"));
  EXPECT_THAT(OpenSsl("cert-dual"), HasSubstr("Peer signature type: ECDSA"));
  EXPECT_THAT(OpenSsl("cert-dual", "-sigalgs rsa_pss_rsae_sha256"),
              HasSubstr("Peer signature type: RSA-PSS"));
}

TEST_F(Served, FailsInEveryManner) {
  EXPECT_THAT(OpenSsl("behaviour-alert-handshake-failure"), HasSubstr("handshake failure"));
  EXPECT_THAT(OpenSsl("behaviour-alert-protocol-version"), HasSubstr("protocol version"));
  EXPECT_THAT(OpenSsl("behaviour-tls-garbage"), HasSubstr("wrong version number"));
  EXPECT_THAT(OpenSsl("no-starttls"), HasSubstr("STARTTLS"));
  // It goes as far as the ServerKeyExchange, which nobody has signed.
  EXPECT_THAT(OpenSsl("tls-dhe-only"), HasSubstr("invalid padding"));
  EXPECT_THAT(OpenSsl("cert-unreadable-extra"), HasSubstr("error:0688010A:asn1"));
  EXPECT_EQ(Connect("refused", 1000), ECONNREFUSED);
  EXPECT_THAT(Connect("unreachable", 300), testing::AnyOf(EAGAIN, EINPROGRESS, ETIMEDOUT));
  EXPECT_EQ(Connect("plain", 1000), 0);
  // s_client goes on with a ClientHello where STARTTLS was refused: bytes that are no text.
  EXPECT_GT(Stop()["violations"]["malformed_command"], 0);
}

TEST_F(Served, ReportsWhatClientsDid) {
  const std::string address = AddressOf("plain");
  for (int i = 0; i < 4; ++i) OpenSsl("plain");
  const nlohmann::json report = Stop();
  EXPECT_EQ(report["addresses"][address]["connections"], 4);
  EXPECT_EQ(report["addresses"][address]["most_open"], 1);
  EXPECT_EQ(report["handshakes"], 4);
  EXPECT_EQ(report["quits"], 4);
  EXPECT_EQ(report["client_hellos"].size(), 1u);
  EXPECT_EQ(report["client_hellos"][0]["server_name"], "mx1.plain.lab");
  EXPECT_EQ(report["violations"]["too_many_handshakes"], 1);
  EXPECT_EQ(report["violations"]["parallel_connections"], 0);
  EXPECT_EQ(report["violations"]["no_quit"], 0);
  EXPECT_EQ(report["violations"]["ehlo_with_target_name"], 0);
}

}  // namespace
}  // namespace mxsweep::lab
