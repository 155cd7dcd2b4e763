// A server that wants to negotiate again within TLS 1.2 (RFC 5246 §7.4.1.1), which keeps both busy
// as often as it likes: OpenSSL's, since BoringSSL's cannot ask.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/pki/openssl_ca.h"
#include "tests/tls/pki/pem_files.h"
#include "tests/tls/session/server_process.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

using State = Handshake::DecryptState;

// The server's bytes, one read. Empty: it has closed, or says nothing for five seconds.
std::string Read(int fd) {
  char buffer[16384];
  const ssize_t got = read(fd, buffer, sizeof(buffer));
  return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : "";
}

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

void WriteAll(int fd, std::string* out) {
  EXPECT_EQ(write(fd, out->data(), out->size()), static_cast<ssize_t>(out->size()));
  out->clear();
}

TEST(Renegotiation, EndsTheSessionTheFirstTimeItIsAskedFor) {
  ASSERT_TRUE(testing::OpensslCa::Available()) << "no openssl program to ask";
  testing::TemporaryFolder folder;
  const testing::TestCertificate certificate =
      testing::MakeSelfSigned({}, testing::TestKey(testing::KeyKind::kP256, 0));
  folder.Write("leaf.pem", certificate.pem());
  folder.Write("leaf.key", testing::KeyPem(certificate.key()));
  // "R" on its standard input is the command to ask for it, once the handshake is over.
  const testing::ServerProcess server(
      "exec bash -c 'exec openssl s_server -accept 127.0.0.1:0 -tls1_2 -cert " +
          folder.Path("leaf.pem") + " -key " + folder.Path("leaf.key") +
          " < <(sleep 1; while echo R; do sleep 0.1; done)'",
      testing::kOpensslAnnouncement);
  ASSERT_NE(server.port(), 0) << server.output();

  const auto context = ClientContext::Create().value();
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in to = testing::LoopbackAddress(server.port());
  ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  const timeval patience = {.tv_sec = 5, .tv_usec = 0};
  ASSERT_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);

  Handshake tls(context.get());
  std::string out;
  ASSERT_TRUE(tls.Start("mx.example.org", kTls12, &out).ok());
  HandshakeOutcome outcome = HandshakeOutcome::kInProgress;
  while (outcome == HandshakeOutcome::kInProgress) {
    WriteAll(fd, &out);
    const std::string in = Read(fd);
    ASSERT_FALSE(in.empty());
    outcome = tls.Advance(Bytes(in), &out);
  }
  ASSERT_EQ(outcome, HandshakeOutcome::kOk) << tls.Facts().error_detail;
  WriteAll(fd, &out);

  std::string plaintext;
  State state = tls.Decrypt({}, &plaintext, &out);
  while (state == State::kOpen) {
    const std::string in = Read(fd);
    ASSERT_FALSE(in.empty()) << "the server has not asked";
    state = tls.Decrypt(Bytes(in), &plaintext, &out);
  }
  EXPECT_EQ(state, State::kError);
  EXPECT_EQ(tls.Facts().error_detail, "NO_RENEGOTIATION");
  EXPECT_FALSE(out.empty()) << "our alert";
  EXPECT_EQ(plaintext, "");
  close(fd);
}

}  // namespace
}  // namespace mxsweep::tls
