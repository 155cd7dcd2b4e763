// From the old share to the new one, step by step, with nothing left out.
#ifndef MXSWEEP_TOOLS_DIFF_BRIDGE_H_
#define MXSWEEP_TOOLS_DIFF_BRIDGE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/diff/comparison.h"
#include "tools/diff/measures.h"

namespace mxsweep::tools {

enum class StepKind : uint8_t {
  kOld,          // the old scan by itself
  kLeft,         // no longer counted, for `why`
  kComparedOld,  // what both count, as it was
  kLost,         // from yes to no
  kGained,       // from no to yes
  kComparedNew,  // what both count, as it is
  kCame,         // counted now; the old scan did not, for `why`
  kNew,          // the new scan by itself
};

struct Step {
  StepKind kind = StepKind::kOld;
  Why why = Why::kNothing;
  uint64_t count = 0;  // domains or servers of this step; with totals: all
  Split after;         // what counts after it
  double points = 0;   // by how much the share moved, in percentage points; 0 of totals
};

// The steps in the order of StepKind, those of one kind by reason in the order of Why. Left and
// came: what is known before what is not.
std::vector<Step> BridgeOf(const MeasureChange& change);

// "old", "left", "compared_old" …
std::string_view StepWord(StepKind kind);
bool IsTotal(StepKind kind);
// The cause of a change, or the reason why it is not counted in one scan; empty of totals.
std::string_view StepReasonWord(const Step& step);
// The step for people: "the old scan", "without: no longer in the list".
std::string StepTitle(const Step& step);
// Of a change: of the others, neither.
Direction DirectionOf(const Step& step);

// Of 100; 0 of nothing.
double ShareOf(const Split& split);
// By how much the share of what is known in both scans moved, in percentage points.
double PointsOf(const MeasureChange& change);

enum class Verdict : uint8_t { kUp, kDown, kNotTold };
// Up or down only where the interval of the change excludes zero, and the sign test does not take
// it for chance.
Verdict VerdictOf(const MeasureChange& change);
std::string_view VerdictWord(Verdict verdict);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_BRIDGE_H_
