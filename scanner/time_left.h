#ifndef MXSWEEP_SCANNER_TIME_LEFT_H_
#define MXSWEEP_SCANNER_TIME_LEFT_H_

#include <optional>
#include <vector>

#include "scanner/progress.h"

namespace mxsweep::scanner {

// Says how long a scan may still take, from how it went so far: as a range, since nobody knows how
// slow the servers are that have not been asked yet.
//
// A scan has a body, in which targets are started as fast as politeness allows, and a tail, in
// which the last ones are waited for: servers that greet late, time-outs, further tries, crowds at
// one address. A rate tells of the body alone. So the range is from "as fast as in the best stretch
// so far, and no tail" to "as slow as in the worst stretch, with a whole tail".
//
// Pure: time comes with the snapshots. Thread-compatible.
class TimeLeftEstimator {
 public:
  struct Limits {
    double slowest_target_s = 0;    // a slow target's way from its start to its row
    double patience_s = 0;          // --patience: bounds what crowds add
    double address_interval_s = 0;  // between two of a crowd at one address
    double prefix_rate_per_s = 0;   // of a crowd in one prefix; 0: no limit
    double rate_per_s = 0;          // --rate; 0: no limit
    double max_runtime_s = 0;       // --max-runtime; 0: none
  };

  explicit TimeLeftEstimator(const Limits& limits) : limits_(limits) {}

  // Takes note of `now`, whose elapsed_s never goes back. Nothing: too little is known.
  std::optional<TimeLeft> Note(const ProgressSnapshot& now);

 private:
  struct Sample {
    double elapsed_s;
    double started;
    double done;
  };
  struct Rates {
    double fastest = 0;
    double slowest = 0;
  };

  void Keep(const Sample& sample);
  const Sample& At(double elapsed_s) const;
  Rates RatesUntil(const Sample& now) const;
  double CrowdSeconds(const ProgressSnapshot& now, double growth) const;
  std::optional<TimeLeft> OfBody(const ProgressSnapshot& now, double total) const;
  std::optional<TimeLeft> OfTail(const ProgressSnapshot& now);
  double QueueSeconds(const ProgressSnapshot& now) const;
  void BoundByRuntime(const ProgressSnapshot& now, TimeLeft* left) const;

  Limits limits_;
  std::vector<Sample> samples_;
  std::optional<double> all_started_s_;  // when the last target was started
};

// "under 40s", "40s-3m", "over 2h", "0s" at the end: rounded so that it claims no more than is
// known, down at the lower end and up at the upper one.
std::string FormatTimeLeft(const TimeLeft& left);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_TIME_LEFT_H_
