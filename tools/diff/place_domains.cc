#include "tools/diff/place_domains.h"

#include <algorithm>
#include <functional>
#include <set>

#include "tools/diff/place_names.h"

namespace mxsweep::tools {
namespace {

// Does any server of a domain let one in?
enum class Reached : uint8_t { kYes, kNo, kNotKnown };

Reached ReachedFrom(const ScanFacts& facts, const Domain& domain, const PlaceReach& place) {
  bool is_tried = false, is_unknown = domain.has_unknown_servers;
  for (const uint32_t number : facts.MxOf(domain)) {
    const Host& host = facts.hosts()[number];
    is_unknown = is_unknown || host.addresses == Lookup::kFailed || host.ipv4 == Lookup::kFailed ||
                 host.ipv6 == Lookup::kFailed || host.addresses == Lookup::kNotMade;
    for (const Server& server : facts.ServersOf(number)) {
      if (server.ending == Ending::kAnswers) return Reached::kYes;
      const bool works = place.family(server.is_ipv6).state() == FamilyReach::State::kWorks;
      is_tried = is_tried || (works && IsFailure(server.ending));
      is_unknown = is_unknown || !works || !IsFailure(server.ending);
    }
  }
  return is_tried && !is_unknown ? Reached::kNo : Reached::kNotKnown;
}

std::set<std::string_view> MxNamesOf(const ScanFacts& facts, const Domain& domain) {
  std::set<std::string_view> names;
  for (const uint32_t host : facts.MxOf(domain)) names.insert(facts.hosts()[host].name);
  return names;
}

bool IsMailKnown(const Domain& domain) {
  return domain.mail != MailState::kLookupFailed && domain.mail != MailState::kOurTrouble;
}

constexpr Measure kButTls[] = {Measure::kTrusted, Measure::kDane,  Measure::kMtaSts,
                               Measure::kTls12,   Measure::kTls13, Measure::kKey};

class DomainComparer {
 public:
  DomainComparer(const ScanFacts& a, const ScanFacts& b, const Reach& reach,
                 const std::array<bool, kMeasures>& incomparable, TakeDomainByPlace take,
                 Domains* out)
      : a_(a), b_(b), reach_(reach), incomparable_(incomparable), take_(take), out_(*out) {
    for (uint32_t host = 0; host < a.hosts().size(); ++host) {
      const uint32_t host_b = b.FindHost(a.hosts()[host].name);
      has_other_addresses_.push_back(host_b != ScanFacts::kNone &&
                                     IsGeoAnswer(CompareHost(a, host, b, host_b).answer));
    }
  }

  absl::Status Run() {
    const auto &of_a = a_.domains(), &of_b = b_.domains();
    for (size_t i = 0, j = 0; i < of_a.size() || j < of_b.size();) {
      const Domain* from_a = i < of_a.size() ? &of_a[i] : nullptr;
      const Domain* from_b = j < of_b.size() ? &of_b[j] : nullptr;
      if (from_a != nullptr && from_b != nullptr) {
        const std::string_view name_a = a_.NameOf(*from_a), name_b = b_.NameOf(*from_b);
        if (name_a < name_b) from_b = nullptr;
        if (name_b < name_a) from_a = nullptr;
      }
      i += from_a != nullptr;
      j += from_b != nullptr;
      if (absl::Status status = Add(from_a, from_b); !status.ok()) return status;
    }
    Finish();
    return absl::OkStatus();
  }

 private:
  // Either may be null: the domain is in the other list only.
  absl::Status Add(const Domain* from_a, const Domain* from_b) {
    DomainByPlace told{.domain = from_a != nullptr ? a_.NameOf(*from_a) : b_.NameOf(*from_b),
                       .providers = {ProviderOf(a_, from_a), ProviderOf(b_, from_b)}};
    const bool in_both = from_a != nullptr && from_b != nullptr;
    told.cause = in_both ? CauseOf(*from_a, *from_b)
                         : DomainCause{DomainDifference::kInOneList,
                                       from_a != nullptr ? PlaceOfTwo::kA : PlaceOfTwo::kB};
    ++out_.causes[told.cause];
    if (in_both) {
      ++out_.both;
      CountLookups(*from_a, *from_b);
      DomainGroup& group = groups_[told.providers.a.empty() ? told.providers.b : told.providers.a];
      ++group.domains;
      ++group.causes[told.cause];
    }
    return told.cause.difference == DomainDifference::kSame ? absl::OkStatus() : take_(told);
  }

  static std::string_view ProviderOf(const ScanFacts& facts, const Domain* domain) {
    return domain == nullptr ? std::string_view() : facts.providers()[facts.ProviderOf(*domain)];
  }

  DomainCause CauseOf(const Domain& from_a, const Domain& from_b) const {
    if (!IsMailKnown(from_a) || !IsMailKnown(from_b)) {
      if (IsMailKnown(from_a)) return {DomainDifference::kNotKnownOf, PlaceOfTwo::kB};
      if (IsMailKnown(from_b)) return {DomainDifference::kNotKnownOf, PlaceOfTwo::kA};
      return {DomainDifference::kNotKnown};
    }
    if (from_a.mail != from_b.mail) {
      const bool a_has_it = from_a.mail == MailState::kTakesMail;
      return {DomainDifference::kMail, a_has_it ? PlaceOfTwo::kA : PlaceOfTwo::kB};
    }
    if (from_a.mail != MailState::kTakesMail) return {};
    if (MxNamesOf(a_, from_a) != MxNamesOf(b_, from_b)) return {DomainDifference::kMx};
    const Reached reached_a = ReachedFrom(a_, from_a, reach_.places.a);
    const Reached reached_b = ReachedFrom(b_, from_b, reach_.places.b);
    if (reached_a != reached_b && reached_a != Reached::kNotKnown &&
        reached_b != Reached::kNotKnown) {
      return {DomainDifference::kReached,
              reached_a == Reached::kYes ? PlaceOfTwo::kA : PlaceOfTwo::kB};
    }
    return PostureCause(from_a, from_b);
  }

  DomainCause PostureCause(const Domain& from_a, const Domain& from_b) const {
    const auto [tls_a, tls_b] = StatesOf(Measure::kTls, from_a, from_b);
    if (tls_a.is_counted() && tls_b.is_counted() && tls_a.answer != tls_b.answer) {
      return {DomainDifference::kTls,
              tls_a.answer == Answer::kYes ? PlaceOfTwo::kA : PlaceOfTwo::kB};
    }
    for (const Measure measure : kButTls) {
      if (incomparable_[static_cast<size_t>(measure)]) continue;
      const auto [state_a, state_b] = StatesOf(measure, from_a, from_b);
      if (!state_a.is_counted() || !state_b.is_counted() || state_a.answer == state_b.answer) {
        continue;
      }
      const PlaceOfTwo has = state_a.answer == Answer::kYes ? PlaceOfTwo::kA : PlaceOfTwo::kB;
      return {DomainDifference::kPosture, has, measure};
    }
    if (HasOtherAddresses(from_a)) return {DomainDifference::kAddresses};
    return WhatIsNotKnown(from_a, from_b, tls_a, tls_b);
  }

  DomainCause WhatIsNotKnown(const Domain& from_a, const Domain& from_b, const State& tls_a,
                             const State& tls_b) const {
    if (!tls_a.is_counted() && !tls_b.is_counted()) {
      // No server at all, as both were told, is known, and nothing that differs.
      const bool is_known = tls_a.is_known() && tls_b.is_known();
      return {is_known ? DomainDifference::kSame : DomainDifference::kNotKnown};
    }
    if (tls_a.is_counted() != tls_b.is_counted()) {
      return {DomainDifference::kNotKnownOf, tls_a.is_counted() ? PlaceOfTwo::kB : PlaceOfTwo::kA};
    }
    for (const Measure measure : kButTls) {
      if (incomparable_[static_cast<size_t>(measure)]) continue;
      const auto [state_a, state_b] = StatesOf(measure, from_a, from_b);
      if (state_a.is_known() == state_b.is_known()) continue;
      return {DomainDifference::kNotKnownOf, state_a.is_known() ? PlaceOfTwo::kB : PlaceOfTwo::kA};
    }
    return {};
  }

  std::pair<State, State> StatesOf(Measure measure, const Domain& from_a,
                                   const Domain& from_b) const {
    return {DomainStateOf(measure, a_, from_a), DomainStateOf(measure, b_, from_b)};
  }

  // REQUIRES: both places are told the same MX hosts.
  bool HasOtherAddresses(const Domain& from_a) const {
    return std::ranges::any_of(a_.MxOf(from_a),
                               [this](uint32_t host) { return has_other_addresses_[host]; });
  }

  void CountLookups(const Domain& from_a, const Domain& from_b) {
    const bool a_failed = from_a.mail == MailState::kLookupFailed;
    const bool b_failed = from_b.mail == MailState::kLookupFailed;
    out_.failed_lookups.a += a_failed && IsMailKnown(from_b);
    out_.failed_lookups.b += b_failed && IsMailKnown(from_a);
    if (from_a.mail != MailState::kTakesMail || from_b.mail != MailState::kTakesMail) return;
    const bool a_knows = a_.validates() && from_a.dane != DaneState::kNotKnown;
    const bool b_knows = b_.validates() && from_b.dane != DaneState::kNotKnown;
    out_.dane_both += a_knows && b_knows;
    out_.dane_only.a += a_knows && !b_knows;
    out_.dane_only.b += b_knows && !a_knows;
    out_.dane_differs += a_knows && b_knows && from_a.dane != from_b.dane;
  }

  void Finish() {
    for (auto& [provider, group] : groups_) {
      if (group.differ() == 0) continue;
      group.provider = provider;
      out_.providers.push_back(std::move(group));
    }
    std::ranges::stable_sort(out_.providers, std::greater<>(), &DomainGroup::differ);
  }

  const ScanFacts& a_;
  const ScanFacts& b_;
  const Reach& reach_;
  const std::array<bool, kMeasures>& incomparable_;
  TakeDomainByPlace take_;
  Domains& out_;
  std::vector<bool> has_other_addresses_;  // of the first place's hosts
  std::map<std::string_view, DomainGroup> groups_;
};

struct WordRow {
  DomainDifference difference;
  std::string_view words[2];  // of PlaceOfTwo
};

constexpr WordRow kWords[] = {
    {DomainDifference::kInOneList, {"in_list_a_only", "in_list_b_only"}},
    {DomainDifference::kMail, {"mail_only_from_a", "mail_only_from_b"}},
    {DomainDifference::kMx, {"mx_differs", "mx_differs"}},
    {DomainDifference::kReached, {"reached_only_from_a", "reached_only_from_b"}},
    {DomainDifference::kTls, {"tls_only_from_a", "tls_only_from_b"}},
    {DomainDifference::kPosture, {"posture_differs", "posture_differs"}},
    {DomainDifference::kAddresses, {"addresses_differ", "addresses_differ"}},
    {DomainDifference::kNotKnownOf, {"not_known_from_a", "not_known_from_b"}},
    {DomainDifference::kNotKnown, {"not_known", "not_known"}},
    {DomainDifference::kSame, {"same", "same"}},
};

}  // namespace

std::string_view DomainCauseWord(const DomainCause& cause) {
  return kWords[static_cast<size_t>(cause.difference)].words[cause.place == PlaceOfTwo::kA ? 0 : 1];
}

std::vector<std::string_view> DomainCauseWords() {
  std::set<std::string_view> words;
  for (const WordRow& row : kWords) {
    if (row.difference != DomainDifference::kSame) words.insert({row.words[0], row.words[1]});
  }
  return {words.begin(), words.end()};
}

bool IsDifference(DomainDifference difference) {
  return difference > DomainDifference::kInOneList && difference < DomainDifference::kNotKnownOf;
}

uint64_t DomainGroup::differ() const {
  uint64_t sum = 0;
  for (const auto& [cause, count] : causes) sum += IsDifference(cause.difference) ? count : 0;
  return sum;
}

absl::Status CompareDomains(const ScanFacts& a, const ScanFacts& b, const Reach& reach,
                            const std::array<bool, kMeasures>& incomparable, TakeDomainByPlace take,
                            Domains* domains) {
  return DomainComparer(a, b, reach, incomparable, take, domains).Run();
}

}  // namespace mxsweep::tools
