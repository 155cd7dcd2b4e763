// Mail servers for a benchmark: one posture, as many addresses as wanted, little cost. The lab is
// for truth; this is for load.
#ifndef MXSWEEP_BENCH_LOAD_SERVER_H_
#define MXSWEEP_BENCH_LOAD_SERVER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mxsweep::bench {

// What these servers say, all of them.
inline constexpr std::string_view kGreetingLine = "220 mx.example.org ESMTP Postfix\r\n";
inline constexpr std::string_view kEhloReply =
    "250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n"
    "250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 CHUNKING\r\n";
inline constexpr std::string_view kStartTlsReply = "220 2.0.0 Ready to start TLS\r\n";
inline constexpr std::string_view kStartTlsRefusal = "554 5.7.3 Unable to initialize security\r\n";
inline constexpr std::string_view kEhloReplyWithinTls =
    "250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n"
    "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 CHUNKING\r\n";
inline constexpr std::string_view kQuitReply = "221 2.0.0 Bye\r\n";

// Where servers fall silent until they are released.
enum class Hold : uint32_t {
  kNowhere,
  kGreeting,     // a connection is accepted and not greeted
  kClientHello,  // it is not answered
  kEhlo,         // the one within TLS is not answered
};

// Shared by the servers' processes and whoever watches them.
struct LoadCounters {
  std::atomic<uint64_t> accepted;
  std::atomic<uint64_t> held;       // now silent, see Hold
  std::atomic<uint64_t> completed;  // SMTP sessions that came to QUIT, or bare ones to their end
  std::atomic<uint32_t> hold;       // a Hold; kNowhere releases those that are held
};

// A flight of a bare session: the client sends so many bytes and the server answers with so many.
// In the first, the client sends none; in the last, the server.
struct Flight {
  uint32_t client_bytes;
  uint32_t server_bytes;
};

// "CLIENT_BYTES:SERVER_BYTES", for command lines.
std::string FlightText(const Flight& flight);
std::optional<Flight> ParseFlight(const std::string& text);

struct LoadServerOptions {
  // On every address of 127.0.0.0/8; connections to `port` find SMTP, those to `port` + 1 the bare
  // exchange of `flights`, those to `port` + 2 SMTP with a leaf of its own for each server name,
  // those to `port` + 3 SMTP without STARTTLS, those to `port` + 4 SMTP that refuses it.
  uint16_t port = 2925;
  std::vector<Flight> flights;
  // A process has at most RLIMIT_NOFILE connections.
  int processes = 1;
  // SYNs to addresses with this bit set, of the 32, are dropped; 0: none.
  uint32_t dead_bit = 0;
  std::string counters_file;     // made by LoadCountersFile::Create
  std::string trust_store_file;  // is written: the root of the servers' chain, PEM
  std::string ready_file;        // is written once connections are accepted
};

// Serves until the process is told to end (SIGTERM).
absl::Status ServeLoad(const LoadServerOptions& options);

// The counters, in a file that several processes have mapped.
class LoadCountersFile {
 public:
  static absl::StatusOr<LoadCountersFile> Create(const std::string& path);
  static absl::StatusOr<LoadCountersFile> Open(const std::string& path);
  LoadCountersFile(LoadCountersFile&& other) noexcept;
  LoadCountersFile& operator=(LoadCountersFile&&) = delete;
  ~LoadCountersFile();

  LoadCounters* operator->() const { return counters_; }

 private:
  explicit LoadCountersFile(LoadCounters* counters) : counters_(counters) {}
  static absl::StatusOr<LoadCountersFile> Map(const std::string& path, int flags);

  LoadCounters* counters_;
};

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_LOAD_SERVER_H_
