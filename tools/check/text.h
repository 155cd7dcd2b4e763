#ifndef MXSWEEP_TOOLS_CHECK_TEXT_H_
#define MXSWEEP_TOOLS_CHECK_TEXT_H_

#include <string>

#include "scanner/posture/report.h"

namespace mxsweep::tools {

struct CheckTextOptions {
  bool colour = false;  // nothing is said by colour alone
  size_t columns = 80;  // at least 60 are used
};

// The report for people, ending in a line end: for each domain the verdict, what to do and why in
// the first lines, then servers, senders and findings; several domains are summed up at the end.
// Whatever servers and zones put into the rows, only printable characters come out. Lines are
// wrapped; only words that are longer than a line (and records to be copied) stand out.
std::string RenderCheckText(const scanner::CheckReport& report, const CheckTextOptions& options);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CHECK_TEXT_H_
