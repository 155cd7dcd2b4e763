#include "tools/lab/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "tests/lab/lab_fixture.h"
#include "tools/lab/crowds.h"

namespace mxsweep::lab {
namespace {

TEST(World, ReadsBackEveryNameThatItGives) {
  const World& world = SharedLab().world;
  for (uint32_t host = 0; host < world.hosts().size(); ++host) {
    const ParsedName parsed = world.Parse(world.HostName(host));
    ASSERT_EQ(parsed.host, host) << world.HostName(host);
    ASSERT_EQ(parsed.zone, world.hosts()[host].zone);
    if (world.CanonicalName(host) == world.HostName(host)) continue;
    ASSERT_EQ(world.Parse(world.CanonicalName(host)).host, host) << world.CanonicalName(host);
  }
  for (uint32_t zone = 0; zone < world.zones().size(); ++zone) {
    ASSERT_EQ(world.Parse(world.ZoneName(zone)).zone, zone);
  }
}

TEST(World, KnowsNoNamesButItsOwn) {
  const World& world = SharedLab().world;
  for (const char* name :
       {"example.org", "d200.lab", "d01.lab", "mx2.perfect.lab", "mx.perfect.lab", "provider0.lab",
        "_25._udp.mx1.perfect.lab", "real1.perfect.lab", "perfect.unsigned.lab",
        "x.mx1.perfect.lab", "nosuchzone.lab"}) {
    const ParsedName parsed = world.Parse(name);
    EXPECT_EQ(parsed.host, kNothing) << name;
    EXPECT_EQ(parsed.role, NameRole::kUnknown) << name;
  }
  EXPECT_TRUE(world.Parse("_25._tcp.mx1.perfect.lab").tlsa);
  EXPECT_NE(world.Parse("_25._tcp.mx1.perfect.lab").host, kNothing);
}

TEST(World, IsTheSameForTheSameSeedAndAnotherForAnother) {
  const TestLab again(1, 200);
  const TestLab other(2, 200);
  const World& world = SharedLab().world;
  ASSERT_EQ(world.addresses().size(), again.world.addresses().size());
  bool differs = world.addresses().size() != other.world.addresses().size();
  for (uint32_t i = 0; i < world.addresses().size(); ++i) {
    ASSERT_EQ(world.addresses()[i].behaviour, again.world.addresses()[i].behaviour);
    ASSERT_EQ(world.addresses()[i].tls, again.world.addresses()[i].tls);
    differs = differs || (i < other.world.addresses().size() &&
                          other.world.addresses()[i].tls != world.addresses()[i].tls);
  }
  EXPECT_TRUE(differs);
}

TEST(World, HasAFixedZoneForEveryPosture) {
  const TestLab& lab = SharedLab();
  std::set<Behaviour> behaviours;
  std::set<DanePosture> dane;
  std::set<DomainPosture> domains;
  std::set<StsPosture> sts;
  std::set<TlsRptPosture> tlsrpt;
  for (const uint32_t zone : lab.world.Domains()) {
    if (lab.world.ZoneName(zone).starts_with("d0.")) break;  // Fixed ones come first.
    domains.insert(lab.world.zones()[zone].posture);
    const Zone& z = lab.world.zones()[zone];
    if (z.sts) sts.insert(*z.sts);
    if (z.tlsrpt) tlsrpt.insert(*z.tlsrpt);
    for (uint32_t h = 0; h < z.host_count; ++h) {
      dane.insert(lab.world.hosts()[z.first_host + h].dane);
      for (const uint32_t address : lab.world.AddressesOf(z.first_host + h)) {
        behaviours.insert(lab.world.addresses()[address].behaviour);
      }
    }
  }
  EXPECT_EQ(behaviours.size(), static_cast<size_t>(Behaviour::kCount));
  EXPECT_EQ(dane.size(), static_cast<size_t>(DanePosture::kCount));
  EXPECT_EQ(domains.size(), static_cast<size_t>(DomainPosture::kCount));
  EXPECT_EQ(sts.size(), static_cast<size_t>(StsPosture::kCount));
  EXPECT_EQ(tlsrpt.size(), static_cast<size_t>(TlsRptPosture::kCount));
}

TEST(World, GivesEveryAddressToOneHostAndEveryHostItsAddress) {
  const World& world = SharedLab().world;
  std::set<std::string> texts;
  for (uint32_t i = 0; i < world.addresses().size(); ++i) {
    EXPECT_TRUE(texts.insert(world.AddressText(i)).second);
  }
  for (uint32_t i = 0; i < kPolicyAddresses; ++i) {
    EXPECT_TRUE(texts.insert(AddressText(world.PolicyAddress(i))).second);
  }
  EXPECT_THAT(texts, testing::Contains("::1"));
  EXPECT_THAT(world.AddressesOf(SharedLab().HostOf("dual-stack")), testing::SizeIs(2));
  EXPECT_THAT(world.AddressesOf(SharedLab().HostOf("ipv6")),
              testing::ElementsAre(world.v6_address()));
}

TEST(World, RefusesNetworksThatAreNotLoopback) {
  EXPECT_FALSE(World::Create({.network = 0x0a000000}).ok());
  EXPECT_FALSE(World::Create({.domains = 100000, .network = 0x7fffff00}).ok());
}

// The mix `internet`, with so many hostile zones that there are some of each.
const World& Internet() {
  static const World* const world = [] {
    absl::StatusOr<World> made =
        World::Create({.seed = 3,
                       .domains = 20000,
                       .fixed = FixedZones::kNone,
                       .mix = "internet,crowd.hostile_wide=0.05,crowd.hostile_names=0.05"});
    EXPECT_TRUE(made.ok());
    return new World(*std::move(made));
  }();
  return *world;
}

double ShareOf(const World& world, const std::function<bool(uint32_t zone)>& is) {
  const std::vector<uint32_t> domains = world.Domains();
  const auto count = std::count_if(domains.begin(), domains.end(), is);
  return static_cast<double>(count) / static_cast<double>(domains.size());
}

// How many names of the list lead to each address, by its text.
std::map<std::string, size_t> NamesByAddress(const World& world) {
  std::map<std::string, size_t> names;
  for (const uint32_t zone : world.Domains()) {
    const Zone& z = world.zones()[zone];
    for (uint32_t h = z.first_host; h != kNothing && h < z.first_host + z.host_count; ++h) {
      for (const uint32_t address : world.AddressesOf(h)) ++names[world.AddressText(address)];
    }
  }
  return names;
}

TEST(InternetMix, HasTheSharesThatAreDocumented) {
  const World& world = Internet();
  const auto has = [&](Crowd crowd) {
    return ShareOf(world, [&](uint32_t zone) { return world.zones()[zone].crowd == crowd; });
  };
  EXPECT_NEAR(has(Crowd::kPool), 0.06, 0.01);
  EXPECT_NEAR(has(Crowd::kSharedHost), 0.05, 0.01);
  EXPECT_NEAR(has(Crowd::kParkedRefusing), 0.08, 0.01);
  EXPECT_NEAR(has(Crowd::kParkedDropping), 0.12, 0.01);
  EXPECT_NEAR(has(Crowd::kParkedSilent), 0.03, 0.01);
  EXPECT_GT(has(Crowd::kHostileWide), 0);
  EXPECT_GT(has(Crowd::kHostileNames), 0);
  // A third of the list is with five providers, which have a few hundred addresses.
  std::set<std::string> addresses;
  const double giants = ShareOf(world, [&](uint32_t zone) {
    const uint32_t provider = world.zones()[zone].provider;
    if (provider == kNothing || world.zones()[zone].host_count > 0) return false;
    const std::string name = world.ZoneName(provider);
    if (name.size() != std::string("provider1.lab").size() || name[8] > '5') return false;
    for (const MxRecord& mx : world.MxOf(zone)) {
      for (const uint32_t a : world.AddressesOf(mx.host_index)) {
        addresses.insert(world.AddressText(a));
      }
    }
    return true;
  });
  EXPECT_NEAR(giants, 0.33, 0.07);
  EXPECT_GT(addresses.size(), 100u);
  EXPECT_LT(addresses.size(), 400u);
}

TEST(InternetMix, CrowdsWhereItSaysSoAndNowhereElse) {
  const World& world = Internet();
  const std::map<std::string, size_t> names = NamesByAddress(world);
  std::map<std::string, size_t> most;  // names at one address, by class
  for (const uint32_t zone : world.Domains()) {
    const Zone& z = world.zones()[zone];
    size_t& here = most[std::string(ListClassOf(world, zone))];
    for (uint32_t h = z.first_host; h != kNothing && h < z.first_host + z.host_count; ++h) {
      for (const uint32_t address : world.AddressesOf(h)) {
        here = std::max(here, names.at(world.AddressText(address)));
        if (!IsCrowded(world, zone)) {
          ASSERT_EQ(names.at(world.AddressText(address)), 1u);
        }
      }
    }
  }
  EXPECT_GT(most.at("shared_host"), 900u);  // all of them at one address
  EXPECT_GT(most.at("pool"), 300u);
  EXPECT_GT(most.at("parked_refusing"), 900u);
  EXPECT_GT(most.at("parked_dropping"), 1400u);
  EXPECT_GT(most.at("parked_silent"), 500u);
  EXPECT_GE(most.at("hostile_names"), 256u);
}

TEST(InternetMix, ReadsBackTheNamesOfItsHosts) {
  const World& world = Internet();
  size_t in_pool = 0;
  for (uint32_t host = 0; host < world.hosts().size(); ++host) {
    const std::string name = world.HostName(host);
    ASSERT_EQ(world.Parse(name).host, host) << name;
    if (world.hosts()[host].naming != HostNaming::kPool) continue;
    ++in_pool;
    EXPECT_THAT(name, testing::MatchesRegex("d[0-9]+-lab\\.pool1\\.lab"));
    // The pool's certificate is good for each of them.
    for (const uint32_t address : world.AddressesOf(host)) {
      EXPECT_EQ(world.HostName(world.CertificateOwner(address, name)), "mx1.pool1.lab");
    }
  }
  EXPECT_GT(in_pool, 1000u);
  EXPECT_EQ(world.Parse("d99999-lab.pool1.lab").host, kNothing);
}

TEST(InternetMix, HasHostileZonesOfThatWidth) {
  const World& world = Internet();
  for (const uint32_t zone : world.Domains()) {
    if (!IsHostile(world.zones()[zone].crowd)) continue;
    const std::vector<MxRecord> mx = world.MxOf(zone);
    std::set<std::string> hosts, addresses;
    for (const MxRecord& record : mx) {
      hosts.insert(record.host);
      for (const uint32_t a : world.AddressesOf(record.host_index)) {
        addresses.insert(world.AddressText(a));
      }
    }
    EXPECT_EQ(hosts.size(), 256u);
    const bool wide = world.zones()[zone].crowd == Crowd::kHostileWide;
    EXPECT_EQ(addresses.size(), wide ? 256u * 128u : 1u);
  }
}

TEST(InternetMix, SpreadsServersOverPrefixes) {
  const World& world = Internet();
  std::map<std::string, size_t> servers;  // by /24
  for (const uint32_t zone : world.Domains()) {
    if (ListClassOf(world, zone) != "own") continue;
    const Zone& z = world.zones()[zone];
    for (const uint32_t a : world.AddressesOf(z.first_host)) {
      const std::string text = world.AddressText(a);
      ++servers[text.substr(0, text.rfind('.'))];
    }
  }
  for (const auto& [prefix, count] : servers) EXPECT_LE(count, 4u) << prefix;
  EXPECT_GT(servers.size(), 300u);
  // A provider's hosts are not all in one place.
  const Zone& provider = world.zones()[world.Parse("provider1.lab").zone];
  std::set<std::string> prefixes;
  for (uint32_t h = provider.first_host; h < provider.first_host + provider.host_count; ++h) {
    const std::string text = world.AddressText(world.AddressesOf(h).front());
    EXPECT_TRUE(prefixes.insert(text.substr(0, text.rfind('.'))).second) << text;
  }
  EXPECT_EQ(prefixes.size(), 5u);
}

TEST(InternetMix, HasNoCrowdsInOtherMixes) {
  const absl::StatusOr<World> uniform = World::Create({.domains = 2000, .mix = "uniform"});
  ASSERT_TRUE(uniform.ok());
  for (const Zone& zone : uniform->zones()) EXPECT_EQ(zone.crowd, Crowd::kNone);
}

TEST(InternetMix, HoldsAMillionDomains) {
  const absl::StatusOr<World> world =
      World::Create({.domains = 1'000'000, .fixed = FixedZones::kNone, .mix = "internet"});
  ASSERT_TRUE(world.ok()) << world.status();
  EXPECT_EQ(world->Domains().size(), 1'000'000u);
}

TEST(Mix, UnderstandsPresetsAndChanges) {
  EXPECT_TRUE(Mix::Parse("").ok());
  EXPECT_TRUE(Mix::Parse("uniform,behaviour.no_starttls=3.5,dane.none=0").ok());
  for (const char* wrong : {"nonsense", "behaviour.no_starttls", "behaviour.nothing=1",
                            "behaviour.normal=-1", "behaviour.normal=x", "dane.none=1,happy"}) {
    EXPECT_FALSE(Mix::Parse(wrong).ok()) << wrong;
  }
}

TEST(Mix, DrawsOnlyWhatHasWeight) {
  const absl::StatusOr<Mix> mix = Mix::Parse("tls-only,behaviour.stutter=0");
  ASSERT_TRUE(mix.ok());
  Draw draw(7, 99, 0);
  for (int i = 0; i < 20000; ++i) {
    const auto behaviour = mix->Pick<Behaviour>(Subject::kBehaviour, draw);
    ASSERT_EQ(OutcomeOf(behaviour).outcome, "tls_ok");
    ASSERT_NE(behaviour, Behaviour::kStutter);
  }
}

}  // namespace
}  // namespace mxsweep::lab
