#ifndef MXSWEEP_TOOLS_CHECK_CHANGES_H_
#define MXSWEEP_TOOLS_CHECK_CHANGES_H_

#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace mxsweep::tools {

// What is different in a later report of the same domains (RenderCheckJson), in lines for people:
// what is not so any more ("- …"), then what is so now ("+ …"), by domain: verdict, MX hosts,
// servers with their sessions and certificates, what senders would do, findings. Times and timings
// are no change. None: nothing is.
std::vector<std::string> TellChanges(const nlohmann::json& before, const nlohmann::json& now);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CHECK_CHANGES_H_
