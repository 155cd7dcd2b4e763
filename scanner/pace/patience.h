#ifndef MXSWEEP_SCANNER_PACE_PATIENCE_H_
#define MXSWEEP_SCANNER_PACE_PATIENCE_H_

#include <algorithm>
#include <cstdint>

namespace mxsweep::scanner {

// How long a scan goes on when only crowded addresses are left: only such time counts. Time is
// passed in, nanoseconds of any clock that never goes back.
class Patience {
 public:
  explicit Patience(int64_t limit_ns) : left_ns_(limit_ns) {}

  // To be called every now and then. True, once, when it is used up.
  bool Step(int64_t now_ns, bool only_crowds_left) {
    if (only_crowds_left && counting_) left_ns_ -= std::max<int64_t>(now_ns - last_ns_, 0);
    counting_ = only_crowds_left;
    last_ns_ = now_ns;
    if (!counting_ || ended_ || left_ns_ > 0) return false;
    ended_ = true;
    return true;
  }

  bool counting() const { return counting_ && !ended_; }
  int64_t left_ns() const { return std::max<int64_t>(left_ns_, 0); }

 private:
  int64_t left_ns_;
  int64_t last_ns_ = 0;
  bool counting_ = false;
  bool ended_ = false;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PACE_PATIENCE_H_
