#ifndef MXSWEEP_SCANNER_PACE_GATE_H_
#define MXSWEEP_SCANNER_PACE_GATE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "scanner/engine/stream.h"
#include "scanner/pace/token_bucket.h"

namespace mxsweep::scanner {

// Decides when to connect: the one place that knows the rate, how many connections are open, and
// what each server, which is an address and a port, may be asked to bear. (What a web server says
// at an address is not said of the mail server there.) All connections of a worker go through its
// gate.
//
// A request for an address is admitted when (1) the address has fewer than per_address_concurrency
// connections, (2) its last connection began per_address_interval_ns ago, (3) it is not backing off
// from a 421, (4) its prefix (/24 of IPv4, /64 of IPv6) and (5) its provider have fewer than their
// connections and began their last one long enough ago, (6) the worker has fewer than
// max_concurrency connections, (7) the rate allows it, (8) the admission limit does. Requests for
// one address are admitted in order; addresses whose turn it is take turns in the order in which it
// became so, and so do the addresses of a prefix or provider.
//
// A throttled connection makes its address wait backoff_initial_ns before the next one, twice as
// long after each further one up to backoff_max_ns, and one connection at a time until one went
// well. What was learnt about an address is forgotten backoff_memory_ns after its back-off ended.
//
// An address with nothing queued, nothing open and no restriction takes no memory; a queued request
// takes kRequestBytes. Each operation is O(log n), allocating only as the gate grows.
// Thread-confined. Time is passed in: monotonic nanoseconds that never go back.
class Gate {
 public:
  // The caller's name for a request; need not be unique, except for Cancel.
  using Ticket = uint64_t;

  struct Options {
    double rate_per_s = 0;  // connection starts; 0: unlimited. A worker has its share of the whole.
    size_t max_concurrency = std::numeric_limits<size_t>::max();
    uint32_t per_address_concurrency = 1;
    int64_t per_address_interval_ns = 1'000'000'000;
    int64_t backoff_initial_ns = 30'000'000'000;
    int64_t backoff_max_ns = 600'000'000'000;
    int64_t backoff_memory_ns = 600'000'000'000;
    // Of a prefix, and of a provider (the registrable domain of the MX host): connections open, and
    // connections begun in a second, evenly spaced. 0: unlimited. A prefix belongs to one worker;
    // of what a provider may bear a worker has its share.
    uint32_t per_prefix_concurrency = 0;
    double per_prefix_rate_per_s = 0;
    uint32_t per_provider_concurrency = 0;
    double per_provider_rate_per_s = 0;
    // Another scan may have asked anybody until a moment ago, such as the one that is gone on with:
    // from the first request on, nothing is admitted until everybody may be asked again.
    bool goes_on = false;
  };
  enum class Admission : uint8_t {
    kAdmitted,
    kQueued,  // only what holds back the whole worker is in its way
    kBusy,    // queued; others are before it at its address, or that has to be left in peace
  };
  enum class Outcome : uint8_t { kOk, kThrottled };

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  static constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

  // Whose host it is that is asked for at an address: 30 bits of a hash of the provider's name. 0:
  // nobody's.
  using Provider = uint32_t;
  static constexpr Provider kNoProvider = 0;
  static constexpr size_t kRequestBytes = 16;

  explicit Gate(const Options& options);

  // The prefix an address belongs to, /24 or /64, as a number of 63 bits.
  static uint64_t PrefixOf(const dns::IpAddress& address);

  // When an admitted connection begins.
  enum class Start : uint8_t {
    kAtOnce,
    kLater,  // whoever asked has something to fetch first, and will say so: Begin
  };

  // Asks for a connection to `server`. kAdmitted: connect now, and Release when the connection is
  // closed (or could not be made). Else Poll will give the ticket. `start` is of a request that
  // Poll gives.
  Admission Request(const SocketAddress& server, Ticket ticket, int64_t now_ns,
                    Provider provider = kNoProvider, Start start = Start::kAtOnce);

  // A request that was queued.
  struct Queued {
    Ticket ticket = 0;
    SocketAddress server;
    bool was_busy = false;  // it had come as kBusy
  };
  // The next request that is admitted now, if any. Call until it gives nothing.
  std::optional<Queued> Poll(int64_t now_ns);

  // The earliest time at which Poll may give something: now_ns if at once, kNever if not before a
  // Release, Request or Cancel. Takes no account of the admission limit, which is the caller's own.
  // May be too early, never too late.
  int64_t NextEvent(int64_t now_ns) const;

  // Admits a connection that is not to wait for what holds back the whole worker: true where the
  // address, its prefix and its provider allow one now. To be begun and released like any other.
  bool AdmitNow(const SocketAddress& server, int64_t now_ns);

  // An admitted connection of Start::kLater begins now: until then nothing else is let through to
  // its address, its prefix and its provider.
  void Begin(const SocketAddress& server, int64_t now_ns, Provider provider = kNoProvider);

  // Ends an admitted connection; `provider` as when it was asked for. REQUIRES: there is one to
  // `server`.
  void Release(const SocketAddress& server, int64_t now_ns, Outcome outcome,
               Provider provider = kNoProvider);

  // Takes back all that is queued for `server`, in order.
  std::vector<Queued> CancelAll(const SocketAddress& server);
  // Addresses for which something is queued, in no order.
  std::vector<SocketAddress> QueuedServers() const;
  size_t QueuedFor(const SocketAddress& server) const;

  // Takes back a queued request. False if it is not queued. Linear in what is queued for the
  // server.
  bool Cancel(const SocketAddress& server, Ticket ticket);

  // Of the requests made or queued, only `n` more are admitted until this is called again.
  void set_admission_limit(uint64_t n) { admissions_left_ = n; }

  // Of an earlier scan: the last `times` connections to `server` were throttled in a row, the last
  // of them at `at_ns`, which is not after `now_ns`. REQUIRES: none is open.
  void RestoreThrottled(const SocketAddress& server, uint32_t times, int64_t at_ns, int64_t now_ns);

  // How often in a row connections to `server` were throttled, as far as that is remembered.
  int ThrottledInARow(const SocketAddress& server) const;

  const Options& options() const { return options_; }
  size_t in_flight() const { return in_flight_; }
  size_t queued() const { return queued_; }
  // Addresses that take memory now: queued, open or restricted.
  size_t tracked_addresses() const { return index_.size(); }
  // Totals since the start.
  uint64_t admitted_total() const { return admitted_total_; }
  uint64_t throttled_total() const { return throttled_total_; }

 private:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  int64_t LongestIntervalNs() const;

  // What the addresses of a prefix or a provider share. In the map while it has waiters, open
  // connections, or its last beginning is too fresh; what has none of them is swept out now and
  // then.
  struct Limit {
    uint32_t in_flight = 0;
    bool timed = false;     // is in limits_waiting_
    uint32_t starting = 0;  // admitted, not begun: 1 at most
    int64_t next_start_ns = std::numeric_limits<int64_t>::min();
    std::deque<uint32_t> waiting;  // entries that would be ready
  };
  // The low bit says whether it is a prefix or a provider.
  using LimitKey = uint64_t;

  // An address that is queued, open or restricted.
  struct Entry {
    SocketAddress server;
    uint8_t backoff_level = 0;
    // The open connection was admitted after a back-off: its success ends the caution.
    bool probing = false;
    // Where a reference to this entry is; each is at most once in each.
    bool ready = false;
    bool waiting = false;
    bool expiring = false;
    bool limited = false;   // waits for its prefix or provider
    bool starting = false;  // a connection is admitted, and has not begun
    uint32_t in_flight = 0;
    uint32_t queued = 0;
    uint32_t head = kNone;  // of its requests, in nodes_
    uint32_t tail = kNone;
    int64_t next_start_ns = std::numeric_limits<int64_t>::min();
  };
  // A queued request.
  struct Node {
    Ticket ticket = 0;
    uint32_t next = kNone;
    uint32_t provider : 30 = kNoProvider;
    uint32_t later : 1 = 0;  // Start::kLater
    uint32_t busy : 1 = 0;   // came as kBusy
  };
  static_assert(sizeof(Node) == kRequestBytes);
  using Timed = std::pair<int64_t, uint32_t>;  // when, which entry
  using Heap = std::priority_queue<Timed, std::vector<Timed>, std::greater<Timed>>;

  bool LimitsPrefixes() const {
    return options_.per_prefix_concurrency > 0 || options_.per_prefix_rate_per_s > 0;
  }
  bool LimitsProviders() const {
    return options_.per_provider_concurrency > 0 || options_.per_provider_rate_per_s > 0;
  }
  uint32_t FindOrAdd(const SocketAddress& server);
  void PushRequest(Entry& entry, const Node& request);
  Node PopRequest(Entry& entry);
  // The first of its limits that holds back a connection to `server` now; null: none does.
  Limit* BusyLimit(const SocketAddress& server, Provider provider, int64_t now_ns, LimitKey* key);
  Limit& LimitOf(LimitKey key, int64_t now_ns);
  bool IsBusy(const Limit& limit, LimitKey key, int64_t now_ns) const;
  void CountAdmitted(Entry& entry, Provider provider, int64_t now_ns);
  void AdmitOn(LimitKey key, int64_t now_ns);
  void BeginOn(LimitKey key, int64_t now_ns);
  void EndOn(LimitKey key, int64_t now_ns);
  // Has the first that waits for the limit judged again, now or when the limit allows the next.
  void WakeNext(LimitKey key, Limit& limit, int64_t now_ns);
  uint32_t ConcurrencyOf(const Entry& entry) const;
  int64_t BackoffNs(const Entry& entry) const;
  // Puts the entry where it now belongs.
  void Place(uint32_t index, int64_t now_ns);
  void Advance(int64_t now_ns);
  std::optional<Queued> PollReady(int64_t now_ns);
  bool Idle(const Entry& entry) const;
  int64_t ForgetAt(const Entry& entry) const;
  void Drop(uint32_t index);

  Options options_;
  TokenBucket bucket_;
  int64_t begins_ns_ = std::numeric_limits<int64_t>::min();  // nothing is admitted before
  absl::flat_hash_map<SocketAddress, uint32_t> index_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> free_entries_;
  std::deque<Node> nodes_;  // grows without a copy
  uint32_t free_node_ = kNone;
  std::deque<uint32_t> ready_;  // entries with a request that only worker-wide limits hold back
  Heap waiting_;                // entries with a request, by when their restriction ends
  Heap expiring_;               // entries without, by when they can be forgotten
  absl::node_hash_map<LimitKey, Limit> limits_;
  size_t sweep_limits_at_ = 1024;
  // Limits with waiters, by when they allow the next.
  std::priority_queue<std::pair<int64_t, LimitKey>, std::vector<std::pair<int64_t, LimitKey>>,
                      std::greater<>>
      limits_waiting_;
  size_t in_flight_ = 0;
  size_t queued_ = 0;
  uint64_t admissions_left_ = kNoLimit;
  uint64_t admitted_total_ = 0;
  uint64_t throttled_total_ = 0;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PACE_GATE_H_
