// Every limit that the sources name: a constant kMax… or kMost…, with its value and what stands
// beside it, as docs/limits.md lists them.
#ifndef MXSWEEP_TESTS_LINT_LIMITS_H_
#define MXSWEEP_TESTS_LINT_LIMITS_H_

#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::lint {

struct Limit {
  std::string name;     // "kMaxLabelLength"
  std::string value;    // as the code has it: "size_t{64} * 1024"
  std::string comment;  // behind it, or above it; may be empty
};

std::vector<Limit> LimitsIn(std::string_view code);

// The page, made from the sources below the current folder, which is the project's root.
std::string LimitsPage();

}  // namespace mxsweep::lint

#endif  // MXSWEEP_TESTS_LINT_LIMITS_H_
