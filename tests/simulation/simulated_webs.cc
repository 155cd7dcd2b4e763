#include "tests/simulation/simulated_webs.h"

#include <array>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "scanner/base/text.h"
#include "tests/simulation/simulated_keys.h"
#include "tests/tls/revocation/revocation_factory.h"
#include "tls/pki/certificate.h"

namespace mxsweep::scanner::simulation {
namespace {

using tls::testing::CrlSpec;
using tls::testing::kDay;
using tls::testing::kNow;
using tls::testing::TestCertificate;

using Chain = std::vector<const TestCertificate*>;

constexpr char kListHost[] = "crl.sim.example";
constexpr char kListAddress[] = "5.10.0.1";
constexpr char kSlowListHost[] = "slow-crl.sim.example";
constexpr char kSlowListAddress[] = "5.10.0.2";
constexpr int64_t kSerial = 700;  // and those behind it
constexpr int64_t kRevokedSerial = kSerial + 1;

// What docs/outcomes.md calls a certificate with such a list.
struct ListKind {
  const char* url;
  const char* word;
};
constexpr std::array<ListKind, 8> kListKinds = {{
    {"http://crl.sim.example/good.crl", "good"},
    {"http://crl.sim.example/revokes.crl", "revoked"},  // kRevokedSerial
    {"http://crl.sim.example/old.crl", "expired_crl"},
    {"http://crl.sim.example/forged.crl", "bad_crl"},
    {"http://crl.sim.example/absent.crl", "fetch_failed"},
    {"http://nowhere.sim.example/1.crl", "fetch_failed"},
    {"", "no_source"},
    {"http://slow-crl.sim.example/good.crl", "good"},
}};

// Certificates of all kinds, two of each but the revoked one; made once.
struct Leaf {
  Chain chain;
  std::string word;
  std::string sha256;
};
const std::vector<Leaf>& Leaves() {
  static const auto* leaves = [] {
    auto* certificates = new std::deque<TestCertificate>;
    auto* all = new std::vector<Leaf>;
    for (size_t i = 0; i < 2 * kListKinds.size(); ++i) {
      const ListKind& kind = kListKinds[i % kListKinds.size()];
      const int64_t serial = kSerial + static_cast<int64_t>(i);
      tls::testing::CertificateSpec spec{.common_name = "mx.sim.example",
                                         .subject_alt_names = "DNS:*.sim.example",
                                         .serial = serial};
      if (*kind.url != '\0') spec.crl_distribution_points = JoinText("URI:", kind.url);
      const TestCertificate& leaf = certificates->emplace_back(
          tls::testing::MakeSigned(spec, SimulatedKey(0), SimulatedPki().intermediate));
      // A list that revokes another one is a good one.
      const bool is_spared = std::string_view(kind.word) == "revoked" && serial != kRevokedSerial;
      all->push_back({.chain = {&leaf, &SimulatedPki().intermediate},
                      .word = is_spared ? "good" : kind.word,
                      .sha256 = tls::HexLower(tls::HashSha256(leaf.handle().der()))});
    }
    return all;
  }();
  return *leaves;
}

WebScript ListServer() {
  // (A scan may be suspended for days.)
  constexpr int64_t kNextUpdate = kNow + 300 * kDay;
  WebScript web;
  const auto add = [&web](const std::string& target, const CrlSpec& spec) {
    const std::vector<uint8_t> list = tls::testing::MakeCrl(SimulatedPki().intermediate, spec);
    web.documents[target] = std::string(list.begin(), list.end());
  };
  add("/good.crl", {.next_update = kNextUpdate});
  add("/revokes.crl",
      {.next_update = kNextUpdate, .entries = {{.serial = kRevokedSerial, .reason = 1}}});
  add("/old.crl", {.next_update = kNow - kDay});
  add("/forged.crl", {.next_update = kNextUpdate, .break_signature = true});
  return web;
}

constexpr char kPolicyTarget[] = "/.well-known/mta-sts.txt";

// A server of policies, and what docs/outcomes.md calls a policy of it.
struct PolicyKind {
  const char* address;   // "": its name does not exist
  const char* document;  // null: 404
  const char* word;
};
constexpr std::array<PolicyKind, 8> kPolicyKinds = {{
    {"5.10.1.1",
     "version: STSv1\nmode: enforce\nmx: *.sim.example\nmx: *.other.example\nmx: *.example\n"
     "max_age: 86400\n",
     "valid"},
    {"5.10.1.2", "version: STSv1\nmode: enforce\nmx: *.sim.example\nmax_age: 86400\n", "valid"},
    {"5.10.1.3", "version: STSv1\nmode: testing\nmx: *.sim.example\nmax_age: 86400\n", "valid"},
    {"5.10.1.4", "version: STSv1\nmode: none\nmax_age: 86400\n", "valid"},
    {"5.10.1.5", "version: STSv1\nmode: perhaps\nmx: *.sim.example\nmax_age: 86400\n", "invalid"},
    {"5.10.1.6", nullptr, "http_status"},
    {"5.10.1.7", "version: STSv1\nmode: enforce\nmx: *.sim.example\nmax_age: 86400\n",
     "webpki_invalid"},
    {"", nullptr, "host_not_found"},
}};

// For the policy host of each domain that World::Make may have made.
const Chain& PolicyChain() {
  static const auto* chain = [] {
    tls::testing::CertificateSpec spec{.common_name = "policies", .subject_alt_names = ""};
    for (int i = 0; i < 32; ++i) {
      AppendText(&spec.subject_alt_names, i == 0 ? "" : ",", "DNS:mta-sts.d", std::to_string(i),
                 ".example");
    }
    const auto* leaf = new TestCertificate(
        tls::testing::MakeSigned(spec, SimulatedKey(0), SimulatedPki().intermediate));
    return new Chain{leaf, &SimulatedPki().intermediate};
  }();
  return *chain;
}

const Chain& ChainOfOtherName() {
  static const auto* chain = new Chain{&SimulatedPki().leaf, &SimulatedPki().intermediate};
  return *chain;
}

}  // namespace

void AddRevocationLists(uint64_t seed, World* world) {
  static const WebScript kLists = ListServer();
  std::mt19937_64 random(seed ^ 0x5eed'0001);
  for (auto& [address, server] : world->servers) {
    const Leaf& leaf = Leaves()[random() % Leaves().size()];
    server.script.chain = &leaf.chain;
    server.revocation = leaf.word;
  }
  for (const Leaf& leaf : Leaves()) world->revocations[leaf.sha256] = leaf.word;
  world->webs[kListAddress] = kLists;
  world->webs[kSlowListAddress] = kLists;
  world->webs[kSlowListAddress].reply_delay_ns = 12 * kSecond;
  world->web_hosts[kListHost] = kListAddress;
  world->web_hosts[kSlowListHost] = kSlowListAddress;
}

void AddPolicies(uint64_t seed, World* world) {
  std::mt19937_64 random(seed ^ 0x5eed'0002);
  for (const PolicyKind& kind : kPolicyKinds) {
    if (*kind.address == '\0') continue;
    WebScript& web = world->webs[kind.address];
    if (kind.document != nullptr) web.documents[kPolicyTarget] = kind.document;
    web.chain =
        std::string_view(kind.word) == "webpki_invalid" ? &ChainOfOtherName() : &PolicyChain();
    if (random() % 4 == 0) web.reply_delay_ns = static_cast<int64_t>(random() % (10 * kSecond));
  }
  for (WorldDomain& domain : world->domains) {
    if (domain.mx_status != "mx" && domain.mx_status != "implicit") continue;
    if (random() % 4 == 0) continue;
    const PolicyKind& kind = kPolicyKinds[random() % kPolicyKinds.size()];
    domain.policy_status = kind.word;
    world->texts[JoinText("_mta-sts.", domain.name)] = "v=STSv1; id=1;";
    if (*kind.address != '\0') {
      world->web_hosts[JoinText("mta-sts.", domain.name)] = kind.address;
    }
  }
}

}  // namespace mxsweep::scanner::simulation
