// Mail servers of a simulation: each has a manner, and it is known what a scan must say of it.
#ifndef MXSWEEP_TESTS_SIMULATION_SIMULATED_SERVER_H_
#define MXSWEEP_TESTS_SIMULATION_SIMULATED_SERVER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/smtp/outcome.h"
#include "tests/simulation/simulated_loop.h"
#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/test_server.h"

namespace mxsweep::scanner::simulation {

enum class Manner {
  kGood,
  kTls12,
  kInjects,  // plaintext behind the 220 to STARTTLS
  kClosesAfterHandshake,
  kIgnoresQuit,
  kRefusesWithinTls,   // 550 to EHLO and HELO
  kHeloOnlyWithinTls,  // 550 to EHLO only
  kGarbageWithinTls,
  kSilentWithinTls,
  kThrottledWithinTls,  // 421 to the second EHLO; with implicit TLS as a greeting
  kStartTls250,         // which senders take for 220
  kMixedGreeting,       // first line 554, last line 220
  kMixedStartTls,       // first line 220, last line 454
  kNoStartTls,
  kStartTlsTooLate,  // behind the last line of the EHLO reply
  kHeloOnly,
  kEhloRefused,
  kEhlo4xx,
  kStartTls4xx,
  kStartTls5xx,
  kGreeting4xx,
  kGreeting5xx,
  kThrottled,
  kThrottledAtStartTls,
  kRefused,
  kIgnoresConnect,
  kUnreachable,
  kNoDescriptors,  // our own
  kSilent,
  kSilentAtEhlo,
  kSilentAtStartTls,
  kGarbageGreeting,
  kEndlessGreeting,
  kClosesAtOnce,
  kResetsAtOnce,
  kClosesAtEhlo,
  kResetsInHandshake,
  kClosesInHandshake,
  kSilentInHandshake,
  kGarbageInHandshake,
  kAlertInHandshake,
  kAlertThenClearText,
};
inline constexpr int kManners = static_cast<int>(Manner::kAlertThenClearText) + 1;

// What docs/outcomes.md says of such a server.
struct Expected {
  Outcome outcome;
  Stage stage;
  bool tried_again = false;  // up to the scan's retries
  // And with so many other offers: without TLS 1.3, without a server name, without a hybrid group.
  uint32_t further_offers = 0;
};
Expected ExpectedOf(Manner manner);

// One address.
struct ServerScript {
  // Of the first connection, of the second …; the last one stays.
  std::vector<Manner> manners = {Manner::kGood};
  int64_t connect_delay_ns = 20 * kMs;
  int64_t greet_delay_ns = 50 * kMs;
  int64_t reply_delay_ns = 5 * kMs;
  size_t max_piece_bytes = 1460;  // 1: byte by byte
  int64_t max_gap_ns = kMs;
  // Of who sends a longer ClientHello in one flight: this manner.
  size_t longest_hello_bytes = SIZE_MAX;
  Manner on_longer_hello = Manner::kResetsInHandshake;
  // TLS from the first byte (RFC 8314 §3.3); the manners of the handshake and those after it.
  bool implicit_tls = false;
  const std::vector<const tls::testing::TestCertificate*>* chain = nullptr;
  // For who sends no server name; null: the same.
  const std::vector<const tls::testing::TestCertificate*>* chain_without_name = nullptr;
};

// A web server at one address, port 80; with a chain, port 443 instead, which wants a server name.
struct WebScript {
  // The body at each target; any other is 404.
  std::map<std::string, std::string> documents;
  const std::vector<const tls::testing::TestCertificate*>* chain = nullptr;
  tls::testing::TestServerOptions tls;
  // Who sends a longer ClientHello is left.
  size_t longest_hello_bytes = SIZE_MAX;
  int64_t connect_delay_ns = 20 * kMs;
  int64_t reply_delay_ns = 100 * kMs;
};

// Every server, by address, and what it saw of its clients. A client that is not polite or speaks
// out of turn is written down in complaints().
class ServerNetwork final : public Network {
 public:
  struct Politeness {
    uint32_t per_address_concurrency = 1;
    int64_t per_address_interval_ns = 0;
    int64_t backoff_ns = 0;  // after a 421
    uint32_t concurrency = 1 << 30;
    uint32_t per_prefix_concurrency = 0;  // 0: any
    int64_t per_prefix_interval_ns = 0;
  };

  void SetPoliteness(const Politeness& politeness) { politeness_ = politeness; }
  void SetTime(const SimulatedTime* time) { time_ = time; }
  void Add(const dns::IpAddress& address, ServerScript script);
  void AddWeb(const dns::IpAddress& address, WebScript script);
  // Who was connected is gone, as after a kill: what it still does is seen by nobody, and a 421 is
  // forgotten. (What a server saw of it stays: when its last connection began, and how many there
  // were.)
  void ForgetClient();

  Answer Connect(const SocketAddress& to) override;

  const std::vector<std::string>& complaints() const { return complaints_; }
  void ForgetComplaintsFrom(size_t index) { complaints_.resize(index); }
  uint32_t connections(const dns::IpAddress& address) const;
  uint32_t open() const { return open_; }
  // That reached each address.
  std::map<std::string, uint32_t> ConnectionsByAddress() const;
  // By address and target, "5.9.0.1/1.crl".
  const std::map<std::string, uint32_t>& documents_asked() const { return documents_asked_; }

 private:
  class Connection;
  class WebConnection;
  struct Server {
    ServerScript script;
    WebScript web;
    bool is_web = false;
    uint32_t connections = 0;
    uint32_t open = 0;
    int64_t last_start_ns = INT64_MIN / 2;
    // After a 421: from, until.
    std::vector<std::pair<int64_t, int64_t>> peace;
  };

  struct Prefix {
    uint32_t open = 0;
    int64_t last_start_ns = INT64_MIN / 2;
  };
  // /24 or /64.
  Prefix& PrefixOf(const dns::IpAddress& address);
  void CountOpen(const dns::IpAddress& address);
  void CountClosed(const dns::IpAddress& address, uint64_t client);
  void Complain(const dns::IpAddress& address, std::string_view what);

  const SimulatedTime* time_ = nullptr;
  Politeness politeness_;
  std::map<dns::IpAddress, Server> servers_;
  std::map<std::string, Prefix> prefixes_;
  std::vector<std::string> complaints_;
  uint32_t open_ = 0;
  uint64_t client_ = 0;  // who is being served
  std::map<std::string, uint32_t> documents_asked_;
};

}  // namespace mxsweep::scanner::simulation

#endif  // MXSWEEP_TESTS_SIMULATION_SIMULATED_SERVER_H_
