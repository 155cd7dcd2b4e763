// Web servers of a random world: those of its revocation lists and of its MTA-STS policies, and
// what a scan has to say of them.
#ifndef MXSWEEP_TESTS_SIMULATION_SIMULATED_WEBS_H_
#define MXSWEEP_TESTS_SIMULATION_SIMULATED_WEBS_H_

#include <cstdint>

#include "tests/simulation/simulated_world.h"

namespace mxsweep::scanner::simulation {

// Gives each mail server a certificate of its own or of a few, whose revocation list is good, bad
// or not to be had: WorldServer::revocation, World::revocations.
void AddRevocationLists(uint64_t seed, World* world);

// Gives most domains that take mail an MTA-STS record, and a policy that is good, bad or not to be
// had: WorldDomain::policy_status.
void AddPolicies(uint64_t seed, World* world);

}  // namespace mxsweep::scanner::simulation

#endif  // MXSWEEP_TESTS_SIMULATION_SIMULATED_WEBS_H_
