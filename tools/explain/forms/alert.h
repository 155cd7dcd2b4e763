// Alerts in a line, in the spelling of every library.
#ifndef MXSWEEP_TOOLS_EXPLAIN_FORMS_ALERT_H_
#define MXSWEEP_TOOLS_EXPLAIN_FORMS_ALERT_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "tools/explain/forms/form.h"

namespace mxsweep::tools {

struct AlertHit {
  int number = -1;      // -1: an alert, and neither number nor name is known
  bool sent = false;    // by whoever wrote the line; else it was received
  size_t position = 0;  // in the line
};

// The alert that `line` (lower case) tells of. A closing notice (number 0) is none.
std::optional<AlertHit> FindAlert(std::string_view line);

// Null where the number is none that we know.
const AlertForm* AlertOfNumber(int number);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_FORMS_ALERT_H_
