#ifndef MXSWEEP_TOOLS_REPORT_PAGE_H_
#define MXSWEEP_TOOLS_REPORT_PAGE_H_

#include <cstddef>
#include <string>

#include "output/scan_directory.h"
#include "tools/report/picture.h"

namespace mxsweep::tools {

// One HTML page that needs nothing else and asks nobody: tables for whoever has no scripts, charts
// drawn from the same numbers by Chart.js within it. What strangers wrote stays text. Its
// Content-Security-Policy lets nothing in but its own script and style, by their hashes.
std::string RenderPage(const output::ScanDirectory& scan, const Picture& picture,
                       const PictureOptions& options);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_REPORT_PAGE_H_
