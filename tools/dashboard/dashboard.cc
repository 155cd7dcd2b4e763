#include "tools/dashboard/dashboard.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/time/time.h"
#include "scanner/base/text.h"
#include "tools/dashboard/batches.h"
#include "tools/diff/report.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

constexpr int64_t kDay = 86'400;

std::string Formatted(const char* format, int64_t time_s) {
  return absl::FormatTime(format, absl::FromUnixSeconds(time_s), absl::UTCTimeZone());
}

StretchBuckets CountBuckets(const FlowSeries& series, const Drop& drop) {
  StretchBuckets count;
  for (size_t i = 0; i < series.buckets.size(); ++i) {
    if (series.buckets[i].split().whole() == 0) continue;
    ++count.all;
    if (i < drop.begin) ++count.before;
    if (i >= drop.begin && i < drop.end) ++count.is;
  }
  return count;
}

std::vector<NamedDrop> DropsOf(const Tally& tally, Flow flow, const FlowSeries& series,
                               double least_points) {
  std::vector<Split> splits;
  for (const Bucket& bucket : series.buckets) splits.push_back(bucket.split());
  std::vector<NamedDrop> named;
  for (const Drop& drop : FindDrops(splits, least_points)) {
    const auto begin_of = [&](size_t bucket) {
      return bucket == series.buckets.size() ? series.buckets.back().begin_s + series.bucket_seconds
                                             : series.buckets[bucket].begin_s;
    };
    NamedDrop found{.flow = flow,
                    .drop = drop,
                    .was_s = begin_of(drop.before),
                    .begin_s = begin_of(drop.begin),
                    .end_s = begin_of(drop.end),
                    .lasts = drop.end == series.buckets.size()};
    found.places = tally.CountsOf(flow, found.was_s, found.begin_s, found.end_s);
    // What a sender reports is no batch of mail, but its sessions of a day.
    if (flow != Flow::kReported && !IsMoreThanBatches(found.places, CountBuckets(series, drop))) {
      continue;
    }
    found.causes = FindCauses(found.places);
    named.push_back(std::move(found));
  }
  return named;
}

bool IsEncryptedLess(const PlaceShare& place) {
  return std::ranges::any_of(place.causes, [](const auto& cause) {
    return cause.first.kind == CauseKind::kFailure || cause.first.kind == CauseKind::kPlain;
  });
}

// Of the recipients' domains that are encrypted less often than before.
template <typename Take>
void ForEachLoweringDomain(const NamedDrop& drop, Take take) {
  if (drop.flow != Flow::kOutbound) return;
  std::set<std::string> seen;
  for (const ProviderShare& provider : drop.causes.providers) {
    for (const PlaceShare& place : provider.places) {
      const std::string& name = drop.places[place.place].name;
      if (IsEncryptedLess(place) && !name.empty() && seen.insert(name).second) take(name);
    }
  }
}

void AddScans(Dashboard* dashboard) {
  const Scans& scans = *dashboard->scans;
  for (NamedDrop& drop : dashboard->drops) {
    drop.scan = drop.flow == Flow::kOutbound ? scans.Around(drop.begin_s) : std::nullopt;
    if (!drop.scan) continue;
    std::map<std::string, uint64_t> said;
    ForEachLoweringDomain(
        drop, [&](const std::string& domain) { ++said[scans.SaidOf(domain, *drop.scan)]; });
    drop.scans_say.assign(said.begin(), said.end());
    std::ranges::stable_sort(drop.scans_say, std::greater<>(),
                             &std::pair<std::string, uint64_t>::second);
  }
}

std::string DarkText(const DarkStretch& stretch) {
  std::string text =
      JoinText("Of ", Grouped(stretch.count), " ", FlowWord(stretch.log.flow), " ",
               stretch.count == 1 ? "delivery" : "deliveries", " ", WriterName(stretch.log.writer));
  if (!stretch.log.machine.empty()) AppendText(&text, " on ", stretch.log.machine);
  if (stretch.always) {
    AppendText(&text, " does not say whether they were encrypted. What makes it say: ",
               HowToTell(stretch.log.writer), ".");
    return text;
  }
  if (stretch.span.first_s) {
    AppendText(&text, ", ", SecondText(*stretch.span.first_s), " to ",
               SecondText(*stretch.span.last_s), ",");
  }
  AppendText(&text,
             " has no line of TLS, though it has such lines at other times, and of these very "
             "servers: either the log fell silent (",
             HowToTell(stretch.log.writer),
             ") or nothing was encrypted at all. They count as not known.");
  return text;
}

}  // namespace

absl::Status CompleteDashboard(const std::vector<std::string>& scan_directories,
                               double least_points, Dashboard* dashboard) {
  dashboard->tally->Finish();
  std::set<std::string> domains;
  for (size_t i = 0; i < kFlows; ++i) {
    const Flow flow = static_cast<Flow>(i);
    dashboard->flows[i] = dashboard->tally->SeriesOf(flow);
    for (NamedDrop& drop : DropsOf(*dashboard->tally, flow, dashboard->flows[i], least_points)) {
      ForEachLoweringDomain(drop, [&](const std::string& domain) { domains.insert(domain); });
      dashboard->drops.push_back(std::move(drop));
    }
  }
  if (scan_directories.empty()) return absl::OkStatus();
  auto scans = Scans::Read(scan_directories, domains);
  if (!scans.ok()) return scans.status();
  dashboard->scans.emplace(*std::move(scans));
  AddScans(dashboard);
  return absl::OkStatus();
}

std::string InputsText(const InputTotals& totals) {
  std::string text;
  if (totals.lines > 0) {
    text = JoinText(Grouped(totals.lines), totals.lines == 1 ? " line of " : " lines of ");
  }
  AppendText(&text, Grouped(totals.inputs), totals.inputs == 1 ? " input" : " inputs");
  return text;
}

std::vector<std::string> RemarksOf(const Dashboard& dashboard) {
  std::vector<std::string> remarks;
  const bool is_empty = std::ranges::all_of(
      dashboard.flows, [](const FlowSeries& series) { return series.buckets.empty(); });
  if (is_empty && !dashboard.scans) {
    remarks.push_back(dashboard.totals.reports.reports == 0
                          ? "In the inputs there is no delivery of a log that is known here, and "
                            "no TLS report: docs/dashboard.md says which logs are."
                          : "In the inputs there is no delivery of a log that is known here, and "
                            "their TLS reports tell of no session of a day that is known here.");
  }
  for (const std::string& why : dashboard.failed) {
    remarks.push_back(JoinText("Not read to its end: ", why, "."));
  }
  for (const DarkStretch& stretch : dashboard.tally->dark()) remarks.push_back(DarkText(stretch));
  const InputTotals& totals = dashboard.totals;
  if (totals.lines_without_time > 0) {
    remarks.push_back(JoinText(
        "Of ", Grouped(totals.lines), totals.lines == 1 ? " line " : " lines ",
        Grouped(totals.lines_without_time), totals.lines_without_time == 1 ? " has" : " have",
        " no time that is known here: not counted."));
  }
  if (dashboard.tally->without_time() > 0) {
    remarks.push_back(JoinText(Grouped(dashboard.tally->without_time()),
                               " deliveries or reported sessions have no time: they are not in "
                               "the shares."));
  }
  for (std::string& remark : RemarksOf(totals.reports)) remarks.push_back(std::move(remark));
  if (dashboard.scans) {
    for (const std::string& remark : dashboard.scans->trend().remarks) remarks.push_back(remark);
  }
  return remarks;
}

std::string_view FlowTitle(Flow flow) {
  switch (flow) {
    case Flow::kOutbound:
      return "Outbound mail that was encrypted";
    case Flow::kInbound:
      return "Inbound mail that was encrypted";
    case Flow::kReported:
      return "Inbound sessions that succeeded, as senders report them";
  }
  return "";
}

std::string_view FlowUnit(Flow flow) {
  switch (flow) {
    case Flow::kOutbound:
      return "deliveries";
    case Flow::kInbound:
      return "messages";
    case Flow::kReported:
      return "sessions";
  }
  return "";
}

std::string_view FlowClear(Flow flow) { return flow == Flow::kReported ? "failed" : "in clear"; }

std::string TitleOf(const Dashboard& dashboard, Flow flow, const CauseKey& cause) {
  switch (cause.kind) {
    case CauseKind::kFailure:
      return dashboard.tally->CauseOf(cause.failure).title;
    case CauseKind::kPlain:
      return flow == Flow::kReported ? "failed, and not told why"
                                     : "in clear, and no failure of TLS was logged";
    case CauseKind::kVolume:
      return flow == Flow::kReported ? "more sessions where more fail, or fewer where fewer do"
                                     : "more mail where less is encrypted, or less where more is";
    case CauseKind::kBetter:
      return flow == Flow::kReported ? "succeeded more often than before"
                                     : "encrypted more often than before";
  }
  return "";
}

std::string BucketText(int64_t begin_s, int64_t bucket_seconds) {
  return Formatted(bucket_seconds < kDay ? "%a %Y-%m-%d %H:%M" : "%a %Y-%m-%d", begin_s);
}

std::string ChartText(int64_t begin_s, int64_t bucket_seconds) {
  return Formatted(bucket_seconds < kDay ? "%m-%d %H:%M" : "%Y-%m-%d", begin_s);
}

std::string SecondText(int64_t time_s) { return Formatted("%a %Y-%m-%d %H:%M", time_s); }

std::string_view BucketWord(int64_t bucket_seconds) {
  if (bucket_seconds < kDay) return "hour";
  if (bucket_seconds < 7 * kDay) return "day";
  return bucket_seconds < 28 * kDay ? "week" : "4 weeks";
}

std::string WhenText(const NamedDrop& drop, int64_t bucket_seconds) {
  const std::string begin = BucketText(drop.begin_s, bucket_seconds);
  if (drop.lasts) return JoinText("from ", begin, " on");
  return JoinText("from ", begin, " until ", BucketText(drop.end_s, bucket_seconds));
}

std::optional<int64_t> BeganAt(const PlaceCounts& place) {
  return place.was.no == 0 ? place.first_clear_s : std::nullopt;
}

std::optional<int64_t> BeganAt(const NamedDrop& drop, const ProviderShare& provider) {
  std::optional<int64_t> began;
  for (const PlaceShare& share : provider.places) {
    const std::optional<int64_t> of_place = BeganAt(drop.places[share.place]);
    if (of_place) began = std::min(began.value_or(*of_place), *of_place);
  }
  return began;
}

std::string FallText(const NamedDrop& drop) {
  return JoinText(SplitShareText(drop.drop.was), " to ", SplitShareText(drop.drop.is), ", ",
                  PointsText(drop.drop.points), " points");
}

}  // namespace mxsweep::tools
