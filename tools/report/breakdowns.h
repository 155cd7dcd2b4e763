// Which breakdowns a report has: what is counted of a row, and under which label. Adding one is a
// row of a table in breakdowns.cc.
#ifndef MXSWEEP_TOOLS_REPORT_BREAKDOWNS_H_
#define MXSWEEP_TOOLS_REPORT_BREAKDOWNS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "output/tables/tables.h"
#include "tools/report/picture.h"

namespace mxsweep::tools {

// The label of what is not known. It is never that of anything else.
inline constexpr std::string_view kNotKnown = "not known";

template <typename Row>
struct BreakdownSpec {
  std::string_view id;
  std::string_view title;
  std::string_view of;
  bool (*counts)(const Row&);
  std::string (*label)(const Row&);
  Tone (*tone)(std::string_view label) = nullptr;  // null: neutral, but for what is not known
  std::string_view note = {};
  // Labels in their own order, where they have one.
  std::vector<std::string_view> order = {};
};

std::span<const BreakdownSpec<output::DomainRow>> DomainBreakdowns();
std::span<const BreakdownSpec<output::EndpointRow>> ServerBreakdowns();
std::span<const BreakdownSpec<output::CertificateRow>> CertificateBreakdowns();

// What these look at.
const std::vector<std::string>& DomainBreakdownColumns();
const std::vector<std::string>& ServerBreakdownColumns();
const std::vector<std::string>& CertificateBreakdownColumns();

// Was the server not asked at all, or is the trouble ours? Did it not answer in time?
bool WasNotAsked(const output::EndpointRow& row);
bool TimedOut(const output::EndpointRow& row);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_REPORT_BREAKDOWNS_H_
