#ifndef MXSWEEP_SCANNER_VERDICT_PACKED_FINDINGS_H_
#define MXSWEEP_SCANNER_VERDICT_PACKED_FINDINGS_H_

#include <optional>
#include <string>
#include <string_view>

#include "scanner/verdict/summary.h"

namespace mxsweep::scanner {

// Findings as bytes: what the columns mx_hosts.summary and endpoints.summary hold, from which a
// scan that goes on knows a host or an endpoint again. `passes`: they hold for a while only
// (HostTable::FinishUntil).
struct PackedFindings {
  Findings findings;
  bool passes = false;
};

std::string Pack(const PackedFindings& packed);

// Nothing for bytes that Pack does not make: of another version, cut, beyond the caps of Findings.
std::optional<PackedFindings> UnpackFindings(std::string_view bytes);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_VERDICT_PACKED_FINDINGS_H_
