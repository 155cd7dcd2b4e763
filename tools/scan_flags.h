#ifndef MXSWEEP_TOOLS_SCAN_FLAGS_H_
#define MXSWEEP_TOOLS_SCAN_FLAGS_H_

#include "scanner/scan_options.h"

namespace CLI {
class App;
}

namespace mxsweep::tools {

// Adds every flag of `mxsweep scan` to `app`, with groups, help and examples. Parsing writes into
// `options`, which must outlive the parsing; what a flag alone can get wrong is reported by CLI11
// (exit code 2), what a combination can by options.Validate(), which the caller asks after parsing.
void RegisterScanFlags(CLI::App& app, scanner::ScanOptions& options);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_SCAN_FLAGS_H_
