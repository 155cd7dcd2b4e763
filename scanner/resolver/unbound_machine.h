// What our own Unbound needs of this machine: where it is, what may be used, and the user's file.
#ifndef MXSWEEP_SCANNER_RESOLVER_UNBOUND_MACHINE_H_
#define MXSWEEP_SCANNER_RESOLVER_UNBOUND_MACHINE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace mxsweep::scanner {

// The program "unbound" in the folders of `path` (as in the environment's PATH), else in the
// system's own ones, which an ordinary user's PATH lacks. NotFound says what to install.
absl::StatusOr<std::string> FindUnbound(std::string_view path,
                                        const std::vector<std::string>& system_folders = {
                                            "/usr/sbin", "/usr/local/sbin", "/sbin"});

// The text of a file for --unbound-config-include, with a line feed at its end. InvalidArgument, a
// sentence, if it cannot be read or is larger than kMaxIncludeBytes.
absl::StatusOr<std::string> ReadUnboundInclude(const std::string& path);
// All of the configuration waits in a pipe until Unbound reads it: a pipe holds a megabyte.
inline constexpr size_t kMaxIncludeBytes = 512 * 1024;

// Whether packets to the Internet have a way over IPv6; none is sent. Without one, Unbound would
// wait for name servers that it cannot reach.
bool HasIpv6Route();

// RLIMIT_NOFILE of this process and its children.
uint64_t DescriptorLimit();

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RESOLVER_UNBOUND_MACHINE_H_
