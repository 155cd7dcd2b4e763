#ifndef MXSWEEP_TOOLS_DOCTOR_SMTP_GREETING_H_
#define MXSWEEP_TOOLS_DOCTOR_SMTP_GREETING_H_

#include <chrono>
#include <string>

#include "tools/doctor/machine.h"

namespace mxsweep::tools {

// Connects to `host` (a name, an address, either with :PORT; port 25 where none is given), waits
// for a line of greeting, says QUIT and goes. A name is looked up by the system's resolver, and its
// first address asked. Blocks, for `timeout` at most.
SmtpAnswer AskForGreeting(const std::string& host, std::chrono::milliseconds timeout);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DOCTOR_SMTP_GREETING_H_
