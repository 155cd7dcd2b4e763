#ifndef MXSWEEP_TOOLS_CHECK_JSON_H_
#define MXSWEEP_TOOLS_CHECK_JSON_H_

#include <string>

#include "scanner/posture/report.h"

namespace mxsweep::tools {

// The report for machines: one JSON object, ending in a line end. Its keys are those of
// docs/check.md; null is "not known".
std::string RenderCheckJson(const scanner::CheckReport& report);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CHECK_JSON_H_
