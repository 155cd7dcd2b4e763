// What `mxsweep explain` has read and found, for the writers of text and JSON.
#ifndef MXSWEEP_TOOLS_EXPLAIN_FINDINGS_H_
#define MXSWEEP_TOOLS_EXPLAIN_FINDINGS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/explain/input.h"
#include "tools/explain/ledger.h"
#include "tools/explain/still.h"

namespace mxsweep::tools {

struct Findings : InputTotals {
  std::vector<const CauseGroup*> groups;  // sorted; borrowed
  std::vector<CheckedPlace> checked;      // with --check
};

// For people, ending in a line end; no line is longer than `columns` but for a long word. Only
// printable characters come out. `shown`: so many places of each cause are told one by one.
std::string RenderFindings(const Findings& findings, size_t columns, size_t shown);

// One JSON object, ending in a line end; its keys are those of docs/explain.md.
std::string RenderFindingsJson(const Findings& findings);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_FINDINGS_H_
