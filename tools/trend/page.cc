#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "scanner/base/text.h"
#include "tools/diff/report.h"
#include "tools/page/html.h"
#include "tools/page/page_builder.h"
#include "tools/survey/numbers.h"
#include "tools/trend/series.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

class TrendPage {
 public:
  explicit TrendPage(const Trend& trend) : trend_(trend) {}

  std::string Render() {
    AppendSummary();
    AppendScans();
    AppendSeries(Unit::kDomains, "domains", "Domains of which …");
    AppendSeries(Unit::kServers, "servers", "Servers that …");
    const TrendScan& first = trend_.scans.front();
    const TrendScan& last = trend_.scans.back();
    return page_.Finish("TLS of mail servers over time", "TLS of mail servers over time",
                        JoinText(Grouped(trend_.scans.size()), " scans, ",
                                 Escaped(MinuteText(first.head.started_at)), " to ",
                                 Escaped(MinuteText(last.head.started_at)), " UTC"));
  }

 private:
  void AppendSummary() {
    page_.OpenSection("summary", "Summary");
    page_.OpenFigures();
    for (const Series& series : trend_.series) {
      if (series.measure != Measure::kTls && series.measure != Measure::kTrusted) continue;
      const std::string_view label = LabelOf(series.unit, series.measure);
      page_.AddFigure(JoinText(series.unit == Unit::kDomains ? "Domains: " : "Servers: ", label),
                      SplitShareText(series.points.back().split),
                      JoinText("at first: ", SplitShareText(series.points.front().split), "; ",
                               ChangeText(series.whole_change)));
    }
    page_.CloseFigures();
    AppendText(&page_.main(), "<div class=\"blind\">\n<h3>To be read first</h3>\n<ul>\n");
    if (trend_.remarks.empty()) {
      AppendText(&page_.main(), "<li>All scans were run alike.</li>\n");
    }
    for (const std::string& remark : trend_.remarks) {
      AppendText(&page_.main(), "<li>", Escaped(remark), "</li>\n");
    }
    AppendText(&page_.main(), "</ul>\n</div>\n");
    page_.CloseSection();
  }

  static std::string ChangeText(const std::optional<SeriesChange>& change) {
    if (!change) return "not compared";
    return JoinText(PointsText(change->points), " ", VerdictText(change->verdict));
  }

  void AppendScans() {
    page_.OpenSection("scans", "Scans");
    page_.OpenTable("In the order of time",
                    {"", {"began, UTC", true}, {"directory", true}, "domains", "servers"});
    for (size_t i = 0; i < trend_.scans.size(); ++i) {
      const TrendScan& scan = trend_.scans[i];
      AppendText(&page_.main(), "<tr><th scope=\"row\">", i + 1, "</th><td class=\"text\">",
                 Escaped(MinuteText(scan.head.started_at)), "</td><td class=\"text\">",
                 Escaped(scan.head.directory), "</td><td>", Grouped(scan.domains), "</td><td>",
                 Grouped(scan.servers), "</td></tr>\n");
    }
    page_.CloseTable();
    page_.CloseSection();
  }

  void AppendSeries(Unit unit, std::string_view id, std::string_view title) {
    page_.OpenSection(id, title);
    AppendText(&page_.main(),
               "<p>Shares of what is known in each scan, within their interval (faint). Changes "
               "are of what is known in both scans: up or down where the interval excludes "
               "none.</p>\n");
    for (const Series& series : trend_.series) {
      if (series.unit == unit) AppendOne(series);
    }
    page_.CloseSection();
  }

  void AppendOne(const Series& series) {
    const std::string_view label = LabelOf(series.unit, series.measure);
    AppendText(&page_.main(), "<div class=\"breakdown\">\n<h3>… ", Escaped(label), "</h3>\n");
    page_.OpenTable(JoinText("From the first to the last: ", ChangeText(series.whole_change)),
                    {"scan", "yes", "no", "share", "lost", "gained", {"change", true}});
    json labels = json::array(), shares = json::array(), lows = json::array(),
         highs = json::array();
    for (size_t i = 0; i < series.points.size(); ++i) {
      const SeriesPoint& point = series.points[i];
      AppendPoint(i, point, i == 0 ? std::nullopt : series.changes[i - 1]);
      const bool known = point.split.whole() > 0;
      labels.push_back(MinuteText(trend_.scans[i].head.started_at).substr(0, 10));
      shares.push_back(known ? json(ShareOf(point.split)) : json(nullptr));
      lows.push_back(known ? json(100 * point.interval.low) : json(nullptr));
      highs.push_back(known ? json(100 * point.interval.high) : json(nullptr));
    }
    page_.CloseTable();
    page_.AddChart(
        JoinText(UnitWord(series.unit), "-", WordsOf(series.measure).word),
        JoinText("Line chart: ", label, ", by scan. The table has every number."),
        {{"kind", "lines"},
         {"labels", std::move(labels)},
         {"series", json::array({{{"name", "share"}, {"values", std::move(shares)}},
                                 {{"name", "not less than"}, {"values", std::move(lows)}},
                                 {{"name", "not more than"}, {"values", std::move(highs)}}})}});
    AppendText(&page_.main(), "</div>\n");
  }

  void AppendPoint(size_t place, const SeriesPoint& point,
                   const std::optional<SeriesChange>& change) {
    AppendText(&page_.main(), "<tr><th scope=\"row\">", place + 1, "</th><td>",
               Grouped(point.split.yes), "</td><td>", Grouped(point.split.no), "</td><td>",
               Escaped(SplitShareText(point.split)), "</td><td>",
               change ? Grouped(change->lost) : "", "</td><td>",
               change ? Grouped(change->gained) : "", "</td><td class=\"text\">",
               place == 0 ? "" : Escaped(ChangeText(change)), "</td></tr>\n");
  }

  const Trend& trend_;
  PageBuilder page_;
};

}  // namespace

std::string RenderTrendPage(const Trend& trend) { return TrendPage(trend).Render(); }

}  // namespace mxsweep::tools
