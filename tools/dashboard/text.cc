#include "scanner/base/text.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "scanner/base/sanitize.h"
#include "tools/dashboard/dashboard.h"
#include "tools/diff/report.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxNameBytes = 200;
constexpr size_t kMaxRemarkBytes = 2000;
constexpr size_t kNameColumns = 43;
constexpr size_t kShownBuckets = 24;

std::string Name(std::string_view name) {
  return name.empty() ? "(not told)" : SanitizeText(name, kMaxNameBytes);
}

void AppendHead(const Dashboard& dashboard, std::string* out) {
  AppendText(out, "TLS of our mail over time\n");
  const InputTotals& totals = dashboard.totals;
  if (totals.inputs > 0) {
    AppendText(out, "  ", InputsText(totals));
    if (totals.span.first_s) {
      AppendText(out, ", ", SecondText(*totals.span.first_s), " to ",
                 SecondText(*totals.span.last_s));
    }
    AppendText(out, "\n");
  }
  if (totals.reports.reports > 0) {
    AppendText(out, "  ", Grouped(totals.reports.reports),
               totals.reports.reports == 1 ? " TLS report\n" : " TLS reports\n");
  }
  if (dashboard.scans) {
    AppendText(out, "  ", Grouped(dashboard.scans->trend().scans.size()),
               dashboard.scans->trend().scans.size() == 1 ? " scan\n" : " scans\n");
  }
  const std::vector<std::string> remarks = RemarksOf(dashboard);
  if (!remarks.empty()) AppendText(out, "\nTo be read first\n");
  for (const std::string& remark : remarks) {
    AppendItem(SanitizeText(remark, kMaxRemarkBytes), out);
  }
}

void AppendShare(std::string_view title, const Split& split, std::string* out) {
  AppendText(out, absl::StrFormat("  %-54s%10s%14s\n", ToAbsl(title), SplitShareText(split),
                                  Grouped(split.whole())));
}

void AppendShares(const Dashboard& dashboard, std::string* out) {
  AppendText(out, absl::StrFormat("\n%-56s%10s%14s\n", "Shares", "share", "of"));
  for (size_t i = 0; i < kFlows; ++i) {
    const Flow flow = static_cast<Flow>(i);
    const Bucket total = dashboard.Of(flow).Total();
    AppendShare(
        flow == Flow::kReported ? "Inbound sessions that succeeded, as reported" : FlowTitle(flow),
        total.split(), out);
    if (total.not_told == 0) continue;
    AppendText(out, absl::StrFormat("    %-52s%24s\n",
                                    "and of these it is not told:", Grouped(total.not_told)));
  }
  if (!dashboard.scans) return;
  AppendShare("Scanned domains of which some server encrypts, at last",
              dashboard.scans->share().points.back().split, out);
}

void AppendCause(double points, std::string_view title, std::string_view lead, std::string* out) {
  const std::string text = SanitizeText(title, kMaxNameBytes);
  if (lead.size() + text.size() <= 70) {
    AppendText(out, absl::StrFormat("%-70s%9s\n", JoinText(lead, text), PointsText(points)));
    return;
  }
  std::string item;
  AppendItem(text, &item);
  // The last line bears the number.
  const std::string indent(lead);
  size_t begin = 0;
  while (begin < item.size()) {
    const size_t end = item.find('\n', begin);
    const std::string line = indent + item.substr(begin + 4, end - begin - 4);
    const bool is_last = end + 1 >= item.size();
    AppendText(out, is_last && line.size() <= 70
                        ? absl::StrFormat("%-70s%9s\n", line, PointsText(points))
                    : is_last ? absl::StrFormat("%s\n%79s\n", line, PointsText(points))
                              : line + "\n");
    begin = end + 1;
  }
}

// Its domains, and since when: what stands below a provider's name.
std::string DetailOf(const NamedDrop& drop, const ProviderShare& provider) {
  const std::optional<int64_t> first = BeganAt(drop, provider);
  const std::string& name = drop.places[provider.places.front().place].name;
  std::string text;
  if (provider.places.size() > 1) {
    text = JoinText(Grouped(provider.places.size()), " domains, most by ", Name(name));
  } else if (name != provider.provider) {
    text = Name(name);
  }
  if (first) AppendText(&text, text.empty() ? "" : "; ", "first ", SecondText(*first));
  return text;
}

void AppendProvider(const NamedDrop& drop, const ProviderShare& provider, std::string* out) {
  Split was, is;
  for (const PlaceShare& share : provider.places) {
    const PlaceCounts& place = drop.places[share.place];
    was = {was.yes + place.was.yes, was.no + place.was.no};
    is = {is.yes + place.is.yes, is.no + place.is.no};
  }
  std::string name = Name(provider.provider);
  if (name.size() > kNameColumns) {
    AppendText(out, "    ", name, "\n");
    name.clear();
  }
  AppendText(out, absl::StrFormat("    %-44s%11s%11s%9s\n", name, SplitShareText(was),
                                  SplitShareText(is), PointsText(provider.points)));
  const std::string detail = DetailOf(drop, provider);
  if (!detail.empty()) AppendText(out, "      ", detail, "\n");
}

void AppendProviders(const NamedDrop& drop, size_t top, std::string* out) {
  double rest = 0;
  size_t left_out = 0;
  for (size_t i = 0; i < drop.causes.providers.size(); ++i) {
    const ProviderShare& provider = drop.causes.providers[i];
    if (i < top && IsMuchOf(provider.points, drop)) {
      AppendProvider(drop, provider, out);
      continue;
    }
    rest += provider.points;
    ++left_out;
  }
  if (left_out == 0) return;
  AppendText(out, absl::StrFormat("    %-66s%9s\n", JoinText("and ", Grouped(left_out), " more"),
                                  PointsText(rest)));
}

void AppendDrop(const Dashboard& dashboard, const NamedDrop& drop, size_t top, std::string* out) {
  const int64_t seconds = dashboard.Of(drop.flow).bucket_seconds;
  AppendText(out, "\n", FlowTitle(drop.flow), "\n  fell ", WhenText(drop, seconds), "\n  ",
             FallText(drop), ", of ", Grouped(drop.drop.is.whole()), " ", FlowUnit(drop.flow),
             "\n  compared with ", Grouped(drop.drop.was.whole()), " from ",
             BucketText(drop.was_s, seconds), " on\n  by cause\n");
  for (const auto& [cause, points] : SortedCauses(drop.causes.causes)) {
    if (!IsShown(points)) continue;
    AppendCause(points, TitleOf(dashboard, drop.flow, cause), "    ", out);
  }
  AppendText(out, absl::StrFormat("  %-46s%11s%11s%9s\n",
                                  drop.flow == Flow::kReported ? "by reporter" : "by provider",
                                  "before", "then", "points"));
  AppendProviders(drop, top, out);
  if (drop.scans_say.empty()) return;
  AppendText(out, "  what scans say of domains encrypted less, ",
             MinuteText(dashboard.scans->trend().scans[*drop.scan - 1].head.started_at), " to ",
             MinuteText(dashboard.scans->trend().scans[*drop.scan].head.started_at), "\n");
  for (const auto& [said, count] : drop.scans_say) {
    AppendText(out, absl::StrFormat("    %-66s%9s\n", said, Grouped(count)));
  }
}

void AppendScanFalls(const Dashboard& dashboard, size_t top, std::string* out) {
  if (!dashboard.scans) return;
  const Trend& trend = dashboard.scans->trend();
  for (const ScanFall& fall : dashboard.scans->falls()) {
    AppendText(out, "\nScanned domains of which some server encrypts\n  fell from ",
               MinuteText(trend.scans[fall.scan - 1].head.started_at), " to ",
               MinuteText(trend.scans[fall.scan].head.started_at), ", ",
               PointsText(fall.change.points), " points:\n  ", Grouped(fall.change.lost), " lost, ",
               Grouped(fall.change.gained), " gained\n");
    for (const Step& step : fall.steps) {
      AppendText(out, absl::StrFormat("    %-56s%10s%9s\n", StepTitle(step), Grouped(step.count),
                                      PointsText(step.points)));
    }
    for (size_t i = 0; i < std::min(top, fall.providers.size()); ++i) {
      AppendText(
          out, absl::StrFormat("    %-40s%10s lost%10s gained\n", Name(fall.providers[i].name),
                               Grouped(fall.providers[i].lost), Grouped(fall.providers[i].gained)));
    }
  }
}

void AppendBuckets(const Dashboard& dashboard, Flow flow, std::string* out) {
  const FlowSeries& series = dashboard.Of(flow);
  if (series.buckets.empty()) return;
  const size_t first =
      series.buckets.size() > kShownBuckets ? series.buckets.size() - kShownBuckets : 0;
  AppendText(out, "\n", FlowTitle(flow), ", by ", BucketWord(series.bucket_seconds),
             first > 0 ? " (the last of them; the page has all)" : "", "\n",
             absl::StrFormat("  %-24s%12s%12s%12s%10s\n", "from",
                             flow == Flow::kReported ? "succeeded" : "encrypted",
                             std::string(FlowClear(flow)), "not told", "share"));
  for (size_t i = first; i < series.buckets.size(); ++i) {
    const Bucket& bucket = series.buckets[i];
    AppendText(out, absl::StrFormat("  %-24s%12s%12s%12s%10s\n",
                                    BucketText(bucket.begin_s, series.bucket_seconds),
                                    Grouped(bucket.encrypted), Grouped(bucket.clear),
                                    Grouped(bucket.not_told), SplitShareText(bucket.split())));
  }
}

}  // namespace

std::string RenderDashboard(const Dashboard& dashboard, const DashboardView& view) {
  std::string out;
  AppendHead(dashboard, &out);
  AppendShares(dashboard, &out);
  for (const NamedDrop& drop : dashboard.drops) AppendDrop(dashboard, drop, view.top, &out);
  AppendScanFalls(dashboard, view.top, &out);
  const bool has_fall =
      !dashboard.drops.empty() || (dashboard.scans && !dashboard.scans->falls().empty());
  if (!has_fall) AppendText(&out, "\nNo share fell by more than chance.\n");
  for (size_t i = 0; i < kFlows; ++i) AppendBuckets(dashboard, static_cast<Flow>(i), &out);
  AppendText(&out,
             "\nPoints are percentage points; those of a fall's causes add up to it, and so do\n"
             "those of its providers. docs/dashboard.md has every word.\n");
  return out;
}

}  // namespace mxsweep::tools
