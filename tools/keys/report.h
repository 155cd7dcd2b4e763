#ifndef MXSWEEP_TOOLS_KEYS_REPORT_H_
#define MXSWEEP_TOOLS_KEYS_REPORT_H_

#include <cstddef>
#include <string>

#include "tls/keys/blocklist.h"
#include "tools/keys/survey.h"

namespace mxsweep::tools {

struct KeyReport {
  const SurveyResult* result = nullptr;
  const tls::KeyBlocklist* blocklist = nullptr;  // null: none
  size_t inputs = 0;
  size_t shown = 20;  // keys that are told one by one
};

// For people: at most 80 columns, safe for a terminal.
std::string RenderKeys(const KeyReport& report);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_KEYS_REPORT_H_
