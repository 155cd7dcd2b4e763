// How often an unchanged server gives another answer: from scans of the same time, which differ in
// nothing but chance.
#ifndef MXSWEEP_TOOLS_DIFF_NOISE_H_
#define MXSWEEP_TOOLS_DIFF_NOISE_H_

#include <array>
#include <cstdint>

#include "tools/diff/comparison.h"

namespace mxsweep::tools {

class Noise {
 public:
  // Adds what two scans of one time differ in. Which of them was first says nothing, so that either
  // direction counts for both.
  void Add(const Comparison& comparison);

  bool is_known() const { return pairs_ > 0; }
  uint64_t pairs() const { return pairs_; }

  // Things that were compared with themselves, and those of them that changed so; each pair of
  // scans counts in both directions.
  uint64_t ComparedOf(Unit unit, Measure measure) const;
  uint64_t FlipsOf(Unit unit, Measure measure, Why why) const;

  // Is `count` of `whole` no more than such scans show, as far as can be told (the interval of the
  // difference does not exclude zero)? False where nothing is known of noise.
  bool Explains(Unit unit, Measure measure, Why why, uint64_t count, uint64_t whole) const;

 private:
  struct Of {
    uint64_t compared = 0;
    WhyCounts flips{};
  };
  const Of& At(Unit unit, Measure measure) const;

  uint64_t pairs_ = 0;
  std::array<std::array<Of, kMeasures>, 2> of_{};
};

// Where nothing is known of noise: is `count` matched by as many changes the other way, as servers
// that answer now so, now so, would make it?
bool IsBothWays(uint64_t count, uint64_t other_way, uint64_t whole);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_NOISE_H_
