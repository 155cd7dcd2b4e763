// The plan as tables in Markdown: of docs/fleet.md, and of a reader's own figures.
#ifndef MXSWEEP_TOOLS_PLAN_PAGE_H_
#define MXSWEEP_TOOLS_PLAN_PAGE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/plan/inputs.h"

namespace mxsweep::plan {

// Every input, its value and its source.
std::string InputsTable(const Inputs& inputs);
// What follows from them by multiplying, with the multiplication; the run's hours from the
// simulation.
std::string ArithmeticTable(const Inputs& inputs);
// The run, and how it changes with one input at a time.
std::string ScheduleTables(const Inputs& inputs);
// How many connections addresses have to bear.
std::string BearTable(const Inputs& inputs);

// All of them, under headings.
std::string WholePlan(const Inputs& inputs);
// `page` with the tables between "<!-- plan: NAME -->" and "<!-- /plan -->" drawn anew (inputs,
// arithmetic, schedule, bear). kInvalidArgument where a NAME is none, or a place has no end;
// kNotFound where there is no place.
absl::StatusOr<std::string> WithTables(std::string_view page, const Inputs& inputs);

}  // namespace mxsweep::plan

#endif  // MXSWEEP_TOOLS_PLAN_PAGE_H_
