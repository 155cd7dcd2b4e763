// How many queries a second an address is sent. Inside the room: see ServerPool.
#ifndef MXSWEEP_DNS_QUERY_RATE_H_
#define MXSWEEP_DNS_QUERY_RATE_H_

#include <algorithm>
#include <cstdint>
#include <limits>

namespace mxsweep::dns {

// Public resolvers limit the queries of an address by the second, and drop or refuse what is
// beyond. In any T seconds not more than rate * T are sent, and as many besides as are due in
// kSlackNs (at least one): a loop that is late catches up, and time without queries is worth no
// more than that. Time is passed in (monotonic nanoseconds). Thread-compatible.
class QueryRate {
 public:
  static constexpr int64_t kSlackNs = 50'000'000;

  // 0: no limit.
  explicit QueryRate(double queries_per_second)
      : interval_ns_(queries_per_second > 0 ? static_cast<int64_t>(1e9 / queries_per_second) : 0) {}

  bool MaySend(int64_t now_ns) const { return now_ns >= NextNs(); }
  // When a query may be sent; long past where it may at once.
  int64_t NextNs() const { return due_ns_ - kSlackNs; }
  // One is sent: also where it may not be (what a server's answer calls for at once); then the next
  // ones wait the longer.
  void OnSent(int64_t now_ns) {
    if (interval_ns_ > 0) due_ns_ = std::max(due_ns_, now_ns) + interval_ns_;
  }

 private:
  int64_t interval_ns_;  // between two queries; 0: none
  // When the next one would be due if all were evenly spaced.
  int64_t due_ns_ = std::numeric_limits<int64_t>::min() / 2;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_QUERY_RATE_H_
