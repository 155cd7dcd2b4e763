#ifndef MXSWEEP_SCANNER_PACE_TOKEN_BUCKET_H_
#define MXSWEEP_SCANNER_PACE_TOKEN_BUCKET_H_

#include <cstdint>
#include <limits>

namespace mxsweep::scanner {

// How many events a second. Time is passed in (monotonic nanoseconds). Not more than rate * T +
// burst() events happen in any T seconds; time that was not used, be it that there was nothing to
// do or that the process was suspended, is worth kBurstWindowNs at most. Thread-compatible.
class TokenBucket {
 public:
  // Long enough for a busy event loop to catch up with its rate, too short to be a burst.
  static constexpr int64_t kBurstWindowNs = 50'000'000;

  // rate_per_s 0: unlimited. Below 20 a second the bucket holds one token: events are evenly
  // spaced.
  explicit TokenBucket(double rate_per_s);

  // Takes a token if there is one.
  bool TryTake(int64_t now_ns);
  // When there will be one: now_ns if at once.
  int64_t NextTokenNs(int64_t now_ns) const;

  double rate_per_s() const { return rate_per_s_; }
  double burst() const { return burst_; }

 private:
  double TokensAt(int64_t now_ns) const;

  double rate_per_s_;
  double burst_;
  double tokens_;
  int64_t updated_ns_ = std::numeric_limits<int64_t>::min();  // no event yet
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PACE_TOKEN_BUCKET_H_
