#include "scanner/base/text.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "scanner/base/sanitize.h"
#include "tools/diff/bridge.h"
#include "tools/diff/report.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxNameBytes = 200;
constexpr size_t kShownCauses = 2;  // of a provider

void AppendScan(std::string_view which, const ScanHead& scan, uint64_t domains, uint64_t servers,
                std::string* out) {
  AppendText(out, "  ", which, "  ", SanitizeText(scan.directory, kMaxNameBytes), "\n       ",
             MinuteText(scan.started_at), " to ", MinuteText(scan.finished_at), " UTC, ",
             Grouped(domains), " domains, ", Grouped(servers), " servers\n");
}

std::string MarkOf(Doubt doubt) { return doubt == Doubt::kNone ? "" : " ~"; }

void AppendShares(const DiffReport& report, Unit unit, std::string* out) {
  AppendText(out, unit == Unit::kDomains ? "Domains of which\n" : "Servers that\n");
  for (size_t m = 0; m < kMeasures; ++m) {
    const Measure measure = static_cast<Measure>(m);
    const std::string_view label = LabelOf(unit, measure);
    if (label.empty()) continue;
    const std::optional<MeasureChange>& found = report.comparison->Of(unit, measure);
    if (!found) {
      AppendText(out, absl::StrFormat("  %-33s%18s\n", ToAbsl(label), "not compared"));
      continue;
    }
    const MeasureChange& change = *found;
    const Interval interval = change.ChangeInterval();
    const Verdict verdict = VerdictOf(change);
    if (change.Paired().whole() == 0) {
      AppendText(out, absl::StrFormat("  %-33s%9s%9s%7s%15s\n", ToAbsl(label),
                                      SplitShareText(change.old_scan),
                                      SplitShareText(change.new_scan), "-", "none in both"));
      continue;
    }
    AppendText(out, absl::StrFormat(
                        "  %-33s%9s%9s%7s%15s%s\n", ToAbsl(label), SplitShareText(change.old_scan),
                        SplitShareText(change.new_scan), PointsText(PointsOf(change)),
                        absl::StrFormat("%+.2f..%+.2f", 100 * interval.low, 100 * interval.high),
                        verdict == Verdict::kUp     ? " up"
                        : verdict == Verdict::kDown ? " down"
                                                    : ""));
  }
}

void AppendCauseLine(const DiffReport& report, const CauseCount& cause, std::string* out) {
  AppendText(out, absl::StrFormat("    %-42s%-20s%10s%s\n", ToAbsl(CauseTitle(cause.first)),
                                  EffectText(cause.first), Grouped(cause.second),
                                  MarkOf(DoubtOf(report, cause.first))));
}

void AppendCauseGroup(const DiffReport& report, bool (*wanted)(Fate), std::string* out) {
  const std::vector<CauseCount> causes = CausesWith(*report.comparison, wanted);
  if (causes.empty()) return;
  uint64_t count = 0;
  for (const CauseCount& cause : causes) count += cause.second;
  AppendText(out, absl::StrFormat("  %-64s%10s\n", ToAbsl(GroupTitle(causes[0].first.fate)),
                                  Grouped(count)));
  if (causes[0].first.fate == Fate::kUnchanged) return;
  for (const CauseCount& cause : causes) AppendCauseLine(report, cause, out);
}

void AppendCauses(const DiffReport& report, std::string* out) {
  AppendText(out, "\nDomains, each by its main cause\n");
  AppendCauseGroup(report, IsChange, out);
  AppendCauseGroup(
      report, [](Fate fate) { return fate == Fate::kListChanged; }, out);
  AppendCauseGroup(
      report, [](Fate fate) { return fate == Fate::kNotKnownNow; }, out);
  AppendCauseGroup(
      report, [](Fate fate) { return fate == Fate::kNotKnownThen; }, out);
  AppendCauseGroup(
      report, [](Fate fate) { return fate == Fate::kNotKnown; }, out);
  AppendCauseGroup(
      report, [](Fate fate) { return fate == Fate::kUnchanged; }, out);
}

void AppendBridge(const DiffReport& report, Unit unit, Measure measure, std::string* out) {
  const std::optional<MeasureChange>& change = report.comparison->Of(unit, measure);
  if (!change) return;
  AppendText(out, "\nWhy the share moved: ",
             unit == Unit::kDomains ? "domains of which " : "servers that ", LabelOf(unit, measure),
             "\n", absl::StrFormat("  %-50s%10s%8s%10s\n", "", "count", "points", "share"));
  for (const Step& step : BridgeOf(*change)) {
    if (IsTotal(step.kind)) {
      AppendText(out, absl::StrFormat("  %-50s%10s%18s\n", StepTitle(step), Grouped(step.count),
                                      SplitShareText(step.after)));
      continue;
    }
    const Doubt doubt = DoubtOf(report, unit, measure, DirectionOf(step), step.why);
    AppendText(out, absl::StrFormat("    %-48s%10s%8s%s\n", StepTitle(step), Grouped(step.count),
                                    PointsText(step.points), MarkOf(doubt)));
  }
}

void AppendProviders(const DiffReport& report, std::string* out) {
  const Comparison& comparison = *report.comparison;
  const auto shown = std::ranges::count_if(
      comparison.providers, [](const ProviderChange& p) { return p.changed + p.not_known > 0; });
  if (shown == 0) return;
  AppendText(out, "\nProviders with most changes, of ", Grouped(static_cast<uint64_t>(shown)),
             " with any\n",
             absl::StrFormat("  %-30s%10s%9s%10s%10s%9s\n", "", "domains", "changed", "TLS lost",
                             "gained", "unknown"));
  for (size_t i = 0; i < std::min(report.top, static_cast<size_t>(shown)); ++i) {
    const ProviderChange& provider = comparison.providers[i];
    const std::string name =
        provider.name.empty() ? "(not known)" : SanitizeText(provider.name, kMaxNameBytes);
    if (name.size() > 29) AppendText(out, "  ", name, "\n");
    AppendText(out, absl::StrFormat("  %-30s%10s%9s%10s%10s%9s\n", name.size() > 29 ? "" : name,
                                    Grouped(provider.domains), Grouped(provider.changed),
                                    Grouped(provider.tls_lost), Grouped(provider.tls_gained),
                                    Grouped(provider.not_known)));
    const auto causes = CausesOfProvider(comparison, i);
    for (size_t c = 0; c < std::min(kShownCauses, causes.size()); ++c) {
      AppendCauseLine(report, causes[c], out);
    }
  }
}

void AppendServerChanges(const ServerChanges& changes, std::string* out) {
  AppendText(out, "\nServers that encrypt in both scans: ", Grouped(changes.both), "\n");
  const auto line = [out](std::string_view what, uint64_t count) {
    if (count > 0) AppendText(out, absl::StrFormat("  %-64s%10s\n", ToAbsl(what), Grouped(count)));
  };
  line("another certificate", changes.certificate_replaced);
  line("a stronger key", changes.key_stronger);
  line("a weaker key", changes.key_weaker);
  line("a newer version of TLS", changes.newer_version);
  line("an older version of TLS", changes.older_version);
}

void AppendLegend(const DiffReport& report, std::string* out) {
  AppendText(out,
             "\nup, down: the interval of the change, which holds 95 of 100 times, excludes\nzero. "
             "Shares and changes are of what is known; docs/diff.md has every word.\n");
  if (report.noise->is_known()) {
    AppendText(out, "~ within noise: ", Grouped(report.noise->pairs()),
               report.noise->pairs() == 1 ? " pair" : " pairs",
               " of scans of one time differ as much.\n");
  } else {
    AppendText(out, "~ as often the other way: perhaps no change but chance (--noise tells).\n");
  }
}

}  // namespace

std::string RenderDiff(const DiffReport& report) {
  const Comparison& comparison = *report.comparison;
  std::string out = "What changed between two scans\n";
  AppendScan("old", report.circumstances->old_scan, comparison.old_domains, comparison.old_servers,
             &out);
  AppendScan("new", report.circumstances->new_scan, comparison.new_domains, comparison.new_servers,
             &out);
  if (!report.circumstances->remarks.empty()) {
    AppendText(&out, "\nTo be read first\n");
    for (const std::string& remark : report.circumstances->remarks) AppendItem(remark, &out);
  }
  AppendText(&out, "\n",
             absl::StrFormat("%-35s%9s%9s%8s%14s\n", "Shares of what is known", "old", "new",
                             "in both", "interval"));
  AppendShares(report, Unit::kDomains, &out);
  AppendShares(report, Unit::kServers, &out);
  AppendCauses(report, &out);
  AppendBridge(report, Unit::kDomains, Measure::kTls, &out);
  AppendBridge(report, Unit::kServers, Measure::kTls, &out);
  AppendProviders(report, &out);
  AppendServerChanges(comparison.server_changes, &out);
  AppendLegend(report, &out);
  return out;
}

}  // namespace mxsweep::tools
