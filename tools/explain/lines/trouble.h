// One delivery's trouble with TLS.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_TROUBLE_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_TROUBLE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "tools/explain/forms/classify.h"
#include "tools/explain/lines/envelope.h"

namespace mxsweep::tools {

struct Trouble {
  Cause cause;
  Remote remote;
  std::optional<int64_t> time_s;
  uint64_t line_number = 0;  // of the line that told the cause
  std::string line;          // that line, fit for a terminal and cut
  uint64_t count = 1;        // sessions, where a report tells of several at once
  // Of a TLS report: whose it is, empty where it does not say. Nothing of logs and bounces.
  std::optional<std::string> reporter;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_TROUBLE_H_
