#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/diff/bridge.h"
#include "tools/diff/place_words.h"
#include "tools/diff/places.h"
#include "tools/diff/report.h"
#include "tools/page/html.h"
#include "tools/page/page_builder.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

constexpr size_t kMaxLabelBytes = 120;
constexpr size_t kShownAddresses = 12;  // of an operator

Tone ToneOf(DomainDifference difference) {
  switch (difference) {
    case DomainDifference::kReached:
    case DomainDifference::kTls:
    case DomainDifference::kMail:
      return Tone::kBad;
    case DomainDifference::kPosture:
    case DomainDifference::kMx:
    case DomainDifference::kAddresses:
      return Tone::kFair;
    case DomainDifference::kNotKnownOf:
    case DomainDifference::kNotKnown:
      return Tone::kUnknown;
    default:
      return Tone::kNeutral;
  }
}

// "192.0.2.1, 192.0.2.2 and 3 more", as HTML.
std::string ListHtml(const std::vector<std::string>& names) {
  std::string html;
  for (size_t i = 0; i < std::min(kShownAddresses, names.size()); ++i) {
    AppendText(&html, i == 0 ? "" : ", ", Escaped(names[i]));
  }
  if (names.size() > kShownAddresses) {
    AppendText(&html, " and ", Grouped(names.size() - kShownAddresses), " more");
  }
  return html;
}

class PlacesPage {
 public:
  explicit PlacesPage(const PlacesReport& report)
      : report_(report),
        names_{Escaped(report.names.a), Escaped(report.names.b)},
        heads_(*report.circumstances) {}

  std::string Render() {
    AppendSummary();
    AppendDomains();
    AppendAddresses();
    AppendBlocked();
    AppendHosts();
    AppendServers();
    AppendShares();
    return page_.Finish(
        JoinText("TLS of mail servers: ", report_.names.a, " and ", report_.names.b),
        "TLS of mail servers: what differs by place",
        JoinText(RunText(PlaceOfTwo::kA, heads_.old_scan), "; ",
                 RunText(PlaceOfTwo::kB, heads_.new_scan)));
  }

 private:
  std::string RunText(PlaceOfTwo place, const ScanHead& scan) const {
    return JoinText(names_[place], ": ", Escaped(scan.directory), ", ",
                    Escaped(MinuteText(scan.started_at)), " to ",
                    Escaped(MinuteText(scan.finished_at)), " UTC, mxsweep ", Escaped(scan.version),
                    ", ", Escaped(scan.state));
  }

  void AppendItems(const std::vector<std::string>& sentences) {
    AppendText(&page_.main(), "<ul>\n");
    for (const std::string& sentence : sentences) {
      AppendText(&page_.main(), "<li>", Escaped(sentence), "</li>\n");
    }
    AppendText(&page_.main(), "</ul>\n");
  }

  void AppendSummary() {
    const Reach& reach = report_.reach;
    page_.OpenSection("summary", "Summary");
    page_.OpenFigures();
    page_.AddFigure("Domains in both lists", Grouped(report_.domains.both),
                    JoinText("of ", Grouped(report_.shares.old_domains), " and ",
                             Grouped(report_.shares.new_domains)));
    for (const PlaceOfTwo place : kBothPlaces) {
      const PlaceReach& here = reach.places[place];
      page_.AddFigure(JoinText("Fail from ", report_.names[place]),
                      Grouped(here.tried - here.answered),
                      JoinText("of ", Grouped(here.tried), " addresses that answer ",
                               report_.names[OtherThan(place)]));
    }
    page_.AddFigure("Other addresses by place", Grouped(report_.mx_hosts.geo()),
                    JoinText("of ", Grouped(report_.mx_hosts.known()), " MX hosts"));
    const SameServers& servers = report_.servers;
    page_.AddFigure("No TLS from one place",
                    Grouped(servers.places.a.without() + servers.places.b.without()),
                    JoinText("of ", Grouped(servers.both_answer), " servers that answer both"));
    page_.CloseFigures();
    AppendText(&page_.main(), "<h3>What it comes to</h3>\n");
    AppendItems(ConclusionsOf(report_));
    AppendText(&page_.main(), "<div class=\"blind\">\n<h3>To be read first</h3>\n");
    AppendItems(heads_.remarks);
    AppendText(&page_.main(), "</div>\n");
    page_.CloseSection();
  }

  // A row of a text and a count of `whole`.
  void Row(Tone tone, std::string_view what, uint64_t count, uint64_t whole) {
    AppendText(&page_.main(), "<tr class=\"", ToneWord(tone), "\"><th scope=\"row\">",
               Escaped(what), "</th><td>", Grouped(count), "</td><td>",
               Escaped(ShareText(count, whole)), "</td></tr>\n");
    if (count == 0) return;
    labels_.push_back(SanitizeText(what, kMaxLabelBytes));
    values_.push_back(count);
    wholes_.push_back(whole);
    tones_.push_back(ToneWord(tone));
  }

  // Of the rows since the last chart.
  void Chart(std::string_view id, std::string_view of) {
    if (labels_.empty()) return;
    page_.AddChart(id, JoinText("Bar chart: ", of, ". The table has every number."),
                   {{"labels", std::exchange(labels_, json::array())},
                    {"wholes", std::exchange(wholes_, json::array())},
                    {"series", json::array({{{"name", of},
                                             {"values", std::exchange(values_, json::array())},
                                             {"tones", std::exchange(tones_, json::array())}}})}});
  }

  void AppendDomains() {
    page_.OpenSection("domains", "Domains");
    AppendText(&page_.main(),
               "<p>Each by the first that applies of what may differ. <code>mxsweep diff --list "
               "CAUSE</code> lists the domains, <code>--csv</code> all of them.</p>\n"
               "<div class=\"breakdown\">\n");
    page_.OpenTable(JoinText(Grouped(report_.domains.both), " domains in both lists"),
                    {"", "domains", "share"});
    for (const auto& [cause, count] : report_.domains.causes) {
      Row(ToneOf(cause.difference), DomainCauseTitle(cause, report_.names), count,
          cause.difference == DomainDifference::kInOneList ? AllDomains() : report_.domains.both);
    }
    page_.CloseTable();
    Chart("domains", "domains");
    AppendText(&page_.main(), "</div>\n");
    AppendOperators();
    page_.CloseSection();
  }

  uint64_t AllDomains() const {
    return report_.shares.old_domains + report_.shares.new_domains - report_.domains.both;
  }

  // "provider.example" of a group, as a row's beginning.
  void OpenRow(std::string_view provider) {
    AppendText(&page_.main(), "<tr><th scope=\"row\">",
               provider.empty() ? "(not known)" : Escaped(provider), "</th>");
  }
  void Cell(uint64_t count) { AppendText(&page_.main(), "<td>", Grouped(count), "</td>"); }

  void AppendOperators() {
    const auto& providers = report_.domains.providers;
    if (providers.empty()) return;
    const size_t shown = std::min(report_.top, providers.size());
    page_.OpenTable(JoinText("Operators of most domains that differ: ", Grouped(shown), " of ",
                             Grouped(providers.size())),
                    {"operator", "domains", "differ", {"in what", true}});
    for (size_t i = 0; i < shown; ++i) {
      OpenRow(providers[i].provider);
      Cell(providers[i].domains);
      Cell(providers[i].differ());
      std::string what;
      for (const auto& [cause, count] : providers[i].causes) {
        if (!IsDifference(cause.difference)) continue;
        AppendText(&what, what.empty() ? "" : "; ", DomainCauseTitle(cause, report_.names), " (",
                   Grouped(count), ")");
      }
      AppendText(&page_.main(), "<td class=\"text\">", Escaped(what), "</td></tr>\n");
    }
    page_.CloseTable();
  }

  void AppendAddresses() {
    const Reach& reach = report_.reach;
    page_.OpenSection("addresses", "Addresses that both asked");
    AppendText(&page_.main(), "<div class=\"breakdown\">\n");
    page_.OpenTable(JoinText(Grouped(reach.addresses), " addresses"), {"", "addresses", "share"});
    Row(Tone::kGood, "answer both", reach.both, reach.addresses);
    for (const PlaceOfTwo place : kBothPlaces) {
      const PlaceReach& here = reach.places[place];
      for (size_t e = 0; e < kEndings; ++e) {
        if (here.failed[e] == 0) continue;
        Row(Tone::kBad,
            JoinText("answer ", report_.names[OtherThan(place)], "; from ", report_.names[place],
                     ": ", EndingTitle(static_cast<Ending>(e))),
            here.failed[e], reach.addresses);
      }
    }
    Row(Tone::kNeutral, "answer neither", reach.neither, reach.addresses);
    Row(Tone::kUnknown, "not known: not asked from one place, or trouble of our own",
        reach.not_known, reach.addresses);
    page_.CloseTable();
    Chart("addresses", "addresses");
    AppendText(&page_.main(), "</div>\n");
    AppendNetworks();
    page_.CloseSection();
  }

  void AppendNetworks() {
    page_.OpenTable("Each place's own network: operators that answer the other place",
                    {"", "tried", "reached", {"", true}});
    for (const PlaceOfTwo place : kBothPlaces) {
      for (const bool is_ipv6 : {false, true}) {
        const FamilyReach& family = report_.reach.places[place].family(is_ipv6);
        const std::string_view state =
            family.state() == FamilyReach::State::kWorks   ? "comes through"
            : family.state() == FamilyReach::State::kFails ? "does not come through: its own "
                                                             "network"
                                                           : "too few to tell";
        AppendText(&page_.main(), "<tr><th scope=\"row\">", names_[place],
                   is_ipv6 ? ", IPv6" : ", IPv4", "</th>");
        Cell(family.operators);
        Cell(family.reached);
        AppendText(&page_.main(), "<td class=\"text\">", state, "</td></tr>\n");
      }
    }
    page_.CloseTable();
  }

  void AppendBlocked() {
    page_.OpenSection("blocked", "Blocked or filtered");
    AppendText(&page_.main(),
               "<p>Operators and networks of which nearly all addresses that answer the one place "
               "fail from the other, three at least, while that place comes through to others. A "
               "single address that fails is no more than that.</p>\n");
    for (const PlaceOfTwo place : kBothPlaces) {
      const PlaceReach& here = report_.reach.places[place];
      AppendText(&page_.main(), "<h3>From ", names_[place], "</h3>\n<p>",
                 Grouped(here.single_addresses), " more addresses of ",
                 Grouped(here.single_operators), " operators fail, too few of each to tell; of ",
                 Grouped(here.own_network), " its own network may be the cause.</p>\n");
      if (here.blocked.empty()) continue;
      const size_t shown = std::min(report_.top, here.blocked.size());
      page_.OpenTable(
          JoinText(Grouped(shown), " of ", Grouped(here.blocked.size())),
          {"operator or network", "answer there", "fail here", {"how", true}, {"addresses", true}});
      for (size_t i = 0; i < shown; ++i) {
        OpenRow(here.blocked[i].name);
        Cell(here.blocked[i].tried);
        Cell(here.blocked[i].failed);
        AppendText(&page_.main(), "<td class=\"text\">", EndingTitle(here.blocked[i].how),
                   "</td><td class=\"text\">", ListHtml(here.blocked[i].addresses), "</td></tr>\n");
      }
      page_.CloseTable();
    }
    page_.CloseSection();
  }

  void AppendHosts() {
    const Names& hosts = report_.mx_hosts;
    page_.OpenSection("hosts", "Names that depend on who asks");
    AppendText(&page_.main(), "<div class=\"breakdown\">\n");
    page_.OpenTable(JoinText(Grouped(hosts.hosts), " MX hosts that both looked up"),
                    {"", "hosts", "share"});
    const auto row = [&](Tone tone, NameAnswer answer, std::string_view alone, uint64_t count) {
      Row(tone, NameAnswerTitle(answer, alone), count, hosts.hosts);
    };
    row(Tone::kGood, NameAnswer::kSame, "", hosts.Of(NameAnswer::kSame));
    row(Tone::kFair, NameAnswer::kOtherNetworks, "", hosts.Of(NameAnswer::kOtherNetworks));
    for (const PlaceOfTwo place : kBothPlaces) {
      const std::string& name = report_.names[place];
      row(Tone::kFair, NameAnswer::kOneFamily, name, hosts.family_alone[place]);
      row(Tone::kFair, NameAnswer::kOneAlone, name, hosts.alone[place]);
    }
    row(Tone::kNeutral, NameAnswer::kSameNetworks, "", hosts.Of(NameAnswer::kSameNetworks));
    row(Tone::kUnknown, NameAnswer::kNotKnown, "", hosts.Of(NameAnswer::kNotKnown));
    page_.CloseTable();
    Chart("hosts", "hosts");
    AppendText(&page_.main(), "</div>\n");
    AppendHostOperators();
    AppendHostList();
    page_.CloseSection();
  }

  void AppendHostOperators() {
    const auto& providers = report_.mx_hosts.providers;
    if (providers.empty()) return;
    const size_t shown = std::min(report_.top, providers.size());
    page_.OpenTable(
        JoinText("Operators: ", Grouped(shown), " of ", Grouped(providers.size())),
        {"operator", "hosts", "by place", "same TLS there", "another", "same networks"});
    for (size_t i = 0; i < shown; ++i) {
      const NameGroup& group = providers[i];
      OpenRow(group.provider);
      for (const uint64_t count :
           {group.hosts, group.geo, group.same_posture, group.other_posture, group.same_networks}) {
        Cell(count);
      }
      AppendText(&page_.main(), "</tr>\n");
    }
    page_.CloseTable();
  }

  void AppendHostList() {
    if (report_.geo_hosts.empty()) return;
    page_.OpenTable(
        JoinText("Hosts: ", Grouped(report_.geo_hosts.size()), " of ",
                 Grouped(report_.mx_hosts.geo()), "; addresses from one place alone"),
        {"host", {names_.a.c_str(), true}, {names_.b.c_str(), true}, {"TLS there", true}});
    for (const PlacesReport::Host& host : report_.geo_hosts) {
      OpenRow(host.host);
      const std::string_view tls = host.posture == SamePosture::kSame    ? "the same"
                                   : host.posture == SamePosture::kOther ? "another"
                                                                         : "not known";
      AppendText(&page_.main(), "<td class=\"text\">", ListHtml(host.only.a),
                 "</td><td class=\"text\">", ListHtml(host.only.b), "</td><td class=\"text\">", tls,
                 "</td></tr>\n");
    }
    page_.CloseTable();
  }

  void AppendServers() {
    const SameServers& servers = report_.servers;
    page_.OpenSection("servers", "Servers that answer both");
    AppendText(&page_.main(), "<div class=\"breakdown\">\n");
    page_.OpenTable(JoinText(Grouped(servers.both_answer), " servers, an MX host at an address"),
                    {"", "servers", "share"});
    Row(Tone::kGood, "encrypt with both", servers.both_encrypt, servers.both_answer);
    Row(Tone::kFair, "… and show another certificate", servers.certificate, servers.both_encrypt);
    Row(Tone::kFair, "… and negotiate another version", servers.version, servers.both_encrypt);
    for (const PlaceOfTwo place : kBothPlaces) {
      const PlaceTls& tls = servers.places[place];
      const std::string of = JoinText("encrypt with ", report_.names[OtherThan(place)], "; with ",
                                      report_.names[place]);
      Row(Tone::kBad, JoinText(of, " no STARTTLS"), tls.no_starttls, servers.both_answer);
      Row(Tone::kBad, JoinText(of, " STARTTLS is refused"), tls.starttls_refused,
          servers.both_answer);
      Row(Tone::kBad, JoinText(of, " the handshake fails"), tls.handshake_fails,
          servers.both_answer);
    }
    page_.CloseTable();
    Chart("servers", "servers");
    AppendText(&page_.main(), "</div>\n");
    AppendServerOperators();
    AppendServerList();
    page_.CloseSection();
  }

  void AppendServerOperators() {
    const auto& providers = report_.servers.providers;
    if (providers.empty()) return;
    const size_t shown = std::min(report_.top, providers.size());
    const std::string from_a = JoinText("no TLS: ", names_.a),
                      from_b = JoinText("no TLS: ", names_.b);
    page_.OpenTable(
        JoinText("Operators: ", Grouped(shown), " of ", Grouped(providers.size())),
        {"operator", "servers", from_a.c_str(), from_b.c_str(), "certificate", "version"});
    for (size_t i = 0; i < shown; ++i) {
      const ServerGroup& group = providers[i];
      OpenRow(group.provider);
      for (const uint64_t count : {group.servers, group.without_tls.a, group.without_tls.b,
                                   group.certificate, group.version}) {
        Cell(count);
      }
      AppendText(&page_.main(), "</tr>\n");
    }
    page_.CloseTable();
  }

  void AppendServerList() {
    const auto& servers = report_.servers_without_tls;
    if (servers.empty()) return;
    const uint64_t all = report_.servers.places.a.without() + report_.servers.places.b.without();
    page_.OpenTable(JoinText("Servers without TLS from one place: ", Grouped(servers.size()),
                             " of ", Grouped(all)),
                    {"host", {"address", true}, {"without TLS from", true}});
    for (const PlacesReport::Server& server : servers) {
      OpenRow(server.host);
      AppendText(&page_.main(), "<td class=\"text\">", Escaped(server.address),
                 "</td><td class=\"text\">", names_[server.lacks], "</td></tr>\n");
    }
    page_.CloseTable();
  }

  void AppendShares() {
    page_.OpenSection("shares", "Shares");
    AppendText(&page_.main(),
               "<p>Of what is known from each place. The difference, in percentage points, is of "
               "what both know; its interval holds 95 of 100 times, with domains behind one "
               "operator taken together.</p>\n");
    AppendShareTable(Unit::kDomains, "Domains of which …");
    AppendShareTable(Unit::kServers, "Servers that …");
    page_.CloseSection();
  }

  void AppendShareTable(Unit unit, std::string_view caption) {
    AppendText(&page_.main(), "<div class=\"breakdown\">\n");
    page_.OpenTable(caption,
                    {"", names_.a.c_str(), names_.b.c_str(), "difference", "interval", ""});
    json labels = json::array(), of_a = json::array(), of_b = json::array();
    for (size_t m = 0; m < kMeasures; ++m) {
      const Measure measure = static_cast<Measure>(m);
      const std::optional<MeasureChange>& change = report_.shares.Of(unit, measure);
      if (!change) continue;
      const Interval interval = change->ChangeInterval();
      AppendText(&page_.main(), "<tr><th scope=\"row\">", Escaped(LabelOf(unit, measure)),
                 "</th><td>", Escaped(SplitShareText(change->old_scan)), "</td><td>",
                 Escaped(SplitShareText(change->new_scan)), "</td><td>",
                 Escaped(PointsText(PointsOf(*change))), "</td><td>",
                 absl::StrFormat("%+.2f to %+.2f", 100 * interval.low, 100 * interval.high),
                 "</td><td>", VerdictOf(*change) == Verdict::kNotTold ? "" : "differs",
                 "</td></tr>\n");
      labels.push_back(LabelOf(unit, measure));
      of_a.push_back(ShareOf(change->old_scan));
      of_b.push_back(ShareOf(change->new_scan));
    }
    page_.CloseTable();
    const json tones_a(labels.size(), ToneWord(Tone::kNeutral));
    const json tones_b(labels.size(), ToneWord(Tone::kFair));
    page_.AddChart(
        JoinText("shares-", UnitWord(unit)),
        "Bar chart: shares from either place. The table has every number.",
        {{"labels", std::move(labels)},
         {"beside", true},
         {"series", json::array({{{"name", SanitizeText(report_.names.a, kMaxLabelBytes)},
                                  {"values", std::move(of_a)},
                                  {"tones", tones_a}},
                                 {{"name", SanitizeText(report_.names.b, kMaxLabelBytes)},
                                  {"values", std::move(of_b)},
                                  {"tones", tones_b}}})}});
    AppendText(&page_.main(), "</div>\n");
  }

  const PlacesReport& report_;
  const ByPlace<std::string> names_;  // as HTML
  const Circumstances& heads_;
  PageBuilder page_;
  // Of the next chart.
  json labels_ = json::array(), values_ = json::array(), wholes_ = json::array(),
       tones_ = json::array();
};

}  // namespace

std::string RenderPlacesPage(const PlacesReport& report) { return PlacesPage(report).Render(); }

}  // namespace mxsweep::tools
