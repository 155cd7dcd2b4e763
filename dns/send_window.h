// How many new queries a server is sent at once. Inside the room: see ServerPool.
#ifndef MXSWEEP_DNS_SEND_WINDOW_H_
#define MXSWEEP_DNS_SEND_WINDOW_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mxsweep::dns {

// A server's socket drops what its buffer cannot hold, without a word: a few hundred queries where
// nobody has made it larger. So the queries that are new on their way to it are limited, and the
// limit grows with each answer until queries get lost, as in TCP (RFC 5681 §3.1; the steps are
// those of Scalable TCP, Kelly 2003). A query is new if it is its name's first, until its
// answer comes or its patience is over: names whose own servers are slow take no place.
// Thread-confined.
class SendWindow {
 public:
  // Starts with room for `initial` queries and grows to `most`. `max_patience` is the patience
  // until answers have come.
  SendWindow(size_t initial, size_t most, std::chrono::nanoseconds max_patience);

  bool HasRoom() const { return new_queries_ < window_; }
  void Enter() { ++new_queries_; }
  void Leave() { --new_queries_; }

  // A query was answered after so long. `may_grow`: there is room for further answers, and no queue
  // of them that more queries would only make longer.
  void OnAnswer(int64_t took_ns, bool may_grow);
  // True if an answer that took so long came as fast as they mostly do.
  bool IsFast(int64_t took_ns) const { return took_ns <= mean_ns_; }
  // A query that was sent at `sent_ns` did not arrive.
  void OnLoss(int64_t sent_ns, int64_t now_ns);

  // How long to wait for a query's answer before it is sent again (RFC 6298 §2, at least half a
  // second).
  int64_t patience_ns() const;
  size_t size() const { return window_; }

 private:
  const size_t most_;
  const int64_t max_patience_ns_;
  size_t window_;
  size_t new_queries_ = 0;
  size_t answers_ = 0;    // since the window last grew by one
  bool doubling_ = true;  // nothing has been lost so far
  int64_t last_cut_ns_ = INT64_MIN;
  int64_t mean_ns_ = 0;       // of the time answers take; 0: none has come
  int64_t deviation_ns_ = 0;  // from that, on average
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_SEND_WINDOW_H_
