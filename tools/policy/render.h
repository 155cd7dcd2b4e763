// What a simulation says, as text, JSON and CSV.
#ifndef MXSWEEP_TOOLS_POLICY_RENDER_H_
#define MXSWEEP_TOOLS_POLICY_RENDER_H_

#include <string>
#include <string_view>

#include "output/scan_directory.h"
#include "tools/policy/simulation.h"
#include "tools/policy/weights.h"

namespace mxsweep::tools {

struct PolicyReport {
  const output::ScanDirectory* scan = nullptr;
  const Simulation* simulation = nullptr;
  const Weights* weights = nullptr;  // null: every domain counts the same
  bool dnssec_known = false;
  bool with_reasons = false;
};

// For people: at most 80 columns, as long as no word of a requirement is longer than its column.
std::string RenderPolicy(const PolicyReport& report);

// One object, as docs/policy.md says.
std::string RenderPolicyJson(const PolicyReport& report);

std::string_view PolicyCsvHeader();
// A line for domains that are lost or not known; nothing for others. Cells cannot become formulas
// of a spreadsheet.
std::string PolicyCsvLine(const JudgedMail& judged);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_POLICY_RENDER_H_
