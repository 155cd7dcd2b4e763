#include "tools/diff/noise.h"

#include <algorithm>
#include <optional>

namespace mxsweep::tools {

void Noise::Add(const Comparison& comparison) {
  ++pairs_;
  for (const Unit unit : {Unit::kDomains, Unit::kServers}) {
    for (size_t m = 0; m < kMeasures; ++m) {
      const std::optional<MeasureChange>& change = comparison.Of(unit, static_cast<Measure>(m));
      if (!change) continue;
      Of& of = of_[static_cast<size_t>(unit)][m];
      of.compared += 2 * change->Paired().whole();
      for (size_t w = 0; w < kWhys; ++w) of.flips[w] += change->lost[w] + change->gained[w];
    }
  }
}

const Noise::Of& Noise::At(Unit unit, Measure measure) const {
  return of_[static_cast<size_t>(unit)][static_cast<size_t>(measure)];
}

uint64_t Noise::ComparedOf(Unit unit, Measure measure) const { return At(unit, measure).compared; }

uint64_t Noise::FlipsOf(Unit unit, Measure measure, Why why) const {
  return At(unit, measure).flips[static_cast<size_t>(why)];
}

bool Noise::Explains(Unit unit, Measure measure, Why why, uint64_t count, uint64_t whole) const {
  if (!is_known()) return false;
  const Interval difference =
      DifferenceInterval(static_cast<double>(count), static_cast<double>(whole),
                         static_cast<double>(FlipsOf(unit, measure, why)),
                         static_cast<double>(ComparedOf(unit, measure)));
  return difference.low <= 0;
}

bool IsBothWays(uint64_t count, uint64_t other_way, uint64_t whole) {
  if (count == 0 || other_way == 0) return false;
  const uint64_t rest = whole - std::min(whole, count + other_way);
  return !PairedInterval({rest, count, other_way, 0}, /*design_effect=*/1).excludes_zero();
}

}  // namespace mxsweep::tools
