// Which names of a list wait for others: by what a scan finds behind them.
#ifndef MXSWEEP_TOOLS_LAB_CROWDS_H_
#define MXSWEEP_TOOLS_LAB_CROWDS_H_

#include <cstdint>
#include <string_view>

#include "tools/lab/world.h"

namespace mxsweep::lab {

// The key of the zone's crowd ("pool", "parked_silent" …); else "policy_host" where a policy is to
// be fetched from one of a few hosts, "provider", "own", or "no_host".
std::string_view ListClassOf(const World& world, uint32_t zone);

// Whether names of that class must take turns at few addresses. Providers' hosts are asked once,
// however many domains name them.
bool IsCrowded(const World& world, uint32_t zone);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_CROWDS_H_
