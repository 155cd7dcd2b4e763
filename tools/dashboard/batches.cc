#include "tools/dashboard/batches.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "tools/dashboard/drops.h"
#include "tools/diff/bridge.h"

namespace mxsweep::tools {
namespace {

// Of the places of a fall, one in a thousand comes more often by chance. The fall itself was
// tested.
constexpr double kChanceOfComing = 0.001;

struct Change {
  Split was, is;

  void Add(const PlaceCounts& place) {
    was = {was.yes + place.was.yes, was.no + place.was.no};
    is = {is.yes + place.is.yes, is.no + place.is.no};
  }
  bool is_less() const { return was.whole() > 0 && is.whole() > 0 && ShareOf(is) < ShareOf(was); }
};

// Does a place have much mail in clear in more of the buckets than before? Much is half of what it
// has in a bucket of the lower stretch, on average.
bool ComesMoreOften(const PlaceCounts& place, const StretchBuckets& buckets) {
  const auto is_much = [&](uint64_t count) { return 2 * count * buckets.is >= place.is.no; };
  const auto was_much = static_cast<uint64_t>(std::ranges::count_if(place.clear_before, is_much));
  const auto now_much = static_cast<uint64_t>(std::ranges::count_if(place.clear_is, is_much));
  const auto number = [](uint64_t count) { return static_cast<double>(count); };
  return now_much * buckets.before > was_much * buckets.is &&
         ChanceOfDivision(number(was_much), number(buckets.before), number(now_much),
                          number(buckets.is)) <= kChanceOfComing;
}

}  // namespace

bool IsMoreThanBatches(const std::vector<PlaceCounts>& places, const StretchBuckets& buckets) {
  std::map<std::string, Change> names, providers;
  for (const PlaceCounts& place : places) {
    names[place.name].Add(place);
    providers[place.provider].Add(place);
  }
  Split was, is;
  for (const PlaceCounts& place : places) {
    was.yes += place.was.yes;
    is.yes += place.is.yes;
    // Without a name are many.
    const bool each = place.name.empty() || names[place.name].is_less() ||
                      providers[place.provider].is_less() || !place.failures_is.empty() ||
                      ComesMoreOften(place, buckets);
    was.no += each ? place.was.no : place.clear_buckets_was;
    is.no += each ? place.is.no : place.clear_is.size();
  }
  return Differ(was, is, buckets.all);
}

}  // namespace mxsweep::tools
