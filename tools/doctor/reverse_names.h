#ifndef MXSWEEP_TOOLS_DOCTOR_REVERSE_NAMES_H_
#define MXSWEEP_TOOLS_DOCTOR_REVERSE_NAMES_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns/ip_address.h"
#include "dns/server_address.h"

namespace mxsweep::tools {

// The names of an address (PTR), in lower case and without a dot at the end, as `servers` (none:
// those of /etc/resolv.conf) say them; none where there are none. Blocks, for `timeout` at most.
absl::StatusOr<std::vector<std::string>> NamesOf(const dns::IpAddress& address,
                                                 const std::vector<dns::ServerAddress>& servers,
                                                 std::chrono::milliseconds timeout);
// The same of the addresses of a name, A and AAAA.
absl::StatusOr<std::vector<std::string>> AddressesOf(const std::string& name,
                                                     const std::vector<dns::ServerAddress>& servers,
                                                     std::chrono::milliseconds timeout);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DOCTOR_REVERSE_NAMES_H_
