#ifndef MXSWEEP_TLS_KEYS_COMMON_FACTORS_H_
#define MXSWEEP_TLS_KEYS_COMMON_FACTORS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tls/keys/batch_gcd.h"

namespace mxsweep::tls {

// Which ones share: for each factor that several have, those who have it (positions in `divisors`,
// ascending, two at least). `divisors` is what each has in common with any of the others
// (CommonDivisor::divisor): mostly one prime, and where a modulus shares both of its primes, all of
// it, which is taken apart here. The order of the groups means nothing.
std::vector<std::vector<size_t>> GroupsByFactor(std::span<const CommonDivisor> divisors);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_KEYS_COMMON_FACTORS_H_
