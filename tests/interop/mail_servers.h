// The mail servers, run from the folder that fetch_servers filled: Postfix (with OpenSSL) and Exim
// (with GnuTLS). Each listens on port 25 of several loopback addresses, configured differently.
#ifndef MXSWEEP_TESTS_INTEROP_MAIL_SERVERS_H_
#define MXSWEEP_TESTS_INTEROP_MAIL_SERVERS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/interop/child_process.h"

namespace mxsweep::interop {

inline constexpr uint16_t kSmtpPort = 25;

struct PostfixListener {
  std::string address;
  std::string chain_file;                                       // empty: no STARTTLS
  std::vector<std::pair<std::string, std::string>> parameters;  // of main.cf, for this address
};

// `servers` is fetch_servers' folder, `folder` an existing one for spool, configuration and logs.
absl::StatusOr<ChildProcess> StartPostfix(const std::string& servers, const std::string& folder,
                                          const std::vector<PostfixListener>& listeners);

struct EximListener {
  std::string address;
  std::string chain_file;
  std::string priorities;  // GnuTLS priority string
};

absl::StatusOr<ChildProcess> StartExim(const std::string& servers, const std::string& folder,
                                       const std::vector<EximListener>& listeners);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_MAIL_SERVERS_H_
