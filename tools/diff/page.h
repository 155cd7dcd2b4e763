#ifndef MXSWEEP_TOOLS_DIFF_PAGE_H_
#define MXSWEEP_TOOLS_DIFF_PAGE_H_

#include <string>

#include "tools/diff/report.h"

namespace mxsweep::tools {

// One HTML page of what changed, as tools/page makes them: tables for whoever has no scripts,
// charts of the same numbers, and what strangers wrote stays text.
std::string RenderDiffPage(const DiffReport& report);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_PAGE_H_
