// What mxsweep says of a case of the matrix, and what a reference ought to say then.
#ifndef MXSWEEP_TESTS_INTEROP_MATRIX_VERDICT_H_
#define MXSWEEP_TESTS_INTEROP_MATRIX_VERDICT_H_

#include <string>

#include "absl/status/statusor.h"
#include "tests/interop/network.h"
#include "tests/interop/references.h"

namespace mxsweep::interop {

// In the words of MatrixCase.
struct Verdict {
  std::string tls, pkix, dane, domain_dane;
  Row endpoint;                         // null where there is none
  std::string leaf_sha256, key_sha256;  // the latter of its public key; empty without a handshake
};

// An error if the scan has not the rows that belong to the case, or has too many.
absl::StatusOr<Verdict> VerdictOn(const ScanResult& scan, const ReferenceTarget& target);

// The verdict in the words of a reference, which knows fewer of them. An empty word: nothing to
// say.
Answers Expected(const Verdict& verdict, Reference reference);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_MATRIX_VERDICT_H_
