#include "nlohmann/json.hpp"

#include <string>

#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/diff/bridge.h"
#include "tools/diff/report.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

constexpr size_t kMaxNameBytes = 200;

json Text(std::string_view text) { return SanitizeText(text, kMaxNameBytes); }
json Word(std::string_view word) { return word.empty() ? json(nullptr) : json(word); }

json ScanJson(const ScanHead& scan, uint64_t domains, uint64_t servers) {
  return {{"directory", Text(scan.directory)},
          {"started_at", Text(scan.started_at)},
          {"finished_at", Text(scan.finished_at)},
          {"state", Text(scan.state)},
          {"version", Text(scan.version)},
          {"domains", domains},
          {"servers", servers}};
}

json SplitJson(const Split& split) { return {{"yes", split.yes}, {"no", split.no}}; }

json NotCountedJson(const WhyCounts& counts) {
  json object = json::object();
  for (size_t w = 0; w < kWhys; ++w) {
    if (counts[w] > 0) object[std::string(WhyWord(static_cast<Why>(w)))] = counts[w];
  }
  return object;
}

json StepJson(const DiffReport& report, Unit unit, Measure measure, const Step& step) {
  json object = {
      {"step", StepWord(step.kind)}, {"count", step.count}, {"after", SplitJson(step.after)}};
  if (IsTotal(step.kind)) return object;
  object["points"] = step.points;
  if (step.kind == StepKind::kLeft || step.kind == StepKind::kCame) {
    object["why"] = WhyWord(step.why);
    object["known"] = !IsNotKnown(step.why);
    return object;
  }
  object["cause"] = StepReasonWord(step);
  const Doubt doubt = DoubtOf(report, unit, measure, DirectionOf(step), step.why);
  object["doubt"] = Word(DoubtWord(doubt));
  return object;
}

json MeasureJson(const DiffReport& report, Unit unit, Measure measure,
                 const MeasureChange& change) {
  const Interval interval = change.ChangeInterval();
  const PairedCounts paired = change.Paired();
  json steps = json::array();
  for (const Step& step : BridgeOf(change)) {
    steps.push_back(StepJson(report, unit, measure, step));
  }
  return {{"measure", WordsOf(measure).word},
          {"label", LabelOf(unit, measure)},
          {"old", SplitJson(change.old_scan)},
          {"old_not_counted", NotCountedJson(change.old_not_counted)},
          {"new", SplitJson(change.new_scan)},
          {"new_not_counted", NotCountedJson(change.new_not_counted)},
          {"in_both",
           {{"stayed_yes", paired.yes_yes},
            {"stayed_no", paired.no_no},
            {"lost", paired.yes_no},
            {"gained", paired.no_yes}}},
          {"interval",
           paired.whole() == 0 ? json(nullptr) : json({100 * interval.low, 100 * interval.high})},
          {"design_effect", change.cluster.Of(paired)},
          {"verdict", VerdictWord(VerdictOf(change))},
          {"steps", std::move(steps)}};
}

json MeasuresJson(const DiffReport& report, Unit unit) {
  json list = json::array();
  for (size_t m = 0; m < kMeasures; ++m) {
    const Measure measure = static_cast<Measure>(m);
    const std::optional<MeasureChange>& change = report.comparison->Of(unit, measure);
    if (change) list.push_back(MeasureJson(report, unit, measure, *change));
  }
  return list;
}

json CauseJson(const DiffReport& report, const CauseCount& cause) {
  const bool of_measure =
      cause.first.fate == Fate::kMeasure || cause.first.fate == Fate::kOtherwise;
  return {{"cause", CauseWord(cause.first)},
          {"why", Word(WhyWord(cause.first.why))},
          {"measure", of_measure ? json(WordsOf(cause.first.measure).word) : json(nullptr)},
          {"direction", Word(DirectionWord(cause.first.direction))},
          {"is_change", IsChange(cause.first.fate)},
          {"doubt", Word(DoubtWord(DoubtOf(report, cause.first)))},
          {"domains", cause.second}};
}

json CausesJson(const DiffReport& report, const std::vector<CauseCount>& causes) {
  json list = json::array();
  for (const CauseCount& cause : causes) list.push_back(CauseJson(report, cause));
  return list;
}

json ProvidersJson(const DiffReport& report) {
  json list = json::array();
  const auto& providers = report.comparison->providers;
  for (size_t i = 0; i < providers.size() && i < report.top; ++i) {
    const ProviderChange& provider = providers[i];
    list.push_back({{"provider", Word(SanitizeText(provider.name, kMaxNameBytes))},
                    {"domains", provider.domains},
                    {"changed", provider.changed},
                    {"not_known", provider.not_known},
                    {"tls_lost", provider.tls_lost},
                    {"tls_gained", provider.tls_gained},
                    {"causes", CausesJson(report, CausesOfProvider(*report.comparison, i))}});
  }
  return list;
}

}  // namespace

std::string RenderDiffJson(const DiffReport& report) {
  const Comparison& comparison = *report.comparison;
  const ServerChanges& servers = comparison.server_changes;
  const json text = {
      {"schema", 1},
      {"by", "time"},
      {"old",
       ScanJson(report.circumstances->old_scan, comparison.old_domains, comparison.old_servers)},
      {"new",
       ScanJson(report.circumstances->new_scan, comparison.new_domains, comparison.new_servers)},
      {"remarks", report.circumstances->remarks},
      {"domains_in_both", comparison.both_domains},
      {"domains_changed", comparison.changed()},
      {"domains_not_known", comparison.not_known()},
      {"causes", CausesJson(report, CausesWith(comparison, [](Fate) { return true; }))},
      {"domains", MeasuresJson(report, Unit::kDomains)},
      {"servers", MeasuresJson(report, Unit::kServers)},
      {"server_changes",
       {{"encrypt_in_both", servers.both},
        {"certificate_replaced", servers.certificate_replaced},
        {"key_stronger", servers.key_stronger},
        {"key_weaker", servers.key_weaker},
        {"newer_version", servers.newer_version},
        {"older_version", servers.older_version}}},
      {"providers", ProvidersJson(report)},
      {"noise_pairs", report.noise->pairs()}};
  return text.dump(2) + "\n";
}

}  // namespace mxsweep::tools
