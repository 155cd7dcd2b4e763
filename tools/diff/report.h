// What `mxsweep diff` has found, for who renders it: text, JSON, page and CSV tell the same.
#ifndef MXSWEEP_TOOLS_DIFF_REPORT_H_
#define MXSWEEP_TOOLS_DIFF_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/diff/bridge.h"
#include "tools/diff/circumstances.h"
#include "tools/diff/comparison.h"
#include "tools/diff/noise.h"

namespace mxsweep::tools {

// Borrows all of it.
struct DiffReport {
  const Circumstances* circumstances = nullptr;
  const Comparison* comparison = nullptr;
  const Noise* noise = nullptr;
  size_t top = 20;  // of long lists
};

// Is a cause of a measure to be doubted?
enum class Doubt : uint8_t {
  kNone,
  kWithinNoise,  // scans of one time differ as much
  kBothWays,     // it goes the other way as often, and nothing is known of noise
};
Doubt DoubtOf(const DiffReport& report, Unit unit, Measure measure, Direction direction, Why why);
// Of a domain's main cause; none but with Fate::kMeasure.
Doubt DoubtOf(const DiffReport& report, const MainCause& cause);
// "", "within_noise", "both_ways".
std::string_view DoubtWord(Doubt doubt);

// "changed", "in one list only", "not known now, and known then" …: those with one title are
// counted together.
std::string_view GroupTitle(Fate fate);
// "TLS lost", "trust gained"; empty where no measure changed.
std::string EffectText(const MainCause& cause);

using CauseCount = std::pair<MainCause, uint64_t>;
// The main causes with such a fate, most frequent first.
std::vector<CauseCount> CausesWith(const Comparison& comparison, bool (*wanted)(Fate));
// Of one provider, by place; all but unchanged.
std::vector<CauseCount> CausesOfProvider(const Comparison& comparison, size_t place);

// "+1.25", "-0.40", "0.00"; "+<0.01" of what is less.
std::string PointsText(double points);
// "up", "down", "no trend".
std::string_view VerdictText(Verdict verdict);
// Appends a sentence as an item of a list, in lines of 80 columns.
void AppendItem(std::string_view sentence, std::string* out);
// "91.20 %" of such a split.
std::string SplitShareText(const Split& split);

// As text for a terminal of 80 columns.
std::string RenderDiff(const DiffReport& report);
// One JSON object: docs/diff.md.
std::string RenderDiffJson(const DiffReport& report);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_REPORT_H_
