#include "tools/lab/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/lab/lab_fixture.h"

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
