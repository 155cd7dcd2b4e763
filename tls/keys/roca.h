#ifndef MXSWEEP_TLS_KEYS_ROCA_H_
#define MXSWEEP_TLS_KEYS_ROCA_H_

#include "tls/pki/certificate_der.h"

namespace mxsweep::tls {

// Was this RSA modulus made by Infineon's library of CVE-2017-15361? Its primes are
// k·M + (65537^a mod M), M the product of the first primes (M. Nemec et al., "The Return of
// Coppersmith's Attack", CCS 2017, §2), so that the modulus, too, is a power of 65537 modulo M. For
// keys of every length M is a multiple of the product of the primes up to 167, modulo which
// 65537 has some 2^61 powers of 2^216 values: a random modulus is one of them once in 2^154.
bool HasRocaFingerprint(Bytes modulus);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_KEYS_ROCA_H_
