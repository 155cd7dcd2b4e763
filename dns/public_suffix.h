// What a host's name tells by the list of public suffixes: who runs it, and whether it was meant.
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

// What an MX record of `domain` was probably meant to name, where the final dot was forgotten in
// the zone file, so that the zone's own name came to stand behind it: "mx.example.net" where the
// host is "mx.example.net.example.org", "mx.example.org" where it is
// "mx.example.org.example.org". The zone may be a parent of `domain`. Empty where it does not look
// like that. A guess: "mx.de.example.org" may well be meant. Both as in RegistrableDomain.
std::string NameBeforeOrigin(std::string_view host, std::string_view domain);
// Only where the zone's name stands there twice, which is hardly ever meant.
std::string NameBeforeDoubledOrigin(std::string_view host, std::string_view domain);

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_PUBLIC_SUFFIX_H_
