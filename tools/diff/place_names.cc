#include "tools/diff/place_names.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "tools/diff/measures.h"

namespace mxsweep::tools {
namespace {

// Was it found out whether there are addresses of a family?
bool IsKnown(const Host& host, bool is_ipv6) {
  const Lookup family = is_ipv6 ? host.ipv6 : host.ipv4;
  return family == Lookup::kFound || family == Lookup::kNone;
}

bool IsIpv6(std::string_view address) { return address.find(':') != address.npos; }

std::vector<std::string> Without(const std::vector<std::string>& these,
                                 const std::vector<std::string>& those) {
  std::vector<std::string> rest;
  std::ranges::set_difference(these, those, std::back_inserter(rest));
  return rest;
}

std::set<std::string> NetworksOf(const std::vector<std::string>& addresses) {
  std::set<std::string> networks;
  for (const std::string& address : addresses) networks.insert(NetworkOf(address));
  return networks;
}

// Of which family are they all? Neither of nothing, and of both.
bool AreOfOneFamily(const std::vector<std::string>& addresses) {
  const auto ipv6 = std::ranges::count_if(addresses, IsIpv6);
  return !addresses.empty() && (ipv6 == 0 || static_cast<size_t>(ipv6) == addresses.size());
}

// The addresses of families that were looked up from both places.
struct Given {
  ByPlace<std::vector<std::string>> addresses;
  bool is_known = false;
};

Given GivenTo(const ScanFacts& a, uint32_t host_a, const ScanFacts& b, uint32_t host_b) {
  Given given;
  for (const bool is_ipv6 : {false, true}) {
    if (!IsKnown(a.hosts()[host_a], is_ipv6) || !IsKnown(b.hosts()[host_b], is_ipv6)) continue;
    given.is_known = true;
    const auto of_family = [is_ipv6](const std::string& address) {
      return IsIpv6(address) == is_ipv6;
    };
    std::ranges::copy_if(a.AddressesOf(host_a), std::back_inserter(given.addresses.a), of_family);
    std::ranges::copy_if(b.AddressesOf(host_b), std::back_inserter(given.addresses.b), of_family);
  }
  std::ranges::sort(given.addresses.a);
  std::ranges::sort(given.addresses.b);
  return given;
}

// REQUIRES: they are not the same.
void JudgeAnswer(const Given& given, HostByPlace* host) {
  for (const PlaceOfTwo place : kBothPlaces) {
    if (!given.addresses[OtherThan(place)].empty()) continue;
    host->answer = NameAnswer::kOneAlone;
    host->alone = place;
    return;
  }
  for (const PlaceOfTwo place : kBothPlaces) {
    const bool has_more = host->only[OtherThan(place)].empty() && AreOfOneFamily(host->only[place]);
    const bool of_another =
        has_more && std::ranges::none_of(host->shared, [&](const std::string& address) {
          return IsIpv6(address) == IsIpv6(host->only[place].front());
        });
    if (!of_another) continue;
    host->answer = NameAnswer::kOneFamily;
    host->alone = place;
    return;
  }
  const bool same = NetworksOf(given.addresses.a) == NetworksOf(given.addresses.b);
  host->answer = same ? NameAnswer::kSameNetworks : NameAnswer::kOtherNetworks;
}

constexpr Measure kOfServers[] = {Measure::kTls, Measure::kTrusted, Measure::kTls12,
                                  Measure::kTls13, Measure::kKey};

// Of one measure: is some server of the host so, and is some not? Neither: not known.
struct Answers {
  bool yes = false, no = false;

  bool is_known() const { return yes || no; }
  friend bool operator==(const Answers&, const Answers&) = default;
};

Answers AnswersOf(const ScanFacts& facts, uint32_t host, Measure measure) {
  Answers answers;
  for (const Server& server : facts.ServersOf(host)) {
    const State state = ServerStateOf(measure, server);
    answers.yes = answers.yes || state.answer == Answer::kYes;
    answers.no = answers.no || state.answer == Answer::kNo;
  }
  return answers;
}

SamePosture ComparePosture(const ScanFacts& a, uint32_t host_a, const ScanFacts& b,
                           uint32_t host_b) {
  SamePosture posture = SamePosture::kNotKnown;
  for (const Measure measure : kOfServers) {
    const Answers from_a = AnswersOf(a, host_a, measure), from_b = AnswersOf(b, host_b, measure);
    if (!from_a.is_known() || !from_b.is_known()) continue;
    if (from_a != from_b) return SamePosture::kOther;
    posture = SamePosture::kSame;
  }
  return posture;
}

void Count(const HostByPlace& host, Names* names, NameGroup* group) {
  ++names->hosts;
  ++names->answers[static_cast<size_t>(host.answer)];
  if (host.answer == NameAnswer::kNotKnown) return;
  ++group->hosts;
  if (host.answer == NameAnswer::kSameNetworks) ++group->same_networks;
  if (host.answer == NameAnswer::kOneAlone) ++names->alone[host.alone];
  if (host.answer == NameAnswer::kOneFamily) ++names->family_alone[host.alone];
  if (!IsGeoAnswer(host.answer)) return;
  ++group->geo;
  if (host.posture == SamePosture::kSame) {
    ++names->same_posture;
    ++group->same_posture;
  } else if (host.posture == SamePosture::kOther) {
    ++names->other_posture;
    ++group->other_posture;
  }
}

std::string_view ProviderOf(const ScanFacts& a, uint32_t host_a, const ScanFacts& b,
                            uint32_t host_b) {
  const std::string_view provider = a.providers()[a.hosts()[host_a].provider];
  return provider.empty() ? std::string_view(b.providers()[b.hosts()[host_b].provider]) : provider;
}

}  // namespace

std::string_view NameAnswerWord(NameAnswer answer) {
  switch (answer) {
    case NameAnswer::kSame:
      return "same";
    case NameAnswer::kOtherNetworks:
      return "other_networks";
    case NameAnswer::kSameNetworks:
      return "same_networks";
    case NameAnswer::kOneFamily:
      return "one_family";
    case NameAnswer::kOneAlone:
      return "one_alone";
    case NameAnswer::kNotKnown:
      return "not_known";
  }
  return "";
}

std::string_view SamePostureWord(SamePosture posture) {
  switch (posture) {
    case SamePosture::kSame:
      return "same";
    case SamePosture::kOther:
      return "other";
    case SamePosture::kNotKnown:
      return "not_known";
  }
  return "";
}

HostByPlace CompareHost(const ScanFacts& a, uint32_t host_a, const ScanFacts& b, uint32_t host_b) {
  HostByPlace host{.host = a.hosts()[host_a].name, .provider = ProviderOf(a, host_a, b, host_b)};
  const Given given = GivenTo(a, host_a, b, host_b);
  if (!given.is_known) return host;
  std::ranges::set_intersection(given.addresses.a, given.addresses.b,
                                std::back_inserter(host.shared));
  host.only.a = Without(given.addresses.a, host.shared);
  host.only.b = Without(given.addresses.b, host.shared);
  if (host.only.a.empty() && host.only.b.empty()) {
    host.answer = NameAnswer::kSame;
    return host;
  }
  JudgeAnswer(given, &host);
  host.posture = ComparePosture(a, host_a, b, host_b);
  return host;
}

absl::Status CompareNames(const ScanFacts& a, const ScanFacts& b, TakeHost take, Names* names) {
  std::vector<std::tuple<std::string_view, std::string_view, uint32_t, uint32_t>> hosts;
  for (uint32_t host_a = 0; host_a < a.hosts().size(); ++host_a) {
    const uint32_t host_b = b.FindHost(a.hosts()[host_a].name);
    if (host_b == ScanFacts::kNone) continue;
    hosts.emplace_back(ProviderOf(a, host_a, b, host_b), a.hosts()[host_a].name, host_a, host_b);
  }
  std::ranges::sort(hosts);
  std::map<std::string_view, NameGroup> groups;
  for (const auto& [provider, name, host_a, host_b] : hosts) {
    const HostByPlace host = CompareHost(a, host_a, b, host_b);
    NameGroup& group = groups[provider];
    Count(host, names, &group);
    if (host.answer == NameAnswer::kSame || host.answer == NameAnswer::kNotKnown) continue;
    if (absl::Status status = take(host); !status.ok()) return status;
  }
  for (auto& [provider, group] : groups) {
    if (group.geo + group.same_networks == 0) continue;
    group.provider = provider;
    names->providers.push_back(std::move(group));
  }
  std::ranges::stable_sort(names->providers, std::greater<>(), [](const NameGroup& group) {
    return std::pair(group.geo, group.same_networks);
  });
  return absl::OkStatus();
}

}  // namespace mxsweep::tools
