// Whole scans of random worlds in virtual time.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "tests/simulation/expectations.h"
#include "tests/simulation/simulated_scan.h"

namespace mxsweep::scanner::simulation {
namespace {

using output::DomainRow;
using output::EndpointRow;
using output::MxHostRow;

constexpr uint64_t kSeeds = 200;

class RandomWorld : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomWorld, EveryTargetGetsItsRowsAndTheyAreTrue) {
  for (uint64_t seed = GetParam(); seed < GetParam() + 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const World world = World::Make(seed);
    ScanSettings settings = ScanSettings::Random(seed);
    // Some servers here change from connection to connection, each of which is accounted for.
    settings.watch_outages = false;
    const ScanResult result = Scan(world, settings);
    ExpectClean(result);
    ExpectWhole(world, result.rows);
    EXPECT_EQ(result.hosts_asked_twice, 0u);
    EXPECT_EQ(result.targets_told, world.targets.size());
    std::map<std::string, const DomainRow*> domains;
    for (const DomainRow* row : result.All<DomainRow>()) domains[row->domain] = row;
    EXPECT_EQ(domains.size(), world.domains.size());
    std::set<std::string> hosts_needed;
    for (const WorldDomain& domain : world.domains) {
      ASSERT_TRUE(domains.contains(domain.name)) << domain.name;
      EXPECT_EQ(domains[domain.name]->mx_status, domain.mx_status) << domain.name;
      EXPECT_FALSE(domains[domain.name]->diagnosis.empty());
      hosts_needed.insert(domain.hosts.begin(), domain.hosts.end());
    }
    std::set<std::string> hosts_told;
    for (const MxHostRow* row : result.All<MxHostRow>()) hosts_told.insert(row->host);
    EXPECT_EQ(hosts_told, hosts_needed);
    for (const EndpointRow* row : result.All<EndpointRow>()) ExpectTrue(world, settings, *row);
    if (HasFailure()) break;
  }
}

TEST_P(RandomWorld, IsTheSameScanEveryTimeFromTheSameSeed) {
  for (uint64_t seed = GetParam(); seed < GetParam() + 20; seed += 4) {
    const World world = World::Make(seed);
    ScanSettings settings = ScanSettings::Random(seed);
    if (seed % 8 == 1) settings.drain_at_ns = static_cast<int64_t>(seed % 50) * kSecond;
    const std::string first = Scan(world, settings).text;
    EXPECT_TRUE(settings.drain_at_ns || !first.empty());
    ASSERT_TRUE(first == Scan(World::Make(seed), settings).text) << "seed " << seed;
  }
}

TEST_P(RandomWorld, MayBeStoppedAtAnyMomentAndLeavesNothingHalf) {
  for (uint64_t seed = GetParam(); seed < GetParam() + 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const World world = World::Make(seed);
    ScanSettings settings = ScanSettings::Random(seed);
    std::mt19937_64 random(seed);
    // Most of what happens happens early.
    const int64_t longest_ns = random() % 2 == 0 ? 3 * kSecond : 120 * kSecond;
    settings.drain_at_ns = kSecond + static_cast<int64_t>(random() % longest_ns);
    const ScanResult result = Scan(world, settings);
    ExpectClean(result);
    ExpectWhole(world, result.rows);
    EXPECT_LE(result.targets_told, result.targets_started);
    // What is under way is finished, no more: a dialogue's longest time after the stop.
    EXPECT_LT(result.took_ns, *settings.drain_at_ns + 200 * kSecond);
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWorld, ::testing::Range<uint64_t>(1, kSeeds + 1, 20));

class EveryManner : public ::testing::TestWithParam<int> {};

TEST_P(EveryManner, IsToldAsDocumented) {
  const World world = World::Uniform(static_cast<Manner>(GetParam()), 3);
  ScanSettings settings;
  settings.workers = 2;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  ExpectWhole(world, result.rows);
  ASSERT_EQ(result.All<EndpointRow>().size(), 3u);
  for (const EndpointRow* row : result.All<EndpointRow>()) ExpectTrue(world, settings, *row);
}

INSTANTIATE_TEST_SUITE_P(Manners, EveryManner, ::testing::Range(0, kManners));

TEST(Simulation, AMillionDomainsOfOneHostAskItOnce) {
  World world = World::Uniform(Manner::kGood, 1);
  for (int i = 0; i < 5000; ++i) {
    WorldDomain domain = world.domains.front();
    domain.name = "more" + std::to_string(i) + ".example";
    Target target = world.targets.front();
    target.name = domain.name;
    world.domains.push_back(domain);
    world.targets.push_back(target);
  }
  ScanSettings settings;
  settings.workers = 3;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  EXPECT_EQ(result.All<EndpointRow>().size(), 1u);
  EXPECT_EQ(result.All<MxHostRow>().size(), 1u);
  EXPECT_EQ(result.All<DomainRow>().size(), 5001u);
  for (const DomainRow* row : result.All<DomainRow>()) EXPECT_EQ(row->diagnosis, "ok");
}

TEST(Simulation, HostsAndAddressesAreTargetsOfTheirOwn) {
  World world = World::Uniform(Manner::kGood, 2);
  world.targets.clear();
  Target host;
  host.kind = Target::Kind::kHost;
  host.name = world.hosts[0].name;
  Target address;
  address.kind = Target::Kind::kAddress;
  address.address = dns::IpAddress::Parse(world.hosts[1].addresses[0]).value();
  Target named = address;
  named.name = "mx7.sim.example";
  world.targets = {host, address, named};
  const ScanResult result = Scan(world, {});
  EXPECT_TRUE(result.complaints.empty());
  EXPECT_TRUE(result.All<DomainRow>().empty());
  ASSERT_EQ(result.All<EndpointRow>().size(), 3u);
  std::multiset<std::string> names;
  for (const EndpointRow* row : result.All<EndpointRow>()) {
    EXPECT_EQ(row->outcome, "tls_ok");
    EXPECT_EQ(row->server_name.value_or(""), row->host);
    EXPECT_EQ(row->name_match.has_value(), !row->host.empty());
    names.insert(row->host);
  }
  EXPECT_EQ(names, (std::multiset<std::string>{"", "mx0.sim.example", "mx7.sim.example"}));
}

TEST(Simulation, ARecorderThatFailsEndsTheScanWithItsError) {
  for (const size_t row : {size_t{0}, size_t{1}, size_t{7}, size_t{40}}) {
    // Slow servers: the recorder's thread has time to fail while the scan is at work.
    const World world = World::Uniform(Manner::kSilent, 60);
    ScanSettings settings;
    settings.workers = 2;
    settings.fail_at_row = row;
    settings.slots = 4;
    settings.gate.max_concurrency = 2;
    const ScanResult result = Scan(world, settings);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(result.status.message(), "the disk is full");
    EXPECT_EQ(result.rows.size(), row);
    EXPECT_TRUE(result.ended);
    EXPECT_LT(result.targets_started, world.targets.size());
    EXPECT_EQ(result.connections_left_open, 0u);
    EXPECT_TRUE(result.complaints.empty());
  }
}

TEST(Simulation, WithImplicitTlsTheHandshakeComesFirstAndNothingUndoesIt) {
  const std::pair<Manner, const char*> table[] = {
      {Manner::kGood, "tls_ok done"},
      {Manner::kTls12, "tls_ok done"},
      {Manner::kIgnoresQuit, "tls_ok quit"},
      {Manner::kClosesAfterHandshake, "tls_ok greeting"},
      {Manner::kThrottledWithinTls, "tls_ok greeting"},
      {Manner::kSilentInHandshake, "tls_timeout handshake"},
      {Manner::kResetsInHandshake, "reset handshake"},
      {Manner::kGarbageInHandshake, "tls_protocol_error handshake"},
      {Manner::kAlertInHandshake, "tls_alert handshake"},
      {Manner::kRefused, "connect_refused connect"},
  };
  for (const auto& [manner, words] : table) {
    World world = World::Uniform(manner, 2);
    for (auto& [address, server] : world.servers) server.script.implicit_tls = true;
    ScanSettings settings;
    settings.implicit_tls = true;
    const ScanResult result = Scan(world, settings);
    ExpectClean(result);
    ExpectWhole(world, result.rows);
    ASSERT_EQ(result.All<EndpointRow>().size(), 2u);
    for (const EndpointRow* row : result.All<EndpointRow>()) {
      EXPECT_EQ(row->outcome + " " + row->stage, words) << row->error_detail.value_or("");
      EXPECT_FALSE(row->starttls_code);
      EXPECT_FALSE(row->ehlo_keywords);
      EXPECT_EQ(row->ehlo_after_tls.has_value(), row->stage == "done" || row->stage == "quit");
    }
  }
}

// Two hosts at one address: the second is asked later where the first was told 421, even within
// TLS.
TEST(Simulation, A421WithinTlsIsHeededToo) {
  for (const bool implicit : {false, true}) {
    World world = World::Uniform(Manner::kThrottledWithinTls, 2);
    world.hosts[1].addresses = world.hosts[0].addresses;
    for (auto& [address, server] : world.servers) server.script.implicit_tls = implicit;
    ScanSettings settings;
    settings.implicit_tls = implicit;
    const ScanResult result = Scan(world, settings);
    ExpectClean(result);
    EXPECT_EQ(result.All<EndpointRow>().size(), 2u);
  }
}

TEST(Simulation, AnAddressThatThrottlesAgainAndAgainIsLeftAlone) {
  World world = World::Uniform(Manner::kThrottled, 30);
  for (WorldHost& host : world.hosts) host.addresses = world.hosts.front().addresses;
  ScanSettings settings;
  settings.gate.per_address_interval_ns = 0;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  ExpectWhole(world, result.rows);
  uint32_t attempts = 0;
  ASSERT_EQ(result.All<EndpointRow>().size(), 30u);
  for (const EndpointRow* row : result.All<EndpointRow>()) {
    ExpectTrue(world, settings, *row);
    attempts += row->attempts;
  }
  EXPECT_EQ(attempts, 3u);
  for (const DomainRow* row : result.All<DomainRow>()) EXPECT_EQ(row->diagnosis, "throttled");
  EXPECT_LT(result.took_ns, 300 * kSecond);
}

TEST(Simulation, OurOwnTroubleIsNeverTheDomainsFault) {
  const ScanResult result = Scan(World::Uniform(Manner::kNoDescriptors, 2), {});
  ASSERT_EQ(result.All<DomainRow>().size(), 2u);
  for (const DomainRow* row : result.All<DomainRow>()) EXPECT_EQ(row->diagnosis, "local_error");
}

// What the resolver does not say, no row says.
TEST(Simulation, AResolverInTroubleMakesNothingAbsent) {
  const World world = World::Uniform(Manner::kGood, 20);
  const auto statuses = [&world](const ResolverFaults& faults) {
    ScanSettings settings;
    settings.resolver = faults;
    settings.watch_outages = false;
    const ScanResult result = Scan(world, settings);
    ExpectClean(result);
    ExpectWhole(world, result.rows, {.lookups_fail = true});
    std::map<std::string, int> found;
    for (const DomainRow* row : result.All<DomainRow>()) ++found[row->mx_status];
    return found;
  };
  using Statuses = std::map<std::string, int>;
  EXPECT_EQ(statuses({}), (Statuses{{"mx", 20}}));
  EXPECT_EQ(statuses({.dead = {{0, INT64_MAX}}}), (Statuses{{"timeout", 20}}));
  EXPECT_EQ(statuses({.lost_percent = 100}), (Statuses{{"timeout", 20}}));
  // Three queries of four are lost: a third of the questions are answered by none of theirs.
  Statuses lossy = statuses({.lost_percent = 75, .most_delay_ns = kSecond});
  EXPECT_GT(lossy["mx"], 5);
  EXPECT_GT(lossy["timeout"], 0);
  EXPECT_EQ(lossy["mx"] + lossy["timeout"], 20);
  Statuses truncated = statuses({.truncated_percent = 100});
  EXPECT_GT(truncated["servfail"], 0) << "TC, and nothing over TCP";
  EXPECT_EQ(truncated["mx"] + truncated["servfail"], 20);
}

// Its row would be final, and tell of a failure that the second attempt would have mended: whoever
// goes on with the scan asks anew.
TEST(Simulation, AStopBetweenTwoAttemptsLeavesNoRow) {
  World world = World::Uniform(Manner::kGreeting4xx, 1);
  for (auto& [address, server] : world.servers) {
    server.script.manners = {Manner::kGreeting4xx, Manner::kGood};
  }
  ScanSettings settings;
  settings.drain_at_ns = 3 * kSecond;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  EXPECT_EQ(result.connections.at("5.9.0.1"), 1u);
  EXPECT_TRUE(result.All<EndpointRow>().empty());
  EXPECT_TRUE(result.All<DomainRow>().empty());
}

TEST(Simulation, AStopBeforeTheFirstTargetWritesNothing) {
  const World world = World::Uniform(Manner::kGood, 20);
  ScanSettings settings;
  settings.drain_at_ns = 0;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  EXPECT_EQ(result.targets_told, 0u);
  EXPECT_TRUE(result.rows.empty());
}

}  // namespace
}  // namespace mxsweep::scanner::simulation
