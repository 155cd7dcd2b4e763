// What two scans from different places are taken to say: each world is made so that it is known
// what is in the way of whom.
#include "tools/diff/places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "tests/tools/diff/two_places.h"
#include "tests/tools/survey/survey_command.h"
#include "tools/diff/place_words.h"

namespace mxsweep::tools {
namespace {

using output::EndpointRow;
using ::testing::AllOf;
using testing::AsItIs;
using testing::Change;
using ::testing::ElementsAre;
using testing::Ends;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MadeUpDomain;
using ::testing::Not;
using ::testing::Pair;
using testing::TwoPlaces;
using ::testing::UnorderedElementsAre;

const Change kRefuses = Ends("connect_refused", "connect");
const Change kTimesOut = Ends("connect_timeout", "connect");
const Change kRejects = Ends("greeting_5xx", "greeting");
const Change kNoStartTls = Ends("no_starttls", "ehlo");

// What is told while places are compared, by name.
class Told : public PlacesSink {
 public:
  absl::Status TakeDomain(const DomainByPlace& domain) override {
    domains[std::string(domain.domain)] = DomainCauseWord(domain.cause);
    return absl::OkStatus();
  }
  absl::Status TakeAddress(const AddressByPlace& address) override {
    addresses[std::string(address.address)] = AddressFateWord(address.fate);
    return absl::OkStatus();
  }
  absl::Status TakeHost(const HostByPlace& host) override {
    hosts[std::string(host.host)] =
        std::string(NameAnswerWord(host.answer)) + " " + std::string(SamePostureWord(host.posture));
    return absl::OkStatus();
  }
  absl::Status TakeServer(const ServerByPlace& server) override {
    servers[std::string(server.host)] = ServerDifferenceWord(server.difference);
    return absl::OkStatus();
  }

  std::map<std::string, std::string> domains, addresses, hosts, servers;
};

class PlacesTest : public ::testing::Test {
 protected:
  PlacesTest() : world_(folder_.Path("a"), folder_.Path("b")) {}

  struct Found : PlacesReport {
    Circumstances circumstances_of;
    Told told;
    std::string conclusions;
  };

  // With `exchanged`, the places are.
  std::unique_ptr<Found> Compare(bool exchanged = false) {
    if (!finished_) world_.Finish();
    finished_ = true;
    const auto a = output::ScanDirectory::Open(folder_.Path(exchanged ? "b" : "a"));
    const auto b = output::ScanDirectory::Open(folder_.Path(exchanged ? "a" : "b"));
    EXPECT_TRUE(a.ok() && b.ok());
    auto found = std::make_unique<Found>();
    found->names = PlaceNamesOf(*a, *b);
    found->circumstances_of = CircumstancesByPlace(*a, *b, found->names);
    found->circumstances = &found->circumstances_of;
    facts_.push_back(*ScanFacts::Read(*a, ScanFacts::Detail::kByPlace));
    facts_.push_back(*ScanFacts::Read(*b, ScanFacts::Detail::kByPlace));
    const absl::Status status =
        ComparePlaces(facts_[facts_.size() - 2], facts_.back(), &found->told, found.get());
    EXPECT_TRUE(status.ok()) << status;
    found->conclusions = absl::StrJoin(ConclusionsOf(*found), "\n");
    return found;
  }

  Folder folder_;
  TwoPlaces world_;
  bool finished_ = false;
  std::deque<ScanFacts> facts_;
};

const std::vector<std::string> kFour = {"192.0.2.1", "192.0.2.2", "203.0.113.1", "203.0.113.2"};

TEST_F(PlacesTest, FindsNothingWhereNothingDiffers) {
  world_.AddSeveral("o", 10, AsItIs);
  const auto found = Compare();
  EXPECT_THAT(found->told.domains, IsEmpty());
  EXPECT_THAT(found->told.hosts, IsEmpty());
  EXPECT_THAT(found->told.servers, IsEmpty());
  EXPECT_EQ(found->reach.both, 10u);
  EXPECT_EQ(found->conclusions, "Nothing is to be concluded of any operator, network or resolver.");
}

TEST_F(PlacesTest, AnOperatorOfWhichAllAddressesFailFromOnePlaceBlocksOrIsFiltered) {
  world_.AddSeveral("o", 8, AsItIs);
  world_.Add("wall.example", kFour, kRefuses);
  const auto found = Compare();
  const PlaceReach& from_a = found->reach.places.a;
  EXPECT_EQ(from_a.tried, 12u);
  EXPECT_EQ(from_a.answered, 8u);
  EXPECT_EQ(from_a.failed[static_cast<size_t>(Ending::kRefused)], 4u);
  ASSERT_EQ(from_a.blocked.size(), 1u);  // and not its networks once more
  EXPECT_EQ(from_a.blocked[0].name, "wall.example");
  EXPECT_EQ(from_a.blocked[0].failed, 4u);
  EXPECT_EQ(from_a.blocked[0].tried, 4u);
  EXPECT_EQ(from_a.blocked[0].how, Ending::kRefused);
  EXPECT_THAT(from_a.blocked[0].addresses,
              ElementsAre("192.0.2.1", "192.0.2.2", "203.0.113.1", "203.0.113.2"));
  EXPECT_THAT(found->reach.places.b.blocked, IsEmpty());
  EXPECT_THAT(found->told.domains, ElementsAre(Pair("wall.example", "reached_only_from_b")));
  EXPECT_EQ(found->told.addresses["192.0.2.1"], "blocked");
  EXPECT_THAT(found->conclusions,
              HasSubstr("Blocked or filtered from frankfurt: 4 addresses of 1"));
}

// A firewall before several operators: told once, by the network.
TEST_F(PlacesTest, ANetworkOfSeveralOperatorsIsToldAsOne) {
  world_.AddSeveral("o", 8, AsItIs);
  for (int i = 1; i <= 4; ++i) {
    world_.Add("n" + std::to_string(i) + ".example", {"192.0.2." + std::to_string(i)}, kTimesOut);
  }
  const auto found = Compare();
  const auto& blocked = found->reach.places.a.blocked;
  ASSERT_EQ(blocked.size(), 1u);
  EXPECT_EQ(blocked[0].name, "192.0.2.0/24");
  EXPECT_TRUE(blocked[0].is_network);
  EXPECT_EQ(blocked[0].how, Ending::kNoReply);
}

TEST_F(PlacesTest, OneServersTroubleIsNoBlocking) {
  world_.AddSeveral("o", 8, AsItIs);
  world_.AddSeveral("x", 2, kTimesOut);
  world_.AddSeveral("y", 1, AsItIs, kRejects);
  const auto found = Compare();
  EXPECT_THAT(found->reach.places.a.blocked, IsEmpty());
  EXPECT_EQ(found->reach.places.a.single_addresses, 2u);
  EXPECT_EQ(found->reach.places.a.single_operators, 2u);
  EXPECT_EQ(found->reach.places.b.single_addresses, 1u);
  EXPECT_THAT(found->told.domains, ElementsAre(Pair("x1.example", "reached_only_from_b"),
                                               Pair("x2.example", "reached_only_from_b"),
                                               Pair("y1.example", "reached_only_from_a")));
  EXPECT_THAT(found->conclusions, Not(HasSubstr("locked")));
}

TEST_F(PlacesTest, HalfOfAnOperatorsServersIsNoBlocking) {
  world_.AddSeveral("o", 8, AsItIs);
  world_.Add("half.example", {"192.0.2.1", "192.0.2.2", "203.0.113.1", "203.0.113.2"},
             [](EndpointRow& row) {
               if (row.address == "192.0.2.1" || row.address == "203.0.113.1") kTimesOut(row);
             });
  const auto found = Compare();
  EXPECT_THAT(found->reach.places.a.blocked, IsEmpty());
  EXPECT_EQ(found->reach.places.a.single_addresses, 2u);
  EXPECT_THAT(found->told.domains, IsEmpty());  // the others answer
}

TEST_F(PlacesTest, SeveralWaysToFailAreToldAsSuch) {
  world_.AddSeveral("o", 8, AsItIs);
  world_.Add("wall.example", kFour, [](EndpointRow& row) {
    (row.address.starts_with("192.") ? kTimesOut : kRejects)(row);
  });
  const auto found = Compare();
  ASSERT_EQ(found->reach.places.a.blocked.size(), 1u);
  EXPECT_EQ(found->reach.places.a.blocked[0].how, Ending::kNotKnown);
}

// Our own network is not theirs: where nearly nobody is come through to, nobody is blamed.
TEST_F(PlacesTest, AnOutageOfOursIsNobodysBlocking) {
  world_.AddSeveral("o", 12, kTimesOut);
  world_.AddSeveral("p", 2, AsItIs);
  world_.Add("large.example", kFour, kTimesOut);
  const auto found = Compare();
  const PlaceReach& from_a = found->reach.places.a;
  EXPECT_EQ(from_a.families[0].operators, 15u);
  EXPECT_EQ(from_a.families[0].reached, 2u);
  EXPECT_EQ(from_a.families[0].state(), FamilyReach::State::kFails);
  EXPECT_THAT(from_a.blocked, IsEmpty());
  EXPECT_EQ(from_a.own_network, 16u);
  EXPECT_EQ(from_a.single_addresses, 0u);
  EXPECT_EQ(found->told.addresses["192.0.2.1"], "own_network");
  EXPECT_EQ(found->told.domains["large.example"], "not_known_from_a");
  EXPECT_EQ(found->domains.causes.size(), 2u);  // not known, and the same
  EXPECT_THAT(found->conclusions,
              AllOf(HasSubstr("comes through to 2 of 15 operators"), Not(HasSubstr("Blocked"))));
}

TEST_F(PlacesTest, APlaceWithoutIpv6IsOurs) {
  const auto no_ipv6 = [](const Change& how) {
    return [how](EndpointRow& row) {
      if (row.address.find(':') != row.address.npos) how(row);
    };
  };
  for (int i = 1; i <= 10; ++i) {
    const std::string n = std::to_string(i);
    world_.Add("o" + n + ".example", {"198.51." + n + ".1", "2001:db8:" + n + "::1"},
               no_ipv6(kTimesOut));
  }
  world_.Add("known.example", {"192.0.2.1", "2001:db8:f::1"},
             no_ipv6(Ends("not_asked_no_route", "gate")));
  const auto found = Compare();
  const PlaceReach& from_a = found->reach.places.a;
  EXPECT_EQ(from_a.families[0].state(), FamilyReach::State::kWorks);
  EXPECT_EQ(from_a.families[1].state(), FamilyReach::State::kFails);
  EXPECT_EQ(from_a.own_network, 10u);
  EXPECT_THAT(from_a.blocked, IsEmpty());
  EXPECT_EQ(found->reach.not_known, 1u);  // of which we know that it is ours
  EXPECT_THAT(found->told.domains, IsEmpty());
}

TEST_F(PlacesTest, TooFewOperatorsTellNothingOfOurNetwork) {
  world_.AddSeveral("o", 3, AsItIs);
  world_.Add("wall.example", kFour, kRefuses);
  const auto found = Compare();
  EXPECT_EQ(found->reach.places.a.families[0].state(), FamilyReach::State::kNotTold);
  EXPECT_THAT(found->reach.places.a.blocked, IsEmpty());
  EXPECT_THAT(found->conclusions, HasSubstr("too few to tell"));
}

TEST_F(PlacesTest, ManyOperatorsThatTurnOnePlaceAwayDoNotLikeItsAddress) {
  world_.AddSeveral("o", 12, AsItIs);
  world_.AddSeveral("r", 7, kRejects);
  const auto found = Compare();
  EXPECT_EQ(found->reach.places.a.turned_away_by, 7u);
  EXPECT_TRUE(found->reach.places.a.is_turned_away_widely);
  EXPECT_FALSE(found->reach.places.b.is_turned_away_widely);
  EXPECT_THAT(found->conclusions, HasSubstr("7 unrelated operators turn frankfurt away"));
}

// As often from the other place: greylisting, load, chance.
TEST_F(PlacesTest, TurningAwayBothIsNoMatterOfPlace) {
  world_.AddSeveral("o", 12, AsItIs);
  world_.AddSeveral("r", 7, kRejects);
  world_.AddSeveral("s", 6, AsItIs, kRejects);
  const auto found = Compare();
  EXPECT_FALSE(found->reach.places.a.is_turned_away_widely);
  EXPECT_FALSE(found->reach.places.b.is_turned_away_widely);
}

// Customers of one provider at one network are one.
TEST_F(PlacesTest, CustomersAtOneNetworkAreOneOperator) {
  world_.AddSeveral("o", 12, AsItIs);
  for (int i = 1; i <= 20; ++i) {
    world_.Add("customer" + std::to_string(i) + ".example", {"192.0.2." + std::to_string(i)},
               kNoStartTls);
  }
  const auto found = Compare();
  EXPECT_EQ(found->servers.places.a.no_starttls, 20u);
  EXPECT_EQ(found->servers.places.a.operators_without, 1u);
  EXPECT_FALSE(found->servers.places.a.is_stripped);
}

// Names.
class NamesTest : public PlacesTest {
 protected:
  // One MX host, with other addresses by place.
  void AddHost(const std::string& name, const std::vector<std::string>& from_a,
               const std::vector<std::string>& from_b, const Change& change_a = AsItIs) {
    world_.a.Add(TwoPlaces::Made(name, from_a, change_a));
    world_.b.Add(TwoPlaces::Made(name, from_b, AsItIs));
  }
};

TEST_F(NamesTest, OtherNetworksAreGeoDnsAndOneNetworkIsAPool) {
  world_.AddSeveral("o", 8, AsItIs);
  AddHost("geo.example", {"192.0.2.1"}, {"203.0.113.1"});
  AddHost("partly.example", {"192.0.2.1", "192.0.3.1"}, {"192.0.2.1", "192.0.4.1"});
  AddHost("pool.example", {"192.0.2.5"}, {"192.0.2.6"});
  AddHost("worse.example", {"192.0.5.1"}, {"192.0.6.1"}, kNoStartTls);
  AddHost("silent.example", {"192.0.7.1"}, {"192.0.8.1"}, kTimesOut);
  const auto found = Compare();
  EXPECT_THAT(found->told.hosts,
              UnorderedElementsAre(Pair("mx.geo.example", "other_networks same"),
                                   Pair("mx.partly.example", "other_networks same"),
                                   Pair("mx.pool.example", "same_networks same"),
                                   Pair("mx.worse.example", "other_networks other"),
                                   Pair("mx.silent.example", "other_networks not_known")));
  EXPECT_EQ(found->mx_hosts.hosts, 13u);
  EXPECT_EQ(found->mx_hosts.geo(), 4u);
  EXPECT_EQ(found->mx_hosts.same_posture, 2u);
  EXPECT_EQ(found->mx_hosts.other_posture, 1u);
  EXPECT_EQ(found->told.domains["geo.example"], "addresses_differ");
  EXPECT_EQ(found->told.domains["worse.example"], "tls_only_from_b");
  EXPECT_FALSE(found->told.domains.contains("pool.example"));
  ASSERT_EQ(found->geo_hosts.size(), 4u);
  EXPECT_EQ(found->geo_hosts[0].host, "mx.geo.example");
  EXPECT_THAT(found->geo_hosts[0].only.a, ElementsAre("192.0.2.1"));
  EXPECT_THAT(found->geo_hosts[0].only.b, ElementsAre("203.0.113.1"));
  EXPECT_THAT(found->conclusions, HasSubstr("Of 13 MX hosts that both looked up, 4 have other"));
}

TEST_F(NamesTest, OneFamilyOrAllAddressesFromOnePlaceAlone) {
  world_.AddSeveral("o", 8, AsItIs);
  AddHost("six.example", {"192.0.2.1"}, {"192.0.2.1", "2001:db8::1"});
  AddHost("gone.example", {}, {"192.0.3.1"});
  const auto found = Compare();
  EXPECT_THAT(found->told.hosts,
              UnorderedElementsAre(Pair("mx.six.example", "one_family same"),
                                   Pair("mx.gone.example", "one_alone not_known")));
  EXPECT_EQ(found->mx_hosts.family_alone.b, 1u);
  EXPECT_EQ(found->mx_hosts.alone.b, 1u);
}

// A look-up that failed says nothing of what there is.
TEST_F(NamesTest, FailedLookUpsAreNotKnown) {
  world_.AddSeveral("o", 8, AsItIs);
  MadeUpDomain failed = TwoPlaces::Made("fails.example", {}, AsItIs);
  failed.rows().hosts[0].address_status = "servfail";
  failed.rows().hosts[0].ipv4_status = "servfail";
  failed.rows().hosts[0].ipv6_status = "servfail";
  world_.a.Add(std::move(failed));
  world_.b.Add(TwoPlaces::Made("fails.example", {"192.0.2.1"}, AsItIs));
  // Of the other family it is known, and that is the same.
  MadeUpDomain half = TwoPlaces::Made("half.example", {"192.0.3.1"}, AsItIs);
  half.rows().hosts[0].ipv6_status = "timeout";
  world_.a.Add(std::move(half));
  world_.b.Add(TwoPlaces::Made("half.example", {"192.0.3.1", "2001:db8::1"}, AsItIs));
  const auto found = Compare();
  EXPECT_THAT(found->told.hosts, IsEmpty());
  EXPECT_EQ(found->mx_hosts.Of(NameAnswer::kNotKnown), 1u);
  EXPECT_EQ(found->told.domains["fails.example"], "not_known_from_a");
}

TEST_F(NamesTest, DomainsThatAreAnsweredOtherwise) {
  world_.AddSeveral("o", 8, AsItIs);
  const auto with_mail = [](const std::string& name, const std::string& status) {
    MadeUpDomain domain(name);
    domain.domain().mx_status = status;
    domain.domain().mx.reset();
    return domain;
  };
  world_.a.Add(with_mail("censored.example", "nxdomain"));
  world_.b.Add(TwoPlaces::Made("censored.example", {"192.0.2.1"}, AsItIs));
  world_.a.Add(with_mail("broken.example", "servfail"));
  world_.b.Add(TwoPlaces::Made("broken.example", {"192.0.3.1"}, AsItIs));
  world_.a.Add(with_mail("nowhere.example", "nxdomain"));
  world_.b.Add(with_mail("nowhere.example", "nxdomain"));
  MadeUpDomain moved = TwoPlaces::Made("moved.example", {"192.0.4.1"}, AsItIs);
  moved.domain().mx->front().host = moved.rows().hosts[0].host = moved.rows().endpoints[0].host =
      "eu.moved.example";
  world_.a.Add(std::move(moved));
  world_.b.Add(TwoPlaces::Made("moved.example", {"192.0.4.1"}, AsItIs));
  world_.b.Add(TwoPlaces::Made("added.example", {"192.0.5.1"}, AsItIs));
  const auto found = Compare();
  EXPECT_THAT(found->told.domains,
              UnorderedElementsAre(Pair("censored.example", "mail_only_from_b"),
                                   Pair("broken.example", "not_known_from_a"),
                                   Pair("moved.example", "mx_differs"),
                                   Pair("added.example", "in_list_b_only")));
  EXPECT_EQ(found->domains.both, 12u);
  EXPECT_EQ(found->domains.failed_lookups.a, 1u);
  EXPECT_EQ(found->domains.failed_lookups.b, 0u);
  EXPECT_THAT(found->conclusions, HasSubstr("the look-up of 1 of 12 domains failed"));
}

// Servers.
TEST_F(PlacesTest, SeveralMachinesBehindOneAddress) {
  world_.AddSeveral("o", 8, AsItIs);
  world_.Add("cert.example", {"192.0.2.1"}, [](EndpointRow& row) { row.chain_sha256 = {"other"}; });
  world_.Add("version.example", {"192.0.3.1"},
             [](EndpointRow& row) { row.tls_version = "TLSv1.2"; });
  const auto found = Compare();
  EXPECT_THAT(found->told.servers, UnorderedElementsAre(Pair("mx.cert.example", "certificate"),
                                                        Pair("mx.version.example", "version")));
  EXPECT_EQ(found->servers.both_encrypt, 10u);
  EXPECT_EQ(found->servers.certificate, 1u);
  EXPECT_EQ(found->servers.version, 1u);
  EXPECT_EQ(found->told.domains["version.example"], "posture_differs");
  EXPECT_FALSE(found->told.domains.contains("cert.example"));
}

TEST_F(PlacesTest, StartTlsMissingAtManyUnrelatedOperatorsIsTakenOutOnTheWay) {
  world_.AddSeveral("o", 12, AsItIs);
  world_.AddSeveral("s", 8, [](EndpointRow& row) {
    kNoStartTls(row);
    row.ehlo_keywords = {"PIPELINING", "XXXXXXXA"};
  });
  const auto found = Compare();
  const PlaceTls& from_a = found->servers.places.a;
  EXPECT_EQ(from_a.compared, 20u);
  EXPECT_EQ(from_a.operators, 20u);
  EXPECT_EQ(from_a.no_starttls, 8u);
  EXPECT_EQ(from_a.masked, 8u);
  EXPECT_EQ(from_a.operators_without, 8u);
  EXPECT_TRUE(from_a.is_stripped);
  EXPECT_FALSE(found->servers.places.b.is_stripped);
  EXPECT_THAT(found->conclusions, AllOf(HasSubstr("TLS is missing at 8 of 20 unrelated operators"),
                                        HasSubstr("8 servers have X's")));
  EXPECT_EQ(found->told.domains["s1.example"], "tls_only_from_b");
}

TEST_F(PlacesTest, AFewServersWithoutStartTlsAreThoseServers) {
  world_.AddSeveral("o", 12, AsItIs);
  world_.AddSeveral("s", 4, kNoStartTls);
  const auto found = Compare();
  EXPECT_EQ(found->servers.places.a.no_starttls, 4u);
  EXPECT_FALSE(found->servers.places.a.is_stripped);
  EXPECT_THAT(found->conclusions, Not(HasSubstr("on the way")));
}

// Too many for chance, and yet not the way to all: six of a hundred.
TEST_F(PlacesTest, SixOfAHundredOperatorsAreNotTheWayToAll) {
  world_.AddSeveral("o", 94, AsItIs);
  world_.AddSeveral("s", 6, kNoStartTls);
  EXPECT_FALSE(Compare()->servers.places.a.is_stripped);
}

TEST_F(PlacesTest, OneNameForManyOperatorsIsSomebodyOnTheWay) {
  world_.AddSeveral("o", 8, AsItIs);
  world_.AddSeveral("i", 6, [](EndpointRow& row) {
    row.greeting = "220 relay.isp.example ESMTP";
    row.chain_sha256 = {"leaf of the relay"};
  });
  const auto found = Compare();
  const auto& found_at_a = found->servers.places.a.interceptions;
  ASSERT_EQ(found_at_a.size(), 2u);
  for (const Interception& one : found_at_a) {
    EXPECT_EQ(one.servers, 6u);
    EXPECT_EQ(one.operators, 6u);
  }
  EXPECT_NE(found_at_a[0].is_certificate, found_at_a[1].is_certificate);
  EXPECT_THAT(found->servers.places.b.interceptions, IsEmpty());
  EXPECT_THAT(found->conclusions, HasSubstr("call themselves relay.isp.example"));
}

// A hoster's machines have one name for all its customers, from anywhere.
TEST_F(PlacesTest, OneNameFromBothPlacesIsAHoster) {
  world_.AddSeveral("o", 8, AsItIs);
  const Change hosted = [](EndpointRow& row) { row.greeting = "220 hoster.example ESMTP"; };
  world_.AddSeveral("i", 9, hosted, hosted);
  EXPECT_THAT(Compare()->servers.places.a.interceptions, IsEmpty());
}

TEST_F(PlacesTest, AGreetingThatTurnsAwayIsNoName) {
  world_.AddSeveral("o", 8, AsItIs);
  world_.AddSeveral("i", 9, [](EndpointRow& row) {
    kRejects(row);
    row.greeting = "554 5.7.1 Go away";
  });
  EXPECT_THAT(Compare()->servers.places.a.interceptions, IsEmpty());
}

// Resolvers.
TEST(PlacesResolverTest, DaneIsUnknownWhereNobodyValidates) {
  Folder folder;
  testing::MadeUpScan a(folder.Path("a"), /*validates=*/false), b(folder.Path("b"));
  for (auto* scan : {&a, &b}) {
    for (int i = 1; i <= 6; ++i) {
      MadeUpDomain domain =
          TwoPlaces::Made("o" + std::to_string(i) + ".example", {"192.0.2.1"}, AsItIs);
      domain.domain().dane_status = scan == &a ? "unknown" : "full";
      scan->Add(std::move(domain));
    }
    scan->Finish();
  }
  const auto at_a = output::ScanDirectory::Open(folder.Path("a"));
  const auto at_b = output::ScanDirectory::Open(folder.Path("b"));
  PlacesReport report;
  report.names = PlaceNamesOf(*at_a, *at_b);
  EXPECT_EQ(report.names.a, "place 1");
  const Circumstances circumstances = CircumstancesByPlace(*at_a, *at_b, report.names);
  report.circumstances = &circumstances;
  const auto facts_a = ScanFacts::Read(*at_a, ScanFacts::Detail::kByPlace);
  const auto facts_b = ScanFacts::Read(*at_b, ScanFacts::Detail::kByPlace);
  Told told;
  ASSERT_TRUE(ComparePlaces(*facts_a, *facts_b, &told, &report).ok());
  EXPECT_THAT(told.domains, IsEmpty());  // none has lost DANE
  EXPECT_EQ(report.domains.dane_only.b, 6u);
  EXPECT_EQ(report.domains.dane_both, 0u);
  EXPECT_FALSE(report.shares.Of(Unit::kDomains, Measure::kDane).has_value());
  EXPECT_THAT(absl::StrJoin(ConclusionsOf(report), "\n"),
              HasSubstr("Only the resolver at place 2 validates DNSSEC"));
}

TEST_F(PlacesTest, SaysWhatTimeLiesBetween) {
  world_.AddSeveral("o", 3, AsItIs);
  world_.b.scan()["started_at"] = "2026-11-04T05:06:07Z";
  world_.b.scan()["options"]["retries"] = 0;
  world_.a.scan()["options"]["retries"] = 1;
  const std::string remarks = absl::StrJoin(Compare()->circumstances_of.remarks, "\n");
  EXPECT_THAT(remarks, AllOf(HasSubstr("The two scans began 3 days 5 hours apart."),
                             HasSubstr("--retries is 1 at frankfurt and 0 at tokyo"),
                             Not(HasSubstr("--vantage")), Not(HasSubstr(" was "))));
}

// Which place was named first changes nothing but the names.
TEST_F(PlacesTest, IsTheSameTheOtherWayRound) {
  world_.AddSeveral("o", 8, AsItIs);
  world_.Add("wall.example", kFour, kRefuses);
  world_.AddSeveral("s", 7, kNoStartTls);
  world_.AddSeveral("r", 2, AsItIs, kRejects);
  const auto one = Compare();
  const auto other = Compare(/*exchanged=*/true);
  EXPECT_EQ(one->reach.places.a.failed, other->reach.places.b.failed);
  EXPECT_EQ(one->reach.places.b.failed, other->reach.places.a.failed);
  ASSERT_EQ(other->reach.places.b.blocked.size(), 1u);
  EXPECT_EQ(other->reach.places.b.blocked[0].addresses, one->reach.places.a.blocked[0].addresses);
  EXPECT_TRUE(one->servers.places.a.is_stripped);
  EXPECT_TRUE(other->servers.places.b.is_stripped);
  EXPECT_EQ(other->told.domains["wall.example"], "reached_only_from_a");
  EXPECT_EQ(one->domains.causes.size(), other->domains.causes.size());
  EXPECT_EQ(one->conclusions, other->conclusions);
}

TEST(EndingTest, FollowsFromOutcomeAndStage) {
  const auto of = [](const std::string& outcome, const std::string& stage) {
    EndpointRow row;
    row.outcome = outcome;
    row.stage = stage;
    return std::string(EndingWord(EndingOf(row)));
  };
  EXPECT_EQ(of("tls_ok", "done"), "answers");
  EXPECT_EQ(of("reset", "handshake"), "answers");
  EXPECT_EQ(of("reset", "ehlo"), "broken_off");
  EXPECT_EQ(of("command_timeout", "starttls"), "answers");
  EXPECT_EQ(of("command_timeout", "ehlo"), "silent");
  EXPECT_EQ(of("greeting_5xx", "greeting"), "rejected");
  EXPECT_EQ(of("throttled_421", "gate"), "deferred");
  EXPECT_EQ(of("not_asked_no_route", "gate"), "no_route");
  EXPECT_EQ(of("blocked", "gate"), "not_asked");  // by our own blocklist
  EXPECT_EQ(of("local_no_descriptors", "connect"), "our_trouble");
  EXPECT_EQ(of("something_new", "connect"), std::string(EndingWord(Ending::kNotKnown)));
  EXPECT_FALSE(IsFailure(Ending::kNotKnown));
}

TEST(EndingTest, KnowsWhatFirewallsWriteOver) {
  EndpointRow row;
  EXPECT_FALSE(MasksKeywords(row));
  row.ehlo_keywords = {"PIPELINING", "XCLIENT NAME", "X", "XXX"};
  EXPECT_FALSE(MasksKeywords(row));
  row.ehlo_keywords->push_back("XXXXXXXA");
  EXPECT_TRUE(MasksKeywords(row));
  row.greeting = "220 mx.example.org ESMTP ready";
  EXPECT_EQ(GreeterOf(row), "mx.example.org");
  row.greeting = "220-  mx.example.org\r\n220 ready";
  EXPECT_EQ(GreeterOf(row), "mx.example.org");
  row.greeting = "220";
  EXPECT_EQ(GreeterOf(row), "");
}

}  // namespace
}  // namespace mxsweep::tools
