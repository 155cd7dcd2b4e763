#include "tls/keys/roca.h"

#include <array>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include "tls/keys/integer.h"

namespace mxsweep::tls {
namespace {

constexpr uint32_t kGenerator = 65537;
constexpr uint32_t kLargestPrime = 167;
constexpr uint8_t kNoPower = 0xff;

// Modulo one of the primes: which power of 65537 a residue is.
struct Residues {
  uint32_t prime = 0;
  uint32_t order = 0;                             // of 65537
  std::array<uint8_t, kLargestPrime> exponent{};  // kNoPower: none
};

// Some primes, as many as fit a word, so that one division of the modulus is enough for all.
struct Group {
  uint64_t product = 1;
  std::vector<Residues> primes;
};

Residues ResiduesOf(uint32_t prime) {
  Residues residues{.prime = prime};
  residues.exponent.fill(kNoPower);
  uint32_t power = 1 % prime;
  while (residues.exponent[power] == kNoPower) {
    residues.exponent[power] = static_cast<uint8_t>(residues.order++);
    power = power * (kGenerator % prime) % prime;
  }
  return residues;
}

bool IsPrime(uint32_t n) {
  for (uint32_t i = 2; i * i <= n; ++i) {
    if (n % i == 0) return false;
  }
  return true;
}

const std::vector<Group>& Groups() {
  static const auto* const groups = [] {
    auto* all = new std::vector<Group>(1);
    // 2 is left out: every odd number is a power modulo it.
    for (uint32_t prime = 3; prime <= kLargestPrime; prime += 2) {
      if (!IsPrime(prime)) continue;
      if (all->back().product > UINT64_MAX / prime) all->emplace_back();
      all->back().product *= prime;
      all->back().primes.push_back(ResiduesOf(prime));
    }
    return all;
  }();
  return *groups;
}

// "x = value modulo modulus".
struct Congruence {
  uint64_t value = 0;
  uint64_t modulus = 1;
};

// Both at once (the Chinese remainder theorem; the moduli need not be coprime), or nothing where
// they contradict each other. The least common multiple of all orders is under 2^62.
std::optional<Congruence> Join(const Congruence& a, uint64_t value, uint64_t modulus) {
  const uint64_t common = std::gcd(a.modulus, modulus);
  if (a.value % common != value % common) return std::nullopt;
  Congruence joined = a;
  // `modulus` is an order, under 167: counting is as good as inverting.
  while (joined.value % modulus != value) joined.value += a.modulus;
  joined.modulus = a.modulus / common * modulus;
  return joined;
}

}  // namespace

bool HasRocaFingerprint(Bytes modulus) {
  const Integer n = Integer::FromBytes(modulus);
  Congruence exponent;
  for (const Group& group : Groups()) {
    const uint64_t residue = mpz_fdiv_ui(n.get(), group.product);
    for (const Residues& residues : group.primes) {
      const uint8_t power = residues.exponent[residue % residues.prime];
      if (power == kNoPower) return false;
      // One exponent must do for all primes: it need not be found, only be possible.
      const std::optional<Congruence> joined = Join(exponent, power, residues.order);
      if (!joined) return false;
      exponent = *joined;
    }
  }
  return true;
}

}  // namespace mxsweep::tls
