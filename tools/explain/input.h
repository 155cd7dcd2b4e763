// Reads what is to be explained.
#ifndef MXSWEEP_TOOLS_EXPLAIN_INPUT_H_
#define MXSWEEP_TOOLS_EXPLAIN_INPUT_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "scanner/targets/input_source.h"
#include "tools/explain/findings.h"
#include "tools/explain/ledger.h"

namespace mxsweep::tools {

// Reads `source` (plain or packed, or plain UTF-16) to its end, enters its troubles into `ledger`, and its lines and
// times into `findings`. `now_s`: for times without a year. Memory does not grow with the input.
// The error is the source's; what came before it counts.
absl::Status ReadInput(std::unique_ptr<scanner::InputSource> source, int64_t now_s, Ledger* ledger,
                       Findings* findings);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_INPUT_H_
