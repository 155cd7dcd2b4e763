#include "tools/diff/place_reach.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "tools/diff/interval.h"

namespace mxsweep::tools {
namespace {

// An address as one place met it, whatever host names led there.
struct Seen {
  std::string_view address;
  std::string_view provider;  // the first of the alphabet, of several
  uint16_t port = 0;
  bool is_ipv6 = false;
  Ending ending = Ending::kNotKnown;
};
using SeenAddresses = absl::flat_hash_map<uint64_t, Seen>;

SeenAddresses Gather(const ScanFacts& facts) {
  SeenAddresses addresses;
  for (const Server& server : facts.servers()) {
    const std::string_view provider = facts.providers()[facts.hosts()[server.host].provider];
    const auto [at, is_new] = addresses.try_emplace(server.address);
    Seen& seen = at->second;
    if (is_new) {
      seen = {facts.AddressOf(server), provider, server.port, server.is_ipv6, server.ending};
      continue;
    }
    seen.ending = std::min(seen.ending, server.ending);
    if (seen.provider.empty() || (!provider.empty() && provider < seen.provider)) {
      seen.provider = provider;
    }
  }
  return addresses;
}

struct Pair {
  std::string_view address, provider;
  std::string network;
  uint16_t port = 0;
  bool is_ipv6 = false;
  ByPlace<Ending> endings;

  bool Answers(PlaceOfTwo place) const { return endings[place] == Ending::kAnswers; }
  // It answers the other place, and was tried from this one.
  bool IsTried(PlaceOfTwo place) const {
    return Answers(OtherThan(place)) && (Answers(place) || IsFailure(endings[place]));
  }
  bool FailsFrom(PlaceOfTwo place) const { return IsTried(place) && !Answers(place); }
};

std::vector<Pair> PairsOf(const ScanFacts& a, const ScanFacts& b) {
  const SeenAddresses from_a = Gather(a), from_b = Gather(b);
  std::vector<Pair> pairs;
  for (const auto& [hash, seen] : from_a) {
    const auto other = from_b.find(hash);
    if (other == from_b.end()) continue;
    const std::string_view provider =
        seen.provider.empty() ? other->second.provider : seen.provider;
    pairs.push_back({seen.address,
                     provider,
                     NetworkOf(seen.address),
                     seen.port,
                     seen.is_ipv6,
                     {seen.ending, other->second.ending}});
  }
  std::ranges::sort(pairs, {}, [](const Pair& pair) {
    return std::tuple(pair.provider, pair.is_ipv6, pair.address.size(), pair.address, pair.port);
  });
  return pairs;
}

std::array<FamilyReach, 2> FamiliesOf(const std::vector<Pair>& pairs, PlaceOfTwo place) {
  std::array<absl::flat_hash_set<std::string_view>, 2> tried, reached;
  for (const Pair& pair : pairs) {
    if (!pair.IsTried(place)) continue;
    // Whose operator is not known: its network.
    const std::string_view who = pair.provider.empty() ? pair.network : pair.provider;
    const size_t family = pair.is_ipv6 ? 1 : 0;
    tried[family].insert(who);
    if (pair.Answers(place)) reached[family].insert(who);
  }
  return {FamilyReach{tried[0].size(), reached[0].size()},
          FamilyReach{tried[1].size(), reached[1].size()}};
}

// Groups as they are counted: by name, so that they come in order.
using Groups = std::map<std::string_view, std::vector<const Pair*>>;

Ending HowMostEnd(const std::vector<const Pair*>& failed, PlaceOfTwo place) {
  std::array<uint64_t, kEndings> ways{};
  for (const Pair* pair : failed) ++ways[static_cast<size_t>(pair->endings[place])];
  const auto most = std::ranges::max_element(ways);
  return IsNearlyAll(*most, failed.size()) ? static_cast<Ending>(most - ways.begin())
                                           : Ending::kNotKnown;
}

// What one place does not come through to.
class Judge {
 public:
  Judge(const std::vector<Pair>& pairs, PlaceOfTwo place, PlaceReach* out)
      : pairs_(pairs), place_(place), out_(*out) {}

  void Run() {
    out_.families = FamiliesOf(pairs_, place_);
    Groups operators, networks;
    for (const Pair& pair : pairs_) {
      if (!pair.IsTried(place_)) continue;
      Count(pair);
      if (!TellsOf(pair)) continue;
      if (!pair.provider.empty()) operators[pair.provider].push_back(&pair);
      networks[pair.network].push_back(&pair);
    }
    for (const auto& [name, group] : operators) JudgeGroup(name, /*is_network=*/false, group);
    for (const auto& [name, group] : networks) JudgeGroup(name, /*is_network=*/true, group);
    std::ranges::stable_sort(out_.blocked, std::greater<>(), &ReachGroup::failed);
    CountSingle();
  }

  AddressFate FateOf(const Pair& pair) const {
    if (!TellsOf(pair)) return AddressFate::kOwnNetwork;
    return blocked_.contains(&pair) ? AddressFate::kBlocked : AddressFate::kSingle;
  }

 private:
  // Does the place come through to others in that family?
  bool TellsOf(const Pair& pair) const {
    return out_.family(pair.is_ipv6).state() == FamilyReach::State::kWorks;
  }

  void Count(const Pair& pair) {
    ++out_.tried;
    if (pair.Answers(place_)) {
      ++out_.answered;
      return;
    }
    const Ending ending = pair.endings[place_];
    ++out_.failed[static_cast<size_t>(ending)];
    if (!TellsOf(pair)) ++out_.own_network;
    const bool is_turned_away = ending == Ending::kRejected || ending == Ending::kEhloRefused;
    if (is_turned_away) turned_away_.Add(pair.provider, pair.address);
    out_.turned_away_by = turned_away_.count();
  }

  void JudgeGroup(std::string_view name, bool is_network, const std::vector<const Pair*>& group) {
    std::vector<const Pair*> failed;
    bool is_new = false;
    for (const Pair* pair : group) {
      if (!pair->FailsFrom(place_)) continue;
      failed.push_back(pair);
      is_new = is_new || !blocked_.contains(pair);
    }
    // A network all of whose failures an operator has told already says nothing more.
    if (!is_new || failed.size() < kFewestAddresses || !IsNearlyAll(failed.size(), group.size())) {
      return;
    }
    ReachGroup told{.name = std::string(name),
                    .is_network = is_network,
                    .tried = group.size(),
                    .failed = failed.size(),
                    .how = HowMostEnd(failed, place_)};
    for (const Pair* pair : failed) {
      told.addresses.emplace_back(pair->address);
      blocked_.insert(pair);
    }
    out_.blocked.push_back(std::move(told));
  }

  void CountSingle() {
    absl::flat_hash_set<std::string_view> operators;
    for (const Pair& pair : pairs_) {
      if (!pair.FailsFrom(place_) || FateOf(pair) != AddressFate::kSingle) continue;
      ++out_.single_addresses;
      operators.insert(pair.provider.empty() ? std::string_view(pair.network) : pair.provider);
    }
    out_.single_operators = operators.size();
  }

  const std::vector<Pair>& pairs_;
  const PlaceOfTwo place_;
  PlaceReach& out_;
  Unrelated turned_away_;
  absl::flat_hash_set<const Pair*> blocked_;
};

void JudgeTurningAway(Reach* reach) {
  for (const PlaceOfTwo place : kBothPlaces) {
    PlaceReach& here = reach->places[place];
    const uint64_t there = reach->places[OtherThan(place)].turned_away_by;
    here.is_turned_away_widely = IsManyMore(here.turned_away_by, there);
  }
}

}  // namespace

FamilyReach::State FamilyReach::state() const {
  if (reached >= kFewestOperators && 2 * reached >= operators) return State::kWorks;
  const bool is_told = operators >= kFewestOperators && 2 * reached < operators;
  return is_told ? State::kFails : State::kNotTold;
}

std::string_view FamilyStateWord(FamilyReach::State state) {
  switch (state) {
    case FamilyReach::State::kWorks:
      return "works";
    case FamilyReach::State::kFails:
      return "fails";
    case FamilyReach::State::kNotTold:
      return "not_told";
  }
  return "";
}

std::string_view AddressFateWord(AddressFate fate) {
  switch (fate) {
    case AddressFate::kAnswersBoth:
      return "answers_both";
    case AddressFate::kBlocked:
      return "blocked";
    case AddressFate::kSingle:
      return "single";
    case AddressFate::kOwnNetwork:
      return "own_network";
    case AddressFate::kNeither:
      return "neither";
    case AddressFate::kNotKnown:
      return "not_known";
  }
  return "";
}

absl::Status CompareReach(const ScanFacts& a, const ScanFacts& b, TakeAddress take, Reach* reach) {
  const std::vector<Pair> pairs = PairsOf(a, b);
  Judge of_a(pairs, PlaceOfTwo::kA, &reach->places.a),
      of_b(pairs, PlaceOfTwo::kB, &reach->places.b);
  of_a.Run();
  of_b.Run();
  JudgeTurningAway(reach);
  for (const Pair& pair : pairs) {
    AddressByPlace told{.address = pair.address,
                        .provider = pair.provider,
                        .port = pair.port,
                        .endings = pair.endings};
    ++reach->addresses;
    if (pair.Answers(PlaceOfTwo::kA) && pair.Answers(PlaceOfTwo::kB)) {
      told.fate = AddressFate::kAnswersBoth;
      ++reach->both;
    } else if (pair.FailsFrom(PlaceOfTwo::kA) || pair.FailsFrom(PlaceOfTwo::kB)) {
      told.fails_from = pair.FailsFrom(PlaceOfTwo::kA) ? PlaceOfTwo::kA : PlaceOfTwo::kB;
      told.fate = (told.fails_from == PlaceOfTwo::kA ? of_a : of_b).FateOf(pair);
    } else if (IsFailure(pair.endings.a) && IsFailure(pair.endings.b)) {
      told.fate = AddressFate::kNeither;
      ++reach->neither;
    } else {
      ++reach->not_known;
    }
    if (absl::Status status = take(told); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace mxsweep::tools
