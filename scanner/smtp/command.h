// The few commands that a scanner sends (RFC 5321 §4.1.1, RFC 3207 §4), and the name it gives
// itself.
#ifndef MXSWEEP_SCANNER_SMTP_COMMAND_H_
#define MXSWEEP_SCANNER_SMTP_COMMAND_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "dns/ip_address.h"

namespace mxsweep::scanner {

inline constexpr std::string_view kStartTlsCommand = "STARTTLS\r\n";
inline constexpr std::string_view kQuitCommand = "QUIT\r\n";

// "EHLO name\r\n" and "HELO name\r\n". REQUIRES: ValidateEhloName(name).ok(), which also means that
// nothing can be smuggled into the dialogue through the name.
std::string EhloCommand(std::string_view name);
std::string HeloCommand(std::string_view name);

// Is `name` what RFC 5321 §4.1.1.1 and §4.1.3 want of a client: a fully qualified host name in
// A-label form (at least two labels), or an address literal, [192.0.2.1] or [IPv6:2001:db8::1]? The
// error is a sentence for the user.
absl::Status ValidateEhloName(std::string_view name);

// "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 §4.1.3).
std::string AddressLiteral(const dns::IpAddress& address);

// This machine's own name: the canonical name of its host name if that is fully qualified, else the
// literal of its first global (else first) interface address, else of loopback. Always valid. May
// ask the system's resolver, so it blocks: call it before the scan begins.
std::string DefaultEhloName();

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SMTP_COMMAND_H_
