// Whether rows of two runs, or of two jobs of a fleet, may stand beside each other: by what their
// scan.json says of how they were made.
#ifndef MXSWEEP_SCANNER_RESUME_CHANGED_MEANING_H_
#define MXSWEEP_SCANNER_RESUME_CHANGED_MEANING_H_

#include <string>

#include "nlohmann/json.hpp"

namespace mxsweep::scanner {

// Which of scan.json's options differ between the earlier runs of a scan and this one so that its
// rows would no longer mean the same: a sentence that names the flags. Empty: none. `earlier`,
// `now`: its "options".
std::string TellChangedMeaning(const nlohmann::json& earlier, const nlohmann::json& now);
// The same of two jobs of one half of a fleet, which may go by different names and in different
// orders.
std::string TellDifferentJobs(const nlohmann::json& one, const nlohmann::json& other);
// The same of a resolve job, and a probe job that goes on from it.
std::string TellDifferentHalves(const nlohmann::json& resolve, const nlohmann::json& probe);
// The same of what DescribeScan says of the resolver ("resolver").
std::string TellChangedResolver(const nlohmann::json& earlier, const nlohmann::json& now);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RESUME_CHANGED_MEANING_H_
