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
// from a 421, (4) the worker has fewer than max_concurrency connections, (5) the rate allows it,
// (6) the admission limit does. Requests for one address are admitted in order; addresses whose
// turn it is take turns in the order in which it became so.
//
// A throttled connection makes its address wait backoff_initial_ns before the next one, twice as
// long after each further one up to backoff_max_ns, and one connection at a time until one went
// well. What was learnt about an address is forgotten backoff_memory_ns after its back-off ended.
//
// An address with nothing queued, nothing open and no restriction takes no memory. Each operation
// is O(log n), allocating only as the gate grows. Thread-confined. Time is passed in: monotonic
// nanoseconds that never go back.
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
  };
  enum class Admission : uint8_t { kAdmitted, kQueued };
  enum class Outcome : uint8_t { kOk, kThrottled };

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  static constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

  explicit Gate(const Options& options);

  // Asks for a connection to `server`. kAdmitted: connect now, and Release when the connection is
  // closed (or could not be made). kQueued: Poll will give the ticket.
  Admission Request(const SocketAddress& server, Ticket ticket, int64_t now_ns);

  // The next request that is admitted now, if any. Call until it gives nothing.
  std::optional<Ticket> Poll(int64_t now_ns);

  // The earliest time at which Poll may give something: now_ns if at once, kNever if not before a
  // Release, Request or Cancel. Takes no account of the admission limit, which is the caller's own.
  // May be too early, never too late.
  int64_t NextEvent(int64_t now_ns) const;

  // Ends an admitted connection. REQUIRES: there is one to `server`.
  void Release(const SocketAddress& server, int64_t now_ns, Outcome outcome);

  // Takes back a queued request. False if it is not queued. Linear in what is queued for the
  // server.
  bool Cancel(const SocketAddress& server, Ticket ticket);

  // Of the requests made or queued, only `n` more are admitted until this is called again.
  void set_admission_limit(uint64_t n) { admissions_left_ = n; }

  // How often in a row connections to `server` were throttled, as far as that is remembered.
  int ThrottledInARow(const SocketAddress& server) const;

  size_t in_flight() const { return in_flight_; }
  size_t queued() const { return queued_; }
  // Addresses that take memory now: queued, open or restricted.
  size_t tracked_addresses() const { return index_.size(); }
  // Totals since the start.
  uint64_t admitted_total() const { return admitted_total_; }
  uint64_t throttled_total() const { return throttled_total_; }

 private:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

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
    uint32_t in_flight = 0;
    uint32_t head = kNone;  // of its requests, in nodes_
    uint32_t tail = kNone;
    int64_t next_start_ns = std::numeric_limits<int64_t>::min();
  };
  // A queued request.
  struct Node {
    Ticket ticket = 0;
    uint32_t next = kNone;
  };
  using Timed = std::pair<int64_t, uint32_t>;  // when, which entry
  using Heap = std::priority_queue<Timed, std::vector<Timed>, std::greater<Timed>>;

  uint32_t FindOrAdd(const SocketAddress& server);
  void PushRequest(Entry& entry, Ticket ticket);
  Ticket PopRequest(Entry& entry);
  uint32_t ConcurrencyOf(const Entry& entry) const;
  int64_t BackoffNs(const Entry& entry) const;
  // Puts the entry where it now belongs.
  void Place(uint32_t index, int64_t now_ns);
  void Advance(int64_t now_ns);
  bool Idle(const Entry& entry) const;
  int64_t ForgetAt(const Entry& entry) const;
  void Drop(uint32_t index);

  Options options_;
  TokenBucket bucket_;
  absl::flat_hash_map<SocketAddress, uint32_t> index_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> free_entries_;
  std::vector<Node> nodes_;
  uint32_t free_node_ = kNone;
  std::deque<uint32_t> ready_;  // entries with a request that only worker-wide limits hold back
  Heap waiting_;                // entries with a request, by when their restriction ends
  Heap expiring_;               // entries without, by when they can be forgotten
  size_t in_flight_ = 0;
  size_t queued_ = 0;
  uint64_t admissions_left_ = kNoLimit;
  uint64_t admitted_total_ = 0;
  uint64_t throttled_total_ = 0;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PACE_GATE_H_
