// Whole scans of random worlds in virtual time.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "tests/simulation/simulated_scan.h"

namespace mxsweep::scanner::simulation {
namespace {

using output::CertificateRow;
using output::DomainRow;
using output::EndpointRow;
using output::MxHostRow;

constexpr uint64_t kSeeds = 200;

const WorldHost* FindHost(const World& world, const std::string& name) {
  for (const WorldHost& host : world.hosts) {
    if (host.name == name) return &host;
  }
  return nullptr;
}

// Nobody was treated impolitely, and nothing is left behind.
void ExpectClean(const ScanResult& result) {
  EXPECT_TRUE(result.ended);
  for (const std::string& complaint : result.complaints) ADD_FAILURE() << complaint;
  EXPECT_EQ(result.connections_left_open, 0u);
  EXPECT_EQ(result.questions_left, 0u);
  EXPECT_TRUE(result.status.ok()) << result.status;
}

// Every row stands behind the rows it rests on, once.
void ExpectWhole(const World& world, const ScanResult& result) {
  std::set<std::string> domains;
  std::map<std::string, absl::Time> hosts;  // when the latest row of each began
  std::set<std::string> certificates;
  std::set<std::pair<std::string, std::string>> endpoints;
  for (const Row& row : result.rows) {
    if (const auto* certificate = std::get_if<CertificateRow>(&row)) {
      EXPECT_TRUE(certificates.insert(certificate->sha256).second);
    } else if (const auto* endpoint = std::get_if<EndpointRow>(&row)) {
      EXPECT_TRUE(endpoints.emplace(endpoint->host, endpoint->address).second)
          << endpoint->host << " at " << endpoint->address << " twice";
      for (const std::string& sha256 :
           endpoint->chain_sha256.value_or(std::vector<std::string>{})) {
        EXPECT_TRUE(certificates.contains(sha256));
      }
    } else if (const auto* probe = std::get_if<output::ProbeRow>(&row)) {
      EXPECT_FALSE(endpoints.contains({probe->host, probe->address}));
      for (const std::string& sha256 : probe->chain_sha256.value_or(std::vector<std::string>{})) {
        EXPECT_TRUE(certificates.contains(sha256));
      }
    } else if (const auto* host = std::get_if<MxHostRow>(&row)) {
      const WorldHost* truth = FindHost(world, host->host);
      ASSERT_NE(truth, nullptr);
      // A failure answers for five minutes, and whoever names the host then has it asked again.
      const auto [earlier, first] = hosts.emplace(host->host, host->started_at);
      if (!first) {
        EXPECT_TRUE(truth->lookup_fails) << host->host << " twice";
        EXPECT_GE(host->started_at - std::exchange(earlier->second, host->started_at),
                  absl::Minutes(5));
      }
      for (const std::string& address : truth->addresses) {
        EXPECT_EQ(endpoints.contains({host->host, address}), !truth->lookup_fails);
      }
    } else {
      const auto& domain = std::get<DomainRow>(row);
      EXPECT_TRUE(domains.insert(domain.domain).second);
      if (!domain.mx) continue;
      for (const output::MxEntry& mx : *domain.mx) {
        EXPECT_TRUE(mx.host == "." || hosts.contains(mx.host)) << mx.host;
      }
    }
  }
}

std::string ExpectedDane(const WorldHost& host, const Expected& expected) {
  if (host.tlsa.empty()) return "insecure";
  if (host.tlsa == "none") return "none";
  switch (expected.outcome) {
    case Outcome::kTlsOk:
      return host.tlsa;
    case Outcome::kNoStartTls:
    case Outcome::kStartTlsRefused:
      return "no_starttls";
    case Outcome::kTlsAlert:  // handshake_failure: another client might have what we lack
      return "null";
    case Outcome::kTlsProtocolError:
      return "tls_failed";
    case Outcome::kReset:
    case Outcome::kClosedEarly:
      return expected.stage == Stage::kHandshake ? "tls_failed" : "null";
    default:
      return "null";
  }
}

bool Throttles(Manner manner) {
  return manner == Manner::kThrottled || manner == Manner::kThrottledAtStartTls ||
         manner == Manner::kThrottledWithinTls;
}

// The server does so whoever is asked for: refused, unreachable, no answer, no greeting.
bool EndsBeforeAnyName(Manner manner) {
  switch (manner) {
    case Manner::kRefused:
    case Manner::kIgnoresConnect:
    case Manner::kUnreachable:
    case Manner::kSilent:
    case Manner::kGreeting5xx:
    case Manner::kGarbageGreeting:
    case Manner::kEndlessGreeting:
    case Manner::kClosesAtOnce:
    case Manner::kResetsAtOnce:
      return true;
    default:
      return false;
  }
}

std::string ExpectedAfterTls(Manner manner) {
  switch (manner) {
    case Manner::kHeloOnlyWithinTls:
      return "helo";
    case Manner::kRefusesWithinTls:
      return "refused";
    case Manner::kThrottledWithinTls:
      return "throttled_421";
    case Manner::kClosesAfterHandshake:
      return "closed";
    case Manner::kSilentWithinTls:
      return "timeout";
    case Manner::kGarbageWithinTls:
      return "not_smtp";
    default:
      return "ok";
  }
}

// Every endpoint's row says what its server is.
void ExpectTrue(const World& world, const ScanSettings& settings, const EndpointRow& row) {
  SCOPED_TRACE(row.host + " at " + row.address);
  const WorldHost* host = FindHost(world, row.host);
  ASSERT_NE(host, nullptr);
  if (world.servers.at(row.address).blocked) {
    EXPECT_EQ(row.outcome, "blocked");
    EXPECT_EQ(row.stage, "gate");
    EXPECT_EQ(row.attempts, 0u);
    return;
  }
  const World::Verdict verdict = world.VerdictOf(row.address, settings.retries);
  const Expected expected = ExpectedOf(verdict.manner);
  if (Throttles(verdict.manner) && row.attempts == 0) {
    // Who throttles again and again is left alone.
    EXPECT_EQ(row.outcome, "throttled_421");
    EXPECT_EQ(row.stage, "gate");
    return;
  }
  EXPECT_EQ(row.outcome, OutcomeName(expected.outcome)) << row.error_detail.value_or("");
  EXPECT_LE(row.attempts, verdict.attempts);
  EXPECT_EQ(row.inferred, row.attempts == 0);
  EXPECT_EQ(row.inferred_from_at.has_value(), row.inferred);
  if (EndsBeforeAnyName(verdict.manner)) {
    // Who fails twice in a row is told of to all others.
    EXPECT_TRUE(row.attempts > 0 || row.stage == "gate");
    if (row.attempts == 0) return;
  } else if (!Throttles(verdict.manner)) {
    EXPECT_EQ(row.attempts, verdict.attempts);
  }
  EXPECT_EQ(row.stage, StageName(expected.stage)) << row.error_detail.value_or("");
  EXPECT_EQ(row.dane_status.value_or("null"), ExpectedDane(*host, expected));
  EXPECT_EQ(row.tls_version.has_value(), expected.outcome == Outcome::kTlsOk);
  EXPECT_EQ(row.chain_sha256.has_value(), expected.outcome == Outcome::kTlsOk);
  EXPECT_EQ(row.greeting.has_value(), row.greeting_us.has_value());
  if (expected.outcome != Outcome::kTlsOk) return;
  EXPECT_EQ(row.tls_version, verdict.manner == Manner::kTls12 ? "TLSv1.2" : row.tls_version);
  EXPECT_EQ(row.injected_plaintext_bytes, verdict.manner == Manner::kInjects ? 14u : 0u);
  EXPECT_EQ(row.pkix_status, "valid");
  EXPECT_EQ(row.name_match, row.host.ends_with(".sim.example") ? "san" : "none");
  EXPECT_EQ(row.requiretls.has_value(), row.after_tls == "ok");
  EXPECT_EQ(row.after_tls, ExpectedAfterTls(verdict.manner));
}

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
    ExpectWhole(world, result);
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
    ExpectWhole(world, result);
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
  ExpectWhole(world, result);
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
    ExpectWhole(world, result);
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
  ExpectWhole(world, result);
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
