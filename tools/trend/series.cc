#include "tools/trend/series.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "output/scan_directory.h"
#include "scanner/base/text.h"
#include "tools/diff/facts.h"

namespace mxsweep::tools {
namespace {

struct OpenScan {
  output::ScanDirectory directory;
  ScanHead head;
};

// In the order of time; as they were named where one has none.
absl::StatusOr<std::vector<OpenScan>> OpenScans(const std::vector<std::string>& directories) {
  std::vector<OpenScan> scans;
  bool all_have_times = true;
  for (const std::string& directory : directories) {
    auto scan = output::ScanDirectory::Open(directory);
    if (!scan.ok()) return scan.status();
    ScanHead head = HeadOf(*scan);
    all_have_times = all_have_times && !head.started_at.empty();
    scans.push_back({*std::move(scan), std::move(head)});
  }
  if (all_have_times) {
    std::ranges::stable_sort(scans, {}, [](const OpenScan& scan) { return scan.head.started_at; });
  }
  return scans;
}

// Counts yes and no, and how they go together within a provider.
class ShareCounter {
 public:
  explicit ShareCounter(size_t providers) : providers_(providers) {}

  void Add(const State& state, uint32_t provider) {
    if (!state.is_counted()) return;
    split_.Add(state.answer);
    providers_[provider].Add(state.answer);
  }

  SeriesPoint Finish() const {
    DesignEffect effect;
    for (const Split& split : providers_) {
      if (split.whole() > 0) {
        effect.Add(static_cast<double>(split.whole()), static_cast<double>(split.yes));
      }
    }
    // The variance of a share is that of a change from nothing to it.
    const double divisor = effect.Of({.no_yes = split_.yes, .no_no = split_.no});
    return {split_, WilsonInterval(static_cast<double>(split_.yes) / divisor,
                                   static_cast<double>(split_.whole()) / divisor)};
  }

 private:
  Split split_;
  std::vector<Split> providers_;
};

SeriesPoint PointOf(const ScanFacts& facts, Unit unit, Measure measure) {
  ShareCounter counter(facts.providers().size());
  if (unit == Unit::kDomains) {
    for (const Domain& domain : facts.domains()) {
      counter.Add(DomainStateOf(measure, facts, domain), facts.ProviderOf(domain));
    }
  } else {
    for (const Server& server : facts.servers()) {
      counter.Add(ServerStateOf(measure, server), facts.hosts()[server.host].provider);
    }
  }
  return counter.Finish();
}

std::vector<Series> EmptySeries() {
  std::vector<Series> all;
  for (const Unit unit : {Unit::kDomains, Unit::kServers}) {
    for (size_t m = 0; m < kMeasures; ++m) {
      const Measure measure = static_cast<Measure>(m);
      if (!LabelOf(unit, measure).empty()) all.push_back({.unit = unit, .measure = measure});
    }
  }
  return all;
}

std::optional<SeriesChange> ChangeOf(const std::optional<MeasureChange>& change) {
  // Of what nothing is known in both, nothing is told: that is no change of 0.00.
  if (!change || change->Paired().whole() == 0) return std::nullopt;
  return SeriesChange{.lost = change->lost_count(),
                      .gained = change->gained_count(),
                      .points = PointsOf(*change),
                      .interval = change->ChangeInterval(),
                      .verdict = VerdictOf(*change)};
}

absl::StatusOr<Comparison> CompareScans(const OpenScan& old_scan, const ScanFacts& before,
                                        const OpenScan& new_scan, const ScanFacts& after,
                                        absl::FunctionRef<void(const DomainChange&)> take,
                                        std::vector<std::string>* remarks) {
  Circumstances circumstances = CircumstancesOf(old_scan.directory, new_scan.directory);
  *remarks = std::move(circumstances.remarks);
  Comparison comparison;
  absl::Status status = Compare(
      before, after, circumstances.incomparable,
      [take](const DomainChange& change) {
        take(change);
        return absl::OkStatus();
      },
      &comparison);
  if (!status.ok()) return status;
  return comparison;
}

}  // namespace

absl::StatusOr<Trend> ReadTrend(const std::vector<std::string>& directories,
                                TrendObserver* observer) {
  TrendObserver nobody;
  if (observer == nullptr) observer = &nobody;
  if (directories.empty()) return InvalidArgument("a trend takes scans");
  const auto scans = OpenScans(directories);
  if (!scans.ok()) return scans.status();
  Trend trend{.series = EmptySeries()};
  std::unique_ptr<ScanFacts> first, last;
  for (size_t i = 0; i < scans->size(); ++i) {
    const OpenScan& scan = (*scans)[i];
    auto read = ScanFacts::Read(scan.directory);
    if (!read.ok()) return read.status();
    auto facts = std::make_unique<ScanFacts>(*std::move(read));
    trend.scans.push_back({scan.head, facts->domains().size(), facts->servers().size()});
    for (Series& series : trend.series) {
      series.points.push_back(PointOf(*facts, series.unit, series.measure));
    }
    observer->Read(i, *facts);
    const ScanFacts* const before = last != nullptr ? last.get() : first.get();
    if (before != nullptr) {
      std::vector<std::string> remarks;
      const auto found =
          CompareScans((*scans)[i - 1], *before, scan, *facts,
                       [&](const DomainChange& change) { observer->Changed(i, change); }, &remarks);
      if (!found.ok()) return found.status();
      observer->Compared(i, *found);
      for (const std::string& remark : remarks) {
        trend.remarks.push_back(JoinText("From scan ", i, " to ", i + 1, ": ", remark));
      }
      for (Series& series : trend.series) {
        series.changes.push_back(ChangeOf(found->Of(series.unit, series.measure)));
      }
    }
    (first == nullptr ? first : last) = std::move(facts);
  }
  if (last == nullptr) return trend;
  std::vector<std::string> remarks;  // those of the steps say it
  const auto whole = CompareScans(
      scans->front(), *first, scans->back(), *last, [](const DomainChange&) {}, &remarks);
  if (!whole.ok()) return whole.status();
  for (Series& series : trend.series) {
    series.whole_change = ChangeOf(whole->Of(series.unit, series.measure));
  }
  return trend;
}

}  // namespace mxsweep::tools
