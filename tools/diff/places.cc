#include "tools/diff/places.h"

#include <algorithm>

#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxNameBytes = 200;

// Gathers the sentences.
class Conclusions {
 public:
  explicit Conclusions(const PlacesReport& report) : report_(report) {}

  std::vector<std::string> Find() {
    for (const PlaceOfTwo place : kBothPlaces) {
      for (const bool is_ipv6 : {false, true}) AddOwnNetwork(place, is_ipv6);
    }
    for (const PlaceOfTwo place : kBothPlaces) AddBlocked(place);
    for (const PlaceOfTwo place : kBothPlaces) AddTurnedAway(place);
    for (const PlaceOfTwo place : kBothPlaces) AddStripped(place);
    for (const PlaceOfTwo place : kBothPlaces) AddInterceptions(place);
    AddGeo();
    AddMachines();
    AddResolvers();
    if (sentences_.empty())
      sentences_.push_back("Nothing is to be concluded of any operator, network or resolver.");
    return std::move(sentences_);
  }

 private:
  const std::string& Here(PlaceOfTwo place) const { return report_.names[place]; }
  const std::string& There(PlaceOfTwo place) const { return report_.names[OtherThan(place)]; }

  template <typename... Parts>
  void Say(const Parts&... parts) {
    sentences_.push_back(JoinText(parts...));
  }

  void AddOwnNetwork(PlaceOfTwo place, bool is_ipv6) {
    const PlaceReach& reach = report_.reach.places[place];
    const FamilyReach& family = reach.family(is_ipv6);
    const uint64_t unreached = family.operators - family.reached;
    if (family.state() == FamilyReach::State::kWorks || unreached == 0) return;
    const std::string of =
        JoinText(Grouped(family.reached), " of ", Grouped(family.operators),
                 family.operators == 1 ? " operator" : " operators", " that answer ", There(place));
    const std::string_view ip = is_ipv6 ? "IPv6" : "IPv4";
    if (family.state() == FamilyReach::State::kFails) {
      Say("By ", ip, ", ", Here(place), " comes through to ", of,
          ": that is its own network or what filters it. Nothing is concluded of the others.");
    } else {
      Say("By ", ip, ", ", Here(place), " comes through to ", of,
          ": too few to tell whether its own network is at fault.");
    }
  }

  void AddBlocked(PlaceOfTwo place) {
    const std::vector<ReachGroup>& blocked = report_.reach.places[place].blocked;
    if (blocked.empty()) return;
    uint64_t addresses = 0;
    for (const ReachGroup& group : blocked) addresses += group.failed;
    Say("Blocked or filtered from ", Here(place), ": ", Grouped(addresses), " addresses of ",
        Grouped(blocked.size()),
        blocked.size() == 1 ? " operator or network" : " operators or networks", " that answer ",
        There(place), ", which is nearly all of each.");
  }

  void AddTurnedAway(PlaceOfTwo place) {
    const PlaceReach& reach = report_.reach.places[place];
    if (!reach.is_turned_away_widely) return;
    Say(Grouped(reach.turned_away_by), " unrelated operators turn ", Here(place),
        " away (5xx, EHLO refused) and let ", There(place),
        " in: its address, or its EHLO name, may be on a blocklist.");
  }

  void AddStripped(PlaceOfTwo place) {
    const PlaceTls& tls = report_.servers.places[place];
    if (!tls.is_stripped) return;
    std::string masked;
    if (tls.masked > 0) {
      masked = JoinText(" ", Grouped(tls.masked),
                        " servers have X's in place of keywords there, as "
                        "firewalls leave them.");
    }
    Say("From ", Here(place), ", TLS is missing at ", Grouped(tls.operators_without), " of ",
        Grouped(tls.operators), " unrelated operators that encrypt with ", There(place),
        ": something on the way near ", Here(place), " takes it out, not the servers.", masked);
  }

  void AddInterceptions(PlaceOfTwo place) {
    for (const Interception& one : report_.servers.places[place].interceptions) {
      const std::string what =
          one.is_certificate ? std::string("show one and the same certificate")
                             : JoinText("call themselves ", SanitizeText(one.name, kMaxNameBytes));
      Say("From ", Here(place), ", ", Grouped(one.servers), " servers of ", Grouped(one.operators),
          " unrelated operators ", what, ", and not from ", There(place),
          ": somebody else answers on the way.");
    }
  }

  void AddGeo() {
    const Names& hosts = report_.mx_hosts;
    if (hosts.geo() == 0) return;
    Say("Of ", Grouped(hosts.known()), " MX hosts that both looked up, ", Grouped(hosts.geo()),
        hosts.geo() == 1 ? " has" : " have",
        " other addresses by place (geo-DNS): with the same TLS ", Grouped(hosts.same_posture),
        ", with another one ", Grouped(hosts.other_posture), ", not known ",
        Grouped(hosts.geo() - hosts.same_posture - hosts.other_posture), ".");
  }

  void AddMachines() {
    const SameServers& servers = report_.servers;
    if (servers.certificate + servers.version == 0) return;
    Say("Of ", Grouped(servers.both_encrypt), " servers that encrypt with both, ",
        Grouped(servers.certificate), " show another certificate and ", Grouped(servers.version),
        " negotiate another version: several machines behind one address, or a change between the "
        "scans.");
  }

  void AddResolvers() {
    if (report_.validates.a != report_.validates.b) {
      const PlaceOfTwo place = report_.validates.a ? PlaceOfTwo::kA : PlaceOfTwo::kB;
      Say("Only the resolver at ", Here(place),
          " validates DNSSEC: what DANE there is is not known "
          "from ",
          There(place), ", which is not that there is none.");
    }
    for (const PlaceOfTwo place : kBothPlaces) {
      const uint64_t failed = report_.domains.failed_lookups[place];
      if (failed == 0) continue;
      Say("From ", Here(place), ", the look-up of ", Grouped(failed), " of ",
          Grouped(report_.domains.both), " domains failed that ", There(place),
          " knows: its resolver's trouble, or the way to theirs; they count as not known.");
    }
  }

  const PlacesReport& report_;
  std::vector<std::string> sentences_;
};

}  // namespace

absl::Status ComparePlaces(const ScanFacts& a, const ScanFacts& b, PlacesSink* sink,
                           PlacesReport* report) {
  report->validates = {a.validates(), b.validates()};
  const std::array<bool, kMeasures>& incomparable = report->circumstances->incomparable;
  absl::Status status = Compare(
      a, b, incomparable, [](const DomainChange&) { return absl::OkStatus(); }, &report->shares);
  if (!status.ok()) return status;
  status = CompareReach(
      a, b, [&](const AddressByPlace& address) { return sink->TakeAddress(address); },
      &report->reach);
  if (!status.ok()) return status;
  const auto take_host = [&](const HostByPlace& host) {
    if (IsGeoAnswer(host.answer) && report->geo_hosts.size() < report->top) {
      report->geo_hosts.push_back(
          {std::string(host.host), host.answer, host.alone, host.posture, host.only});
    }
    return sink->TakeHost(host);
  };
  status = CompareNames(a, b, take_host, &report->mx_hosts);
  if (!status.ok()) return status;
  const auto take_server = [&](const ServerByPlace& server) {
    if (server.difference == ServerDifference::kNoTls &&
        report->servers_without_tls.size() < report->top) {
      report->servers_without_tls.push_back(
          {std::string(server.host), std::string(server.address), server.lacks});
    }
    return sink->TakeServer(server);
  };
  status = CompareSameServers(a, b, take_server, &report->servers);
  if (!status.ok()) return status;
  return CompareDomains(
      a, b, report->reach, incomparable,
      [&](const DomainByPlace& domain) { return sink->TakeDomain(domain); }, &report->domains);
}

std::vector<std::string> ConclusionsOf(const PlacesReport& report) {
  return Conclusions(report).Find();
}

}  // namespace mxsweep::tools
