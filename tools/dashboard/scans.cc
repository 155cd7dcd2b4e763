#include "tools/dashboard/scans.h"

#include <algorithm>

#include "absl/time/time.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

std::optional<int64_t> SecondsOf(const std::string& time) {
  absl::Time parsed;
  if (!absl::ParseTime(absl::RFC3339_full, time, &parsed, nullptr)) return std::nullopt;
  return absl::ToUnixSeconds(parsed);
}

ScanFall FallOf(size_t scan, const Comparison& comparison) {
  const MeasureChange& change = *comparison.Of(Unit::kDomains, Measure::kTls);
  ScanFall fall{.scan = scan,
                .change = {.lost = change.lost_count(),
                           .gained = change.gained_count(),
                           .points = PointsOf(change),
                           .interval = change.ChangeInterval(),
                           .verdict = Verdict::kDown}};
  for (const Step& step : BridgeOf(change)) {
    if (DirectionOf(step) != Direction::kNeither) fall.steps.push_back(step);
  }
  for (const ProviderChange& provider : comparison.providers) {
    if (provider.tls_lost + provider.tls_gained == 0) continue;
    fall.providers.push_back({std::string(provider.name), provider.tls_lost, provider.tls_gained});
  }
  std::ranges::stable_sort(fall.providers, std::greater<>(), &ScanFall::Provider::lost);
  return fall;
}

}  // namespace

class Scans::Observer : public TrendObserver {
 public:
  Observer(const std::set<std::string>& domains, Scans* scans) : domains_(domains), scans_(scans) {}

  void Read(size_t scan, const ScanFacts& facts) override {
    // Both are in the order of names.
    auto wanted = domains_.begin();
    for (const Domain& domain : facts.domains()) {
      const std::string_view name = facts.NameOf(domain);
      while (wanted != domains_.end() && *wanted < name) ++wanted;
      if (wanted == domains_.end()) return;
      if (*wanted != name) continue;
      scans_->answers_[{*wanted, scan}] = DomainStateOf(Measure::kTls, facts, domain).answer;
    }
  }

  void Changed(size_t scan, const DomainChange& change) override {
    const std::string name(change.domain);
    if (domains_.contains(name)) scans_->changes_[{name, scan}] = change.cause;
  }

  void Compared(size_t scan, const Comparison& comparison) override {
    const auto& change = comparison.Of(Unit::kDomains, Measure::kTls);
    if (change && VerdictOf(*change) == Verdict::kDown) {
      scans_->falls_.push_back(FallOf(scan, comparison));
    }
  }

 private:
  const std::set<std::string>& domains_;
  Scans* scans_;
};

absl::StatusOr<Scans> Scans::Read(const std::vector<std::string>& directories,
                                  const std::set<std::string>& domains) {
  Scans scans;
  Observer observer(domains, &scans);
  auto trend = ReadTrend(directories, &observer);
  if (!trend.ok()) return trend.status();
  scans.trend_ = *std::move(trend);
  for (const TrendScan& scan : scans.trend_.scans) {
    scans.times_.push_back(SecondsOf(scan.head.started_at));
  }
  return scans;
}

const Series& Scans::share() const {
  return *std::ranges::find_if(trend_.series, [](const Series& series) {
    return series.unit == Unit::kDomains && series.measure == Measure::kTls;
  });
}

std::optional<size_t> Scans::Around(int64_t time_s) const {
  for (size_t i = 1; i < times_.size(); ++i) {
    if (times_[i - 1] && times_[i] && *times_[i - 1] <= time_s && time_s < *times_[i]) return i;
  }
  return std::nullopt;
}

std::string Scans::SaidOf(const std::string& domain, size_t scan) const {
  const auto before = answers_.find({domain, scan - 1}), after = answers_.find({domain, scan});
  if (before == answers_.end() || after == answers_.end()) return "not in both scans";
  const auto change = changes_.find({domain, scan});
  if (change != changes_.end()) return std::string(CauseTitle(change->second));
  switch (after->second) {
    case Answer::kYes:
      return "encrypts, as it did";
    case Answer::kNo:
      return "does not encrypt, as it did not";
    case Answer::kNotCounted:
      return "not known";
  }
  return "";
}

}  // namespace mxsweep::tools
