#ifndef MXSWEEP_TLS_SESSION_ERRORS_H_
#define MXSWEEP_TLS_SESSION_ERRORS_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace mxsweep::tls {

// The IANA name of a TLS alert ("handshake_failure"), or nothing for a number that has none
// (RFC 8446 §6, RFC 5246 §7.2, the "TLS Alerts" registry).
std::string_view AlertName(uint8_t number);

// The name, or "alert_NNN" where the registry has none: what the alert columns hold.
std::string AlertText(uint8_t number);

// Empties BoringSSL's error queue of this thread and says what was in it, oldest first, as reason
// words joined by "; " ("WRONG_VERSION_NUMBER"). Empty where the queue was.
std::string TakeLibraryErrors();

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_SESSION_ERRORS_H_
