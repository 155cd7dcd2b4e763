// The two halves of a scan in the lab.
#ifndef MXSWEEP_TESTS_END_TO_END_FLEET_H_
#define MXSWEEP_TESTS_END_TO_END_FLEET_H_

#include <filesystem>
#include <set>
#include <string>

#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {

// Flags of Lab::ScanArguments that the half does not have: they are the other's.
extern const std::set<std::string> kNotOfResolve, kNotOfProbe;

// Those of ScanArguments (with `more`), without the command, its targets and what is left out.
Arguments HalfFlags(const Lab& lab, const std::set<std::string>& left_out,
                    const Arguments& more = {});

std::string Contents(const std::filesystem::path& path);

}  // namespace mxsweep::end_to_end

#endif  // MXSWEEP_TESTS_END_TO_END_FLEET_H_
