// RSA keys that are the same in every process.
#ifndef MXSWEEP_TESTS_SIMULATION_SIMULATED_KEYS_H_
#define MXSWEEP_TESTS_SIMULATION_SIMULATED_KEYS_H_

#include <openssl/base.h>

namespace mxsweep::scanner::simulation {

// RSA of 2048 bits, another for each `index`, made from nothing else: which worker owns a
// revocation list is decided by its issuer's bytes, and a seed has to tell the same story in every
// process. Made at first use, borrowed by the caller. For one thread.
EVP_PKEY* SimulatedKey(int index);

}  // namespace mxsweep::scanner::simulation

#endif  // MXSWEEP_TESTS_SIMULATION_SIMULATED_KEYS_H_
