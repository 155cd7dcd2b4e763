// A place of its own for the test: PID, network and mount namespaces. Whatever is started in it
// dies with it, however the test ends; its loopback is nobody else's, so that the servers have
// ports 25 and 53; and no packet can leave it.
#ifndef MXSWEEP_TESTS_INTEROP_ISOLATION_H_
#define MXSWEEP_TESTS_INTEROP_ISOLATION_H_

#include <functional>

namespace mxsweep::interop {

// What ctest takes for "skipped".
inline constexpr int kSkippedExitCode = 77;

// Empty folder in memory that the namespace has for the servers' files, gone when it ends.
inline constexpr char kScratchFolder[] = "/run";

// The namespace's /etc/resolv.conf names this resolver.
inline constexpr char kResolverAddress[] = "127.25.53.1";

// Trust anchor of those who validate by themselves (GnuTLS's DANE library): an empty file of the
// namespace's own, to be written once the root zone is signed.
inline constexpr char kTrustAnchorFile[] = "/usr/share/dns/root.key";

// Runs `body` in a child process in new namespaces and returns its result; kSkippedExitCode, with
// the reason on standard error, if this process may not make namespaces (it is not root).
int RunIsolated(const std::function<int()>& body);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_ISOLATION_H_
