#include "tools/diff/comparison.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

constexpr Measure kAllMeasures[kMeasures] = {Measure::kTls,    Measure::kTrusted, Measure::kDane,
                                             Measure::kMtaSts, Measure::kTls12,   Measure::kTls13,
                                             Measure::kKey};

uint64_t Sum(const WhyCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

bool IsAskedOfServers(Measure measure) { return !WordsOf(measure).servers.empty(); }

size_t Index(Measure measure) { return static_cast<size_t>(measure); }
size_t Index(Why why) { return static_cast<size_t>(why); }

// The state of each measure.
using States = std::array<State, kMeasures>;

States StatesOf(const ScanFacts& facts, const Domain& domain) {
  States states;
  for (const Measure measure : kAllMeasures) {
    states[Index(measure)] = DomainStateOf(measure, facts, domain);
  }
  return states;
}

States NotIn(Why why) {
  States states;
  states.fill({Answer::kNotCounted, why});
  return states;
}

bool NamesHost(const ScanFacts& facts, const Domain& domain, uint32_t host) {
  return std::ranges::find(facts.MxOf(domain), host) != facts.MxOf(domain).end();
}

// Numbers of one provider, while they are counted.
struct Tally {
  std::string_view name;
  struct Of {
    uint32_t whole = 0;
    int32_t change = 0;
  };
  std::array<Of, kMeasures> domains{}, servers{};
  uint32_t both = 0, changed = 0, not_known = 0, tls_lost = 0, tls_gained = 0;
};

// The providers of both scans, each once.
class Tallies {
 public:
  Tallies(const ScanFacts& before, const ScanFacts& after)
      : before_(Number(before.providers())), after_(Number(after.providers())) {}

  uint32_t OfBefore(uint32_t provider) const { return before_[provider]; }
  uint32_t OfAfter(uint32_t provider) const { return after_[provider]; }
  Tally& operator[](uint32_t number) { return tallies_[number]; }
  std::vector<Tally>& all() { return tallies_; }

 private:
  std::vector<uint32_t> Number(const std::vector<std::string>& providers) {
    std::vector<uint32_t> numbers;
    for (const std::string& provider : providers) {
      const auto [found, is_new] =
          numbers_.try_emplace(provider, static_cast<uint32_t>(tallies_.size()));
      if (is_new) tallies_.push_back({.name = provider});
      numbers.push_back(found->second);
    }
    return numbers;
  }

  absl::flat_hash_map<std::string_view, uint32_t> numbers_;
  std::vector<Tally> tallies_;
  std::vector<uint32_t> before_, after_;
};

void AddToScan(const State& state, Split* counted, WhyCounts* not_counted) {
  if (state.is_counted()) {
    counted->Add(state.answer);
  } else {
    ++(*not_counted)[Index(state.why)];
  }
}

// Adds one thing that was `a` and is `b`. `why`: of a flip.
void AddPair(const State& a, const State& b, Why why, MeasureChange* change, Tally::Of* tally) {
  if (a.is_counted() && b.is_counted()) {
    ++tally->whole;
    if (a.answer == b.answer) {
      change->same.Add(a.answer);
    } else if (b.answer == Answer::kNo) {
      ++change->lost[Index(why)];
      --tally->change;
    } else {
      ++change->gained[Index(why)];
      ++tally->change;
    }
  } else if (a.is_counted()) {
    change->left[Index(b.why)].Add(a.answer);
  } else if (b.is_counted()) {
    change->came[Index(a.why)].Add(b.answer);
  }
}

bool IsFlip(const State& a, const State& b) {
  return a.is_counted() && b.is_counted() && a.answer != b.answer;
}

Direction DirectionTo(const State& b) {
  return b.answer == Answer::kYes ? Direction::kGained : Direction::kLost;
}

// Where the domain takes no mail, or none of its servers any, before or after.
std::optional<MainCause> MailCause(const State& a, const State& b) {
  if (!a.is_known() || !b.is_known() || a == b || (a.is_counted() && b.is_counted())) {
    return std::nullopt;
  }
  MainCause cause{.fate = Fate::kMailChanged};
  cause.direction = b.is_counted()   ? Direction::kGained
                    : a.is_counted() ? Direction::kLost
                                     : Direction::kNeither;
  cause.why = b.is_counted() ? a.why : b.why;
  return cause;
}

class Comparer {
 public:
  Comparer(const ScanFacts& before, const ScanFacts& after,
           const std::array<bool, kMeasures>& incomparable, TakeDomain take, TakeServer take_server,
           Comparison* comparison)
      : before_(before),
        after_(after),
        take_(take),
        take_server_(take_server),
        out_(*comparison),
        tallies_(before, after) {
    for (const Measure measure : kAllMeasures) {
      if (incomparable[Index(measure)]) continue;
      measures_.push_back(measure);
      out_.domains[Index(measure)].emplace();
      if (IsAskedOfServers(measure)) out_.servers[Index(measure)].emplace();
    }
  }

  absl::Status Run() {
    absl::Status status = CompareDomains();
    if (status.ok()) status = CompareServers();
    if (!status.ok()) return status;
    Finish();
    return absl::OkStatus();
  }

 private:
  absl::Status CompareDomains() {
    const auto& old_domains = before_.domains();
    const auto& new_domains = after_.domains();
    out_.old_domains = old_domains.size();
    out_.new_domains = new_domains.size();
    size_t i = 0, j = 0;
    while (i < old_domains.size() || j < new_domains.size()) {
      const Domain* old_domain = i < old_domains.size() ? &old_domains[i] : nullptr;
      const Domain* new_domain = j < new_domains.size() ? &new_domains[j] : nullptr;
      if (old_domain != nullptr && new_domain != nullptr) {
        const std::string_view old_name = before_.NameOf(*old_domain);
        const std::string_view new_name = after_.NameOf(*new_domain);
        if (old_name < new_name) new_domain = nullptr;
        if (new_name < old_name) old_domain = nullptr;
      }
      if (old_domain != nullptr) ++i;
      if (new_domain != nullptr) ++j;
      absl::Status status = AddDomain(old_domain, new_domain);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Either may be null: the domain is in the other scan only.
  absl::Status AddDomain(const Domain* old_domain, const Domain* new_domain) {
    const States a = old_domain ? StatesOf(before_, *old_domain) : NotIn(Why::kNotInList);
    const States b = new_domain ? StatesOf(after_, *new_domain) : NotIn(Why::kNotInList);
    const uint32_t provider = old_domain ? tallies_.OfBefore(before_.ProviderOf(*old_domain))
                                         : tallies_.OfAfter(after_.ProviderOf(*new_domain));
    Tally& tally = tallies_[provider];
    std::array<Why, kMeasures> flips{};
    for (const Measure measure : measures_) {
      const size_t m = Index(measure);
      MeasureChange& change = *out_.domains[m];
      if (old_domain) AddToScan(a[m], &change.old_scan, &change.old_not_counted);
      if (new_domain) AddToScan(b[m], &change.new_scan, &change.new_not_counted);
      if (IsFlip(a[m], b[m])) flips[m] = FlipCause(measure, *old_domain, *new_domain, a[m], b[m]);
      AddPair(a[m], b[m], flips[m], &change, &tally.domains[m]);
    }
    const MainCause cause = CauseOf(old_domain, new_domain, a, b, flips);
    ++out_.causes[cause];
    Count(cause, provider, old_domain != nullptr && new_domain != nullptr, a[Index(Measure::kTls)],
          b[Index(Measure::kTls)]);
    if (cause.fate == Fate::kUnchanged) return absl::OkStatus();
    return take_({.domain = old_domain ? before_.NameOf(*old_domain) : after_.NameOf(*new_domain),
                  .cause = cause,
                  .old_provider = ProviderName(before_, old_domain),
                  .new_provider = ProviderName(after_, new_domain)});
  }

  static std::string_view ProviderName(const ScanFacts& facts, const Domain* domain) {
    return domain == nullptr ? std::string_view() : facts.providers()[facts.ProviderOf(*domain)];
  }

  Why FlipCause(Measure measure, const Domain& old_domain, const Domain& new_domain, const State& a,
                const State& b) const {
    const State& no = a.answer == Answer::kNo ? a : b;
    if (!IsAskedOfServers(measure)) return no.why;
    return b.answer == Answer::kNo ? WhyLost(measure, before_, old_domain, after_, new_domain)
                                   : WhyLost(measure, after_, new_domain, before_, old_domain);
  }

  bool HasMoved(const Domain& old_domain, const Domain& new_domain) const {
    const uint32_t then = before_.ProviderOf(old_domain);
    const uint32_t now = after_.ProviderOf(new_domain);
    // Number 0: not known.
    return then != 0 && now != 0 && tallies_.OfBefore(then) != tallies_.OfAfter(now);
  }

  // The first that applies, in the order of Fate.
  MainCause CauseOf(const Domain* old_domain, const Domain* new_domain, const States& a,
                    const States& b, const std::array<Why, kMeasures>& flips) const {
    if (old_domain == nullptr || new_domain == nullptr) {
      return {.fate = Fate::kListChanged,
              .direction = old_domain == nullptr ? Direction::kGained : Direction::kLost,
              .why = Why::kNotInList};
    }
    if (const auto cause = MailCause(a[Index(Measure::kTls)], b[Index(Measure::kTls)])) {
      return *cause;
    }
    for (const Measure measure : measures_) {
      const size_t m = Index(measure);
      if (!IsFlip(a[m], b[m])) continue;
      return {Fate::kMeasure, measure, DirectionTo(b[m]), flips[m]};
    }
    if (HasMoved(*old_domain, *new_domain)) return {.fate = Fate::kMoved, .why = Why::kMxMoved};
    if (const auto cause = OtherReason(a, b)) return *cause;
    return WhatIsNotKnown(a, b);
  }

  // "No" in both scans, for different reasons.
  std::optional<MainCause> OtherReason(const States& a, const States& b) const {
    for (const Measure measure : measures_) {
      const size_t m = Index(measure);
      if (a[m].answer != Answer::kNo || b[m].answer != Answer::kNo || a[m] == b[m]) continue;
      return MainCause{Fate::kOtherwise, measure, Direction::kNeither, b[m].why};
    }
    return std::nullopt;
  }

  MainCause WhatIsNotKnown(const States& a, const States& b) const {
    for (const Measure measure : measures_) {
      const size_t m = Index(measure);
      if (a[m].is_known() == b[m].is_known()) continue;
      return a[m].is_known() ? MainCause{.fate = Fate::kNotKnownNow, .why = b[m].why}
                             : MainCause{.fate = Fate::kNotKnownThen, .why = a[m].why};
    }
    const State& tls = b[Index(Measure::kTls)];
    return tls.is_known() ? MainCause{} : MainCause{.fate = Fate::kNotKnown, .why = tls.why};
  }

  // Among the provider's domains that are in both scans.
  void Count(const MainCause& cause, uint32_t provider, bool in_both, const State& old_tls,
             const State& new_tls) {
    if (!in_both) return;
    ++out_.both_domains;
    Tally& tally = tallies_[provider];
    ++tally.both;
    if (IsFlip(old_tls, new_tls)) {
      ++(new_tls.answer == Answer::kYes ? tally.tls_gained : tally.tls_lost);
    }
    // What is known in neither scan says nothing of what changed.
    if (cause.fate == Fate::kUnchanged || cause.fate == Fate::kNotKnown) return;
    ++(IsChange(cause.fate) ? tally.changed : tally.not_known);
    ++out_.provider_causes[{provider, cause}];
  }

  absl::Status CompareServers() {
    out_.old_servers = before_.servers().size();
    out_.new_servers = after_.servers().size();
    for (const Server& old_server : before_.servers()) {
      const std::string& name = before_.hosts()[old_server.host].name;
      const uint32_t host = after_.FindHost(name);
      const Server* new_server =
          host == ScanFacts::kNone ? nullptr : after_.FindServer(host, old_server.address);
      absl::Status status =
          AddServer(&old_server, new_server,
                    new_server != nullptr ? Why::kNothing : WhyMissing(old_server, after_, host));
      if (!status.ok()) return status;
    }
    for (const Server& new_server : after_.servers()) {
      const uint32_t host = before_.FindHost(after_.hosts()[new_server.host].name);
      const bool is_in_both =
          host != ScanFacts::kNone && before_.FindServer(host, new_server.address) != nullptr;
      if (is_in_both) continue;
      absl::Status status = AddServer(nullptr, &new_server, WhyMissing(new_server, before_, host));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Why the other scan has no such server. `host`: there; kNone: nobody named it.
  static Why WhyMissing(const Server& server, const ScanFacts& other, uint32_t host) {
    if (host == ScanFacts::kNone) return Why::kNotNamed;
    const Host& there = other.hosts()[host];
    const Lookup family = server.is_ipv6 ? there.ipv6 : there.ipv4;
    if (there.addresses == Lookup::kFailed || family == Lookup::kFailed) return Why::kLookupFailed;
    const bool was_asked = there.addresses != Lookup::kNotMade && family != Lookup::kNotMade;
    if (!was_asked || there.has_unasked_addresses) return Why::kNotAsked;
    return there.addresses == Lookup::kNone ? Why::kHostGone : Why::kAddressGone;
  }

  // Either may be null; then `missing` says why.
  absl::Status AddServer(const Server* old_server, const Server* new_server, Why missing) {
    const uint32_t provider = old_server
                                  ? tallies_.OfBefore(before_.hosts()[old_server->host].provider)
                                  : tallies_.OfAfter(after_.hosts()[new_server->host].provider);
    Tally& tally = tallies_[provider];
    const State not_there = {Answer::kNotCounted, missing};
    for (const Measure measure : measures_) {
      if (!IsAskedOfServers(measure)) continue;
      const size_t m = Index(measure);
      MeasureChange& change = *out_.servers[m];
      const State a = old_server ? ServerStateOf(measure, *old_server) : not_there;
      const State b = new_server ? ServerStateOf(measure, *new_server) : not_there;
      if (old_server) AddToScan(a, &change.old_scan, &change.old_not_counted);
      if (new_server) AddToScan(b, &change.new_scan, &change.new_not_counted);
      AddPair(a, b, a.answer == Answer::kNo ? a.why : b.why, &change, &tally.servers[m]);
      if (a == b || (!a.is_counted() && !b.is_counted())) continue;
      absl::Status status =
          take_server_(old_server != nullptr ? ChangeOf(before_, *old_server, measure, a, b)
                                             : ChangeOf(after_, *new_server, measure, a, b));
      if (!status.ok()) return status;
    }
    if (old_server != nullptr && new_server != nullptr) AddServerChange(*old_server, *new_server);
    return absl::OkStatus();
  }

  static ServerChange ChangeOf(const ScanFacts& facts, const Server& server, Measure measure,
                               const State& a, const State& b) {
    const Host& host = facts.hosts()[server.host];
    return {.host = host.name,
            .address = facts.AddressOf(server),
            .port = server.port,
            .provider = facts.providers()[host.provider],
            .measure = measure,
            .before = a,
            .after = b};
  }

  void AddServerChange(const Server& a, const Server& b) {
    ++out_.both_servers;
    if (a.dialogue != Dialogue::kEncrypts || b.dialogue != Dialogue::kEncrypts) return;
    ServerChanges& changes = out_.server_changes;
    ++changes.both;
    if (a.leaf != 0 && b.leaf != 0 && a.leaf != b.leaf) ++changes.certificate_replaced;
    const uint32_t then = StrengthOf(a), now = StrengthOf(b);
    if (then != 0 && now > then) ++changes.key_stronger;
    if (now != 0 && now < then) ++changes.key_weaker;
    if (a.version == Version::kNotKnown || b.version == Version::kNotKnown) return;
    if (b.version > a.version) ++changes.newer_version;
    if (b.version < a.version) ++changes.older_version;
  }

  void Finish() {
    for (const Tally& tally : tallies_.all()) {
      for (const Measure measure : measures_) {
        const size_t m = Index(measure);
        const auto add = [](const Tally::Of& of, std::optional<MeasureChange>* change) {
          if (change->has_value() && of.whole > 0) (*change)->cluster.Add(of.whole, of.change);
        };
        add(tally.domains[m], &out_.domains[m]);
        add(tally.servers[m], &out_.servers[m]);
      }
    }
    FinishProviders();
  }

  // By number of changes, and only those that have domains in both.
  void FinishProviders() {
    const std::vector<Tally>& tallies = tallies_.all();
    std::vector<uint32_t> order;
    for (uint32_t i = 0; i < tallies.size(); ++i) {
      if (tallies[i].both > 0) order.push_back(i);
    }
    std::ranges::sort(order, {}, [&](uint32_t i) {
      const Tally& tally = tallies[i];
      return std::tuple(UINT32_MAX - tally.changed, UINT32_MAX - tally.not_known, tally.name);
    });
    std::vector<uint32_t> place_of(tallies.size(), 0);
    for (const uint32_t i : order) {
      const Tally& tally = tallies[i];
      place_of[i] = static_cast<uint32_t>(out_.providers.size());
      out_.providers.push_back({.name = tally.name,
                                .domains = tally.both,
                                .changed = tally.changed,
                                .not_known = tally.not_known,
                                .tls_lost = tally.tls_lost,
                                .tls_gained = tally.tls_gained});
    }
    decltype(out_.provider_causes) by_place;
    for (const auto& [key, count] : out_.provider_causes) {
      by_place[{place_of[key.first], key.second}] = count;
    }
    out_.provider_causes = std::move(by_place);
  }

  const ScanFacts& before_;
  const ScanFacts& after_;
  TakeDomain take_;
  TakeServer take_server_;
  Comparison& out_;
  Tallies tallies_;
  std::vector<Measure> measures_;
};

}  // namespace

uint64_t MeasureChange::lost_count() const { return Sum(lost); }
uint64_t MeasureChange::gained_count() const { return Sum(gained); }

Interval MeasureChange::ChangeInterval() const {
  const PairedCounts counts = Paired();
  return PairedInterval(counts, cluster.Of(counts));
}

std::vector<std::string_view> CauseWords() {
  std::set<std::string_view> words = {"not_known_now", "not_known_then", "not_known"};
  for (size_t w = 0; w < kWhys; ++w) {
    for (const Direction direction : {Direction::kLost, Direction::kGained}) {
      const std::string_view word = ChangeWord(static_cast<Why>(w), direction);
      if (!word.empty() && !IsOfServersOnly(static_cast<Why>(w))) words.insert(word);
    }
  }
  return {words.begin(), words.end()};
}

std::string_view CauseWord(const MainCause& cause) {
  switch (cause.fate) {
    case Fate::kNotKnownNow:
      return "not_known_now";
    case Fate::kNotKnownThen:
      return "not_known_then";
    case Fate::kNotKnown:
      return "not_known";
    case Fate::kUnchanged:
      return "unchanged";
    default:
      return ChangeWord(cause.why, cause.direction);
  }
}

std::string_view CauseWord(const ServerChange& change) {
  const State& a = change.before;
  const State& b = change.after;
  if (!a.is_counted()) return WhyWord(a.why);
  if (!b.is_counted()) return WhyWord(b.why);
  return b.answer == Answer::kYes ? ChangeWord(a.why, Direction::kGained)
                                  : ChangeWord(b.why, Direction::kLost);
}

std::string_view CauseTitle(const MainCause& cause) {
  switch (cause.fate) {
    case Fate::kNotKnownNow:
    case Fate::kNotKnownThen:
    case Fate::kNotKnown:
      return WhyTitle(cause.why);
    case Fate::kUnchanged:
      return "unchanged";
    default:
      return ChangeTitle(cause.why, cause.direction);
  }
}

bool IsChange(Fate fate) {
  return fate == Fate::kMailChanged || fate == Fate::kMeasure || fate == Fate::kMoved ||
         fate == Fate::kOtherwise;
}

uint64_t Comparison::changed() const {
  uint64_t sum = 0;
  for (const auto& [cause, count] : causes) sum += IsChange(cause.fate) ? count : 0;
  return sum;
}

uint64_t Comparison::not_known() const {
  uint64_t sum = 0;
  for (const auto& [cause, count] : causes) {
    const bool is_not_known = cause.fate == Fate::kNotKnownNow ||
                              cause.fate == Fate::kNotKnownThen || cause.fate == Fate::kNotKnown;
    sum += is_not_known ? count : 0;
  }
  return sum;
}

Why WhyLost(Measure measure, const ScanFacts& before, const Domain& old_domain,
            const ScanFacts& after, const Domain& new_domain) {
  Why reason = Why::kNothing;
  bool stopped = false, is_host_kept = false;
  for (const uint32_t old_host : before.MxOf(old_domain)) {
    const uint32_t new_host = after.FindHost(before.hosts()[old_host].name);
    if (new_host == ScanFacts::kNone || !NamesHost(after, new_domain, new_host)) continue;
    for (const Server& server : before.ServersOf(old_host)) {
      if (ServerStateOf(measure, server).answer != Answer::kYes) continue;
      is_host_kept = true;
      const Server* now = after.FindServer(new_host, server.address);
      if (now == nullptr) continue;
      const State state = ServerStateOf(measure, *now);
      if (state.answer == Answer::kNo && (reason == Why::kNothing || state.why < reason)) {
        reason = state.why;
      }
      stopped = stopped || !state.is_counted();
    }
  }
  if (reason != Why::kNothing) return reason;
  if (stopped) return Why::kServerStopped;
  if (is_host_kept) return Why::kAddressChanged;
  const auto& then = before.providers()[before.ProviderOf(old_domain)];
  const auto& now = after.providers()[after.ProviderOf(new_domain)];
  return then == now ? Why::kMxChanged : Why::kMxMoved;
}

absl::Status Compare(const ScanFacts& before, const ScanFacts& after,
                     const std::array<bool, kMeasures>& incomparable, TakeDomain take,
                     TakeServer take_server, Comparison* comparison) {
  return Comparer(before, after, incomparable, take, take_server, comparison).Run();
}

absl::Status Compare(const ScanFacts& before, const ScanFacts& after,
                     const std::array<bool, kMeasures>& incomparable, TakeDomain take,
                     Comparison* comparison) {
  return Compare(
      before, after, incomparable, take, [](const ServerChange&) { return absl::OkStatus(); },
      comparison);
}

}  // namespace mxsweep::tools
