#include "nlohmann/json.hpp"

#include <string>

#include "scanner/base/sanitize.h"
#include "tools/trend/series.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

constexpr size_t kMaxNameBytes = 200;

json ScanJson(const TrendScan& scan) {
  const auto text = [](std::string_view value) { return SanitizeText(value, kMaxNameBytes); };
  return {{"directory", text(scan.head.directory)},
          {"started_at", text(scan.head.started_at)},
          {"state", text(scan.head.state)},
          {"domains", scan.domains},
          {"servers", scan.servers}};
}

json IntervalJson(const Interval& interval) {
  return json::array({100 * interval.low, 100 * interval.high});
}

json ChangeJson(const std::optional<SeriesChange>& change) {
  if (!change) return nullptr;
  return {{"lost", change->lost},
          {"gained", change->gained},
          {"points", change->points},
          {"interval", IntervalJson(change->interval)},
          {"verdict", VerdictWord(change->verdict)}};
}

json SeriesJson(const Series& series) {
  json points = json::array(), changes = json::array();
  for (const SeriesPoint& point : series.points) {
    points.push_back({{"yes", point.split.yes},
                      {"no", point.split.no},
                      {"interval", IntervalJson(point.interval)}});
  }
  for (const auto& change : series.changes) changes.push_back(ChangeJson(change));
  return {{"unit", UnitWord(series.unit)},
          {"measure", WordsOf(series.measure).word},
          {"label", LabelOf(series.unit, series.measure)},
          {"points", std::move(points)},
          {"changes", std::move(changes)},
          {"whole_change", ChangeJson(series.whole_change)}};
}

}  // namespace

std::string RenderTrendJson(const Trend& trend) {
  json scans = json::array(), series = json::array();
  for (const TrendScan& scan : trend.scans) scans.push_back(ScanJson(scan));
  for (const Series& one : trend.series) series.push_back(SeriesJson(one));
  const json text = {{"schema", 1},
                     {"scans", std::move(scans)},
                     {"remarks", trend.remarks},
                     {"series", std::move(series)}};
  return text.dump(2) + "\n";
}

}  // namespace mxsweep::tools
