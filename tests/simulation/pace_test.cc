// Crowds, pools, hostile zones and outages of our own, in virtual time: every target has one row at
// the end, it is true of the simulated server, nobody is asked more than he may be, and the scan
// ends. What is true is known from how each world was made.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/simulated_scan.h"

namespace mxsweep::scanner::simulation {
namespace {

using output::DomainRow;
using output::EndpointRow;
using output::MxHostRow;

constexpr int64_t kMinute = 60 * kSecond;

void ExpectClean(const ScanResult& result) {
  EXPECT_TRUE(result.ended);
  for (const std::string& complaint : result.complaints) ADD_FAILURE() << complaint;
  EXPECT_EQ(result.connections_left_open, 0u);
  EXPECT_TRUE(result.status.ok()) << result.status;
}

// Each target has one domain row and one endpoint row at least.
void ExpectOneRowEach(const World& world, const ScanResult& result) {
  EXPECT_EQ(result.targets_told, world.targets.size());
  std::set<std::string> domains;
  for (const DomainRow* row : result.All<DomainRow>()) {
    EXPECT_TRUE(domains.insert(row->domain).second) << row->domain << " twice";
  }
  EXPECT_EQ(domains.size(), world.targets.size());
  std::set<std::pair<std::string, std::string>> endpoints;
  for (const EndpointRow* row : result.All<EndpointRow>()) {
    EXPECT_TRUE(endpoints.emplace(row->host, row->address).second) << row->host << " twice";
  }
}

// `names` hosts, a domain each, at the address of the first; and behind them in the list `others`
// domains with a good server each.
World Crowd(Manner manner, size_t names, size_t others) {
  World world = World::Uniform(manner, names);
  const std::string address = world.hosts.front().addresses.front();
  for (WorldHost& host : world.hosts) host.addresses = {address};
  const WorldServer crowded = world.servers.at(address);
  world.servers.clear();
  world.servers[address] = crowded;
  World rest = World::Uniform(Manner::kGood, others);
  for (size_t i = 0; i < others; ++i) {
    const std::string n = std::to_string(i);
    const std::string other = "7." + std::to_string(i / 250) + ".9." + std::to_string(1 + i % 250);
    world.servers[other] = rest.servers.at(rest.hosts[i].addresses.front());
    WorldHost host = rest.hosts[i];
    host.name = "other" + n + ".sim.example";
    host.addresses = {other};
    WorldDomain domain = rest.domains[i];
    domain.name = "o" + n + ".example";
    domain.hosts = {host.name};
    Target target = rest.targets[i];
    target.name = domain.name;
    target.input_line = world.targets.size() + 1;
    world.hosts.push_back(std::move(host));
    world.domains.push_back(std::move(domain));
    world.targets.push_back(std::move(target));
  }
  return world;
}

std::map<std::string, size_t> Outcomes(const ScanResult& result) {
  std::map<std::string, size_t> outcomes;
  for (const EndpointRow* row : result.All<EndpointRow>()) ++outcomes[row->outcome];
  return outcomes;
}

// When the row of a domain was complete, from the start of the scan.
int64_t DoneNs(const ScanResult& result, const std::string& domain) {
  for (const DomainRow* row : result.All<DomainRow>()) {
    if (row->domain != domain) continue;
    return absl::ToInt64Nanoseconds(row->started_at - result.began) +
           static_cast<int64_t>(row->elapsed_us) * 1'000;
  }
  return INT64_MAX;
}

// 3,000 names at an address that accepts and says nothing, then one good target.
TEST(Crowds, ADeadAddressCostsItsTimeOnceAndHoldsUpNobody) {
  for (const Manner manner : {Manner::kSilent, Manner::kIgnoresConnect, Manner::kRefused,
                              Manner::kUnreachable, Manner::kClosesAtOnce}) {
    const World world = Crowd(manner, 3'000, 1);
    ScanSettings settings;
    settings.workers = 2;
    const ScanResult result = Scan(world, settings);
    ExpectClean(result);
    ExpectOneRowEach(world, result);
    EXPECT_LT(DoneNs(result, "o0.example"), 5 * kSecond) << static_cast<int>(manner);
    EXPECT_LT(result.took_ns, 3 * kMinute);
    const std::string outcome(OutcomeName(ExpectedOf(manner).outcome));
    EXPECT_EQ(Outcomes(result)[outcome], 3'000u);
    EXPECT_LE(result.connections.at(world.hosts.front().addresses.front()), 4u);
    size_t inferred = 0;
    for (const EndpointRow* row : result.All<EndpointRow>()) {
      if (!row->inferred) continue;
      ++inferred;
      EXPECT_EQ(row->stage, "gate");
      EXPECT_EQ(row->attempts, 0u);
      EXPECT_TRUE(row->inferred_from_at.has_value());
    }
    EXPECT_GE(inferred, 2'990u);
  }
}

// It is tried again some minutes later, with whoever asks then.
TEST(Crowds, ADeadAddressIsForgottenAfterSomeMinutes) {
  World world = Crowd(Manner::kRefused, 3, 1);
  // The server that comes back is asked by a name whose look-up takes longer than the memory.
  world.servers.at(world.hosts[0].addresses[0]).script.manners = {Manner::kRefused,
                                                                  Manner::kRefused, Manner::kGood};
  world.hosts[2].delay_ns = 400 * kSecond;
  const ScanResult result = Scan(world, {});
  ExpectClean(result);
  std::map<std::string, std::string> outcomes;
  for (const EndpointRow* row : result.All<EndpointRow>()) outcomes[row->host] = row->outcome;
  EXPECT_EQ(outcomes.at(world.hosts[0].name), "connect_refused");
  EXPECT_EQ(outcomes.at(world.hosts[1].name), "connect_refused");
  EXPECT_EQ(outcomes.at(world.hosts[2].name), "tls_ok");
}

// A good server with more names than patience: those that had no turn are told what all others met,
// and what depends on a name is judged for their own.
TEST(Crowds, AreInferredFromWhatAllOthersMet) {
  World world = Crowd(Manner::kGood, 2'000, 5);
  // Every third host is of a zone that the certificate does not name.
  std::set<std::string> foreign;
  for (size_t i = 0; i < 2'000; i += 3) {
    const std::string name = "mx" + std::to_string(i) + ".other.example";
    world.domains[i].hosts = {name};
    world.hosts[i].name = name;
    foreign.insert(name);
  }
  ScanSettings settings;
  settings.workers = 3;
  settings.patience_ns = 10 * kMinute;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  ExpectOneRowEach(world, result);
  EXPECT_LT(result.took_ns, 12 * kMinute);
  EXPECT_EQ(Outcomes(result)["tls_ok"], 2'005u);
  size_t inferred = 0;
  for (const EndpointRow* row : result.All<EndpointRow>()) {
    inferred += row->inferred ? 1 : 0;
    EXPECT_EQ(row->attempts, row->inferred ? 0u : 1u);
    EXPECT_EQ(row->inferred_from_at.has_value(), row->inferred);
    EXPECT_EQ(row->pkix_status, "valid");
    EXPECT_EQ(row->chain_sha256->size(), 2u);
    EXPECT_EQ(row->name_match, foreign.contains(row->host) ? "none" : "san") << row->host;
    EXPECT_EQ(row->handshake_us.has_value(), !row->inferred);
  }
  // One connection a second is what the address may bear.
  EXPECT_NEAR(static_cast<double>(2'005 - inferred), 600, 60);
  for (const DomainRow* row : result.All<DomainRow>()) {
    EXPECT_EQ(row->tls_count, 1u);
    EXPECT_LE(*row->inferred_endpoint_count, 1u);
  }
}

// Names that met different things prove nothing of the others: those are not known.
TEST(Crowds, AreNotInferredWhereTheServerDiffersFromNameToName) {
  World world = Crowd(Manner::kGood, 1'000, 1);
  std::vector<Manner>& manners = world.servers.at(world.hosts[0].addresses[0]).script.manners;
  manners.assign(1'000, Manner::kGood);
  for (size_t i = 7; i < manners.size(); i += 9) manners[i] = Manner::kTls12;
  ScanSettings settings;
  settings.patience_ns = 2 * kMinute;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  ExpectOneRowEach(world, result);
  EXPECT_LT(result.took_ns, 4 * kMinute);
  std::map<std::string, size_t> outcomes = Outcomes(result);
  EXPECT_GT(outcomes["not_asked_crowded"], 800u);
  EXPECT_EQ(outcomes["not_asked_crowded"] + outcomes["tls_ok"], 1'001u);
  for (const DomainRow* row : result.All<DomainRow>()) {
    if (row->diagnosis == "ok") continue;
    EXPECT_EQ(row->diagnosis, "not_asked_crowded");
    EXPECT_EQ(row->unknown_endpoint_count, 1u);
    EXPECT_FALSE(row->tls_count.has_value());  // not known, not 0
    EXPECT_FALSE(row->pkix_status.has_value());
  }
}

TEST(Crowds, AreNotInferredIfNobodyWantsThat) {
  ScanSettings settings;
  settings.patience_ns = 2 * kMinute;
  settings.infer = false;
  const ScanResult result = Scan(Crowd(Manner::kGood, 500, 1), settings);
  ExpectClean(result);
  for (const EndpointRow* row : result.All<EndpointRow>()) EXPECT_FALSE(row->inferred);
  EXPECT_GT(Outcomes(result)["not_asked_crowded"], 300u);
}

// Fewer than fifty prove nothing, either.
TEST(Crowds, AreNotInferredFromAFew) {
  ScanSettings settings;
  settings.patience_ns = 20 * kSecond;
  const ScanResult result = Scan(Crowd(Manner::kGood, 200, 0), settings);
  ExpectClean(result);
  for (const EndpointRow* row : result.All<EndpointRow>()) EXPECT_FALSE(row->inferred);
}

// A key that is rolled over while its host waits: the handshake is held against the records of its
// own time.
TEST(Crowds, AreHeldAgainstTlsaRecordsOfTheirTime) {
  World world = Crowd(Manner::kGood, 1'500, 0);
  for (WorldHost& host : world.hosts) {
    host.tlsa = "mismatch";
    host.later_tlsa = "match";
  }
  ScanSettings settings;
  settings.workers = 2;
  settings.infer = false;
  settings.later_tlsa_at_ns = 9 * kMinute;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  ExpectOneRowEach(world, result);
  std::map<std::string, size_t> early, late;
  for (const EndpointRow* row : result.All<EndpointRow>()) {
    const absl::Duration at = row->started_at - result.began;
    if (at < absl::Minutes(8)) ++early[row->dane_status.value_or("")];
    if (at > absl::Minutes(11)) ++late[row->dane_status.value_or("")];
  }
  EXPECT_GT(early["mismatch"], 400u);
  EXPECT_EQ(early.size(), 1u);
  EXPECT_GT(late["match"], 700u);
  EXPECT_EQ(late.size(), 1u);
  // A host's row tells of the records that its endpoint's does.
  std::map<std::string, std::string> tlsa;
  for (const MxHostRow* row : result.All<MxHostRow>()) {
    tlsa[row->host] = "3 1 1 " + row->tlsa->front().data;
  }
  for (const EndpointRow* row : result.All<EndpointRow>()) {
    if (row->dane_status != "match") continue;
    EXPECT_EQ(row->dane_matched_record, tlsa.at(row->host));
  }
}

// A scan that is stopped leaves nothing of those that wait.
TEST(Crowds, MayBeStopped) {
  ScanSettings settings;
  settings.workers = 2;
  settings.drain_at_ns = 100 * kSecond;
  const ScanResult result = Scan(Crowd(Manner::kGood, 3'000, 3), settings);
  ExpectClean(result);
  EXPECT_LT(result.took_ns, 200 * kSecond);
  for (const EndpointRow* row : result.All<EndpointRow>()) EXPECT_FALSE(row->inferred);
  EXPECT_EQ(result.targets_told, result.All<DomainRow>().size());
}

// A host name for each domain at a few addresses of one prefix, as the large hosters have it.
TEST(Pools, KeepTheLimitsOfTheirPrefixAndProvider) {
  World world = World::Uniform(Manner::kGood, 300);
  for (size_t i = 0; i < world.hosts.size(); ++i) {
    world.hosts[i].addresses.clear();
    for (size_t a = 0; a < 2; ++a) {
      world.hosts[i].addresses.push_back("5.9.0." + std::to_string(1 + (i + 7 * a) % 20));
    }
  }
  for (const size_t workers : {1, 3}) {
    ScanSettings settings;
    settings.workers = workers;
    settings.gate.per_prefix_concurrency = 4;
    settings.gate.per_prefix_rate_per_s = 8;
    settings.gate.per_provider_rate_per_s = 5;
    const ScanResult result = Scan(world, settings);
    ExpectClean(result);
    ExpectOneRowEach(world, result);
    EXPECT_EQ(Outcomes(result)["tls_ok"], 600u);
    // All hosts are of one registrable domain.
    std::vector<absl::Time> starts;
    for (const EndpointRow* row : result.All<EndpointRow>()) starts.push_back(row->started_at);
    std::sort(starts.begin(), starts.end());
    for (size_t i = 1; i < starts.size(); ++i) {
      EXPECT_GE(starts[i] - starts[i - 1], absl::Milliseconds(199)) << i;
    }
  }
}

// As many hosts with as many addresses as a zone can name.
TEST(HostileZones, AreAskedWithinTheirBudget) {
  World world = Crowd(Manner::kGood, 1, 3);
  WorldDomain hostile{.name = "hostile.example", .mx_status = "mx", .hosts = {}};
  std::map<std::string, std::vector<std::string>> addresses;
  for (int h = 0; h < 100; ++h) {
    const std::string n = std::to_string(h);
    WorldHost host{.name = "h" + std::string(h < 10 ? "0" : "") + n + ".hostile.example",
                   .addresses = {},
                   .tlsa = ""};
    for (int a = 0; a < (h % 3 == 0 ? 128 : 10); ++a) {
      const std::string address = a < 64
                                      ? "8." + n + ".0." + std::to_string(a + 1)
                                      : "2a03:" + std::to_string(h + 1) + "::" + std::to_string(a);
      host.addresses.push_back(address);
      world.servers[address] = {ServerScript{.manners = {Manner::kRefused}}};
    }
    addresses[host.name] = host.addresses;
    hostile.hosts.insert(host.name);
    world.hosts.push_back(std::move(host));
  }
  world.domains.push_back(hostile);
  Target target = world.targets.front();
  target.name = hostile.name;
  target.input_line = world.targets.size() + 1;
  world.targets.push_back(target);

  for (const uint32_t max_addresses : {64u, 5u, 200u}) {
    ScanSettings settings;
    settings.workers = 2;
    settings.max_addresses = max_addresses;
    const ScanResult result = Scan(world, settings);
    ExpectClean(result);
    EXPECT_EQ(Outcomes(result)["tls_ok"], 4u);
    const DomainRow* found = nullptr;
    for (const DomainRow* row : result.All<DomainRow>()) {
      if (row->domain == hostile.name) found = row;
    }
    ASSERT_NE(found, nullptr);
    size_t asked = 0;
    std::set<std::string> hosts;
    for (const EndpointRow* row : result.All<EndpointRow>()) {
      if (!addresses.contains(row->host)) continue;
      ++asked;
      hosts.insert(row->host);
    }
    EXPECT_LE(asked, max_addresses);
    EXPECT_GE(asked, std::min<size_t>(max_addresses, 40)) << max_addresses;
    EXPECT_LE(hosts.size(), 20u);
    EXPECT_TRUE(hosts.contains("h00.hostile.example"));  // the smallest preference comes first
    EXPECT_EQ(found->mx->size(), 100u);                  // the whole list
    EXPECT_EQ(found->unasked_host_count, 100 - hosts.size());
    EXPECT_GE(*found->unknown_endpoint_count, *found->unasked_host_count);
    EXPECT_NE(found->diagnosis, "ok");
    for (const MxHostRow* row : result.All<MxHostRow>()) {
      if (!hosts.contains(row->host)) continue;
      EXPECT_EQ(row->addresses->size(), addresses.at(row->host).size());
      EXPECT_EQ(*row->unasked_address_count,
                row->addresses->size() - std::min<size_t>(row->addresses->size(), max_addresses));
    }
  }
}

// A thousand hostile domains take the memory of their records, not of their addresses.
TEST(HostileZones, TakeABoundedNumberOfRecords) {
  World world = Crowd(Manner::kGood, 1, 0);
  for (int d = 0; d < 200; ++d) {
    const std::string n = std::to_string(d);
    WorldDomain domain{.name = "hostile" + n + ".example", .mx_status = "mx", .hosts = {}};
    for (int h = 0; h < 30; ++h) {
      WorldHost host{
          .name = "h" + std::to_string(h) + "." + domain.name, .addresses = {}, .tlsa = ""};
      for (int a = 0; a < 4; ++a) {
        const std::string address = "9." + n + "." + std::to_string(h) + "." + std::to_string(a);
        host.addresses.push_back(address);
        world.servers[address] = {ServerScript{.manners = {Manner::kRefused}}};
      }
      domain.hosts.insert(host.name);
      world.hosts.push_back(std::move(host));
    }
    world.domains.push_back(std::move(domain));
    Target target = world.targets.front();
    target.name = world.domains.back().name;
    target.input_line = world.targets.size() + 1;
    world.targets.push_back(target);
  }
  const ScanResult result = Scan(world, {});
  ExpectClean(result);
  ExpectOneRowEach(world, result);
  // A target, and four of its hosts at a time.
  EXPECT_LE(result.most_waiting_records, 200u * 5 + 2);
}

// docs/scanning.md says how many bytes a target may take while it waits: here everything that it
// is made of is as large as a response can hold.
TEST(HostileZones, TakeABoundedNumberOfBytes) {
  World world = World::Uniform(Manner::kGood, 1);
  WorldDomain domain{.name = "hostile.example", .mx_status = "mx", .hosts = {}};
  // As long as "_25._tcp." leaves room for, and with no ending in common with any other.
  const auto name = [](int host) {
    const std::string n = std::to_string(1'000 + host);
    return n + std::string(58, 'a') + "." + std::string(62, 'b') + "." + std::string(62, 'c') +
           "." + std::string(51, 'd') + n;
  };
  for (int h = 0; h < 256; ++h) {
    WorldHost host{.name = name(h), .addresses = {}, .tlsa = "match"};
    for (int a = 0; h < 20 && a < 128; ++a) {
      const std::string n = std::to_string(h);
      const std::string address =
          a < 64 ? "9.9." + n + "." + std::to_string(a) : "2a03:" + n + "::" + std::to_string(a);
      host.addresses.push_back(address);
      // All of them keep a host waiting.
      world.servers[address] = {ServerScript{.manners = {Manner::kSilent}}};
    }
    domain.hosts.insert(host.name);
    world.hosts.push_back(std::move(host));
  }
  world.domains = {domain};
  Target target = world.targets.front();
  target.name = domain.name;
  world.targets = {target};
  ScanSettings settings;
  settings.retries = 0;
  settings.max_addresses = 1'000;
  settings.more_tlsa = 1'800;  // as many as a message of 64 KiB holds
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  EXPECT_EQ(result.targets_told, 1u);
  // Names of the zone, and four hosts, each rounded up to a power of two.
  EXPECT_GT(result.most_waiting_bytes, 60'000u + 4 * 60'000u);
  EXPECT_LE(result.most_waiting_bytes, 9u * 65'536);
}

// Our own network is out for a while: nothing of it is told of a server or a domain.
TEST(Outages, OfOursReachNoRow) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    World world = World::Uniform(Manner::kGood, 400);
    for (size_t i = 0; i < world.hosts.size(); ++i) {
      ServerScript& script = world.servers.at(world.hosts[i].addresses[0]).script;
      if (i % 5 == 1) script.manners = {Manner::kIgnoresConnect};
      if (i % 7 == 2) script.manners = {Manner::kNoStartTls};
    }
    // Each in a network of its own.
    std::map<std::string, WorldServer> servers;
    for (size_t i = 0; i < world.hosts.size(); ++i) {
      const std::string address =
          "11." + std::to_string(i / 200) + "." + std::to_string(i % 200) + ".1";
      servers[address] = world.servers.at(world.hosts[i].addresses[0]);
      world.hosts[i].addresses = {address};
    }
    world.servers = std::move(servers);
    ScanSettings settings;
    settings.seed = seed;
    settings.workers = 2;
    settings.retries = static_cast<uint32_t>(seed % 2);
    settings.gate.rate_per_s = 3;
    settings.outages = {{30 * kSecond, 75 * kSecond}, {130 * kSecond, 190 * kSecond}};
    const ScanResult result = Scan(world, settings);
    ExpectClean(result);
    ExpectOneRowEach(world, result);
    for (const EndpointRow* row : result.All<EndpointRow>()) {
      const Manner manner = world.servers.at(row->address).script.manners.front();
      EXPECT_EQ(row->outcome, OutcomeName(ExpectedOf(manner).outcome)) << row->address;
    }
    for (const DomainRow* row : result.All<DomainRow>()) EXPECT_EQ(row->mx_status, "mx");
    // The second may come when little is under way.
    ASSERT_GE(result.outages.size(), 1u);
    if (HasFailure()) break;
  }
}

// Servers that are silent one after the other are no outage: the scan goes on, and tells of them.
TEST(Outages, AreNotMadeOfDeadServers) {
  World world = World::Uniform(Manner::kIgnoresConnect, 60);
  std::map<std::string, WorldServer> servers;
  for (size_t i = 0; i < world.hosts.size(); ++i) {
    const std::string address = "11.0." + std::to_string(i) + ".1";
    servers[address] = world.servers.at(world.hosts[i].addresses[0]);
    // Some answer: first, in the middle, last.
    if (i % 20 == 0) servers[address].script.manners = {Manner::kGood};
    world.hosts[i].addresses = {address};
  }
  world.servers = std::move(servers);
  ScanSettings settings;
  settings.gate.rate_per_s = 2;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  ExpectOneRowEach(world, result);
  EXPECT_EQ(Outcomes(result)["connect_timeout"], 57u);
  EXPECT_LT(result.took_ns, 10 * kMinute);
}

// Nobody has ever answered: whether it is us or them is not known, and what was seen is told.
TEST(Outages, NeedSomebodyWhoAnsweredBefore) {
  const World world = World::Uniform(Manner::kIgnoresConnect, 30);
  const ScanResult result = Scan(world, {});
  ExpectClean(result);
  EXPECT_EQ(Outcomes(result)["connect_timeout"], 30u);
}

TEST(Outages, EndWithTheScanIfItIsStopped) {
  World world = World::Uniform(Manner::kGood, 300);
  ScanSettings settings;
  settings.gate.rate_per_s = 5;
  settings.outages = {{20 * kSecond, 100'000 * kSecond}};
  settings.drain_at_ns = 200 * kSecond;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  for (const EndpointRow* row : result.All<EndpointRow>()) EXPECT_EQ(row->outcome, "tls_ok");
  for (const DomainRow* row : result.All<DomainRow>()) EXPECT_EQ(row->mx_status, "mx");
}

}  // namespace
}  // namespace mxsweep::scanner::simulation
