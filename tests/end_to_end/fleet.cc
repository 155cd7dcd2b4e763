#include "tests/end_to_end/fleet.h"

#include <fstream>
#include <iterator>

namespace mxsweep::end_to_end {

const std::set<std::string> kNotOfResolve = {"--ehlo-name", "--retry-delay", "--greeting-timeout",
                                             "--command-timeout", "--quit-timeout"};
const std::set<std::string> kNotOfProbe = {"--mta-sts", "--mta-sts-port", "--mta-sts-timeout"};

Arguments HalfFlags(const Lab& lab, const std::set<std::string>& left_out, const Arguments& more) {
  const Arguments scan = lab.ScanArguments("LIST", more);
  Arguments flags;
  for (size_t i = 2; i < scan.size(); ++i) {
    if (left_out.contains(scan[i])) {
      ++i;  // and its value
    } else {
      flags.push_back(scan[i]);
    }
  }
  return flags;
}

std::string Contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace mxsweep::end_to_end
