// Finite-field DH: which prime it is that a server uses, and whether it is one.
#ifndef MXSWEEP_TLS_PROBE_DH_PRIME_H_
#define MXSWEEP_TLS_PROBE_DH_PRIME_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/pki/der_handle.h"

namespace mxsweep::tls {

enum class PrimeKind : uint8_t {
  kSafe,       // (p - 1) / 2 is prime, too
  kPrime,      // prime, not safe: as good as its subgroup, which the handshake does not show
  kComposite,  // no prime at all: an error, or a trap door
};
std::string_view PrimeKindName(PrimeKind kind);  // "safe", "prime", "composite"

struct WellKnownPrime {
  std::string_view name;  // "rfc3526_2048", "ffdhe2048", "postfix_1024"
  uint32_t bits = 0;
  PrimeKind kind = PrimeKind::kSafe;
};

// SHA-256 of the prime as a big-endian number without leading zeros.
Sha256 PrimeHash(std::span<const uint8_t> p);
// Null where it is none of those that standards or widely used software have.
const WellKnownPrime* FindWellKnownPrime(std::span<const uint8_t> p);
// All of them.
std::vector<WellKnownPrime> WellKnownPrimes();
// The name of a well-known prime, else "sha256:" and the hash in hexadecimal.
std::string PrimeName(std::span<const uint8_t> p);

// A larger prime than this is not judged: it would take many seconds of a core.
inline constexpr uint32_t kMaxJudgedPrimeBits = 4096;

// Whether `p` is prime and whether it is safe, by 32 rounds of Miller-Rabin with random bases, so that
// a number made to deceive passes with less than 2^-64. Of a well-known prime from the table. Nothing
// for more than kMaxJudgedPrimeBits.
//
// Expensive: a prime of 512, 1024, 2048, 4096 bits takes some 4, 40, 230, 1400 ms of a core of a busy
// machine; a composite a thirtieth of that at most. Not for an event loop; the caller keeps the answer
// by PrimeHash().
std::optional<PrimeKind> JudgePrime(std::span<const uint8_t> p);

// The generator for people: decimal up to 64 bits, else "0x" and at most 64 digits.
std::string GeneratorText(std::span<const uint8_t> g);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PROBE_DH_PRIME_H_
