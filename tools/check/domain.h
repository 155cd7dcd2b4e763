// The domain that a person means.
#ifndef MXSWEEP_TOOLS_CHECK_DOMAIN_H_
#define MXSWEEP_TOOLS_CHECK_DOMAIN_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "scanner/posture/report.h"

namespace mxsweep::tools {

// Takes a domain (in Unicode, with a trailing dot, in any case), and, since that is what people
// paste, an e-mail address ("Ann <ann@example.org>") or a URL, of which it takes the domain.
// InvalidArgument: a sentence.
absl::StatusOr<scanner::CheckedDomain> ReadDomain(std::string_view text);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CHECK_DOMAIN_H_
