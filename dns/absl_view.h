// Debian builds abseil with a string_view of its own, which std::string_view does not convert to.
// Where abseil's is the standard one, this is the identity.
#ifndef MXSWEEP_DNS_ABSL_VIEW_H_
#define MXSWEEP_DNS_ABSL_VIEW_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace mxsweep::dns {

// Borrows what `view` borrows.
inline absl::string_view ToAbsl(std::string_view view) { return {view.data(), view.size()}; }

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_ABSL_VIEW_H_
