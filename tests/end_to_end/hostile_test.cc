// Servers that do what no server should, as real sockets: each has its outcome within its time, and
// keeps nobody else waiting.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"
#include "tests/end_to_end/running_mxsweep.h"
#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/test_server.h"

namespace mxsweep::end_to_end {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using tls::testing::CertificateSpec;
using tls::testing::KeyKind;
using tls::testing::TestCertificate;
using tls::testing::TestServer;
using tls::testing::TestServerOptions;

constexpr uint16_t kPort = 2925;
constexpr int kGoodServers = 30;

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::string Number(size_t value, int bytes) {
  std::string number;
  for (int i = bytes - 1; i >= 0; --i) number.push_back(static_cast<char>(value >> (8 * i)));
  return number;
}

// RFC 5246 §6.2.1.
std::string Record(int type, const std::string& body) {
  return Bytes({type, 3, 3}) + Number(body.size(), 2) + body;
}
std::string Records(int type, const std::string& body) {
  constexpr size_t kMost = 1 << 14;
  std::string records;
  for (size_t at = 0; at < body.size(); at += kMost)
    records += Record(type, body.substr(at, kMost));
  return records;
}
std::string Message(int type, const std::string& body) {
  return Bytes({type}) + Number(body.size(), 3) + body;
}

// A client's connection, seen from the server. What is said to a client that has gone is lost.
class Peer {
 public:
  Peer(int fd, const std::atomic<bool>* stop) : fd_(fd), stop_(stop) {}
  ~Peer() {
    if (fd_ >= 0) close(fd_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool Say(std::string_view text) {
    while (!text.empty() && !*stop_) {
      const ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return !*stop_;
  }
  // Until the client has gone.
  void SayAgainAndAgain(const std::string& text, milliseconds pause = milliseconds(0)) {
    while (Say(text)) std::this_thread::sleep_for(pause);
  }
  void SayNothing() {
    char byte;
    while (!*stop_) {
      pollfd poll_fd{fd_, POLLIN, 0};
      if (poll(&poll_fd, 1, 100) > 0 && recv(fd_, &byte, 1, 0) <= 0) return;
    }
  }
  // What has come, or nothing where the client has gone.
  std::string Hear() {
    pollfd poll_fd{fd_, POLLIN, 0};
    while (!*stop_ && poll(&poll_fd, 1, 100) == 0) {
    }
    std::string text(1 << 16, '\0');
    const ssize_t got = *stop_ ? 0 : recv(fd_, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return text;
  }
  // Something that came before anything was said.
  bool HasSpoken() {
    pollfd poll_fd{fd_, POLLIN, 0};
    return poll(&poll_fd, 1, 0) > 0;
  }
  void Reset() {
    const linger at_once{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(std::exchange(fd_, -1));
  }

  // Greets, and answers EHLO with what offers STARTTLS.
  bool ComeToEhlo() { return Say("220 mx.example.org ESMTP\r\n") && !Hear().empty(); }
  bool ComeToStartTls() {
    return ComeToEhlo() && Say("250-mx.example.org\r\n250 STARTTLS\r\n") && !Hear().empty();
  }
  // The ClientHello.
  std::string ComeToHandshake() {
    return ComeToStartTls() && Say("220 go ahead\r\n") ? Hear() : std::string();
  }
  // A handshake with this chain, and then `after`.
  void ShakeHands(const std::vector<const TestCertificate*>& chain,
                  const TestServerOptions& options,
                  const std::function<void(Peer&, TestServer&)>& after) {
    TestServer server(chain, options);
    std::string heard = ComeToHandshake();
    while (!heard.empty() && Say(server.Receive(heard)) && !server.done() && !server.failed()) {
      heard = Hear();
    }
    if (server.done()) after(*this, server);
  }

 private:
  int fd_;
  const std::atomic<bool>* stop_;
};

struct Hostile {
  std::string name;
  std::function<void(Peer&)> behave;
  std::set<std::string> outcomes;  // any of them
  std::string stage;               // "": any
};

// All of them, one at each address from 127.77.0.1 on.
class HostileServers {
 public:
  explicit HostileServers(std::vector<Hostile> servers) : servers_(std::move(servers)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(kPort);
    any.sin_addr.s_addr = htonl(INADDR_ANY);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&any), sizeof(any)), 0);
    EXPECT_EQ(listen(listener_, 512), 0);
    accepting_ = std::thread([this] { Accept(); });
  }
  ~HostileServers() {
    stop_ = true;
    accepting_.join();
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
  }

  static std::string AddressOf(size_t index) { return "127.77.0." + std::to_string(index + 1); }

 private:
  void Accept() {
    while (!stop_) {
      pollfd poll_fd{listener_, POLLIN, 0};
      if (poll(&poll_fd, 1, 50) <= 0) continue;
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      sockaddr_in local{};
      socklen_t size = sizeof(local);
      getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size);
      const size_t index = (ntohl(local.sin_addr.s_addr) & 0xff) - 1;
      threads_.emplace_back([this, fd, index] {
        Peer peer(fd, &stop_);
        if (index < servers_.size()) servers_[index].behave(peer);
      });
    }
  }

  std::vector<Hostile> servers_;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  std::thread accepting_;
  std::vector<std::thread> threads_;
};

std::vector<Hostile> InSmtp() {
  return {
      {"never speaks", [](Peer& peer) { peer.SayNothing(); }, {"greeting_timeout"}, "greeting"},
      {"one byte a second",
       [](Peer& peer) {
         for (const char byte : std::string("220 mx.example.org ESMTP\r\n")) {
           if (!peer.Say({&byte, 1})) return;
           std::this_thread::sleep_for(milliseconds(1'000));
         }
       },
       {"greeting_timeout"},
       "greeting"},
      {"endless greeting",
       [](Peer& peer) { peer.SayAgainAndAgain("220-and so on\r\n"); },
       {"smtp_protocol_error"},
       "greeting"},
      {"line of 10 MB",
       [](Peer& peer) { peer.Say("220 " + std::string(10 << 20, 'x') + "\r\n"); },
       {"smtp_protocol_error"},
       "greeting"},
      {"NUL, C1 and bidi in a greeting",
       [](Peer& peer) {
         peer.Say(std::string("220 a\0b \x9b\x33\x31m \xe2\x80\xae gnp.exe\r\n", 27));
         peer.Hear();
         peer.Say("250 mx.example.org\r\n");
         peer.Hear();
       },
       {"no_starttls", "smtp_protocol_error"},
       ""},
      {"421 greeting", [](Peer& peer) { peer.Say("421 busy\r\n"); }, {"throttled_421"}, "greeting"},
      {"554 greeting", [](Peer& peer) { peer.Say("554 no\r\n"); }, {"greeting_5xx"}, "greeting"},
      {"no SMTP",
       [](Peer& peer) { peer.Say("HTTP/1.0 400 Bad\r\n\r\n"); },
       {"smtp_protocol_error"},
       "greeting"},
      {"closes at once", [](Peer&) {}, {"closed_early"}, "greeting"},
      {"resets at once", [](Peer& peer) { peer.Reset(); }, {"reset", "closed_early"}, ""},
      {"closes at EHLO", [](Peer& peer) { peer.ComeToEhlo(); }, {"closed_early"}, "ehlo"},
      {"resets at EHLO",
       [](Peer& peer) {
         peer.ComeToEhlo();
         peer.Reset();
       },
       {"reset"},
       "ehlo"},
      {"closes at STARTTLS",
       [](Peer& peer) { peer.ComeToStartTls(); },
       {"closed_early"},
       "starttls"},
      {"resets at STARTTLS",
       [](Peer& peer) {
         peer.ComeToStartTls();
         peer.Reset();
       },
       {"reset"},
       "starttls"},
      {"endless EHLO",
       [](Peer& peer) {
         peer.ComeToEhlo();
         peer.SayAgainAndAgain("250-KEYWORD\r\n");
       },
       {"smtp_protocol_error"},
       "ehlo"},
      {"EHLO and HELO refused",
       [](Peer& peer) {
         peer.ComeToEhlo();
         peer.Say("502 no\r\n");
         peer.Hear();
         peer.Say("502 no\r\n");
         peer.Hear();
       },
       {"ehlo_refused"},
       "ehlo"},
      {"STARTTLS refused",
       [](Peer& peer) {
         peer.ComeToStartTls();
         peer.Say("554 no\r\n");
         peer.Hear();
       },
       {"starttls_refused"},
       "starttls"},
      {"no STARTTLS",
       [](Peer& peer) {
         peer.ComeToEhlo();
         peer.Say("250 mx.example.org\r\n");
         peer.Hear();
       },
       {"no_starttls"},
       "ehlo"},
      {"drops those who talk early",
       [](Peer& peer) {
         std::this_thread::sleep_for(milliseconds(700));
         if (peer.HasSpoken()) return peer.Reset();
         peer.ComeToEhlo();
         peer.Say("250 mx.example.org\r\n");
         peer.Hear();
       },
       {"no_starttls"},
       "ehlo"},
      {"silent at STARTTLS",
       [](Peer& peer) {
         peer.ComeToStartTls();
         peer.SayNothing();
       },
       {"command_timeout"},
       "starttls"},
  };
}

std::vector<Hostile> InTls() {
  const auto after_hello = [](const std::string& bytes) {
    return [bytes](Peer& peer) {
      if (!peer.ComeToHandshake().empty()) peer.Say(bytes);
      peer.SayNothing();
    };
  };
  const auto forever = [](const std::string& bytes, milliseconds pause) {
    return [bytes, pause](Peer& peer) {
      if (!peer.ComeToHandshake().empty()) peer.SayAgainAndAgain(bytes, pause);
    };
  };
  return {
      {"plaintext behind the 220, and nothing else",
       [](Peer& peer) {
         peer.ComeToStartTls();
         peer.Say("220 go\r\n250 injected\r\n");
         peer.SayNothing();
       },
       {"tls_timeout", "tls_protocol_error"},
       "handshake"},
      {"goes on in clear", after_hello("500 what?\r\n"), {"tls_protocol_error"}, "handshake"},
      {"garbage", after_hello(std::string(5'000, '\xee')), {"tls_protocol_error"}, "handshake"},
      {"silent", after_hello(""), {"tls_timeout"}, "handshake"},
      {"a record cut short",
       [](Peer& peer) {
         peer.ComeToHandshake();
         peer.Say(Bytes({22, 3, 3, 0, 100, 2, 0}));
       },
       {"closed_early"},
       "handshake"},
      {"a record too long",
       after_hello(Bytes({22, 3, 3, 0xff, 0xff}) + std::string(70'000, 'x')),
       {"tls_protocol_error"},
       "handshake"},
      {"a message of 16 MB",
       after_hello(Records(22, Bytes({2, 0xff, 0xff, 0xff}) + std::string(1 << 20, 'x'))),
       {"tls_protocol_error"},
       "handshake"},
      {"a byte of TLS a second",
       forever("\x16", milliseconds(1'000)),
       {"tls_timeout", "tls_protocol_error"},
       "handshake"},
      {"endless warnings",
       forever(Record(21, Bytes({1, 90})), milliseconds(0)),
       {"tls_protocol_error"},
       "handshake"},
      {"endless empty records",
       forever(Record(22, ""), milliseconds(0)),
       {"tls_protocol_error"},
       "handshake"},
      {"endless change_cipher_spec",
       forever(Record(20, Bytes({1})), milliseconds(0)),
       {"tls_protocol_error"},
       "handshake"},
      {"an alert", after_hello(Record(21, Bytes({2, 40}))), {"tls_alert"}, "handshake"},
      {"resets in the handshake",
       [](Peer& peer) {
         peer.ComeToHandshake();
         peer.Reset();
       },
       {"reset"},
       "handshake"},
  };
}

// A flight of TLS 1.2 with static RSA and this certificate, for which no key is needed.
std::string FlightWith(const std::string& certificate) {
  const std::string hello = Bytes({3, 3}) + std::string(32, 'r') + Bytes({0, 0x00, 0x2f, 0}) +
                            Number(5, 2) + Bytes({0xff, 1, 0, 1, 0});
  const std::string list = Number(certificate.size(), 3) + certificate;
  return Records(22,
                 Message(2, hello) + Message(11, Number(list.size(), 3) + list) + Message(14, ""));
}

std::string DerOf(const TestCertificate& certificate) {
  const std::vector<uint8_t> der = certificate.der();
  return {der.begin(), der.end()};
}

// A public key of so many bits, and no private one.
TestCertificate WithRsaBits(int bits) {
  CertificateSpec spec;
  spec.tweak = [bits](X509* x509) {
    bssl::UniquePtr<BIGNUM> n(BN_new());
    bssl::UniquePtr<BIGNUM> e(BN_new());
    BN_one(n.get());
    BN_lshift(n.get(), n.get(), bits - 1);
    BN_add_word(n.get(), 0x1235);
    BN_set_word(e.get(), 65537);
    bssl::UniquePtr<RSA> rsa(RSA_new());
    RSA_set0_key(rsa.get(), n.release(), e.release(), nullptr);
    bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
    EVP_PKEY_assign_RSA(key.get(), rsa.release());
    X509_set_pubkey(x509, key.get());
  };
  return MakeSigned(spec, TestKey(KeyKind::kRsa2048),
                    MakeSelfSigned(tls::testing::CaSpec("CA"), TestKey(KeyKind::kP256)));
}

std::vector<Hostile> InCertificates() {
  static const tls::testing::TestPki pki = tls::testing::MakePki();
  // Each another one, so that nothing is known from before.
  static const std::vector<TestCertificate> many = [] {
    std::vector<TestCertificate> made;
    for (int i = 0; i < 99; ++i) {
      CertificateSpec spec = tls::testing::CaSpec("CA " + std::to_string(i));
      spec.serial = 5'000 + i;
      made.push_back(MakeSelfSigned(spec, tls::testing::TestKey(KeyKind::kP256)));
    }
    return made;
  }();
  static const TestCertificate odd = [] {
    CertificateSpec spec;
    spec.common_name = "mx\xe2\x80\xae gro.elpmaxe \x1b[31m";
    spec.not_before = -3'000'000'000;
    spec.not_after = 250'000'000'000;
    return MakeSelfSigned(spec, tls::testing::TestKey(KeyKind::kP256));
  }();
  static const std::string huge = [] {
    CertificateSpec spec;
    spec.subject_alt_names = "DNS:mx.example.org";
    for (int i = 0; i < 120'000; ++i)
      spec.subject_alt_names += ",DNS:n" + std::to_string(i) + ".example.org";
    return DerOf(MakeSelfSigned(spec, tls::testing::TestKey(KeyKind::kP256)));
  }();
  static const std::string wide = DerOf(WithRsaBits(16'384));
  const auto quit = [](Peer& peer, TestServer& server) {
    for (std::string heard = peer.Hear(); !heard.empty(); heard = peer.Hear()) {
      peer.Say(server.Receive(heard));
      if (!peer.Say(server.Send("250 mx.example.org\r\n"))) return;
    }
  };
  const auto flight = [](const std::string& certificate) {
    return [certificate](Peer& peer) {
      if (peer.ComeToHandshake().empty()) return;
      peer.Say(FlightWith(certificate));
      peer.Hear();
    };
  };
  return {
      {"a chain of 100",
       [quit](Peer& peer) {
         std::vector<const TestCertificate*> chain = {&pki.leaf};
         for (const TestCertificate& each : many) chain.push_back(&each);
         peer.ShakeHands(chain, {}, quit);
       },
       {"tls_ok"},
       ""},
      {"a certificate of 3 MB", flight(huge), {"tls_protocol_error"}, "handshake"},
      {"an RSA key of 16,384 bits",
       flight(wide),
       {"closed_early", "tls_protocol_error"},
       "handshake"},
      {"absurd names and dates",
       [quit](Peer& peer) { peer.ShakeHands({&odd}, {}, quit); },
       {"tls_ok"},
       ""},
      {"garbage within TLS",
       [](Peer& peer) {
         peer.ShakeHands({&pki.leaf}, {}, [](Peer& p, TestServer&) {
           p.Hear();
           p.SayAgainAndAgain(Record(23, std::string(100, 'x')));
         });
       },
       {"tls_ok"},
       ""},
      {"endless answer within TLS",
       [](Peer& peer) {
         peer.ShakeHands({&pki.leaf}, {}, [](Peer& p, TestServer& server) {
           while (p.Say(server.Send("250-and so on\r\n"))) {
           }
         });
       },
       {"tls_ok"},
       ""},
      {"key updates without end",
       [](Peer& peer) {
         peer.ShakeHands({&pki.leaf}, {.min_version = tls::kTls13},
                         [](Peer& p, TestServer& server) {
                           while (p.Say(server.SendKeyUpdate())) {
                           }
                         });
       },
       {"tls_ok"},
       ""},
  };
}

TEST(HostileServers, EachHasItsOutcomeInItsTimeAndKeepsNobodyWaiting) {
  std::vector<Hostile> hostile = InSmtp();
  for (auto* more : {&InTls, &InCertificates}) {
    for (Hostile& each : (*more)()) hostile.push_back(std::move(each));
  }
  const size_t count = hostile.size();
  std::vector<Hostile> all = hostile;
  for (int i = 0; i < kGoodServers; ++i) {
    all.push_back({"good",
                   [](Peer& peer) {
                     peer.ComeToEhlo();
                     peer.Say("250 mx.example.org\r\n");
                     peer.Hear();
                     peer.Say("221 bye\r\n");
                   },
                   {"no_starttls"},
                   "ehlo"});
  }
  const HostileServers servers(all);
  TemporaryFolder folder;
  {
    std::ofstream list(folder.path("list"));
    for (size_t i = 0; i < all.size(); ++i) {
      list << HostileServers::AddressOf(i) << ",mx.example.org\n";
    }
  }
  const std::string scan = folder.path("scan");
  const auto began = std::chrono::steady_clock::now();
  const RunningMxsweep::End scanned = RunningMxsweep({"scan",
                                                      folder.path("list"),
                                                      "-o",
                                                      scan,
                                                      "--targets",
                                                      "addresses",
                                                      "--port",
                                                      std::to_string(kPort),
                                                      "--allow-special",
                                                      "--ehlo-name",
                                                      "scanner.example.org",
                                                      "--rate",
                                                      "0",
                                                      "--per-prefix-rate",
                                                      "0",
                                                      "--per-prefix-concurrency",
                                                      "0",
                                                      "--per-address-interval",
                                                      "0",
                                                      "--retries",
                                                      "0",
                                                      "--connect-timeout",
                                                      "2s",
                                                      "--greeting-timeout",
                                                      "4s",
                                                      "--command-timeout",
                                                      "4s",
                                                      "--handshake-timeout",
                                                      "5s",
                                                      "--quit-timeout",
                                                      "2s",
                                                      "--progress",
                                                      "none",
                                                      "--workers",
                                                      "1"})
                                          .Wait();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  EXPECT_EQ(scanned.exit_code, 0);
  std::map<std::string, json> rows;
  for (json& row : Rows(scan, "endpoints")) rows[row["address"]] = row;
  ASSERT_EQ(rows.size(), all.size());
  uint64_t slowest_good_us = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const json& row = rows.at(HostileServers::AddressOf(i));
    EXPECT_TRUE(all[i].outcomes.contains(row["outcome"].get<std::string>()))
        << all[i].name << ": " << row["outcome"] << " at " << row["stage"] << ", "
        << row["error_detail"];
    if (!all[i].stage.empty()) {
      EXPECT_EQ(row["stage"], all[i].stage) << all[i].name;
    }
    // The sum of a connection's timeouts.
    EXPECT_LE(row["elapsed_us"].get<uint64_t>(), 21'000'000u) << all[i].name;
    if (i >= count) {
      slowest_good_us = std::max(slowest_good_us, row["elapsed_us"].get<uint64_t>());
    }
  }
  std::printf("%zu hostile servers: %.1f s, %ld MiB, the slowest good one took %.0f ms\n", count,
              seconds, scanned.peak_rss_kib / 1024, static_cast<double>(slowest_good_us) / 1e3);
  EXPECT_LT(seconds, 60);
  if (!kSanitized) {
    EXPECT_LT(scanned.peak_rss_kib, 200 * 1024);
    EXPECT_LT(slowest_good_us, 1'000'000u);
  }
  // Nothing that a terminal would obey.
  for (const std::string table : {"endpoints", "certificates"}) {
    const CommandResult text = Mxsweep({"cat", scan, "--table", table, "--format", "csv"});
    ASSERT_EQ(text.exit_code, 0);
    for (const char* control : {"\x1b", "\xc2\x9b", "\xe2\x80\xae"}) {
      EXPECT_THAT(text.output, Not(HasSubstr(control))) << table;
    }
  }
}

}  // namespace
}  // namespace mxsweep::end_to_end
