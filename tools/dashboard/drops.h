// Where a share falls over time by more than chance. Pure functions of counts.
//
// The series is cut into stretches of one level each: the arc of buckets that differs most from the
// rest (circular binary segmentation: A. B. Olshen and others, Biostatistics 5, 2004), then within
// what it was cut into, as long as an arc differs by more than chance. That is tested as in `diff`,
// with Newcombe's interval, and with Fisher's exact test where parts are few; each at a level of
// 5 % divided by the number of arcs that there are (Bonferroni). So of 100 series in which each
// delivery is encrypted or not by itself at most five have a drop. What varies from bucket to
// bucket more than that (bulk mail) is measured, and counts are divided by it, so that the same
// holds of it; but not of a batch the like of which comes in few buckets: that is a drop here, and
// dashboard/batches says whether it is more than a batch.
#ifndef MXSWEEP_TOOLS_DASHBOARD_DROPS_H_
#define MXSWEEP_TOOLS_DASHBOARD_DROPS_H_

#include <cstddef>
#include <span>
#include <vector>

#include "tools/diff/comparison.h"
#include "tools/diff/interval.h"

namespace mxsweep::tools {

// Of so many series that do not change, not more have a drop.
inline constexpr double kChanceOfDrop = 0.05;

// Buckets [begin, end) have a lower share than [before, begin), the stretch that they follow.
struct Drop {
  size_t before = 0, begin = 0, end = 0;
  Split was, is;
  double points = 0;  // percentage points; below 0
  // Of the fall at 95 %, as of what is not searched for.
  Interval interval;
};

// `buckets`: encrypted (yes) and in clear (no), in the order of time; those of nothing are gaps.
// Of fewer points than `least_points` nothing is told. The return from a short rise is no drop.
std::vector<Drop> FindDrops(std::span<const Split> buckets, double least_points);

// Do two counts of a series of so many buckets differ by more than chance?
bool Differ(const Split& a, const Split& b, size_t buckets);

// By how much the variance from one bucket to the next is larger than if each delivery were
// encrypted or not by itself. At least 1. Robust: of the differences the largest fifth is left out,
// so that changes of level do not count.
double ExcessVariance(std::span<const Split> buckets);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DASHBOARD_DROPS_H_
