// Who runs a host, as far as its name tells.
#ifndef MXSWEEP_DNS_PUBLIC_SUFFIX_H_
#define MXSWEEP_DNS_PUBLIC_SUFFIX_H_

#include <string>
#include <string_view>

namespace mxsweep::dns {

// The registrable domain of `host`: the public suffix (publicsuffix.org) and one label more, such
// as "example.co.uk" for "mx1.mail.example.co.uk". `host` is normalised (lower case A-labels).
// Empty where there is none: a public suffix itself, a single label, an IP address, the root.
//
// Uses the newer of the system's list (Debian's package publicsuffix) and the one inside libpsl,
// read once. Safe from any thread.
std::string RegistrableDomain(std::string_view host);

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_PUBLIC_SUFFIX_H_
