#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/diff/bridge.h"
#include "tools/diff/place_words.h"
#include "tools/diff/places.h"
#include "tools/diff/report.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxNameBytes = 200;
constexpr size_t kShownAddresses = 4;  // of an operator
constexpr int kOperatorColumns = 34;

class PlacesText {
 public:
  explicit PlacesText(const PlacesReport& report) : report_(report) {}

  std::string Render() {
    AppendText(&out_, "What differs between two places\n");
    AppendScan(PlaceOfTwo::kA, report_.circumstances->old_scan, report_.shares.old_domains,
               report_.shares.old_servers);
    AppendScan(PlaceOfTwo::kB, report_.circumstances->new_scan, report_.shares.new_domains,
               report_.shares.new_servers);
    AppendText(&out_, "\nTo be read first\n");
    for (const std::string& remark : report_.circumstances->remarks) AppendItem(remark, &out_);
    AppendText(&out_, "\nWhat it comes to\n");
    for (const std::string& sentence : ConclusionsOf(report_)) AppendItem(sentence, &out_);
    AppendDomains();
    AppendAddresses();
    for (const PlaceOfTwo place : kBothPlaces) AppendBlocked(place);
    AppendHosts();
    AppendServers();
    AppendShares();
    AppendLegend();
    return std::move(out_);
  }

 private:
  const std::string& Name(PlaceOfTwo place) const { return report_.names[place]; }

  void AppendScan(PlaceOfTwo place, const ScanHead& scan, uint64_t domains, uint64_t servers) {
    AppendText(&out_, absl::StrFormat("  %-14s", Name(place)),
               SanitizeText(scan.directory, kMaxNameBytes), "\n                ",
               MinuteText(scan.started_at), " to ", MinuteText(scan.finished_at), " UTC\n",
               "                ", Grouped(domains), " domains, ", Grouped(servers), " servers\n");
  }

  void Line(std::string_view what, uint64_t count) {
    AppendText(&out_, absl::StrFormat("  %-66s%10s\n", ToAbsl(what), Grouped(count)));
  }
  // Unless there is none.
  void LineOf(std::string_view what, uint64_t count) {
    if (count > 0) Line(what, count);
  }

  void AppendDomains() {
    AppendText(&out_, "\nDomains in both lists, each by the main thing that differs: ",
               Grouped(report_.domains.both), "\n");
    for (const auto& [cause, count] : report_.domains.causes) {
      Line(DomainCauseTitle(cause, report_.names), count);
    }
    const auto& providers = report_.domains.providers;
    if (providers.empty()) return;
    AppendText(&out_, absl::StrFormat("\n  %-*s%10s%9s  %s\n", kOperatorColumns,
                                      JoinText("Operators, of ", Grouped(providers.size())),
                                      "domains", "differ", "mostly"));
    for (size_t i = 0; i < std::min(report_.top, providers.size()); ++i) {
      AppendOperator(providers[i]);
    }
  }

  void AppendOperator(const DomainGroup& group) {
    uint64_t most = 0;
    DomainCause cause;
    for (const auto& [of, count] : group.causes) {
      if (!IsDifference(of.difference) || count <= most) continue;
      most = count;
      cause = of;
    }
    const std::string_view word = DomainCauseWord(cause);
    AppendRow(group.provider,
              absl::StrFormat("%10s%9s  %s\n", Grouped(group.domains), Grouped(group.differ()),
                              ToAbsl(word)),
              kOperatorColumns);
  }

  // A name in so many columns, or on a line of its own, and what stands behind it.
  void AppendRow(std::string_view name, std::string_view rest, size_t columns = 40) {
    std::string shown = name.empty() ? "(not known)" : SanitizeText(name, kMaxNameBytes);
    if (shown.size() + 2 > columns) AppendText(&out_, "  ", std::exchange(shown, ""), "\n");
    shown.resize(columns, ' ');
    AppendText(&out_, "  ", shown, rest);
  }

  void AppendAddresses() {
    const Reach& reach = report_.reach;
    AppendText(&out_, "\nAddresses that both asked: ", Grouped(reach.addresses), "\n");
    Line("answer both", reach.both);
    for (const PlaceOfTwo place : kBothPlaces) {
      const PlaceReach& here = reach.places[place];
      const uint64_t failed = here.tried - here.answered;
      if (failed == 0) continue;
      Line(JoinText("answer ", Name(OtherThan(place)), ", and to ", Name(place), " they"), failed);
      for (size_t e = 0; e < kEndings; ++e) {
        LineOf(JoinText("  ", EndingTitle(static_cast<Ending>(e))), here.failed[e]);
      }
    }
    Line("answer neither", reach.neither);
    LineOf("not known: not asked from one place, or trouble of our own", reach.not_known);
  }

  void AppendBlocked(PlaceOfTwo place) {
    const PlaceReach& here = report_.reach.places[place];
    if (here.tried == here.answered) return;
    AppendText(&out_, "\nBlocked or filtered from ", Name(place), "\n");
    for (size_t i = 0; i < std::min(report_.top, here.blocked.size()); ++i) {
      const ReachGroup& group = here.blocked[i];
      AppendRow(group.name, JoinText(Grouped(group.failed), " of ", Grouped(group.tried), " ",
                                     EndingTitle(group.how), "\n"));
      AppendList(group.addresses);
    }
    if (here.blocked.size() > report_.top) {
      AppendText(&out_, "  and ", Grouped(here.blocked.size() - report_.top),
                 " more operators or networks (--top)\n");
    }
    if (here.blocked.empty()) AppendText(&out_, "  no operator or network of which that is told\n");
    LineOf(JoinText("other addresses, too few of each of ", Grouped(here.single_operators),
                    here.single_operators == 1 ? " operator" : " operators", " to tell"),
           here.single_addresses);
    LineOf(JoinText("addresses of which ", Name(place), "'s own network may be the cause"),
           here.own_network);
  }

  // A few of several, in lines of their own.
  void AppendList(const std::vector<std::string>& names) {
    std::string line = "     ";
    for (size_t i = 0; i < std::min(kShownAddresses, names.size()); ++i) {
      const std::string name = SanitizeText(names[i], kMaxNameBytes);
      if (line.size() + 1 + name.size() > 80) {
        AppendText(&out_, line, "\n");
        line = "     ";
      }
      AppendText(&line, " ", name);
    }
    AppendText(&out_, line, "\n");
    if (names.size() > kShownAddresses) {
      AppendText(&out_, "      and ", Grouped(names.size() - kShownAddresses), " more\n");
    }
  }

  void AppendHosts() {
    const Names& hosts = report_.mx_hosts;
    AppendText(&out_, "\nMX hosts that both looked up: ", Grouped(hosts.hosts), "\n");
    Line(NameAnswerTitle(NameAnswer::kSame, ""), hosts.Of(NameAnswer::kSame));
    LineOf(NameAnswerTitle(NameAnswer::kOtherNetworks, ""), hosts.Of(NameAnswer::kOtherNetworks));
    for (const PlaceOfTwo place : kBothPlaces) {
      LineOf(NameAnswerTitle(NameAnswer::kOneFamily, Name(place)), hosts.family_alone[place]);
      LineOf(NameAnswerTitle(NameAnswer::kOneAlone, Name(place)), hosts.alone[place]);
    }
    LineOf("other addresses of the same networks: a pool, perhaps in turn",
           hosts.Of(NameAnswer::kSameNetworks));
    LineOf(NameAnswerTitle(NameAnswer::kNotKnown, ""), hosts.Of(NameAnswer::kNotKnown));
    if (hosts.providers.empty()) return;
    AppendText(&out_, absl::StrFormat("\n  %-40s%9s%9s%9s%9s\n",
                                      JoinText("Operators, of ", Grouped(hosts.providers.size())),
                                      "hosts", "by place", "same TLS", "other"));
    for (size_t i = 0; i < std::min(report_.top, hosts.providers.size()); ++i) {
      const NameGroup& group = hosts.providers[i];
      AppendRow(group.provider,
                absl::StrFormat("%9s%9s%9s%9s\n", Grouped(group.hosts), Grouped(group.geo),
                                Grouped(group.same_posture), Grouped(group.other_posture)));
    }
    for (const PlacesReport::Host& host : report_.geo_hosts) {
      AppendText(&out_, "  ", SanitizeText(host.host, kMaxNameBytes), "\n");
      for (const PlaceOfTwo place : kBothPlaces) {
        if (host.only[place].empty()) continue;
        AppendText(&out_, "    ", Name(place), " alone:\n");
        AppendList(host.only[place]);
      }
    }
  }

  void AppendServers() {
    const SameServers& servers = report_.servers;
    AppendText(&out_,
               "\nServers (a host at an address) that answer both: ", Grouped(servers.both_answer),
               "\n");
    Line("encrypt with both", servers.both_encrypt);
    LineOf("  and show another certificate", servers.certificate);
    LineOf("  and negotiate another version of TLS", servers.version);
    for (const PlaceOfTwo place : kBothPlaces) {
      const PlaceTls& tls = servers.places[place];
      if (tls.without() == 0) continue;
      Line(JoinText("encrypt with ", Name(OtherThan(place)), ", and not with ", Name(place)),
           tls.without());
      LineOf("  offer no STARTTLS", tls.no_starttls);
      LineOf("  refuse STARTTLS", tls.starttls_refused);
      LineOf("  fail in the handshake", tls.handshake_fails);
    }
    if (servers.providers.empty()) return;
    AppendText(&out_, absl::StrFormat("\n  %-40s%9s%9s%9s%9s\n",
                                      JoinText("Operators, of ", Grouped(servers.providers.size())),
                                      "servers", "no TLS", "cert.", "version"));
    for (size_t i = 0; i < std::min(report_.top, servers.providers.size()); ++i) {
      const ServerGroup& group = servers.providers[i];
      AppendRow(group.provider,
                absl::StrFormat("%9s%9s%9s%9s\n", Grouped(group.servers),
                                Grouped(group.without_tls.a + group.without_tls.b),
                                Grouped(group.certificate), Grouped(group.version)));
    }
  }

  void AppendShares() {
    AppendText(&out_, "\n", absl::StrFormat("%-35s", "Shares of what is known"),
               Heading(PlaceOfTwo::kA), Heading(PlaceOfTwo::kB),
               absl::StrFormat("%8s%15s\n", "differ", "interval"));
    AppendSharesOf(Unit::kDomains);
    AppendSharesOf(Unit::kServers);
  }

  // A name in a column of nine, with a blank before it.
  std::string Heading(PlaceOfTwo place) const {
    constexpr size_t kColumns = 8;
    std::string name = Name(place);
    const auto columns = [&name] {
      return std::ranges::count_if(name, [](char c) { return (c & 0xc0) != 0x80; });
    };
    if (static_cast<size_t>(columns()) > kColumns) name = SanitizeText(name, kColumns - 1) + "…";
    return std::string(kColumns + 1 - static_cast<size_t>(columns()), ' ') + name;
  }

  void AppendSharesOf(Unit unit) {
    AppendText(&out_, unit == Unit::kDomains ? "Domains of which\n" : "Servers that\n");
    for (size_t m = 0; m < kMeasures; ++m) {
      const Measure measure = static_cast<Measure>(m);
      const std::string_view label = LabelOf(unit, measure);
      if (label.empty()) continue;
      const std::optional<MeasureChange>& change = report_.shares.Of(unit, measure);
      if (!change) {
        AppendText(&out_, absl::StrFormat("  %-33s%18s\n", ToAbsl(label), "not compared"));
        continue;
      }
      const Interval interval = change->ChangeInterval();
      AppendText(&out_,
                 absl::StrFormat(
                     "  %-33s%9s%9s%8s%15s%s\n", ToAbsl(label), SplitShareText(change->old_scan),
                     SplitShareText(change->new_scan), PointsText(PointsOf(*change)),
                     absl::StrFormat("%+.2f..%+.2f", 100 * interval.low, 100 * interval.high),
                     VerdictOf(*change) == Verdict::kNotTold ? "" : " *"));
    }
  }

  void AppendLegend() {
    AppendText(&out_,
               "\ndiffer: the second place less the first, of what both know, in percentage\n"
               "points; its interval holds 95 of 100 times, and excludes zero where * stands.\n"
               "Domains by cause: --list; all addresses, hosts and servers: --csv.\n"
               "docs/diff.md has every word.\n");
  }

  const PlacesReport& report_;
  std::string out_;
};

}  // namespace

std::string RenderPlaces(const PlacesReport& report) { return PlacesText(report).Render(); }

}  // namespace mxsweep::tools
