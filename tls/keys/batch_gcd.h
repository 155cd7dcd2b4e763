// Which of many RSA moduli have a prime in common (D. J. Bernstein, "How to find smooth parts of
// integers", 2004; N. Heninger et al., "Mining Your Ps and Qs", USENIX Security 2012, §3.3): the
// greatest common divisor of each with the product of all others, in time near n·log² n in place of
// n².
//
// Up: a product tree. Down: at each node v, with product n_v of all P, stands (P / n_v) mod n_v,
// 1 at the root; for a child a with sibling b
//   (P / n_a) mod n_a = ((P / n_v) mod n_a) · (b mod n_a) mod n_a.
// That is half the memory of the squares that P mod n_v² works with, since no number is ever longer
// than its node. A leaf's gcd with what has come down is the answer.
//
// Memory is bounded: the tree is on disk, but for blocks of some hundred kilobytes, whose lower
// floors are made twice; as many nodes are worked on at once as fit; and where the root would not
// fit, the tree ends below it, in a few trees that meet each other one by one (which for a few is
// hardly slower, and for many quadratic).
#ifndef MXSWEEP_TLS_KEYS_BATCH_GCD_H_
#define MXSWEEP_TLS_KEYS_BATCH_GCD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tls/keys/scratch_file.h"

namespace mxsweep::tls {

struct BatchGcdOptions {
  std::string scratch_folder = "/tmp";  // some ten times the moduli are written there
  uint64_t memory_bytes = 3ull << 30;   // beside what the moduli's offsets take
  int threads = 1;
  // Of all the work, 0 to 1; from any thread, one at a time.
  std::function<void(double)> progress;
};

// A modulus and what it has in common with the others: 1 < divisor <= modulus.
struct CommonDivisor {
  size_t index = 0;
  std::vector<uint8_t> divisor;  // big-endian
};

// Products of moduli that were seen before, which those of now meet, too. Called in order, from one
// thread; a product's bytes have the least significant first.
struct EarlierProducts {
  size_t count = 0;
  std::function<absl::Status(size_t index, std::vector<uint8_t>* product)> read;
};

// Products of consecutive moduli, to be kept for later: at most some kKeptProductBytes each.
using KeepProduct =
    std::function<absl::Status(size_t first, size_t count, std::span<const uint8_t> product)>;
inline constexpr uint64_t kKeptProductBytes = 32ull << 20;

// Those of `moduli` that have a divisor in common with another or with an earlier one, by index.
// REQUIRES: the moduli are distinct, flushed, odd or even but over 1.
absl::StatusOr<std::vector<CommonDivisor>> BatchGcd(const ModulusList& moduli,
                                                    const BatchGcdOptions& options,
                                                    const EarlierProducts& earlier = {},
                                                    const KeepProduct& keep = nullptr);

// Looks for divisors that BatchGcd found in moduli seen before. Immutable, thread-safe.
class DivisorProbe {
 public:
  explicit DivisorProbe(std::span<const CommonDivisor> divisors);
  ~DivisorProbe();
  DivisorProbe(const DivisorProbe&) = delete;
  DivisorProbe& operator=(const DivisorProbe&) = delete;

  // Has a product (least significant byte first) anything in common with them?
  bool MeetsProduct(std::span<const uint8_t> product) const;
  // What a modulus (big-endian) has in common with them; empty: nothing.
  std::vector<uint8_t> CommonWith(std::span<const uint8_t> modulus) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_KEYS_BATCH_GCD_H_
