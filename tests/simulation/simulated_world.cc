#include "tests/simulation/simulated_world.h"

#include <algorithm>

#include "tests/simulation/simulated_keys.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::scanner::simulation {
namespace {

const std::vector<const tls::testing::TestCertificate*>& Chain() {
  static const auto* chain = new std::vector<const tls::testing::TestCertificate*>{
      &SimulatedPki().leaf, &SimulatedPki().intermediate};
  return *chain;
}

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  World Make() {
    MakeServers();
    MakeHosts();
    MakeFlaky();
    MakeDomains();
    MakeTargets();
    return std::move(world_);
  }

 private:
  int64_t Random(int64_t bound) {
    return static_cast<int64_t>(random_() % (static_cast<uint64_t>(bound) + 1));
  }
  bool OneIn(int64_t n) { return Random(n - 1) == 0; }
  template <typename T>
  const T& Any(const std::vector<T>& of) {
    return of[static_cast<size_t>(Random(static_cast<int64_t>(of.size()) - 1))];
  }

  ServerScript Script() {
    ServerScript script;
    // Half of the servers are well-behaved.
    script.manners = {OneIn(2) ? Manner::kGood : static_cast<Manner>(Random(kManners - 1))};
    script.connect_delay_ns = Random(2 * kSecond);
    script.greet_delay_ns = OneIn(4) ? Random(20 * kSecond) : Random(500 * kMs);
    script.reply_delay_ns = OneIn(8) ? Random(5 * kSecond) : Random(100 * kMs);
    static const std::vector<size_t> pieces = {1, 7, 100, 1460, 1460, 1460};
    script.max_piece_bytes = Any(pieces);
    script.max_gap_ns = script.max_piece_bytes == 1 ? kMs : Random(20 * kMs);
    script.chain = &Chain();
    return script;
  }

  void MakeServers() {
    const int64_t count = 2 + Random(14);
    for (int64_t i = 0; i < count; ++i) {
      const std::string n = std::to_string(i + 1);
      const std::string address = OneIn(4) ? "2a01:4f8::" + n : "5.9.1." + n;
      world_.servers[address] = {Script()};
      addresses_.push_back(address);
    }
    world_.servers["10.0.0.1"] = {Script(), true};
    addresses_.push_back("10.0.0.1");
  }

  void MakeHosts() {
    const int64_t count = 1 + Random(11);
    for (int64_t i = 0; i < count; ++i) {
      WorldHost host;
      const std::string zone = OneIn(3) ? ".other.example" : ".sim.example";
      host.name = "mx" + std::to_string(i) + zone;
      const int64_t addresses = OneIn(8) ? 0 : 1 + Random(2);
      for (int64_t a = 0; a < addresses; ++a) {
        const std::string& address = Any(addresses_);
        if (std::find(host.addresses.begin(), host.addresses.end(), address) ==
            host.addresses.end()) {
          host.addresses.push_back(address);
        }
      }
      static const std::vector<std::string> tlsa = {"", "", "none", "match", "mismatch"};
      host.tlsa = Any(tlsa);
      host.lookup_fails = OneIn(12);
      world_.hosts.push_back(std::move(host));
    }
  }

  // A server that changes its manner from connection to connection must be one host's alone.
  void MakeFlaky() {
    for (auto& [address, server] : world_.servers) {
      const auto uses = [&address](const WorldHost& host) {
        return std::count(host.addresses.begin(), host.addresses.end(), address) > 0;
      };
      if (std::count_if(world_.hosts.begin(), world_.hosts.end(), uses) == 1 && OneIn(3)) {
        server.script.manners = {static_cast<Manner>(Random(kManners - 1)),
                                 static_cast<Manner>(Random(kManners - 1)), Manner::kGood};
      }
    }
  }

  void MakeDomains() {
    const int64_t count = 1 + Random(24);
    for (int64_t i = 0; i < count; ++i) {
      WorldDomain domain;
      domain.name = "d" + std::to_string(i) + ".example";
      static const std::vector<std::string> statuses = {
          "mx",      "mx",      "mx",       "mx",       "mx",    "implicit",
          "null_mx", "no_mail", "nxdomain", "servfail", "bogus", "timeout"};
      domain.mx_status = Any(statuses);
      if (domain.mx_status == "mx") {
        const int64_t hosts = 1 + Random(3);
        for (int64_t h = 0; h < hosts; ++h) domain.hosts.insert(Any(world_.hosts).name);
      } else if (domain.mx_status == "implicit") {
        WorldHost self{.name = domain.name, .addresses = {Steady()}, .tlsa = ""};
        domain.hosts.insert(self.name);
        world_.hosts.push_back(std::move(self));
      }
      world_.domains.push_back(std::move(domain));
    }
  }

  // An address whose server does not change its manner, and will not if it did.
  std::string Steady() {
    std::vector<std::string> steady;
    for (const std::string& address : addresses_) {
      if (world_.servers.at(address).script.manners.size() == 1) steady.push_back(address);
    }
    if (!steady.empty()) return Any(steady);
    const std::string& address = Any(addresses_);
    world_.servers.at(address).script.manners.resize(1);
    return address;
  }

  void MakeTargets() {
    uint64_t line = 0;
    for (const WorldDomain& domain : world_.domains) {
      Target target;
      target.kind = Target::Kind::kDomain;
      target.name = domain.name;
      target.input_line = ++line;
      world_.targets.push_back(std::move(target));
    }
  }

  std::mt19937_64 random_;
  World world_;
  std::vector<std::string> addresses_;
};

}  // namespace

const tls::testing::TestPki& SimulatedPki() {
  static const auto* pki = [] {
    auto root = tls::testing::MakeSelfSigned(tls::testing::CaSpec("Test Root"), SimulatedKey(1));
    auto intermediate =
        tls::testing::MakeSigned(tls::testing::CaSpec("Test Intermediate"), SimulatedKey(2), root);
    auto leaf = tls::testing::MakeSigned(
        {.common_name = "mx.sim.example", .subject_alt_names = "DNS:*.sim.example"},
        SimulatedKey(0), intermediate);
    return new tls::testing::TestPki{std::move(root), std::move(intermediate), std::move(leaf)};
  }();
  return *pki;
}

World World::Make(uint64_t seed) { return Maker(seed).Make(); }

World World::Uniform(Manner manner, size_t hosts) {
  World world;
  for (size_t i = 0; i < hosts; ++i) {
    const std::string n = std::to_string(i);
    const std::string address =
        "5.9." + std::to_string(i / 250) + "." + std::to_string(1 + i % 250);
    ServerScript script;
    script.manners = {manner};
    script.chain = &Chain();
    world.servers[address] = {std::move(script)};
    world.hosts.push_back({.name = "mx" + n + ".sim.example", .addresses = {address}, .tlsa = ""});
    world.domains.push_back(
        {.name = "d" + n + ".example", .mx_status = "mx", .hosts = {world.hosts.back().name}});
    Target target;
    target.kind = Target::Kind::kDomain;
    target.name = world.domains.back().name;
    target.input_line = i + 1;
    world.targets.push_back(std::move(target));
  }
  return world;
}

namespace {

// "match", "mismatch" or "anchor".
dns::TlsaRecord TlsaThatIs(std::string_view word) {
  if (word == "anchor") {
    const tls::Sha256 digest = tls::HashSha256(SimulatedPki().intermediate.spki());
    return {.usage = 2, .selector = 1, .matching_type = 1, .data = {digest.begin(), digest.end()}};
  }
  const tls::Sha256 digest = tls::HashSha256(SimulatedPki().leaf.spki());
  dns::TlsaRecord record{.usage = 3, .selector = 1, .matching_type = 1};
  record.data.assign(digest.begin(), digest.end());
  if (word == "mismatch") record.data[7] ^= 1;
  return record;
}

}  // namespace

void World::FillLaterTlsa(dns::FakeResolver* resolver) const {
  for (const WorldHost& host : hosts) {
    if (host.later_tlsa.empty()) continue;
    const std::string owner = "_25._tcp." + host.name;
    resolver->Forget(owner);
    if (host.later_tlsa != "none") resolver->AddTlsa(owner, TlsaThatIs(host.later_tlsa));
  }
}

void World::FillMoreTlsa(uint32_t records, dns::FakeResolver* resolver) const {
  for (const WorldHost& host : hosts) {
    for (uint32_t i = 0; i < records && !host.tlsa.empty(); ++i) {
      dns::TlsaRecord record = TlsaThatIs("mismatch");
      for (int byte = 0; byte < 4; ++byte) record.data[byte] = static_cast<uint8_t>(i >> 8 * byte);
      resolver->AddTlsa("_25._tcp." + host.name, record);
    }
  }
}

void World::FillResolver(dns::FakeResolver* resolver, uint64_t seed) const {
  std::mt19937_64 random(seed);
  const auto delay = [&random] { return std::chrono::milliseconds(random() % 400); };
  for (const WorldHost& host : hosts) {
    resolver->AddName(host.name);
    for (const std::string& address : host.addresses) resolver->AddAddress(host.name, address);
    const std::chrono::nanoseconds some = delay();
    resolver->SetDelay(host.name,
                       host.delay_ns > 0 ? std::chrono::nanoseconds(host.delay_ns) : some);
    if (!host.tlsa.empty()) {
      const std::string owner = "_25._tcp." + host.name;
      resolver->SetSecure(host.name);
      resolver->SetSecure(owner);
      if (host.tlsa != "none") resolver->AddTlsa(owner, TlsaThatIs(host.tlsa));
    }
    if (host.lookup_fails) {
      resolver->SetFailure(host.name, dns::RrType::kA, dns::ResponseStatus::kServfail);
      resolver->SetFailure(host.name, dns::RrType::kAaaa, dns::ResponseStatus::kServfail);
    }
  }
  for (const WorldHost& host : hosts) {
    if (host.passing_failures == 0) continue;
    resolver->SetPassingFailure(host.name, dns::RrType::kA, host.passing_status,
                                host.passing_failures);
  }
  for (const auto& [name, text] : texts) resolver->AddTxt(name, text);
  for (const auto& [name, address] : web_hosts) resolver->AddAddress(name, address);
  for (const WorldDomain& domain : domains) {
    resolver->SetDelay(domain.name, delay());
    if (domain.secure) resolver->SetSecure(domain.name);
    if (domain.mx_delay_ns > 0) {
      resolver->SetDelay(domain.name, std::chrono::nanoseconds(domain.mx_delay_ns));
    }
    const auto fail = [&](dns::ResponseStatus status) {
      resolver->SetFailure(domain.name, dns::RrType::kMx, status);
    };
    uint16_t preference = 10;
    if (domain.mx_status == "mx") {
      for (const std::string& host : domain.hosts) resolver->AddMx(domain.name, preference++, host);
    } else if (domain.mx_status == "null_mx") {
      resolver->AddMx(domain.name, 0, ".");
    } else if (domain.mx_status == "no_mail") {
      resolver->AddName(domain.name);
    } else if (domain.mx_status == "servfail") {
      fail(dns::ResponseStatus::kServfail);
    } else if (domain.mx_status == "bogus") {
      fail(dns::ResponseStatus::kBogus);
    } else if (domain.mx_status == "timeout") {
      fail(dns::ResponseStatus::kTimeout);
    }
  }
}

void World::FillNetwork(ServerNetwork* network) const {
  for (const auto& [address, server] : servers) {
    if (!server.blocked) network->Add(dns::IpAddress::Parse(address).value(), server.script);
  }
  for (const auto& [address, web] : webs) {
    network->AddWeb(dns::IpAddress::Parse(address).value(), web);
  }
}

World::Verdict World::VerdictOf(const std::string& address, uint32_t retries, bool has_name) const {
  const std::vector<Manner>& manners = servers.at(address).script.manners;
  Verdict verdict;
  do {
    verdict.manner = manners[std::min<size_t>(verdict.attempts++, manners.size() - 1)];
  } while (verdict.attempts <= retries && ExpectedOf(verdict.manner).tried_again);
  // The row tells of a further offer only if the handshake was completed, and that ends them.
  uint32_t more = ExpectedOf(verdict.manner).further_offers;
  if (more >= 2 && !has_name) --more;
  for (; more > 0; --more) {
    const Manner last = manners[std::min<size_t>(verdict.attempts++, manners.size() - 1)];
    if (ExpectedOf(last).outcome != Outcome::kTlsOk) continue;
    verdict.manner = last;
    break;
  }
  return verdict;
}

}  // namespace mxsweep::scanner::simulation
