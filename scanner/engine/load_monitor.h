// How busy an event loop is, how much new work it may take on, and a clock that does not hold our
// own slowness against a server. Pure: time is passed in. All classes are thread-confined.
#ifndef MXSWEEP_SCANNER_ENGINE_LOAD_MONITOR_H_
#define MXSWEEP_SCANNER_ENGINE_LOAD_MONITOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace mxsweep::scanner {

// A histogram of durations with four buckets for each doubling, from 1 µs to over an hour: a
// quantile is at most a fifth too high. Constant size.
class DurationHistogram {
 public:
  void Add(int64_t duration_ns);
  void Merge(const DurationHistogram& other);
  // The upper bound of the bucket in which the quantile (0 to 1) lies; 0 when empty.
  int64_t Quantile(double quantile) const;
  uint64_t count() const { return count_; }
  int64_t max_ns() const { return max_ns_; }

 private:
  static constexpr size_t kBuckets = 132;
  static size_t BucketOf(int64_t duration_ns);
  static int64_t UpperBoundNs(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  int64_t max_ns_ = 0;
};

// Measures an event loop by the busy time of its iterations (from waking up to going to sleep: how
// long an event that came in meanwhile had to wait) and says how many sessions may be started in
// the next iteration: half as many after an iteration over the limit, a little more after each one
// in which the allowance was used and the limit was far. Never less than one, so that a scan does
// not stand still.
class LoadMonitor {
 public:
  struct Options {
    int64_t busy_limit_ns = 25'000'000;
    uint32_t initial_admissions = 64;
    uint32_t max_admissions = 1024;
  };

  LoadMonitor() : LoadMonitor(Options{}) {}
  explicit LoadMonitor(const Options& options);

  // After each iteration: how long it was busy, and how many sessions it started.
  void OnIteration(int64_t busy_ns, uint32_t sessions_started);

  // How many sessions the next iteration may start.
  uint32_t admissions() const { return admissions_; }

  // Busy time of an iteration: moving average, and everything since the start.
  int64_t ewma_ns() const { return static_cast<int64_t>(ewma_ns_); }
  const DurationHistogram& busy() const { return busy_; }
  // Iterations that passed the limit.
  uint64_t overloaded_iterations() const { return overloaded_iterations_; }

 private:
  Options options_;
  uint32_t admissions_;
  double ewma_ns_ = 0;
  DurationHistogram busy_;
  uint64_t overloaded_iterations_ = 0;
};

// The clock by which servers' deadlines are kept. It advances with real time, but a gap between two
// observations counts as max_credit_ns at most: while we were suspended, or too busy to read what
// had arrived, the server's time stood still. Its zero is the first observation. It never runs
// faster than real time.
class CreditedClock {
 public:
  static constexpr int64_t kMaxCreditNs = 100'000'000;

  explicit CreditedClock(int64_t max_credit_ns = kMaxCreditNs) : max_credit_ns_(max_credit_ns) {}

  // Observes real (monotonic) time; call it at least once an iteration and after every sleep. A gap
  // that is a sleep on purpose, with nothing arriving, must be at most max_credit_ns, else it
  // counts as lost. Returns now_ns().
  int64_t Observe(int64_t real_now_ns);

  // Credited time since the first observation.
  int64_t now_ns() const { return now_ns_; }
  // Real time that was not credited: how long servers were given more time by.
  int64_t lost_ns() const { return lost_ns_; }

 private:
  int64_t max_credit_ns_;
  int64_t last_real_ns_ = std::numeric_limits<int64_t>::min();
  int64_t now_ns_ = 0;
  int64_t lost_ns_ = 0;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_LOAD_MONITOR_H_
