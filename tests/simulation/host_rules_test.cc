// What becomes of an MX host whose addresses cannot be looked up, or not be asked, for reasons of
// ours or in passing: through the tasks of a scan.
#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "output/tables/tables.h"
#include "tests/simulation/simulated_scan.h"

namespace mxsweep::scanner::simulation {
namespace {

using output::DomainRow;
using output::EndpointRow;
using output::MxHostRow;

constexpr char kIpv6[] = "2a07:1::1";

// One domain with one host, whose server is good.
World OneHost() { return World::Uniform(Manner::kGood, 1); }

// … which has an IPv6 address, too.
World TwoFamilies() {
  World world = OneHost();
  world.servers[kIpv6] = world.servers.begin()->second;
  world.hosts[0].addresses.push_back(kIpv6);
  return world;
}

ScanResult ScanOf(const World& world, const ScanSettings& settings = {}) {
  ScanResult result = Scan(world, settings);
  EXPECT_TRUE(result.ended);
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_TRUE(result.complaints.empty()) << result.complaints.front();
  return result;
}

TEST(HostRules, TroubleOfOursIsTriedAgainAndSaysNothingOfTheHost) {
  World world = OneHost();
  world.hosts[0].passing_failures = 1;
  world.hosts[0].passing_status = dns::ResponseStatus::kLocalError;
  const ScanResult healed = ScanOf(world, {.retries = 1});
  ASSERT_EQ(healed.All<MxHostRow>().size(), 1u);
  EXPECT_EQ(healed.All<MxHostRow>()[0]->address_status, "ok");
  ASSERT_EQ(healed.All<EndpointRow>().size(), 1u);
  EXPECT_EQ(healed.All<EndpointRow>()[0]->outcome, "tls_ok");

  const ScanResult given_up = ScanOf(world, {.retries = 0});
  ASSERT_EQ(given_up.All<MxHostRow>().size(), 1u);
  EXPECT_EQ(given_up.All<MxHostRow>()[0]->ipv4_status, "local_error");
  const DomainRow& domain = *given_up.All<DomainRow>()[0];
  EXPECT_EQ(domain.diagnosis, "local_error");
  EXPECT_FALSE(domain.endpoint_count) << "not one address is known";
}

// A domain is judged alike whether its server was met for it or for others before.
TEST(HostRules, AGreetingThatOthersMetCountsForWhoeverIsToldOfIt) {
  for (const Manner manner : {Manner::kGreeting5xx, Manner::kRefused, Manner::kSilent}) {
    World world = World::Uniform(manner, 5);
    for (WorldHost& host : world.hosts) host.addresses = world.hosts[0].addresses;
    const ScanResult result = ScanOf(world, {.retries = 0});
    const auto endpoints = result.All<EndpointRow>();
    EXPECT_TRUE(std::ranges::any_of(endpoints, &EndpointRow::inferred));
    ASSERT_EQ(result.All<DomainRow>().size(), 5u);
    for (const DomainRow* row : result.All<DomainRow>()) {
      EXPECT_EQ(row->diagnosis, manner == Manner::kGreeting5xx ? "smtp_failed" : "unreachable")
          << row->domain;
    }
  }
}

// SERVFAIL is the host's own word, and not asked for again within its turn.
TEST(HostRules, AFailedLookUpOfTheHostIsNotTriedAgainAtOnce) {
  World world = OneHost();
  world.hosts[0].passing_failures = 1;
  const ScanResult result = ScanOf(world, {.retries = 2});
  ASSERT_EQ(result.All<MxHostRow>().size(), 1u);
  EXPECT_EQ(result.All<MxHostRow>()[0]->address_status, "servfail");
  EXPECT_EQ(result.All<DomainRow>()[0]->diagnosis, "dns_error");
}

// A failure that may pass answers for the host for five minutes. Who names it later has it asked
// again: the later row supersedes the earlier one, and each domain is told what held in its time.
TEST(HostRules, AHostWhoseFailureHasPassedHasALaterRow) {
  World world = OneHost();
  world.hosts[0].passing_failures = 1;
  for (const int64_t delay_s : {200, 400}) {
    WorldDomain later = world.domains[0];
    later.name = "later" + std::to_string(delay_s) + ".example";
    later.mx_delay_ns = delay_s * kSecond;
    Target target = world.targets[0];
    target.name = later.name;
    world.domains.push_back(later);
    world.targets.push_back(target);
  }
  const ScanResult result = ScanOf(world);
  const auto hosts = result.All<MxHostRow>();
  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_EQ(hosts[0]->address_status, "servfail");
  EXPECT_EQ(hosts[1]->address_status, "ok");
  EXPECT_GE(hosts[1]->started_at - hosts[0]->started_at, absl::Minutes(5));
  EXPECT_EQ(result.All<EndpointRow>().size(), 1u);
  const auto diagnosis = [&result](const std::string& name) {
    for (const DomainRow* row : result.All<DomainRow>()) {
      if (row->domain == name) return row->diagnosis;
    }
    return std::string("no row");
  };
  EXPECT_EQ(diagnosis(world.domains[0].name), "dns_error");
  EXPECT_EQ(diagnosis("later200.example"), "dns_error") << "the failure still answers";
  EXPECT_EQ(diagnosis("later400.example"), "ok");
}

// Two addresses, of which we have trouble with one, and a second domain that names the host when
// a failure that may pass is forgotten.
World NamedAgainLater(std::vector<Manner> manners) {
  World world = OneHost();
  world.servers["5.9.9.9"].script.manners = std::move(manners);
  world.servers["5.9.9.9"].script.chain = world.servers.begin()->second.script.chain;
  world.hosts[0].addresses.emplace_back("5.9.9.9");
  world.domains.push_back(world.domains[0]);
  world.domains[1].name = "later.example";
  world.domains[1].mx_delay_ns = 400 * kSecond;
  world.targets.push_back(world.targets[0]);
  world.targets[1].name = "later.example";
  return world;
}

// Nobody is asked twice: what we missed at one address is no reason to come to the others again.
TEST(HostRules, AHostOfWhichOneAddressWasMetIsNotAskedAgain) {
  const World world = NamedAgainLater({Manner::kNoDescriptors, Manner::kGood});
  const ScanResult result = ScanOf(world, {.retries = 0});
  EXPECT_EQ(result.All<MxHostRow>().size(), 1u);
  EXPECT_EQ(result.All<EndpointRow>().size(), 2u);
  ASSERT_EQ(result.All<DomainRow>().size(), 2u);
  for (const DomainRow* row : result.All<DomainRow>()) {
    EXPECT_EQ(row->endpoint_count, 2u);
    EXPECT_EQ(row->unknown_endpoint_count, 1u);
    EXPECT_EQ(row->diagnosis, "ok");
  }
}

TEST(HostRules, AHostThatWasNotMetForOurReasonsIsAskedAgain) {
  World world = NamedAgainLater({Manner::kNoDescriptors, Manner::kGood});
  world.hosts[0].addresses.erase(world.hosts[0].addresses.begin());
  const ScanResult result = ScanOf(world, {.retries = 0});
  EXPECT_EQ(result.All<MxHostRow>().size(), 2u);
  const auto endpoints = result.All<EndpointRow>();
  ASSERT_EQ(endpoints.size(), 2u);
  EXPECT_EQ(endpoints[0]->outcome, "local_no_descriptors");
  EXPECT_EQ(endpoints[1]->outcome, "tls_ok");
  ASSERT_EQ(result.All<DomainRow>().size(), 2u);
  EXPECT_EQ(result.All<DomainRow>()[0]->diagnosis, "local_error");
  EXPECT_EQ(result.All<DomainRow>()[1]->diagnosis, "ok");
}

TEST(HostRules, AddressesOfAFamilyThatIsLeftOutAreCountedAsUnknown) {
  const World world = TwoFamilies();
  const ScanResult both = ScanOf(world);
  EXPECT_EQ(both.All<EndpointRow>().size(), 2u);
  EXPECT_EQ(both.All<DomainRow>()[0]->endpoint_count, 2u);
  EXPECT_EQ(both.All<DomainRow>()[0]->unknown_endpoint_count, 0u);

  const ScanResult one = ScanOf(world, {.use_ipv6 = false});
  ASSERT_EQ(one.All<EndpointRow>().size(), 1u);
  EXPECT_NE(one.All<EndpointRow>()[0]->address, kIpv6);
  EXPECT_EQ(one.All<DomainRow>()[0]->unknown_endpoint_count, 1u);
  EXPECT_EQ(one.All<DomainRow>()[0]->tls_count, 1u);
  EXPECT_EQ(one.All<DomainRow>()[0]->diagnosis, "ok");

  const ScanResult none = ScanOf(OneHost(), {.use_ipv4 = false});
  EXPECT_TRUE(none.All<EndpointRow>().empty());
  const DomainRow& domain = *none.All<DomainRow>()[0];
  EXPECT_EQ(domain.unknown_endpoint_count, 1u);
  EXPECT_EQ(domain.diagnosis, "not_asked_family");
  EXPECT_FALSE(domain.tls_count);
}

TEST(HostRules, AMachineWithoutAnIpv6RouteSkipsSuchAddressesAtOnce) {
  const ScanResult result = ScanOf(TwoFamilies(), {.has_ipv6_route = false});
  const auto rows = result.All<EndpointRow>();
  ASSERT_EQ(rows.size(), 2u);
  const auto skipped = std::ranges::find(rows, kIpv6, &EndpointRow::address);
  ASSERT_NE(skipped, rows.end());
  EXPECT_EQ((*skipped)->outcome, "not_asked_no_route");
  EXPECT_EQ((*skipped)->stage, "gate");
  EXPECT_EQ((*skipped)->attempts, 0u);
  EXPECT_FALSE((*skipped)->rpt_result);
  const DomainRow& domain = *result.All<DomainRow>()[0];
  EXPECT_EQ(domain.unknown_endpoint_count, 1u);
  EXPECT_EQ(domain.diagnosis, "ok");

  World alone = TwoFamilies();
  alone.hosts[0].addresses = {kIpv6};
  EXPECT_EQ(ScanOf(alone, {.has_ipv6_route = false}).All<DomainRow>()[0]->diagnosis,
            "not_asked_no_route");
}

}  // namespace
}  // namespace mxsweep::scanner::simulation
