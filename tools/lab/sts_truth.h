// The columns of MTA-STS and TLS reporting that a row of `domains` must have, from how the world
// was made (docs/outcomes.md).
#ifndef MXSWEEP_TOOLS_LAB_STS_TRUTH_H_
#define MXSWEEP_TOOLS_LAB_STS_TRUTH_H_

#include <cstdint>
#include <span>
#include <string>

#include "nlohmann/json.hpp"
#include "tools/lab/world.h"

namespace mxsweep::lab {

// What an MTA-STS sender meets at one MX host, policies apart.
struct StsHost {
  std::string name;
  bool passed = false;  // some endpoint is good enough
  bool failed = false;  // some endpoint is not
  bool refused_by_dane = false;
};

// Adds the columns. `takes_mail`: there is an MX answer with hosts; otherwise all of them are null.
void AddPolicyColumns(const World& world, uint32_t zone, bool takes_mail,
                      std::span<const StsHost> hosts, nlohmann::ordered_json& row);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_STS_TRUTH_H_
