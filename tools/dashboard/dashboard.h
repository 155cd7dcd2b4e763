// What `mxsweep dashboard` has found, for who renders it: text, JSON and page tell the same.
#ifndef MXSWEEP_TOOLS_DASHBOARD_DASHBOARD_H_
#define MXSWEEP_TOOLS_DASHBOARD_DASHBOARD_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dashboard/causes.h"
#include "tools/dashboard/drops.h"
#include "tools/dashboard/scans.h"
#include "tools/dashboard/tally.h"
#include "tools/explain/input.h"

namespace mxsweep::tools {

// A fall of a flow's share, and what it is made of.
struct NamedDrop {
  Flow flow = Flow::kOutbound;
  Drop drop;
  int64_t was_s = 0, begin_s = 0, end_s = 0;  // bounds of buckets
  bool lasts = false;                         // to the end of the series
  std::vector<PlaceCounts> places;
  CausesOfDrop causes;
  // The later one of the scans that surround its begin, and how many of the domains that were
  // encrypted less often they say what of, most first; empty where there is no such domain.
  std::optional<size_t> scan;
  std::vector<std::pair<std::string, uint64_t>> scans_say;
};

struct Dashboard {
  InputTotals totals;
  std::vector<std::string> failed;  // inputs that could not be read to their end: why
  std::unique_ptr<Tally> tally;
  std::array<FlowSeries, kFlows> flows;
  std::vector<NamedDrop> drops;  // by flow, then in the order of time
  std::optional<Scans> scans;

  const FlowSeries& Of(Flow flow) const { return flows[static_cast<size_t>(flow)]; }
};

struct DashboardView {
  size_t top = 10;  // of long lists
};

// Makes the rest of a dashboard of its tally (which is finished here) and of scans. Of falls by
// fewer points nothing is told.
absl::Status CompleteDashboard(const std::vector<std::string>& scan_directories,
                               double least_points, Dashboard* dashboard);

// "27,265 lines of 25 inputs".
std::string InputsText(const InputTotals& totals);
// What is to be read before any number: sentences.
std::vector<std::string> RemarksOf(const Dashboard& dashboard);

// "outbound mail that was encrypted": what a flow's share is of.
std::string_view FlowTitle(Flow flow);
// "deliveries", "messages", "sessions".
std::string_view FlowUnit(Flow flow);
// "in clear" of mail, "failed" of reported sessions.
std::string_view FlowClear(Flow flow);
// A cause for people: that of the failure, or of the kind.
std::string TitleOf(const Dashboard& dashboard, Flow flow, const CauseKey& cause);
// "Tue 2026-11-24 14:00"; for buckets of a day or longer without the hour.
std::string BucketText(int64_t begin_s, int64_t bucket_seconds);
// The same below a chart: "11-24 14:00", "2026-11-24".
std::string ChartText(int64_t begin_s, int64_t bucket_seconds);
std::string SecondText(int64_t time_s);
// "hour", "day", "week", "4 weeks".
std::string_view BucketWord(int64_t bucket_seconds);
// "from Tue 2026-11-24 14:00 until 18:00", "… on".
std::string WhenText(const NamedDrop& drop, int64_t bucket_seconds);
// Is a cause's part of a fall enough to be seen, at two digits?
inline bool IsShown(double points) { return points < -0.005 || points > 0.005; }
// Does a provider lower the share by a fiftieth of the fall or more? Only such are shown by name.
inline bool IsMuchOf(double points, const NamedDrop& drop) {
  return points < 0 && points <= drop.drop.points / 50;
}
// When what was never in clear before was so first; nothing of others.
std::optional<int64_t> BeganAt(const PlaceCounts& place);
std::optional<int64_t> BeganAt(const NamedDrop& drop, const ProviderShare& provider);
// "95.20 % to 60.10 %, -35.10 points".
std::string FallText(const NamedDrop& drop);

// For a terminal of 80 columns.
std::string RenderDashboard(const Dashboard& dashboard, const DashboardView& view);
// One JSON object: docs/dashboard.md.
std::string RenderDashboardJson(const Dashboard& dashboard);
// One HTML page, as tools/page makes them.
std::string RenderDashboardPage(const Dashboard& dashboard, const DashboardView& view);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DASHBOARD_DASHBOARD_H_
