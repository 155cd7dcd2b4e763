// The mail servers, run from the folder that fetch_servers filled: Postfix and OpenSMTPD (with
// OpenSSL) and Exim (with GnuTLS). Each listens on port 25 of several loopback addresses,
// configured differently.
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
  std::string chain_file;  // several with commas between; empty: no STARTTLS
  std::vector<std::pair<std::string, std::string>> parameters;  // of main.cf, for this address
};

// `servers` is fetch_servers' folder, `folder` an existing one for spool, configuration and logs.
absl::StatusOr<ChildProcess> StartPostfix(const std::string& servers, const std::string& folder,
                                          const std::vector<PostfixListener>& listeners);

struct EximListener {
  std::string address;
  std::string chain_file;    // empty: no STARTTLS
  std::string priorities;    // GnuTLS priority string
  bool rejects_all = false;  // with 550, in place of a greeting
};

absl::StatusOr<ChildProcess> StartExim(const std::string& servers, const std::string& folder,
                                       const std::vector<EximListener>& listeners);

struct OpenSmtpdListener {
  std::string address;
  std::string chain_file, key_file;  // empty: no STARTTLS
};

// From `root`, one of the folders with a usr/sbin/smtpd that are in `servers`.
absl::StatusOr<ChildProcess> StartOpenSmtpd(const std::string& servers, const std::string& root,
                                            const std::string& folder,
                                            const std::vector<OpenSmtpdListener>& listeners);

// The environment of a program that runs from `servers`, where its libraries may be: "NAME=value".
std::string LibraryEnvironment(const std::string& servers);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_MAIL_SERVERS_H_
