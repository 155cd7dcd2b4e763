#include "scanner/base/text.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "scanner/base/sanitize.h"
#include "tools/diff/report.h"
#include "tools/survey/numbers.h"
#include "tools/trend/series.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxNameBytes = 200;
constexpr size_t kSparkCells = 12;
// A share that moves by less than this (percentage points) is drawn level.
constexpr double kLevel = 0.1;
constexpr std::string_view kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::string_view Mark(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUp:
      return " up";
    case Verdict::kDown:
      return " down";
    case Verdict::kNotTold:
      return "";
  }
  return "";
}

// Of many points so many, evenly, the first and the last among them.
std::vector<const SeriesPoint*> Chosen(const std::vector<SeriesPoint>& points) {
  std::vector<const SeriesPoint*> chosen;
  const size_t cells = std::min(points.size(), kSparkCells);
  for (size_t i = 0; i < cells; ++i) {
    chosen.push_back(&points[cells == 1 ? 0 : i * (points.size() - 1) / (cells - 1)]);
  }
  return chosen;
}

// The shares from the least to the largest as blocks, a blank where nothing is known; as wide as
// kSparkCells.
std::string Sparkline(const std::vector<SeriesPoint>& points) {
  const std::vector<const SeriesPoint*> chosen = Chosen(points);
  double least = 100, most = 0;
  for (const SeriesPoint* point : chosen) {
    if (point->split.whole() == 0) continue;
    least = std::min(least, ShareOf(point->split));
    most = std::max(most, ShareOf(point->split));
  }
  std::string line;
  for (const SeriesPoint* point : chosen) {
    if (point->split.whole() == 0) {
      line += ' ';
      continue;
    }
    const double height =
        most - least < kLevel ? 0.5 : (ShareOf(point->split) - least) / (most - least);
    line += kBlocks[static_cast<size_t>(height * 7 + 0.5)];
  }
  return line + std::string(kSparkCells - chosen.size(), ' ');
}

void AppendScans(const Trend& trend, std::string* out) {
  for (size_t i = 0; i < trend.scans.size(); ++i) {
    const TrendScan& scan = trend.scans[i];
    AppendText(out, absl::StrFormat("  %3d  %-16s  %11s domains %11s servers  %s\n", i + 1,
                                    MinuteText(scan.head.started_at), Grouped(scan.domains),
                                    Grouped(scan.servers),
                                    SanitizeText(scan.head.directory, kMaxNameBytes)));
  }
}

void AppendOverview(const Trend& trend, Unit unit, std::string* out) {
  AppendText(out, unit == Unit::kDomains ? "Domains of which\n" : "Servers that\n");
  for (const Series& series : trend.series) {
    if (series.unit != unit) continue;
    const auto& change = series.whole_change;
    AppendText(
        out, absl::StrFormat("  %-33s ", ToAbsl(LabelOf(unit, series.measure))),
        Sparkline(series.points),
        absl::StrFormat("%9s%9s", SplitShareText(series.points.front().split),
                        SplitShareText(series.points.back().split)),
        change ? absl::StrFormat("%8s%s", PointsText(change->points), ToAbsl(Mark(change->verdict)))
               : "       -",
        "\n");
  }
}

void AppendSeries(const Trend& trend, Unit unit, Measure measure, std::string* out) {
  const auto series = std::ranges::find_if(
      trend.series, [&](const Series& s) { return s.unit == unit && s.measure == measure; });
  AppendText(out,
             "\nScan by scan: ", unit == Unit::kDomains ? "domains of which " : "servers that ",
             LabelOf(unit, measure), "\n",
             absl::StrFormat("  %3s %18s%10s%16s%9s%9s%8s\n", "", "yes", "share", "interval",
                             "lost", "gained", "change"));
  for (size_t i = 0; i < series->points.size(); ++i) {
    const SeriesPoint& point = series->points[i];
    AppendText(out, absl::StrFormat("  %3d %18s%10s%16s", i + 1, Grouped(point.split.yes),
                                    SplitShareText(point.split),
                                    absl::StrFormat("%.2f..%.2f", 100 * point.interval.low,
                                                    100 * point.interval.high)));
    if (i > 0 && series->changes[i - 1]) {
      const SeriesChange& change = *series->changes[i - 1];
      AppendText(out, absl::StrFormat("%9s%9s%8s%s", Grouped(change.lost), Grouped(change.gained),
                                      PointsText(change.points), ToAbsl(Mark(change.verdict))));
    }
    AppendText(out, "\n");
  }
}

}  // namespace

std::string RenderTrend(const Trend& trend) {
  std::string out = JoinText("Shares over ", trend.scans.size(), " scans\n");
  AppendScans(trend, &out);
  if (!trend.remarks.empty()) {
    AppendText(&out, "\nTo be read first\n");
    for (const std::string& remark : trend.remarks) AppendItem(remark, &out);
  }
  AppendText(&out, absl::StrFormat("\n%-49s%8s%9s%8s\n", "Shares of what is known", "first", "last",
                                   "change"));
  AppendOverview(trend, Unit::kDomains, &out);
  AppendOverview(trend, Unit::kServers, &out);
  AppendSeries(trend, Unit::kDomains, Measure::kTls, &out);
  AppendSeries(trend, Unit::kServers, Measure::kTls, &out);
  AppendText(&out,
             "\nup, down: the interval of the change, of what both scans know, excludes zero.\n"
             "Changes are by cause in mxsweep diff; docs/diff.md has every word.\n");
  return out;
}

}  // namespace mxsweep::tools
