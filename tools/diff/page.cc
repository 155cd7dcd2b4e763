#include "tools/diff/page.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/diff/bridge.h"
#include "tools/page/html.h"
#include "tools/page/page_builder.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

constexpr size_t kMaxLabelBytes = 120;
constexpr size_t kShownCauses = 3;  // of a provider

Tone ToneOf(const MainCause& cause) {
  if (!IsChange(cause.fate) && cause.fate != Fate::kListChanged) {
    return cause.fate == Fate::kUnchanged ? Tone::kNeutral : Tone::kUnknown;
  }
  if (cause.fate == Fate::kListChanged) return Tone::kNeutral;
  switch (cause.direction) {
    case Direction::kLost:
      return Tone::kBad;
    case Direction::kGained:
      return Tone::kGood;
    case Direction::kNeither:
      break;
  }
  return Tone::kNeutral;
}

Tone ToneOf(const Step& step) {
  if (step.kind == StepKind::kLost) return Tone::kBad;
  if (step.kind == StepKind::kGained) return Tone::kGood;
  return IsNotKnown(step.why) ? Tone::kUnknown : Tone::kNeutral;
}

std::string_view DoubtText(Doubt doubt) {
  switch (doubt) {
    case Doubt::kNone:
      return "";
    case Doubt::kWithinNoise:
      return "within noise";
    case Doubt::kBothWays:
      return "both ways";
  }
  return "";
}

class DiffPage {
 public:
  explicit DiffPage(const DiffReport& report)
      : report_(report), comparison_(*report.comparison), heads_(*report.circumstances) {}

  std::string Render() {
    AppendSummary();
    AppendShares();
    AppendCauses();
    AppendBridges(Unit::kDomains);
    AppendBridges(Unit::kServers);
    AppendProviders();
    AppendServerChanges();
    return page_.Finish(JoinText("TLS of mail servers: ", heads_.old_scan.directory, " and ",
                                 heads_.new_scan.directory),
                        "TLS of mail servers: what changed",
                        JoinText(RunText(heads_.old_scan), "; then ", RunText(heads_.new_scan)));
  }

 private:
  static std::string RunText(const ScanHead& scan) {
    return JoinText(Escaped(scan.directory), ", ", Escaped(MinuteText(scan.started_at)), " to ",
                    Escaped(MinuteText(scan.finished_at)), " UTC, mxsweep ", Escaped(scan.version),
                    ", ", Escaped(scan.state));
  }

  void AddShareFigure(std::string_view what, Unit unit) {
    const auto& change = comparison_.Of(unit, Measure::kTls);
    if (!change) return;
    const PairedCounts paired = change->Paired();
    page_.AddFigure(
        what, SplitShareText(change->new_scan),
        JoinText("before: ", SplitShareText(change->old_scan), "; ", Grouped(paired.yes_no),
                 " lost, ", Grouped(paired.no_yes), " gained; ", VerdictText(VerdictOf(*change))));
  }

  void AppendSummary() {
    page_.OpenSection("summary", "Summary");
    page_.OpenFigures();
    page_.AddFigure("Domains in both scans", Grouped(comparison_.both_domains),
                    JoinText("of ", Grouped(comparison_.old_domains), " then and ",
                             Grouped(comparison_.new_domains), " now"));
    page_.AddFigure("Changed", Grouped(comparison_.changed()), "domains");
    page_.AddFigure("Not known", Grouped(comparison_.not_known()), "domains, in one scan or both");
    AddShareFigure("Domains with TLS", Unit::kDomains);
    AddShareFigure("Servers with TLS", Unit::kServers);
    page_.CloseFigures();
    AppendText(&page_.main(), "<div class=\"blind\">\n<h3>To be read first</h3>\n<ul>\n");
    if (heads_.remarks.empty()) {
      AppendText(&page_.main(), "<li>Both scans were run alike.</li>\n");
    }
    for (const std::string& remark : heads_.remarks) {
      AppendText(&page_.main(), "<li>", Escaped(remark), "</li>\n");
    }
    AppendText(&page_.main(), "</ul>\n</div>\n");
    page_.CloseSection();
  }

  void AppendShares() {
    page_.OpenSection("shares", "Shares");
    AppendText(
        &page_.main(),
        "<p>Of what is known in each scan. The change, in percentage points, is of what is known "
        "in both; its interval holds 95 of 100 times, with domains behind one provider "
        "taken together. A share goes up or down where the interval excludes zero.</p>\n");
    AppendShareTable(Unit::kDomains, "Domains of which …");
    AppendShareTable(Unit::kServers, "Servers that …");
    page_.CloseSection();
  }

  void AppendShareTable(Unit unit, std::string_view caption) {
    const std::string_view id = unit == Unit::kDomains ? "shares-domains" : "shares-servers";
    AppendText(&page_.main(), "<div class=\"breakdown\">\n");
    page_.OpenTable(caption, {"", "then", "now", "change", "interval", ""});
    json labels = json::array(), then = json::array(), now = json::array();
    for (size_t m = 0; m < kMeasures; ++m) {
      const Measure measure = static_cast<Measure>(m);
      const auto& change = comparison_.Of(unit, measure);
      if (!change) continue;
      const std::string_view label = LabelOf(unit, measure);
      const Interval interval = change->ChangeInterval();
      const bool is_known = change->Paired().whole() > 0;
      AppendText(&page_.main(), "<tr><th scope=\"row\">", Escaped(label), "</th><td>",
                 Escaped(SplitShareText(change->old_scan)), "</td><td>",
                 Escaped(SplitShareText(change->new_scan)), "</td><td>",
                 is_known ? Escaped(PointsText(PointsOf(*change))) : "-", "</td><td>",
                 is_known
                     ? absl::StrFormat("%+.2f to %+.2f", 100 * interval.low, 100 * interval.high)
                     : "none in both",
                 "</td><td>", VerdictText(VerdictOf(*change)), "</td></tr>\n");
      labels.push_back(label);
      then.push_back(ShareOf(change->old_scan));
      now.push_back(ShareOf(change->new_scan));
    }
    page_.CloseTable();
    const json old_tones(labels.size(), ToneWord(Tone::kNeutral));
    const json new_tones(labels.size(), ToneWord(Tone::kFair));
    page_.AddChart(
        id, "Bar chart: shares then and now. The table has every number.",
        {{"labels", std::move(labels)},
         {"beside", true},
         {"series",
          json::array({{{"name", "then"}, {"values", std::move(then)}, {"tones", old_tones}},
                       {{"name", "now"}, {"values", std::move(now)}, {"tones", new_tones}}})}});
    AppendText(&page_.main(), "</div>\n");
  }

  void AppendCauses() {
    page_.OpenSection("causes", "Domains by cause");
    AppendText(
        &page_.main(),
        "<p>Every domain of either scan stands in one row, with its main cause. "
        "<code>mxsweep diff --list CAUSE</code> lists the domains, <code>--csv</code> all "
        "of them. <em>Both ways</em>: as many changed the other way, perhaps by chance.</p>\n"
        "<div class=\"wide\">\n");
    page_.OpenTable(JoinText(Grouped(AllDomains()), " domains"),
                    {"", {"what", true}, {"cause", true}, "domains", ""});
    json labels = json::array(), values = json::array(), tones = json::array(),
         wholes = json::array();
    std::vector<CauseCount> causes = CausesWith(comparison_, [](Fate) { return true; });
    std::ranges::stable_sort(causes, {}, [](const CauseCount& c) { return GroupOf(c.first.fate); });
    for (const CauseCount& cause : causes) {
      AppendCauseRow(cause);
      if (cause.first.fate == Fate::kUnchanged || labels.size() >= report_.top) continue;
      const std::string effect = EffectText(cause.first);
      labels.push_back(SanitizeText(
          JoinText(CauseTitle(cause.first), effect.empty() ? "" : ": ", effect), kMaxLabelBytes));
      values.push_back(cause.second);
      wholes.push_back(AllDomains());
      tones.push_back(ToneWord(ToneOf(cause.first)));
    }
    page_.CloseTable();
    if (!labels.empty()) {
      page_.AddChart("causes", "Bar chart: domains by cause. The table has every number.",
                     {{"labels", std::move(labels)},
                      {"wholes", std::move(wholes)},
                      {"series", json::array({{{"name", "domains"},
                                               {"values", std::move(values)},
                                               {"tones", std::move(tones)}}})}});
    }
    AppendText(&page_.main(), "</div>\n");
    page_.CloseSection();
  }

  // What changed stands first, then what is not known.
  static int GroupOf(Fate fate) { return IsChange(fate) ? -1 : static_cast<int>(fate); }

  uint64_t AllDomains() const {
    return comparison_.old_domains + comparison_.new_domains - comparison_.both_domains;
  }

  void AppendCauseRow(const CauseCount& cause) {
    AppendText(&page_.main(), "<tr class=\"", ToneWord(ToneOf(cause.first)),
               "\"><th scope=\"row\">", Escaped(CauseTitle(cause.first)),
               "</th><td class=\"text\">",
               Escaped(EffectText(cause.first).empty() ? std::string(GroupTitle(cause.first.fate))
                                                       : EffectText(cause.first)),
               "</td><td class=\"text\"><code>", Escaped(CauseWord(cause.first)),
               "</code></td><td>", Grouped(cause.second), "</td><td class=\"text\">",
               DoubtText(DoubtOf(report_, cause.first)), "</td></tr>\n");
  }

  void AppendBridges(Unit unit) {
    const bool domains = unit == Unit::kDomains;
    page_.OpenSection(
        domains ? "why-domains" : "why-servers",
        domains ? "Why the shares of domains moved" : "Why the shares of servers moved");
    for (size_t m = 0; m < kMeasures; ++m) {
      const Measure measure = static_cast<Measure>(m);
      if (comparison_.Of(unit, measure)) AppendBridge(unit, measure);
    }
    page_.CloseSection();
  }

  void AppendBridge(Unit unit, Measure measure) {
    const bool domains = unit == Unit::kDomains;
    AppendText(&page_.main(), "<div class=\"breakdown\">\n<h3>",
               domains ? "Domains of which " : "Servers that ", Escaped(LabelOf(unit, measure)),
               "</h3>\n");
    page_.OpenTable("Step by step, nothing left out", {"", "count", "points", "share", ""});
    json labels = json::array(), values = json::array(), tones = json::array();
    for (const Step& step : BridgeOf(*comparison_.Of(unit, measure))) {
      AppendStepRow(unit, measure, step);
      if (IsTotal(step.kind)) continue;
      labels.push_back(StepTitle(step));
      values.push_back(step.points);
      tones.push_back(ToneWord(ToneOf(step)));
    }
    page_.CloseTable();
    if (!labels.empty()) {
      const std::string_view word = WordsOf(measure).word;
      page_.AddChart(JoinText("why-", UnitWord(unit), "-", word),
                     "Bar chart: by how much each cause moved the share. The table has every "
                     "number.",
                     {{"labels", std::move(labels)},
                      {"series", json::array({{{"name", "points"},
                                               {"values", std::move(values)},
                                               {"tones", std::move(tones)}}})}});
    }
    AppendText(&page_.main(), "</div>\n");
  }

  void AppendStepRow(Unit unit, Measure measure, const Step& step) {
    const bool is_total = IsTotal(step.kind);
    AppendText(&page_.main(), "<tr class=\"", is_total ? "total" : ToneWord(ToneOf(step)),
               "\"><th scope=\"row\">", Escaped(StepTitle(step)), "</th><td>", Grouped(step.count),
               "</td><td>", is_total ? "" : Escaped(PointsText(step.points)), "</td><td>",
               is_total ? Escaped(SplitShareText(step.after)) : "", "</td><td class=\"text\">",
               DoubtText(DoubtOf(report_, unit, measure, DirectionOf(step), step.why)),
               "</td></tr>\n");
  }

  void AppendProviders() {
    const auto any = std::ranges::count_if(
        comparison_.providers, [](const ProviderChange& p) { return p.changed + p.not_known > 0; });
    const size_t shown = std::min(report_.top, static_cast<size_t>(any));
    page_.OpenSection("providers", "Providers");
    AppendText(&page_.main(),
               "<p>The registrable domain of a domain's most preferred MX host, then. Those with "
               "most changes: ",
               Grouped(shown), " of ", Grouped(static_cast<uint64_t>(any)), ".</p>\n");
    page_.OpenTable("Domains in both scans", {"provider",
                                              "domains",
                                              "changed",
                                              "TLS lost",
                                              "TLS gained",
                                              "not known",
                                              {"most frequent causes", true}});
    for (size_t i = 0; i < shown; ++i) AppendProvider(i);
    page_.CloseTable();
    page_.CloseSection();
  }

  void AppendProvider(size_t place) {
    const ProviderChange& provider = comparison_.providers[place];
    AppendText(&page_.main(), "<tr><th scope=\"row\">",
               provider.name.empty() ? "(not known)" : Escaped(provider.name), "</th>");
    for (const uint64_t count : {provider.domains, provider.changed, provider.tls_lost,
                                 provider.tls_gained, provider.not_known}) {
      AppendText(&page_.main(), "<td>", Grouped(count), "</td>");
    }
    AppendText(&page_.main(), "<td class=\"text\">");
    const std::vector<CauseCount> causes = CausesOfProvider(comparison_, place);
    for (size_t c = 0; c < std::min(kShownCauses, causes.size()); ++c) {
      AppendText(&page_.main(), c == 0 ? "" : "; ", Escaped(CauseTitle(causes[c].first)), " (",
                 Grouped(causes[c].second), ")");
    }
    AppendText(&page_.main(), "</td></tr>\n");
  }

  void AppendServerChanges() {
    const ServerChanges& changes = comparison_.server_changes;
    page_.OpenSection("servers", "Servers that encrypt in both scans");
    page_.OpenTable(JoinText(Grouped(changes.both), " servers, an MX host at an address"),
                    {"", "servers", "share"});
    const auto row = [&](std::string_view what, uint64_t count) {
      AppendText(&page_.main(), "<tr><th scope=\"row\">", what, "</th><td>", Grouped(count),
                 "</td><td>", Escaped(ShareText(count, changes.both)), "</td></tr>\n");
    };
    row("another certificate", changes.certificate_replaced);
    row("a stronger key", changes.key_stronger);
    row("a weaker key", changes.key_weaker);
    row("a newer version of TLS", changes.newer_version);
    row("an older version of TLS", changes.older_version);
    page_.CloseTable();
    page_.CloseSection();
  }

  const DiffReport& report_;
  const Comparison& comparison_;
  const Circumstances& heads_;
  PageBuilder page_;
};

}  // namespace

std::string RenderDiffPage(const DiffReport& report) { return DiffPage(report).Render(); }

}  // namespace mxsweep::tools
