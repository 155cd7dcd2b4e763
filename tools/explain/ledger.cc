#include "tools/explain/ledger.h"

#include <algorithm>

#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxBins = 96;
constexpr size_t kMaxCauses = 500;
// Of all causes together.
constexpr size_t kMaxPlaces = 20'000;
constexpr size_t kMaxHostsOfPlace = 4;

std::string HostText(const Remote& remote) {
  if (remote.host.empty()) return remote.address;
  return remote.address.empty() ? remote.host : JoinText(remote.host, " [", remote.address, "]");
}

}  // namespace

int64_t BinOf(int64_t time_s, int64_t bin_seconds) {
  const int64_t bin = time_s / bin_seconds - (time_s % bin_seconds < 0 ? 1 : 0);
  return bin * bin_seconds;
}

void Timeline::Add(int64_t time_s, uint64_t count) {
  bins_[BinOf(time_s, bin_seconds_)] += count;
  while (bins_.size() > kMaxBins) {
    bin_seconds_ *= 2;
    std::map<int64_t, uint64_t> wider;
    for (const auto& [begin, number] : bins_) wider[BinOf(begin, bin_seconds_)] += number;
    bins_ = std::move(wider);
  }
}

void Span::Include(int64_t time_s) {
  first_s = std::min(first_s.value_or(time_s), time_s);
  last_s = std::max(last_s.value_or(time_s), time_s);
}

void Ledger::Add(const Trouble& trouble) {
  const Cause& cause = trouble.cause;
  std::string key = JoinText(static_cast<int>(cause.kind), " ", cause.id, " ",
                             static_cast<int>(cause.side), " ", cause.title);
  // Forms that are not known may be as many as there are lines.
  if (causes_.size() >= kMaxCauses && !causes_.contains(key)) key = "others";
  Indexed& entry = causes_[key];
  CauseGroup& group = entry.group;
  if (group.count == 0) {
    group.cause = cause;
    if (key == "others") group.cause.title = "not known: further forms";
  }
  group.count += trouble.count;
  if (trouble.time_s.has_value()) {
    group.span.Include(*trouble.time_s);
    group.timeline.Add(*trouble.time_s, trouble.count);
  }
  const Remote& remote = trouble.remote;
  const std::string& name = !remote.domain.empty() ? remote.domain
                            : !remote.host.empty() ? remote.host
                                                   : remote.address;
  auto found = entry.place_of_name.find(name);
  if (found == entry.place_of_name.end()) {
    if (places_ >= kMaxPlaces) {
      group.left_out += trouble.count;
      return;
    }
    ++places_;
    found = entry.place_of_name.emplace(name, group.places.size()).first;
    Place place;
    place.name = name;
    place.is_domain = !remote.domain.empty();
    place.line = trouble.line;
    place.line_number = trouble.line_number;
    group.places.push_back(std::move(place));
  }
  Place& place = group.places[found->second];
  place.count += trouble.count;
  if (trouble.time_s.has_value()) place.span.Include(*trouble.time_s);
  std::string host = HostText(remote);
  if (!host.empty() && host != name && place.hosts.size() < kMaxHostsOfPlace &&
      std::ranges::find(place.hosts, host) == place.hosts.end()) {
    place.hosts.push_back(std::move(host));
  }
}

std::vector<const CauseGroup*> Ledger::Sorted() {
  std::vector<const CauseGroup*> groups;
  for (auto& [key, entry] : causes_) {
    std::ranges::stable_sort(entry.group.places, [](const Place& a, const Place& b) {
      return a.count != b.count ? a.count > b.count : a.name < b.name;
    });
    entry.place_of_name.clear();
    for (size_t i = 0; i < entry.group.places.size(); ++i) {
      entry.place_of_name[entry.group.places[i].name] = i;
    }
    groups.push_back(&entry.group);
  }
  std::ranges::stable_sort(groups, [](const CauseGroup* a, const CauseGroup* b) {
    return a->cause.kind != b->cause.kind ? a->cause.kind < b->cause.kind : a->count > b->count;
  });
  return groups;
}

uint64_t Ledger::count(TroubleKind kind) const {
  uint64_t count = 0;
  for (const auto& [key, entry] : causes_) {
    if (entry.group.cause.kind == kind) count += entry.group.count;
  }
  return count;
}

}  // namespace mxsweep::tools
