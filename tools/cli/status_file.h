#ifndef MXSWEEP_TOOLS_CLI_STATUS_FILE_H_
#define MXSWEEP_TOOLS_CLI_STATUS_FILE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tools/cli/side_process.h"

namespace mxsweep::tools {

// A process that keeps the newest line it is told in the file `path`, which it replaces as a whole:
// who reads it sees one line or the next. The file holds an empty object at first, so that a path
// that cannot be written to is told of at once: InvalidArgument. Before there are threads.
absl::StatusOr<std::unique_ptr<SideProcess>> StartStatusFile(const std::string& path);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_STATUS_FILE_H_
