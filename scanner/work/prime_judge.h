#ifndef MXSWEEP_SCANNER_WORK_PRIME_JUDGE_H_
#define MXSWEEP_SCANNER_WORK_PRIME_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "scanner/work/background.h"
#include "tls/pki/der_handle.h"
#include "tls/probe/dh_prime.h"

namespace mxsweep::scanner {

// Judges the primes of Diffie-Hellman that servers use and nobody has a name for: whether they are
// prime, and safe. That takes up to a second of a core each, so that it is done in the background,
// and once for each prime. Thread-safe.
class PrimeJudge {
 public:
  // Empty: it is not judged, since it is too large or too many wait.
  using Answered = absl::AnyInvocable<void(std::optional<tls::PrimeKind>)>;

  static constexpr size_t kMostWaiting = 1'000;      // primes
  static constexpr size_t kMostRemembered = 65'536;  // answers, of some 50 bytes

  // Borrowed; what it was given has run when the judge is destroyed.
  explicit PrimeJudge(Background* background) : background_(background) {}

  // `answered` is called once, by the caller's thread or by the background's.
  void Ask(std::vector<uint8_t> prime, Answered answered);

 private:
  void Judge(const std::vector<uint8_t>& prime, const tls::Sha256& hash);

  Background* background_;
  std::mutex mutex_;  // guards the next two
  absl::flat_hash_map<tls::Sha256, std::vector<Answered>> waiting_;
  absl::flat_hash_map<tls::Sha256, std::optional<tls::PrimeKind>> known_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_PRIME_JUDGE_H_
