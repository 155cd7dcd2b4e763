#include <algorithm>
#include <string>
#include <utility>

#include "nlohmann/json.hpp"
#include "scanner/base/text.h"
#include "tools/dashboard/dashboard.h"
#include "tools/diff/interval.h"
#include "tools/diff/report.h"
#include "tools/page/html.h"
#include "tools/page/page_builder.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

// Tables that are longer are folded.
constexpr size_t kFoldedRows = 26;

std::string NameHtml(std::string_view name) { return name.empty() ? "(not told)" : Escaped(name); }

class DashboardPage {
 public:
  DashboardPage(const Dashboard& dashboard, const DashboardView& view)
      : dashboard_(dashboard), view_(view) {}

  std::string Render() {
    AppendSummary();
    for (size_t i = 0; i < kFlows; ++i) AppendFlow(static_cast<Flow>(i));
    if (dashboard_.scans) AppendScans(*dashboard_.scans);
    return page_.Finish("TLS of our mail", "TLS of our mail over time", HeadLine());
  }

 private:
  std::string HeadLine() const {
    const InputTotals& totals = dashboard_.totals;
    std::string line;
    if (totals.inputs > 0) line = InputsText(totals);
    if (totals.reports.reports > 0) {
      AppendText(&line, ", ", Grouped(totals.reports.reports), " of them TLS reports");
    }
    if (dashboard_.scans) {
      const size_t scans = dashboard_.scans->trend().scans.size();
      AppendText(&line, line.empty() ? "" : "; ", Grouped(scans), scans == 1 ? " scan" : " scans");
    }
    if (totals.span.first_s) {
      AppendText(&line, "; ", SecondText(*totals.span.first_s), " to ",
                 SecondText(*totals.span.last_s), ", as the logs have it");
    }
    return line;
  }

  void AppendSummary() {
    page_.OpenSection("summary", "Summary");
    page_.OpenFigures();
    for (size_t i = 0; i < kFlows; ++i) {
      const Flow flow = static_cast<Flow>(i);
      if (dashboard_.Of(flow).buckets.empty()) continue;
      const Bucket total = dashboard_.Of(flow).Total();
      std::string of = JoinText("of ", Grouped(total.split().whole()), " ", FlowUnit(flow));
      if (total.not_told > 0) {
        AppendText(&of, "; of ", Grouped(total.not_told), " more it is not told");
      }
      page_.AddFigure(FlowTitle(flow), SplitShareText(total.split()), of);
    }
    if (dashboard_.scans) {
      const SeriesPoint& last = dashboard_.scans->share().points.back();
      page_.AddFigure("Scanned domains of which some server encrypts", SplitShareText(last.split),
                      JoinText("of ", Grouped(last.split.whole()), " domains, in the last scan"));
    }
    page_.CloseFigures();
    for (size_t i = 0; i < kFlows; ++i) {
      const Flow flow = static_cast<Flow>(i);
      if (!dashboard_.Of(flow).buckets.empty()) continue;
      AppendText(&page_.main(), "<p class=\"faint\">Nothing in the inputs of: ", FlowTitle(flow),
                 ".</p>\n");
    }
    AppendRemarks();
    AppendFallList();
    page_.CloseSection();
  }

  void AppendRemarks() {
    const std::vector<std::string> remarks = RemarksOf(dashboard_);
    if (remarks.empty()) return;
    AppendText(&page_.main(), "<div class=\"blind\">\n<h3>To be read first</h3>\n<ul>\n");
    for (const std::string& remark : remarks) {
      AppendText(&page_.main(), "<li>", Escaped(remark), "</li>\n");
    }
    AppendText(&page_.main(), "</ul>\n</div>\n");
  }

  // One line for each fall, with its first cause and who lowers it most.
  void AppendFallList() {
    const std::vector<ScanFall> none;
    const auto& scan_falls = dashboard_.scans ? dashboard_.scans->falls() : none;
    if (dashboard_.drops.empty() && scan_falls.empty()) {
      AppendText(&page_.main(), "<p>No share fell by more than chance.</p>\n");
      return;
    }
    AppendText(&page_.main(), "<h3>What fell</h3>\n<ul>\n");
    for (size_t i = 0; i < dashboard_.drops.size(); ++i) {
      const NamedDrop& drop = dashboard_.drops[i];
      const auto causes = SortedCauses(drop.causes.causes);
      AppendText(&page_.main(), "<li><a href=\"#fall-", i, "\">", FlowTitle(drop.flow), "</a> ",
                 WhenText(drop, dashboard_.Of(drop.flow).bucket_seconds), ": ",
                 Escaped(FallText(drop)), "; ",
                 Escaped(TitleOf(dashboard_, drop.flow, causes.front().first)), "; most by ",
                 NameHtml(drop.causes.providers.front().provider), "</li>\n");
    }
    for (const ScanFall& fall : scan_falls) {
      AppendText(&page_.main(), "<li><a href=\"#scans\">Scanned domains</a> ", ScanSpan(fall), ": ",
                 PointsText(fall.change.points), " points</li>\n");
    }
    AppendText(&page_.main(), "</ul>\n");
  }

  // "from 2026-11-23 12:00 to 2026-11-24 12:00".
  std::string ScanSpan(const ScanFall& fall) const {
    const auto& scans = dashboard_.scans->trend().scans;
    return JoinText("from ", Escaped(MinuteText(scans[fall.scan - 1].head.started_at)), " to ",
                    Escaped(MinuteText(scans[fall.scan].head.started_at)));
  }

  void AppendDrop(const NamedDrop& drop, size_t number) {
    const int64_t seconds = dashboard_.Of(drop.flow).bucket_seconds;
    const Drop& fall = drop.drop;
    AppendText(&page_.main(), "<div class=\"wide\" id=\"fall-", number, "\">\n<h3>It fell ",
               WhenText(drop, seconds), "</h3>\n<p>", Escaped(FallText(drop)), " (",
               PointsText(100 * fall.interval.low), " to ", PointsText(100 * fall.interval.high),
               "), of ", Grouped(fall.is.whole()), " ", FlowUnit(drop.flow), "; compared with ",
               Grouped(fall.was.whole()), " from ", BucketText(drop.was_s, seconds),
               " on. Points are percentage points; those of all causes add up to the fall, and so "
               "do those of all providers.</p>\n");
    AppendCauses(drop);
    AppendProviders(drop);
    AppendScansSay(drop);
    AppendText(&page_.main(), "</div>\n");
  }

  void AppendCauses(const NamedDrop& drop) {
    page_.OpenTable("By cause", {"cause", "points"});
    for (const auto& [cause, points] : SortedCauses(drop.causes.causes)) {
      if (!IsShown(points)) continue;
      AppendText(&page_.main(), "<tr><th scope=\"row\">",
                 Escaped(TitleOf(dashboard_, drop.flow, cause)), "</th><td>", PointsText(points),
                 "</td></tr>\n");
    }
    AppendText(&page_.main(), "<tr class=\"total\"><th scope=\"row\">all</th><td>",
               PointsText(drop.causes.points), "</td></tr>\n");
    page_.CloseTable();
  }

  void AppendProviders(const NamedDrop& drop) {
    page_.OpenTable(drop.flow == Flow::kReported ? "By reporter" : "By provider, and its domains",
                    {"who", "before", "then", "of", "points", {"mostly", true}, {"since", true}});
    double rest = 0;
    size_t shown = 0, left_out = 0;
    for (const ProviderShare& provider : drop.causes.providers) {
      if (shown < view_.top && IsMuchOf(provider.points, drop)) {
        AppendProvider(drop, provider);
        ++shown;
        continue;
      }
      rest += provider.points;
      ++left_out;
    }
    if (left_out > 0) {
      AppendText(&page_.main(), "<tr><th scope=\"row\">and ", Grouped(left_out),
                 " more</th><td></td><td></td><td></td><td>", PointsText(rest),
                 "</td><td></td><td></td></tr>\n");
    }
    page_.CloseTable();
  }

  void AppendProvider(const NamedDrop& drop, const ProviderShare& provider) {
    Split was, is;
    for (const PlaceShare& share : provider.places) {
      const PlaceCounts& place = drop.places[share.place];
      was = {was.yes + place.was.yes, was.no + place.was.no};
      is = {is.yes + place.is.yes, is.no + place.is.no};
    }
    AppendRow(drop, JoinText("<b>", NameHtml(provider.provider), "</b>"), was, is, provider.points,
              provider.causes, BeganAt(drop, provider));
    const PlaceCounts& only = drop.places[provider.places.front().place];
    if (provider.places.size() == 1 && only.name == provider.provider) return;
    double rest = 0;
    size_t shown = 0, left_out = 0;
    for (const PlaceShare& share : provider.places) {
      const PlaceCounts& place = drop.places[share.place];
      if (shown < view_.top && share.points < 0) {
        AppendRow(drop, JoinText("&emsp;", NameHtml(place.name)), place.was, place.is, share.points,
                  share.causes, BeganAt(place));
        ++shown;
        continue;
      }
      rest += share.points;
      ++left_out;
    }
    if (left_out == 0) return;
    AppendText(&page_.main(), "<tr><th scope=\"row\">&emsp;and ", Grouped(left_out),
               " more domains</th><td></td><td></td><td></td><td>", PointsText(rest),
               "</td><td></td><td></td></tr>\n");
  }

  void AppendRow(const NamedDrop& drop, std::string_view who, const Split& was, const Split& is,
                 double points, const std::map<CauseKey, double>& causes,
                 std::optional<int64_t> first) {
    const auto sorted = SortedCauses(causes);
    AppendText(&page_.main(), "<tr><th scope=\"row\">", who, "</th><td>",
               Escaped(SplitShareText(was)), "</td><td>", Escaped(SplitShareText(is)), "</td><td>",
               Grouped(is.whole()), "</td><td>", PointsText(points), "</td><td class=\"text\">",
               sorted.empty() ? "" : Escaped(TitleOf(dashboard_, drop.flow, sorted.front().first)),
               "</td><td class=\"text\">", first ? SecondText(*first) : "", "</td></tr>\n");
  }

  void AppendScansSay(const NamedDrop& drop) {
    if (drop.scans_say.empty()) return;
    const auto& scans = dashboard_.scans->trend().scans;
    page_.OpenTable(JoinText("What scans say of the domains that were encrypted less, from ",
                             MinuteText(scans[*drop.scan - 1].head.started_at), " to ",
                             MinuteText(scans[*drop.scan].head.started_at)),
                    {"from one scan to the next", "domains"});
    for (const auto& [said, count] : drop.scans_say) {
      AppendText(&page_.main(), "<tr><th scope=\"row\">", Escaped(said), "</th><td>",
                 Grouped(count), "</td></tr>\n");
    }
    page_.CloseTable();
  }

  void AppendScanFall(const ScanFall& fall) {
    AppendText(&page_.main(), "<div class=\"wide\">\n<h3>It fell ", ScanSpan(fall), "</h3>\n<p>",
               PointsText(fall.change.points), " points (",
               PointsText(100 * fall.change.interval.low), " to ",
               PointsText(100 * fall.change.interval.high),
               ") of the domains that both scans know.</p>\n");
    page_.OpenTable("By cause", {"cause", "domains", "points"});
    for (const Step& step : fall.steps) {
      AppendText(&page_.main(), "<tr><th scope=\"row\">", Escaped(StepTitle(step)), "</th><td>",
                 Grouped(step.count), "</td><td>", PointsText(step.points), "</td></tr>\n");
    }
    AppendText(&page_.main(), "<tr class=\"total\"><th scope=\"row\">all</th><td></td><td>",
               PointsText(fall.change.points), "</td></tr>\n");
    page_.CloseTable();
    page_.OpenTable("By provider", {"provider", "lost", "gained"});
    for (size_t i = 0; i < std::min(view_.top, fall.providers.size()); ++i) {
      AppendText(&page_.main(), "<tr><th scope=\"row\">", NameHtml(fall.providers[i].name),
                 "</th><td>", Grouped(fall.providers[i].lost), "</td><td>",
                 Grouped(fall.providers[i].gained), "</td></tr>\n");
    }
    page_.CloseTable();
    AppendText(&page_.main(), "</div>\n");
  }

  bool IsInDrop(Flow flow, size_t bucket) const {
    return std::ranges::any_of(dashboard_.drops, [&](const NamedDrop& drop) {
      return drop.flow == flow && drop.drop.begin <= bucket && bucket < drop.drop.end;
    });
  }

  void AppendFlow(Flow flow) {
    const FlowSeries& series = dashboard_.Of(flow);
    if (series.buckets.empty()) return;
    page_.OpenSection(FlowWord(flow), flow == Flow::kOutbound  ? "Outbound"
                                      : flow == Flow::kInbound ? "Inbound"
                                                               : "As senders report it");
    AppendText(&page_.main(), "<p>", FlowTitle(flow), ", by ", BucketWord(series.bucket_seconds),
               "; between the faint lines it is 95 of 100 times. Red: it fell. A gap: no ",
               FlowUnit(flow), ", or logs that do not tell.</p>\n");
    AppendFlowChart(flow, series);
    for (size_t i = 0; i < dashboard_.drops.size(); ++i) {
      if (dashboard_.drops[i].flow == flow) AppendDrop(dashboard_.drops[i], i);
    }
    const bool folded = series.buckets.size() > kFoldedRows;
    if (folded) {
      AppendText(&page_.main(), "<details><summary>The numbers, by ",
                 BucketWord(series.bucket_seconds), "</summary>\n");
    }
    AppendFlowTable(flow, series);
    if (folded) AppendText(&page_.main(), "</details>\n");
    page_.CloseSection();
  }

  void AppendFlowChart(Flow flow, const FlowSeries& series) {
    json labels = json::array(), shares = json::array(), lows = json::array(),
         highs = json::array(), marks = json::array();
    for (size_t i = 0; i < series.buckets.size(); ++i) {
      const Split split = series.buckets[i].split();
      const Interval interval =
          WilsonInterval(static_cast<double>(split.yes), static_cast<double>(split.whole()));
      const bool known = split.whole() > 0;
      labels.push_back(ChartText(series.buckets[i].begin_s, series.bucket_seconds));
      shares.push_back(known ? json(ShareOf(split)) : json(nullptr));
      lows.push_back(known ? json(100 * interval.low) : json(nullptr));
      highs.push_back(known ? json(100 * interval.high) : json(nullptr));
      if (IsInDrop(flow, i)) marks.push_back(i);
    }
    AddChart(FlowWord(flow),
             JoinText("Line chart: ", FlowTitle(flow), ", over time. The table has every number."),
             std::move(labels), std::move(shares), std::move(lows), std::move(highs),
             std::move(marks));
  }

  void AppendFlowTable(Flow flow, const FlowSeries& series) {
    const bool reported = flow == Flow::kReported;
    page_.OpenTable(JoinText("By ", BucketWord(series.bucket_seconds), ", in ", FlowUnit(flow)),
                    {"from", reported ? "succeeded" : "encrypted", reported ? "failed" : "in clear",
                     "not told", "share"});
    for (size_t i = 0; i < series.buckets.size(); ++i) {
      const Bucket& bucket = series.buckets[i];
      AppendText(&page_.main(), IsInDrop(flow, i) ? "<tr class=\"bad\">" : "<tr>",
                 "<th scope=\"row\">", BucketText(bucket.begin_s, series.bucket_seconds),
                 "</th><td>", Grouped(bucket.encrypted), "</td><td>", Grouped(bucket.clear),
                 "</td><td>", Grouped(bucket.not_told), "</td><td>",
                 Escaped(SplitShareText(bucket.split())), "</td></tr>\n");
    }
    page_.CloseTable();
  }

  static bool Fell(const Scans& scans, size_t scan) {
    return std::ranges::any_of(scans.falls(),
                               [scan](const ScanFall& fall) { return fall.scan == scan; });
  }

  void AppendScanChart(const Scans& scans) {
    json labels = json::array(), shares = json::array(), lows = json::array(),
         highs = json::array(), marks = json::array();
    for (size_t i = 0; i < scans.trend().scans.size(); ++i) {
      const SeriesPoint& point = scans.share().points[i];
      const bool known = point.split.whole() > 0;
      labels.push_back(MinuteText(scans.trend().scans[i].head.started_at));
      shares.push_back(known ? json(ShareOf(point.split)) : json(nullptr));
      lows.push_back(known ? json(100 * point.interval.low) : json(nullptr));
      highs.push_back(known ? json(100 * point.interval.high) : json(nullptr));
      if (Fell(scans, i)) marks.push_back(i);
    }
    AddChart(
        "scans",
        "Line chart: scanned domains of which some server encrypts. The table has every number.",
        std::move(labels), std::move(shares), std::move(lows), std::move(highs), std::move(marks));
  }

  void AddChart(std::string_view id, std::string_view spoken, json labels, json shares, json lows,
                json highs, json marks) {
    page_.AddChart(
        id, spoken,
        {{"kind", "lines"},
         {"gaps", true},
         {"marks", std::move(marks)},
         {"labels", std::move(labels)},
         {"series", json::array({{{"name", "share"}, {"values", std::move(shares)}},
                                 {{"name", "not less than"}, {"values", std::move(lows)}},
                                 {{"name", "not more than"}, {"values", std::move(highs)}}})}});
  }

  void AppendScans(const Scans& scans) {
    page_.OpenSection("scans", "Scans");
    AppendText(&page_.main(),
               "<p>Domains of which some server encrypts, of those that are known. "
               "<code>mxsweep trend</code> and <code>mxsweep diff</code> say more "
               "of the same scans.</p>\n");
    AppendScanChart(scans);
    page_.OpenTable("In the order of time",
                    {"began, UTC", {"directory", true}, "encrypts", "does not", "share"});
    for (size_t i = 0; i < scans.trend().scans.size(); ++i) {
      const ScanHead& head = scans.trend().scans[i].head;
      const Split& split = scans.share().points[i].split;
      AppendText(&page_.main(), Fell(scans, i) ? "<tr class=\"bad\">" : "<tr>",
                 "<th scope=\"row\">", Escaped(MinuteText(head.started_at)),
                 "</th><td class=\"text\">", Escaped(head.directory), "</td><td>",
                 Grouped(split.yes), "</td><td>", Grouped(split.no), "</td><td>",
                 Escaped(SplitShareText(split)), "</td></tr>\n");
    }
    page_.CloseTable();
    for (const ScanFall& fall : scans.falls()) AppendScanFall(fall);
    page_.CloseSection();
  }

  const Dashboard& dashboard_;
  const DashboardView& view_;
  PageBuilder page_;
};

}  // namespace

std::string RenderDashboardPage(const Dashboard& dashboard, const DashboardView& view) {
  return DashboardPage(dashboard, view).Render();
}

}  // namespace mxsweep::tools
