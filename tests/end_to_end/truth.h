// A scan of the lab, cell by cell against what the lab says is true.
#ifndef MXSWEEP_TESTS_END_TO_END_TRUTH_H_
#define MXSWEEP_TESTS_END_TO_END_TRUTH_H_

#include <set>
#include <string>
#include <vector>

#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {

// The values of these columns, with blanks between.
std::string KeyOf(const json& row, const std::vector<std::string>& columns);

// Every row of the tables is in the lab's truth and the other way round, once, and every cell that
// the truth holds is as it says; but for the columns `but`.
// `failures_may_be_forgotten`: the scan took more than five minutes, after which a host
// whose addresses could not be looked up may be asked for again, and has further rows
// (docs/outcomes.md).
void ExpectTruth(const std::string& scan, const Lab& lab, const std::set<std::string>& but = {},
                 bool failures_may_be_forgotten = false);

}  // namespace mxsweep::end_to_end

#endif  // MXSWEEP_TESTS_END_TO_END_TRUTH_H_
