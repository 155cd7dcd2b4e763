#include "nlohmann/json.hpp"

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "scanner/base/sanitize.h"
#include "tools/dashboard/dashboard.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

constexpr size_t kMaxNameBytes = 200;
constexpr size_t kMaxRemarkBytes = 2000;

json TimeOf(std::optional<int64_t> time_s) {
  if (!time_s) return nullptr;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(*time_s),
                          absl::UTCTimeZone());
}

json NameOf(std::string_view name) {
  return name.empty() ? json(nullptr) : json(SanitizeText(name, kMaxNameBytes));
}

json SplitJson(const Split& split) { return {{"encrypted", split.yes}, {"clear", split.no}}; }

json SeriesJson(const Dashboard& dashboard, Flow flow) {
  const FlowSeries& series = dashboard.Of(flow);
  json buckets = json::array();
  for (const Bucket& bucket : series.buckets) {
    buckets.push_back({{"from", TimeOf(bucket.begin_s)},
                       {"encrypted", bucket.encrypted},
                       {"clear", bucket.clear},
                       {"not_told", bucket.not_told}});
  }
  return {{"flow", FlowWord(flow)},
          {"bucket_seconds", series.bucket_seconds},
          {"buckets", std::move(buckets)}};
}

json CausesJson(const Dashboard& dashboard, Flow flow, const std::map<CauseKey, double>& causes) {
  json list = json::array();
  for (const auto& [cause, points] : SortedCauses(causes)) {
    json one = {{"kind", CauseKindWord(cause.kind)},
                {"title", TitleOf(dashboard, flow, cause)},
                {"points", points}};
    if (cause.kind == CauseKind::kFailure)
      one["cause"] = dashboard.tally->CauseOf(cause.failure).id;
    list.push_back(std::move(one));
  }
  return list;
}

json ProviderJson(const Dashboard& dashboard, const NamedDrop& drop,
                  const ProviderShare& provider) {
  json places = json::array();
  for (const PlaceShare& share : provider.places) {
    const PlaceCounts& place = drop.places[share.place];
    places.push_back({{"name", NameOf(place.name)},
                      {"points", share.points},
                      {"before", SplitJson(place.was)},
                      {"then", SplitJson(place.is)},
                      {"first_clear", TimeOf(place.first_clear_s)},
                      {"causes", CausesJson(dashboard, drop.flow, share.causes)}});
  }
  return {{"provider", NameOf(provider.provider)},
          {"points", provider.points},
          {"causes", CausesJson(dashboard, drop.flow, provider.causes)},
          {"places", std::move(places)}};
}

json DropJson(const Dashboard& dashboard, const NamedDrop& drop) {
  json providers = json::array(), said = json::array();
  for (const ProviderShare& provider : drop.causes.providers) {
    providers.push_back(ProviderJson(dashboard, drop, provider));
  }
  for (const auto& [words, count] : drop.scans_say) {
    said.push_back({{"said", words}, {"domains", count}});
  }
  return {{"flow", FlowWord(drop.flow)},
          {"from", TimeOf(drop.begin_s)},
          {"until", drop.lasts ? json(nullptr) : TimeOf(drop.end_s)},
          {"compared_from", TimeOf(drop.was_s)},
          {"before", SplitJson(drop.drop.was)},
          {"then", SplitJson(drop.drop.is)},
          {"points", drop.drop.points},
          {"interval", {100 * drop.drop.interval.low, 100 * drop.drop.interval.high}},
          {"causes", CausesJson(dashboard, drop.flow, drop.causes.causes)},
          {"providers", std::move(providers)},
          {"scans_say", std::move(said)}};
}

json ScansJson(const Scans& scans) {
  json points = json::array(), falls = json::array();
  for (size_t i = 0; i < scans.trend().scans.size(); ++i) {
    const SeriesPoint& point = scans.share().points[i];
    const ScanHead& head = scans.trend().scans[i].head;
    points.push_back({{"directory", SanitizeText(head.directory, kMaxNameBytes)},
                      {"started_at", SanitizeText(head.started_at, kMaxNameBytes)},
                      {"yes", point.split.yes},
                      {"no", point.split.no}});
  }
  for (const ScanFall& fall : scans.falls()) {
    json causes = json::array(), providers = json::array();
    for (const Step& step : fall.steps) {
      causes.push_back({{"cause", StepReasonWord(step)},
                        {"title", StepTitle(step)},
                        {"direction", DirectionWord(DirectionOf(step))},
                        {"count", step.count},
                        {"points", step.points}});
    }
    for (const ScanFall::Provider& provider : fall.providers) {
      providers.push_back({{"provider", NameOf(provider.name)},
                           {"lost", provider.lost},
                           {"gained", provider.gained}});
    }
    falls.push_back(
        {{"scan", fall.scan},
         {"points", fall.change.points},
         {"interval", {100 * fall.change.interval.low, 100 * fall.change.interval.high}},
         {"lost", fall.change.lost},
         {"gained", fall.change.gained},
         {"causes", std::move(causes)},
         {"providers", std::move(providers)}});
  }
  return {{"points", std::move(points)}, {"falls", std::move(falls)}};
}

}  // namespace

std::string RenderDashboardJson(const Dashboard& dashboard) {
  json flows = json::array(), drops = json::array(), remarks = json::array();
  for (size_t i = 0; i < kFlows; ++i) flows.push_back(SeriesJson(dashboard, static_cast<Flow>(i)));
  for (const NamedDrop& drop : dashboard.drops) drops.push_back(DropJson(dashboard, drop));
  for (const std::string& remark : RemarksOf(dashboard)) {
    remarks.push_back(SanitizeText(remark, kMaxRemarkBytes));
  }
  const json text = {{"schema", 1},
                     {"inputs", dashboard.totals.inputs},
                     {"lines", dashboard.totals.lines},
                     {"lines_without_time", dashboard.totals.lines_without_time},
                     {"deliveries_without_time", dashboard.tally->without_time()},
                     {"first", TimeOf(dashboard.totals.span.first_s)},
                     {"last", TimeOf(dashboard.totals.span.last_s)},
                     {"tls_reports", dashboard.totals.reports.reports},
                     {"tls_reports_given_again", dashboard.totals.reports.given_again},
                     {"tls_reports_other_contents", dashboard.totals.reports.other_contents},
                     {"tls_reports_not_read", dashboard.totals.reports.not_read},
                     {"remarks", std::move(remarks)},
                     {"flows", std::move(flows)},
                     {"drops", std::move(drops)},
                     {"scans", dashboard.scans ? ScansJson(*dashboard.scans) : json(nullptr)}};
  return text.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace mxsweep::tools
