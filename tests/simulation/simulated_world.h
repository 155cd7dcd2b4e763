// A random little Internet from one seed: domains, MX hosts, servers, and what is true of them.
#ifndef MXSWEEP_TESTS_SIMULATION_SIMULATED_WORLD_H_
#define MXSWEEP_TESTS_SIMULATION_SIMULATED_WORLD_H_

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scanner/targets/target_reader.h"
#include "tests/dns/fake_resolver.h"
#include "tests/simulation/simulated_server.h"

namespace mxsweep::scanner::simulation {

struct WorldHost {
  std::string name;
  std::vector<std::string> addresses;
  // "": unsigned; "none", "match", "mismatch", "anchor" (the issuer, whatever the leaf's name):
  // signed.
  std::string tlsa;
  std::string later_tlsa;     // the same, from ScanSettings::later_tlsa_at_ns on; "": as before
  bool lookup_fails = false;  // SERVFAIL
  // The first so many questions for A fail like that.
  uint32_t passing_failures = 0;
  dns::ResponseStatus passing_status = dns::ResponseStatus::kServfail;
  int64_t delay_ns = 0;  // of its answers; 0: some
};

struct WorldServer {
  ServerScript script;
  bool blocked = false;
  // endpoints.revocation_status with --revocation, where its chain is seen; "": not known here.
  std::string revocation;
};

struct WorldDomain {
  std::string name;
  std::string mx_status;  // word of docs/outcomes.md
  std::set<std::string> hosts;
  int64_t mx_delay_ns = 0;  // 0: by chance
  bool secure = false;      // its zone is signed
  // domains.mta_sts_policy_status with --mta-sts full; "": it has no record.
  std::string policy_status;
};

// Immutable once made.
struct World {
  std::vector<WorldHost> hosts;
  std::map<std::string, WorldServer> servers;  // by address
  std::map<std::string, WebScript> webs;       // the same
  std::vector<WorldDomain> domains;
  std::vector<Target> targets;
  std::map<std::string, std::string> texts;      // TXT records, by name
  std::map<std::string, std::string> web_hosts;  // names of webs, and the address of each
  // certificates.revocation_status with --revocation, by fingerprint in hex; others: "no_source".
  std::map<std::string, std::string> revocations;

  // Domains with shared hosts, hosts with shared addresses, and servers of every manner.
  static World Make(uint64_t seed);
  // `hosts` hosts with a server of this manner each, and a domain for each.
  static World Uniform(Manner manner, size_t hosts);

  void FillResolver(dns::FakeResolver* resolver, uint64_t seed) const;
  void FillLaterTlsa(dns::FakeResolver* resolver) const;
  void FillMoreTlsa(uint32_t records, dns::FakeResolver* resolver) const;
  void FillNetwork(ServerNetwork* network) const;

  // The server's last word after as many attempts as are allowed, and how many those are.
  struct Verdict {
    Manner manner = Manner::kGood;
    uint32_t attempts = 0;
  };
  // `has_name`: it is asked for by a name, which may be left out of the handshake.
  Verdict VerdictOf(const std::string& address, uint32_t retries, bool has_name = true) const;
};

// What is made once and used by all: certificates, the same in every process (SimulatedKey), with
// RSA signatures throughout, since those of ECDSA have another length each time and a seed would
// not tell the same story twice. The leaf has SimulatedKey(0).
const tls::testing::TestPki& SimulatedPki();

}  // namespace mxsweep::scanner::simulation

#endif  // MXSWEEP_TESTS_SIMULATION_SIMULATED_WORLD_H_
