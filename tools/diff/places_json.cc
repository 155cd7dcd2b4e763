#include <algorithm>
#include <string>

#include "nlohmann/json.hpp"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/diff/bridge.h"
#include "tools/diff/place_words.h"
#include "tools/diff/places.h"
#include "tools/diff/report.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

constexpr size_t kMaxNameBytes = 200;
constexpr size_t kMaxAddresses = 1000;  // of an operator; --csv has all

json Text(std::string_view text) { return SanitizeText(text, kMaxNameBytes); }
json Word(std::string_view word) { return word.empty() ? json(nullptr) : Text(word); }

json Texts(const std::vector<std::string>& texts) {
  json list = json::array();
  for (size_t i = 0; i < std::min(kMaxAddresses, texts.size()); ++i) list.push_back(Text(texts[i]));
  return list;
}

template <typename Value, typename Make>
json Pair(const ByPlace<Value>& pair, Make make) {
  return {{"a", make(pair.a)}, {"b", make(pair.b)}};
}
json Counts(const ByPlace<uint64_t>& counts) {
  return Pair(counts, [](uint64_t count) { return json(count); });
}

// The first of a list.
template <typename Item, typename Make>
json First(const PlacesReport& report, const std::vector<Item>& items, Make make) {
  json list = json::array();
  for (size_t i = 0; i < std::min(report.top, items.size()); ++i) list.push_back(make(items[i]));
  return list;
}

json ScanJson(const PlacesReport& report, PlaceOfTwo place) {
  const bool is_a = place == PlaceOfTwo::kA;
  const ScanHead& scan = is_a ? report.circumstances->old_scan : report.circumstances->new_scan;
  const Comparison& shares = report.shares;
  return {{"name", Text(report.names[place])},
          {"vantage", Word(scan.vantage)},
          {"directory", Text(scan.directory)},
          {"started_at", Text(scan.started_at)},
          {"finished_at", Text(scan.finished_at)},
          {"state", Text(scan.state)},
          {"version", Text(scan.version)},
          {"validates", report.validates[place]},
          {"domains", is_a ? shares.old_domains : shares.new_domains},
          {"servers", is_a ? shares.old_servers : shares.new_servers}};
}

json CausesJson(const std::map<DomainCause, uint64_t>& causes) {
  json list = json::array();
  for (const auto& [cause, count] : causes) {
    const bool of_measure = cause.difference == DomainDifference::kPosture;
    list.push_back({{"cause", DomainCauseWord(cause)},
                    {"measure", of_measure ? json(WordsOf(cause.measure).word) : json(nullptr)},
                    {"only_from", of_measure ? json(PlaceWord(cause.place)) : json(nullptr)},
                    {"is_difference", IsDifference(cause.difference)},
                    {"domains", count}});
  }
  return list;
}

json DomainsJson(const PlacesReport& report) {
  const auto group = [](const DomainGroup& of) -> json {
    return {{"provider", Word(of.provider)},
            {"domains", of.domains},
            {"differ", of.differ()},
            {"causes", CausesJson(of.causes)}};
  };
  return {{"in_both", report.domains.both},
          {"causes", CausesJson(report.domains.causes)},
          {"providers", First(report, report.domains.providers, group)}};
}

json FamilyJson(const FamilyReach& family) {
  return {{"operators", family.operators},
          {"reached", family.reached},
          {"state", FamilyStateWord(family.state())}};
}

json PlaceReachJson(const PlacesReport& report, const PlaceReach& reach) {
  json failed = json::object();
  for (size_t e = 0; e < kEndings; ++e) {
    const Ending ending = static_cast<Ending>(e);
    if (reach.failed[e] > 0) failed[std::string(EndingWord(ending))] = reach.failed[e];
  }
  const auto group = [](const ReachGroup& of) -> json {
    return {{"name", Text(of.name)},
            {"is_network", of.is_network},
            {"tried", of.tried},
            {"failed", of.failed},
            {"how", of.how == Ending::kNotKnown ? json(nullptr) : json(EndingWord(of.how))},
            {"addresses", Texts(of.addresses)}};
  };
  return {{"tried", reach.tried},
          {"answered", reach.answered},
          {"failed", std::move(failed)},
          {"own_network", reach.own_network},
          {"single_addresses", reach.single_addresses},
          {"single_operators", reach.single_operators},
          {"blocked_groups", reach.blocked.size()},
          {"blocked", First(report, reach.blocked, group)},
          {"turned_away_by", reach.turned_away_by},
          {"is_turned_away_widely", reach.is_turned_away_widely},
          {"ipv4", FamilyJson(reach.family(false))},
          {"ipv6", FamilyJson(reach.family(true))}};
}

json AddressesJson(const PlacesReport& report) {
  const Reach& reach = report.reach;
  return {{"in_both", reach.addresses},
          {"answer_both", reach.both},
          {"answer_neither", reach.neither},
          {"not_known", reach.not_known},
          {"from", Pair(reach.places, [&report](const PlaceReach& place) {
             return PlaceReachJson(report, place);
           })}};
}

json HostsJson(const PlacesReport& report) {
  const Names& hosts = report.mx_hosts;
  json answers = json::object();
  for (size_t n = 0; n < kNameAnswers; ++n) {
    answers[std::string(NameAnswerWord(static_cast<NameAnswer>(n)))] = hosts.answers[n];
  }
  const auto group = [](const NameGroup& of) -> json {
    return {{"provider", Word(of.provider)},
            {"hosts", of.hosts},
            {"by_place", of.geo},
            {"same_networks", of.same_networks},
            {"same_posture", of.same_posture},
            {"other_posture", of.other_posture}};
  };
  const auto host = [](const PlacesReport::Host& of) -> json {
    const auto texts = [](const std::vector<std::string>& list) { return Texts(list); };
    return {{"host", Text(of.host)},
            {"answer", NameAnswerWord(of.answer)},
            {"posture", SamePostureWord(of.posture)},
            {"only", Pair(of.only, texts)}};
  };
  return {{"in_both", hosts.hosts},
          {"known", hosts.known()},
          {"answers", std::move(answers)},
          {"one_alone", Counts(hosts.alone)},
          {"one_family", Counts(hosts.family_alone)},
          {"by_place", hosts.geo()},
          {"same_posture", hosts.same_posture},
          {"other_posture", hosts.other_posture},
          {"providers", First(report, hosts.providers, group)},
          {"hosts", First(report, report.geo_hosts, host)}};
}

json PlaceTlsJson(const PlaceTls& tls) {
  json interceptions = json::array();
  for (const Interception& one : tls.interceptions) {
    interceptions.push_back({{"by", one.is_certificate ? "certificate" : "name"},
                             {"name", Word(one.name)},
                             {"servers", one.servers},
                             {"operators", one.operators}});
  }
  return {{"compared", tls.compared},
          {"operators", tls.operators},
          {"no_starttls", tls.no_starttls},
          {"starttls_refused", tls.starttls_refused},
          {"handshake_fails", tls.handshake_fails},
          {"masked_keywords", tls.masked},
          {"operators_without", tls.operators_without},
          {"is_stripped", tls.is_stripped},
          {"interceptions", std::move(interceptions)}};
}

json ServersJson(const PlacesReport& report) {
  const SameServers& servers = report.servers;
  const auto group = [](const ServerGroup& of) -> json {
    return {{"provider", Word(of.provider)},
            {"servers", of.servers},
            {"without_tls", Counts(of.without_tls)},
            {"other_certificate", of.certificate},
            {"other_version", of.version}};
  };
  const auto server = [](const PlacesReport::Server& of) -> json {
    return {{"host", Text(of.host)},
            {"address", Text(of.address)},
            {"without_tls_from", PlaceWord(of.lacks)}};
  };
  return {{"answer_both", servers.both_answer},
          {"encrypt_both", servers.both_encrypt},
          {"other_certificate", servers.certificate},
          {"other_version", servers.version},
          {"from", Pair(servers.places, PlaceTlsJson)},
          {"providers", First(report, servers.providers, group)},
          {"without_tls", First(report, report.servers_without_tls, server)}};
}

json SplitJson(const Split& split) { return {{"yes", split.yes}, {"no", split.no}}; }

json SharesJson(const PlacesReport& report, Unit unit) {
  json list = json::array();
  for (size_t m = 0; m < kMeasures; ++m) {
    const Measure measure = static_cast<Measure>(m);
    const std::optional<MeasureChange>& change = report.shares.Of(unit, measure);
    if (!change) continue;
    const Interval interval = change->ChangeInterval();
    const PairedCounts both = change->Paired();
    list.push_back({{"measure", WordsOf(measure).word},
                    {"label", LabelOf(unit, measure)},
                    {"a", SplitJson(change->old_scan)},
                    {"b", SplitJson(change->new_scan)},
                    {"in_both",
                     {{"yes_from_both", both.yes_yes},
                      {"no_from_both", both.no_no},
                      {"yes_only_from_a", both.yes_no},
                      {"yes_only_from_b", both.no_yes}}},
                    {"points", PointsOf(*change)},
                    {"interval", {100 * interval.low, 100 * interval.high}},
                    {"differs", VerdictOf(*change) != Verdict::kNotTold}});
  }
  return list;
}

json ResolversJson(const PlacesReport& report) {
  const Domains& domains = report.domains;
  return {{"dane_known_from_both", domains.dane_both},
          {"dane_differs", domains.dane_differs},
          {"dane_known_only", Counts(domains.dane_only)},
          {"failed_lookups", Counts(domains.failed_lookups)}};
}

}  // namespace

std::string RenderPlacesJson(const PlacesReport& report) {
  const json text = {{"schema", 1},
                     {"by", "place"},
                     {"a", ScanJson(report, PlaceOfTwo::kA)},
                     {"b", ScanJson(report, PlaceOfTwo::kB)},
                     {"remarks", report.circumstances->remarks},
                     {"conclusions", ConclusionsOf(report)},
                     {"domains", DomainsJson(report)},
                     {"addresses", AddressesJson(report)},
                     {"mx_hosts", HostsJson(report)},
                     {"servers", ServersJson(report)},
                     {"resolvers", ResolversJson(report)},
                     {"shares",
                      {{"domains", SharesJson(report, Unit::kDomains)},
                       {"servers", SharesJson(report, Unit::kServers)}}}};
  return text.dump(2) + "\n";
}

}  // namespace mxsweep::tools
