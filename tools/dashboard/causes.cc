#include "tools/dashboard/causes.h"

#include <algorithm>
#include <utility>

namespace mxsweep::tools {
namespace {

double Count(uint64_t count) { return static_cast<double>(count); }

double Ratio(uint64_t part, uint64_t whole) { return whole == 0 ? 0 : Count(part) / Count(whole); }

// Of each cause, by how much its failures are more than before, beside the mail there is.
std::map<size_t, double> MoreFailures(const PlaceCounts& place) {
  const double scale = Ratio(place.is.whole(), place.was.whole());
  std::map<size_t, double> more;
  for (const auto& [cause, count] : place.failures_is) {
    const auto before = place.failures_was.find(cause);
    const double expected = before == place.failures_was.end() ? 0 : Count(before->second) * scale;
    if (Count(count) > expected) more[cause] = Count(count) - expected;
  }
  return more;
}

// Divides what a place's own share takes off among the failures that were logged of it, and what
// went in clear without one. A failure may be logged more often than its mail is sent.
void AddOwnShare(const PlaceCounts& place, double points, PlaceShare* share) {
  if (points == 0) return;
  if (points > 0) {
    share->causes[{CauseKind::kBetter}] += points;
    return;
  }
  const double more_in_clear =
      Count(place.is.no) - Count(place.was.no) * Ratio(place.is.whole(), place.was.whole());
  double failures = 0;
  const std::map<size_t, double> more = MoreFailures(place);
  for (const auto& [cause, count] : more) failures += count;
  const double told = more_in_clear <= 0 ? 0 : std::min(1.0, failures / more_in_clear);
  for (const auto& [cause, count] : more) {
    share->causes[{CauseKind::kFailure, cause}] += points * told * count / failures;
  }
  if (told < 1) share->causes[{CauseKind::kPlain}] += points * (1 - told);
}

PlaceShare ShareOfPlace(const PlaceCounts& place, size_t index, const Split& was, const Split& is) {
  const double weight_was = Ratio(place.was.whole(), was.whole());
  const double weight_is = Ratio(place.is.whole(), is.whole());
  double share_was = Ratio(place.was.yes, place.was.whole());
  double share_is = Ratio(place.is.yes, place.is.whole());
  if (place.was.whole() == 0) share_was = share_is;
  if (place.is.whole() == 0) share_is = share_was;
  const double own = 100 * (share_is - share_was) * (weight_was + weight_is) / 2;
  const double volume =
      100 * (weight_is - weight_was) * ((share_was + share_is) / 2 - Ratio(was.yes, was.whole()));
  PlaceShare share{.place = index, .points = own + volume};
  AddOwnShare(place, own, &share);
  if (volume != 0) share.causes[{CauseKind::kVolume}] += volume;
  return share;
}

void Add(const std::map<CauseKey, double>& causes, std::map<CauseKey, double>* sum) {
  for (const auto& [cause, points] : causes) (*sum)[cause] += points;
}

}  // namespace

std::string_view CauseKindWord(CauseKind kind) {
  switch (kind) {
    case CauseKind::kFailure:
      return "failure";
    case CauseKind::kPlain:
      return "plain";
    case CauseKind::kVolume:
      return "volume";
    case CauseKind::kBetter:
      return "better";
  }
  return "";
}

CausesOfDrop FindCauses(const std::vector<PlaceCounts>& places) {
  Split was, is;
  for (const PlaceCounts& place : places) {
    was.yes += place.was.yes;
    was.no += place.was.no;
    is.yes += place.is.yes;
    is.no += place.is.no;
  }
  std::map<std::string, ProviderShare> providers;
  CausesOfDrop found;
  for (size_t i = 0; i < places.size(); ++i) {
    PlaceShare share = ShareOfPlace(places[i], i, was, is);
    found.points += share.points;
    Add(share.causes, &found.causes);
    ProviderShare& provider = providers[places[i].provider];
    provider.provider = places[i].provider;
    provider.points += share.points;
    Add(share.causes, &provider.causes);
    provider.places.push_back(std::move(share));
  }
  for (auto& [name, provider] : providers) {
    std::ranges::stable_sort(provider.places, {}, &PlaceShare::points);
    found.providers.push_back(std::move(provider));
  }
  std::ranges::stable_sort(found.providers, {}, &ProviderShare::points);
  return found;
}

std::vector<std::pair<CauseKey, double>> SortedCauses(const std::map<CauseKey, double>& causes) {
  std::vector<std::pair<CauseKey, double>> sorted(causes.begin(), causes.end());
  std::ranges::stable_sort(sorted, {}, &std::pair<CauseKey, double>::second);
  return sorted;
}

}  // namespace mxsweep::tools
