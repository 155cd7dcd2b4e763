// The lines of a stream.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_LINE_SOURCE_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_LINE_SOURCE_H_

#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "scanner/targets/input_source.h"

namespace mxsweep::tools {

// Gives `take` each line of `source` without its end (LF or CRLF) and with its number, from 1. What
// a line has beyond 64 KiB is passed over. The error is the source's: lines before it were given.
absl::Status ForEachLine(scanner::InputSource& source,
                         absl::FunctionRef<void(std::string_view line, uint64_t number)> take);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_LINE_SOURCE_H_
