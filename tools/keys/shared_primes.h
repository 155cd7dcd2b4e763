#ifndef MXSWEEP_TOOLS_KEYS_SHARED_PRIMES_H_
#define MXSWEEP_TOOLS_KEYS_SHARED_PRIMES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tls/keys/batch_gcd.h"
#include "tls/pki/der_handle.h"
#include "tools/keys/key_set.h"
#include "tools/keys/modulus_store.h"

namespace mxsweep::tools {

struct SharedPrimes {
  // Of a modulus of the key set: the keys of all other moduli that have a prime in common with it,
  // in the set and in the store, sorted.
  std::map<uint32_t, std::vector<tls::Sha256>> partners;
  uint64_t stored_before = 0;
  uint64_t added = 0;
};

// Compares the set's moduli with each other and, where there is a store (borrowed), with all that
// it has, to which they are added. Marks the keys (kSharedPrime).
absl::StatusOr<SharedPrimes> FindSharedPrimes(const tls::BatchGcdOptions& options,
                                              ModulusStore* store, KeySet* keys);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_KEYS_SHARED_PRIMES_H_
