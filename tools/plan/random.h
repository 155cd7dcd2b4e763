#ifndef MXSWEEP_TOOLS_PLAN_RANDOM_H_
#define MXSWEEP_TOOLS_PLAN_RANDOM_H_

#include <cmath>
#include <cstdint>

namespace mxsweep::plan {

// The same numbers from a seed on every machine (SplitMix64: Steele, Lea, Flood, OOPSLA 2014), for
// which the standard library's distributions do not vouch.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // In (0, 1].
  double Unit() { return static_cast<double>((Next() >> 11) + 1) * 0x1p-53; }
  // Of [0, count).
  uint64_t Below(uint64_t count) {
    return static_cast<uint64_t>((1 - Unit()) * static_cast<double>(count));
  }
  double Exponential(double mean) { return -mean * std::log(Unit()); }
  // Mean 0, deviation 1 (Box and Muller, 1958).
  double Normal() {
    const double radius = std::sqrt(-2 * std::log(Unit()));
    return radius * std::cos(2 * M_PI * Unit());
  }

 private:
  uint64_t state_;
};

}  // namespace mxsweep::plan

#endif  // MXSWEEP_TOOLS_PLAN_RANDOM_H_
