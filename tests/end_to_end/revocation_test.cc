// The real program with --revocation, over real sockets: mail servers with TLS from the first byte,
// and a web server that has their revocation lists.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"
#include "tests/tls/pki/openssl_ca.h"
#include "tests/tls/revocation/revocation_factory.h"
#include "tests/tls/session/test_server.h"

namespace mxsweep::end_to_end {
namespace {

using tls::testing::CaSpec;
using tls::testing::CertificateSpec;
using tls::testing::CrlSpec;
using tls::testing::kDay;
using tls::testing::KeyKind;
using tls::testing::MakeCrl;
using tls::testing::MakeSelfSigned;
using tls::testing::MakeSigned;
using tls::testing::TestCertificate;
using tls::testing::TestKey;
using tls::testing::TestServer;
using tls::testing::WallNow;

// Accepts connections, one after the other, on a thread of its own.
class Listener {
 public:
  // `port` 0: any.
  Listener(const std::string& address, uint16_t port, std::function<void(int)> serve)
      : serve_(std::move(serve)) {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    inet_pton(AF_INET, address.c_str(), &at.sin_addr);
    socklen_t size = sizeof(at);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&at), size), 0) << address;
    EXPECT_EQ(listen(socket_, 16), 0);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~Listener() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }
  uint16_t port() const { return port_; }

 private:
  void Run() {
    for (;;) {
      const int connection = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      const timeval patience{.tv_sec = 10, .tv_usec = 0};
      setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
      serve_(connection);
      close(connection);
    }
  }

  std::function<void(int)> serve_;
  int socket_ = -1;
  uint16_t port_ = 0;
  std::thread thread_;
};

std::string Receive(int connection) {
  char buffer[16384];
  const ssize_t got = recv(connection, buffer, sizeof(buffer), 0);
  return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : std::string();
}

void Send(int connection, const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<size_t>(n);
  }
}

// SMTP within TLS, as little of it as will do.
void ServeMail(int connection, const std::vector<const TestCertificate*>& chain,
               const std::vector<uint8_t>& staple) {
  TestServer server(chain, {.ocsp_response = staple});
  bool greeted = false;
  for (std::string bytes = Receive(connection); !bytes.empty(); bytes = Receive(connection)) {
    Send(connection, server.Receive(bytes));
    if (server.done() && !greeted) Send(connection, server.Send("220 mx.test\r\n"));
    greeted = server.done();
    if (server.plaintext().ends_with("QUIT\r\n")) {
      Send(connection, server.Send("221 bye\r\n"));
      Send(connection, server.SendCloseNotify());
      return;
    }
    if (server.plaintext().ends_with("\r\n")) {
      Send(connection, server.Send("250 mx.test\r\n"));
    }
  }
}

// Documents, and how often each was asked for.
class WebServer {
 public:
  WebServer() : listener_("127.0.7.80", 0, [this](int connection) { Serve(connection); }) {}

  std::string url(const std::string& target) const {
    return "http://127.0.7.80:" + std::to_string(listener_.port()) + target;
  }
  void Put(const std::string& target, const std::vector<uint8_t>& body) {
    const std::lock_guard<std::mutex> lock(mutex_);
    documents_[target] = {body.begin(), body.end()};
  }
  std::map<std::string, int> TakeAsked() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(asked_, {});
  }

 private:
  void Serve(int connection) {
    std::string request;
    while (request.find("\r\n\r\n") == std::string::npos) {
      const std::string bytes = Receive(connection);
      if (bytes.empty()) return;
      request += bytes;
    }
    const std::string target = request.substr(4, request.find(' ', 4) - 4);
    const std::lock_guard<std::mutex> lock(mutex_);
    ++asked_[target];
    const auto found = documents_.find(target);
    if (found == documents_.end()) {
      return Send(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
    Send(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\nContent-Length: " +
                         std::to_string(found->second.size()) + "\r\n\r\n" + found->second);
  }

  std::mutex mutex_;
  std::map<std::string, std::string> documents_;
  std::map<std::string, int> asked_;
  Listener listener_;
};

CertificateSpec Leaf(int64_t serial, const std::string& url) {
  CertificateSpec spec;
  spec.serial = serial;
  spec.crl_distribution_points = "URI:" + url;
  spec.not_before = WallNow() - kDay;
  spec.not_after = WallNow() + 30 * kDay;
  return spec;
}

CrlSpec List(std::vector<tls::testing::CrlEntrySpec> entries) {
  return {.this_update = WallNow() - 3600,
          .next_update = WallNow() + kDay,
          .entries = std::move(entries)};
}

CertificateSpec Issuer(const std::string& name, int64_t serial, const std::string& url) {
  CertificateSpec spec = CaSpec(name);
  spec.serial = serial;
  spec.crl_distribution_points = "URI:" + url;
  return spec;
}

class RevocationEndToEnd : public ::testing::Test {
 protected:
  RevocationEndToEnd() {
    web_.Put("/root.crl", MakeCrl(root_, List({{.serial = 902, .reason = 2}})));
    web_.Put("/good.crl", MakeCrl(good_, List({{.serial = 12}, {.serial = 99}})));
    web_.Put("/bad.crl", MakeCrl(bad_, List({})));
    tls::testing::OcspSpec staple;
    staple.this_update = WallNow() - 3600;
    staple.next_update = WallNow() + kDay;
    AddMail("127.0.7.1", {&leaf_, &good_}, {});
    AddMail("127.0.7.2", {&revoked_leaf_, &good_}, {});
    AddMail("127.0.7.3", {&below_bad_, &bad_}, {});
    AddMail("127.0.7.4", {&stapled_, &good_}, MakeOcspResponse(stapled_, good_, staple));
    AddMail("127.0.7.5", {&self_signed_}, {});
    std::ofstream(folder_.path("root.pem")) << root_.pem();
  }

  void AddMail(const std::string& address, std::vector<const TestCertificate*> chain,
               std::vector<uint8_t> staple) {
    mail_.push_back(std::make_unique<Listener>(
        address, mail_.empty() ? 0 : mail_.front()->port(),
        [chain, staple](int connection) { ServeMail(connection, chain, staple); }));
    std::ofstream(folder_.path("targets.txt"), std::ios::app) << address << "\n";
  }

  // By address.
  std::map<std::string, json> Scan(const std::string& name, const Arguments& more) {
    Arguments arguments = {"scan",
                           folder_.path("targets.txt"),
                           "--targets",
                           "addresses",
                           "--tls",
                           "implicit",
                           "--port",
                           std::to_string(mail_.front()->port()),
                           "-o",
                           folder_.path(name),
                           "--trust-store",
                           folder_.path("root.pem"),
                           "--allow-special",
                           "--per-address-interval",
                           "10ms",
                           "--retries",
                           "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result = Mxsweep(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    std::map<std::string, json> rows;
    for (json& row : Rows(folder_.path(name), "endpoints")) {
      const std::string address = row.at("address");
      EXPECT_EQ(row["outcome"], "tls_ok") << row.dump();
      rows[address] = std::move(row);
    }
    return rows;
  }

  TemporaryFolder folder_;
  WebServer web_;
  TestCertificate root_ = MakeSelfSigned(CaSpec("Test Root"), TestKey(KeyKind::kP256, 1));
  TestCertificate good_ =
      MakeSigned(Issuer("Good CA", 901, web_.url("/root.crl")), TestKey(KeyKind::kP256, 2), root_);
  TestCertificate bad_ =
      MakeSigned(Issuer("Bad CA", 902, web_.url("/root.crl")), TestKey(KeyKind::kP256, 3), root_);
  TestCertificate leaf_ =
      MakeSigned(Leaf(11, web_.url("/good.crl")), TestKey(KeyKind::kP256), good_);
  TestCertificate revoked_leaf_ =
      MakeSigned(Leaf(12, web_.url("/good.crl")), TestKey(KeyKind::kP256), good_);
  TestCertificate below_bad_ =
      MakeSigned(Leaf(13, web_.url("/bad.crl")), TestKey(KeyKind::kP256), bad_);
  TestCertificate stapled_ =
      MakeSigned(Leaf(14, web_.url("/none.crl")), TestKey(KeyKind::kP256), good_);
  TestCertificate self_signed_ =
      MakeSelfSigned(Leaf(15, web_.url("/victim")), TestKey(KeyKind::kP256));
  std::vector<std::unique_ptr<Listener>> mail_;
};

TEST_F(RevocationEndToEnd, AsksTheListsOfTrustedCertificatesOnceEach) {
  std::map<std::string, json> rows = Scan("asked", {"--revocation", "--workers", "2"});
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows["127.0.7.1"]["revocation_status"], "good");
  EXPECT_EQ(rows["127.0.7.1"]["revocation_source"], "crl");
  EXPECT_EQ(rows["127.0.7.2"]["revocation_status"], "revoked");
  EXPECT_EQ(rows["127.0.7.3"]["revocation_status"], "revoked");
  EXPECT_THAT(rows["127.0.7.3"]["revocation_detail"].get<std::string>(),
              ::testing::StartsWith("certificate 1: revoked"));
  EXPECT_EQ(rows["127.0.7.4"]["revocation_status"], "good");
  EXPECT_EQ(rows["127.0.7.4"]["revocation_source"], "ocsp_staple");
  EXPECT_EQ(rows["127.0.7.4"]["ocsp_status"], "good");
  EXPECT_EQ(rows["127.0.7.5"]["pkix_status"], "self_signed");
  EXPECT_TRUE(rows["127.0.7.5"]["revocation_status"].is_null());
  const std::map<std::string, int> once = {
      {"/bad.crl", 1}, {"/good.crl", 1}, {"/none.crl", 1}, {"/root.crl", 1}};
  EXPECT_EQ(web_.TakeAsked(), once);

  std::map<std::string, int> certificates;
  for (const json& row : Rows(folder_.path("asked"), "certificates")) {
    ++certificates[row["revocation_status"].is_null() ? "" : row["revocation_status"]];
  }
  // The list of the revoked issuer has nothing against what it issued.
  const std::map<std::string, int> expected = {
      {"", 1}, {"fetch_failed", 1}, {"good", 3}, {"revoked", 2}};
  EXPECT_EQ(certificates, expected);
}

TEST_F(RevocationEndToEnd, AsksNobodyUnlessTold) {
  std::map<std::string, json> rows = Scan("unasked", {});
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_TRUE(web_.TakeAsked().empty());
  EXPECT_TRUE(rows["127.0.7.1"]["revocation_status"].is_null());
  EXPECT_TRUE(rows["127.0.7.2"]["revocation_status"].is_null());
  EXPECT_EQ(rows["127.0.7.4"]["revocation_status"], "good");
}

}  // namespace
}  // namespace mxsweep::end_to_end
