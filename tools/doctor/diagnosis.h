#ifndef MXSWEEP_TOOLS_DOCTOR_DIAGNOSIS_H_
#define MXSWEEP_TOOLS_DOCTOR_DIAGNOSIS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/doctor/machine.h"

namespace mxsweep::tools {

enum class Health : uint8_t {
  kGood,
  kAdvice,   // a scan runs; it would run better
  kBad,      // a scan does not run, or its results are worth less
  kUnknown,  // could not be told, or was not looked at
};
// "ok", "advice", "bad", "unknown".
std::string_view HealthWord(Health health);

struct Check {
  std::string id;  // a word that stays: "descriptors"
  Health health = Health::kUnknown;
  std::string found;   // a sentence or phrase
  std::string advice;  // what to change; empty: nothing
};

// A pure function: what the facts mean for the scan that is meant, in the order of
// docs/operating.md.
std::vector<Check> Diagnose(const MachineFacts& facts, const DoctorOptions& options);

// 1 where something is bad, else 0.
int ExitCodeOf(const std::vector<Check>& checks);

// For people, wrapped at `columns`; and for programs: one object, ending in a line end.
std::string RenderDiagnosis(const std::vector<Check>& checks, size_t columns, bool colour);
std::string RenderDiagnosisJson(const std::vector<Check>& checks);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DOCTOR_DIAGNOSIS_H_
