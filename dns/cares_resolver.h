// Resolver over c-ares. c-ares holds the sockets, matches answers to queries and turns to TCP; what
// to ask whom, how often and how long is decided here, because c-ares would wait for each query by
// itself, does not say which server answered (AD is believed per server), and forgets what a
// SERVFAIL said.
#ifndef MXSWEEP_DNS_CARES_RESOLVER_H_
#define MXSWEEP_DNS_CARES_RESOLVER_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dns/ip_address.h"
#include "dns/resolver.h"
#include "dns/server_address.h"

namespace mxsweep::dns {

struct ResolverOptions {
  // Empty: the system's. Tried in rotation, those that answer first.
  std::vector<ServerAddress> servers;
  // Believe AD from servers that are not on a loopback address: the network to them is safe.
  bool trust_ad = false;
  // After a SERVFAIL that does not explain itself, ask once more with CD set, to tell bogus data
  // from a server that is broken. Useless where the resolver does not validate.
  bool tell_bogus_from_servfail = true;
  bool dnssec_ok = false;  // Ask for signatures too (DO). AD comes without.

  // A question without an answer is put to the next server after attempt_timeout (or less, see
  // SendWindow), then after as long again, twice, three times as long …, while late answers to the
  // earlier attempts are still taken.
  std::chrono::milliseconds attempt_timeout{3000};
  int max_attempts = 4;
  // From the moment a question is first sent (not while it waits in the queue) to status kTimeout.
  std::chrono::milliseconds deadline{20000};
  // How often time-outs are looked at while there are questions.
  std::chrono::milliseconds tick{50};
  // Questions open at once, whichever server they are put to, from their first query to their end;
  // further ones wait. Nor are more queries than that on the wire to one server, or 60,000: ids
  // have 16 bits.
  size_t max_open = 10000;
  // Queries a second to one address, all attempts included, and to one of this machine; 0: no
  // limit.
  double queries_per_second = 0;
  double loopback_queries_per_second = 0;
  // Of those, how many new ones at first; more as answers come (see SendWindow).
  size_t initial_window = 256;
  int socket_buffer_bytes = 4 << 20;
  // Of the query ids: unpredictable to whoever might answer in the servers' place (RFC 5452 §4.3).
  std::array<uint64_t, 4> random_seed{};
};

// See Resolver. The loop must outlive it.
class CaresResolver : public Resolver {
 public:
  // InvalidArgument for options that make no sense; Unavailable or what SystemServers says
  // otherwise.
  static absl::StatusOr<std::unique_ptr<CaresResolver>> Create(EventLoop& loop,
                                                               ResolverOptions options);
  ~CaresResolver() override;

  QueryId Query(std::string_view name, RrType type, Callback callback) override;
  void Cancel(QueryId id) override;
  EventLoop& loop() override;

  size_t server_count() const override;
  std::string server_name(size_t index) const override;
  bool server_trusted(size_t index) const override;
  QueryId QueryServer(size_t index, std::string_view name, RrType type, Callback callback) override;

  // The servers are gone for good, and that is trouble of our own (they were ours): every question,
  // open or yet to come, ends with kLocalError and `reason`.
  void Abandon(std::string reason);

  // Of use to progress lines and tests.
  struct Counters {
    uint64_t questions = 0;     // Query calls.
    uint64_t queries_sent = 0;  // Attempts, retries and CD questions included.
    uint64_t timeouts = 0;      // Questions that ended in kTimeout.
    size_t waiting = 0;         // Questions that wait for room.
    size_t in_flight = 0;       // Questions that are on the wire.
  };
  Counters counters() const;

  CaresResolver(const CaresResolver&) = delete;
  CaresResolver& operator=(const CaresResolver&) = delete;

 private:
  class Impl;
  explicit CaresResolver(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_CARES_RESOLVER_H_
