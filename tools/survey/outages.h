#ifndef MXSWEEP_TOOLS_SURVEY_OUTAGES_H_
#define MXSWEEP_TOOLS_SURVEY_OUTAGES_H_

#include <string>

#include "nlohmann/json.hpp"

namespace mxsweep::tools {

// A sentence's end, of the outages of our own network that a scan (`scan`: its scan.json) is sure
// of: "2 outages of our own network, what failed in them was done again"; empty: none. What a scan
// is not sure of may have been chance (scanner/pace/outage_watch.h), and is no outage.
std::string TellOutages(const nlohmann::json& scan);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_SURVEY_OUTAGES_H_
