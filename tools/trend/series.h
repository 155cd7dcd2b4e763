// Shares over many scans: what of each scan is known by itself, and what changed from one to the
// next, as `mxsweep diff` compares them.
#ifndef MXSWEEP_TOOLS_TREND_SERIES_H_
#define MXSWEEP_TOOLS_TREND_SERIES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/diff/bridge.h"
#include "tools/diff/circumstances.h"
#include "tools/diff/comparison.h"
#include "tools/diff/interval.h"
#include "tools/diff/measures.h"

namespace mxsweep::tools {

// What of one scan is known.
struct SeriesPoint {
  Split split;
  // Of the share, with domains (or servers) of one provider taken together.
  Interval interval;
};

// From one scan to another, among what both know.
struct SeriesChange {
  uint64_t lost = 0, gained = 0;
  double points = 0;  // percentage points
  Interval interval;
  Verdict verdict = Verdict::kNotTold;
};

struct Series {
  Unit unit = Unit::kDomains;
  Measure measure = Measure::kTls;
  std::vector<SeriesPoint> points;  // one for each scan
  // One for each scan but the first, from the one before it; nothing where the two cannot be
  // compared in this.
  std::vector<std::optional<SeriesChange>> changes;
  // From the first to the last.
  std::optional<SeriesChange> whole_change;
};

struct TrendScan {
  ScanHead head;
  uint64_t domains = 0;
  uint64_t servers = 0;
};

struct Trend {
  std::vector<TrendScan> scans;  // by time, where all have one
  std::vector<Series> series;
  std::vector<std::string> remarks;  // what to read first
};

// Who is told what is read on the way. What is borrowed is valid during the call.
class TrendObserver {
 public:
  virtual ~TrendObserver() = default;
  // Each scan, by its place in Trend::scans; before what it is compared with.
  virtual void Read(size_t /*scan*/, const ScanFacts& /*facts*/) {}
  // From the scan before: a domain that is not as it was, and then the whole.
  virtual void Changed(size_t /*scan*/, const DomainChange& /*change*/) {}
  virtual void Compared(size_t /*scan*/, const Comparison& /*comparison*/) {}
};

// Reads each scan once. Memory: that of three of them (ScanFacts). kInvalidArgument for none at
// all; of a single one there are no changes. `observer` may be null.
absl::StatusOr<Trend> ReadTrend(const std::vector<std::string>& directories,
                                TrendObserver* observer = nullptr);

std::string RenderTrend(const Trend& trend);
// One JSON object: docs/diff.md.
std::string RenderTrendJson(const Trend& trend);
// One HTML page, as tools/page makes them.
std::string RenderTrendPage(const Trend& trend);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_TREND_SERIES_H_
