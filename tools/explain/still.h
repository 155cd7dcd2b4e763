// Is the trouble of a log still there, by what a check sees now? Pure functions.
#ifndef MXSWEEP_TOOLS_EXPLAIN_STILL_H_
#define MXSWEEP_TOOLS_EXPLAIN_STILL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/posture/report.h"
#include "tools/explain/ledger.h"

namespace mxsweep::tools {

enum class StillThere : uint8_t {
  kYes,        // the check finds the same
  kNo,         // it looked, and does not
  kNotKnown,   // the servers were not reached, or the resolver does not validate
  kNotJudged,  // a check of the domain cannot show this cause
};
// "still_there", "not_seen_now", "not_known", "not_judged".
std::string_view StillThereWord(StillThere still);

struct CheckedPlace {
  std::string domain;
  const CauseGroup* group = nullptr;  // borrowed
  StillThere still = StillThere::kNotKnown;
  std::string now;  // a phrase: what the check says of the domain, or of this trouble
};

// The domains of recipients (and of reports) with trouble, the most frequent first, `most` of them.
std::vector<std::string> DomainsToCheck(const std::vector<const CauseGroup*>& groups, size_t most);

// Holds a cause against what a check found of the domain.
StillThere JudgeStillThere(std::string_view cause, const scanner::DomainReport& report,
                           std::string* now);

// For each domain of `report` and each of its causes in `groups`.
std::vector<CheckedPlace> HoldAgainst(const std::vector<const CauseGroup*>& groups,
                                      const scanner::CheckReport& report);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_STILL_H_
