// All references asked about all cases, some at a time.
#ifndef MXSWEEP_TESTS_INTEROP_INTERVIEW_H_
#define MXSWEEP_TESTS_INTEROP_INTERVIEW_H_

#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/interop/network.h"
#include "tests/interop/references.h"

namespace mxsweep::interop {

// In the order of `targets`. A reference that can have no opinion on a case is missing there.
absl::StatusOr<std::vector<std::map<Reference, Answers>>> Interview(
    Network& network, const std::vector<ReferenceTarget>& targets);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_INTERVIEW_H_
