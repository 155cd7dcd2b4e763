// Whole scans with --mta-sts full in virtual time: who fetches a policy is no mail server's client.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/simulation/simulated_scan.h"
#include "tls/session/version.h"

namespace mxsweep::scanner::simulation {
namespace {

using output::DomainRow;

constexpr char kWeb[] = "5.10.0.1";

// The domain sim.example, whose policy comes from a server with `script`.
World WithPolicy(WebScript script) {
  static const std::vector<const tls::testing::TestCertificate*> kChain = {
      &SimulatedPki().leaf, &SimulatedPki().intermediate};
  World world = World::Uniform(Manner::kGood, 1);
  world.domains[0].name = world.targets[0].name = "sim.example";
  world.texts["_mta-sts.sim.example"] = "v=STSv1; id=1;";
  world.hosts.push_back({.name = "mta-sts.sim.example", .addresses = {kWeb}, .tlsa = ""});
  script.documents["/.well-known/mta-sts.txt"] =
      "version: STSv1\nmode: enforce\nmx: *.sim.example\nmax_age: 86400\n";
  script.chain = &kChain;
  world.webs[kWeb] = std::move(script);
  return world;
}

// Whether there is a policy is nothing that --offer asks (RFC 8461 §7.1: a server name is sent):
// Postfix sends none and OpenSSL
// 3.5 has no TLS 1.1, but neither is what fetches policies.
TEST(Policies, AreFetchedAlikeWhateverTheMailServersAreOffered) {
  for (const tls::ClientProfile profile : tls::kClientProfiles) {
    for (const uint16_t newest : {tls::kTls11, tls::kTls12, tls::kTls13}) {
      SCOPED_TRACE(std::string(ClientProfileWord(profile)) + " " + std::to_string(newest));
      const World world = WithPolicy({.tls = {.max_version = newest}});
      const ScanResult result = Scan(world, {.mta_sts = MtaStsLevel::kFull, .offer = profile});
      EXPECT_TRUE(result.complaints.empty()) << result.complaints.front();
      ASSERT_EQ(result.All<DomainRow>().size(), 1u);
      EXPECT_EQ(result.All<DomainRow>().front()->mta_sts_policy_status, "valid");
      EXPECT_EQ(result.All<DomainRow>().front()->mta_sts_sender, "deliver");
    }
  }
}

// RFC 8461 §2: what DANE forbids, a policy in testing mode does not allow. Whether the leaf's name
// fits, where the record is its issuer's, depends on the domain (RFC 7672 §3.2.2).
TEST(Policies, InTestingDoNotAllowWhatDaneForbidsForTheLeafsName) {
  for (const bool fits : {false, true}) {
    for (const size_t hosts : {1, 2}) {
      SCOPED_TRACE(fits ? "fits the domain" : "fits nobody");
      World world = WithPolicy({});
      world.webs[kWeb].documents["/.well-known/mta-sts.txt"] =
          "version: STSv1\nmode: testing\nmx: *.other.example\nmax_age: 86400\n";
      if (fits) {
        world.domains[0].name = world.targets[0].name = "a.sim.example";
        world.texts = {{"_mta-sts.a.sim.example", "v=STSv1; id=1;"}};
        world.hosts.back().name = "mta-sts.a.sim.example";
      }
      world.domains[0].secure = true;
      world.domains[0].hosts.clear();
      world.hosts.erase(world.hosts.begin());
      for (size_t i = 0; i < hosts; ++i) {
        const std::string name = "mx" + std::to_string(i) + ".other.example";
        world.hosts.push_back({.name = name, .addresses = {"5.9.0.1"}, .tlsa = "anchor"});
        world.domains[0].hosts.insert(name);
      }
      const ScanResult result = Scan(world, {.mta_sts = MtaStsLevel::kFull});
      ASSERT_EQ(result.All<DomainRow>().size(), 1u);
      const DomainRow& row = *result.All<DomainRow>().front();
      EXPECT_EQ(row.dane_status, fits ? "full" : "broken");
      if (fits) continue;  // (its policy host has no certificate for that name)
      EXPECT_EQ(row.mta_sts_policy_status, "valid");
      EXPECT_EQ(row.mta_sts_sender, "refuse");
    }
  }
}

// A ClientHello of two packets would only lose policies: no column tells of the group.
TEST(Policies, AreFetchedWithAClientHelloOfOnePacket) {
  for (const tls::ClientProfile profile : tls::kClientProfiles) {
    SCOPED_TRACE(ClientProfileWord(profile));
    const World world = WithPolicy({.longest_hello_bytes = 1'300});
    const ScanResult result = Scan(world, {.mta_sts = MtaStsLevel::kFull, .offer = profile});
    EXPECT_TRUE(result.complaints.empty()) << result.complaints.front();
    ASSERT_EQ(result.All<DomainRow>().size(), 1u);
    EXPECT_EQ(result.All<DomainRow>().front()->mta_sts_policy_status, "valid");
    EXPECT_EQ(result.connections.at(kWeb), 1u);
  }
}

}  // namespace
}  // namespace mxsweep::scanner::simulation
