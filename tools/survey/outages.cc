#include "tools/survey/outages.h"

#include <algorithm>

#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

bool IsSure(const nlohmann::json& outage) {
  return outage.is_object() && outage.value("sure", nlohmann::json(true)) == nlohmann::json(true);
}

}  // namespace

std::string TellOutages(const nlohmann::json& scan) {
  const auto outages = scan.is_object() ? scan.find("outages") : scan.end();
  if (outages == scan.end() || !outages->is_array()) return "";
  const auto count = std::ranges::count_if(*outages, IsSure);
  if (count == 0) return "";
  return JoinText(count, count == 1 ? " outage" : " outages",
                           " of our own network; what failed meanwhile was done again");
}

}  // namespace mxsweep::tools
