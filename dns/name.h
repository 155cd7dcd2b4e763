// Domain names as people write them, and as DNS records hold them. Pure functions, safe from any
// thread.
#ifndef MXSWEEP_DNS_NAME_H_
#define MXSWEEP_DNS_NAME_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dns/facts.h"

namespace mxsweep::dns {

// RFC 1035 §2.3.4. Without the trailing dot, a name has at most 253 characters.
inline constexpr size_t kMaxNameLength = 253;
inline constexpr size_t kMaxLabelLength = 63;

struct NormalizeOptions {
  // A name of one label ("com") is a mail domain in theory (RFC 5321 §2.3.5), and in a list of
  // domains nearly always a mistake ("localhost", the heading of a column).
  bool allow_single_label = false;
};

// The form in which a domain is looked up, compared and written: A-labels (IDNA2008
// non-transitional with the mapping of UTS #46), lower case, no trailing dot. ASCII white space
// around `text` is dropped.
//
// Refused with InvalidArgument and a sentence that says why: nothing there, too long, an empty or
// overlong label, a character that host names don't have, a hyphen at the end of a label, an IP
// address (or anything whose last label is a number), a URL, an e-mail address, a single label.
// - Underscores are let through although RFC 5321 has no place for them: such domains exist, DNS
// serves
//   them, and the large MTAs deliver to them.
// - "xn--" labels that come as such are taken as they are: DNS knows whether they exist.
absl::StatusOr<std::string> NormalizeDomain(std::string_view text,
                                            const NormalizeOptions& options = {});

// What the host of an MX record looks like. `name` is as MxRecord::host. The rules are those of
// NormalizeDomain, but for underscores.
MxHostKind ClassifyMxHost(std::string_view name);

// What is wrong with it, in a sentence of printable ASCII; empty for kValid.
std::string MxHostProblem(std::string_view name);

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_NAME_H_
