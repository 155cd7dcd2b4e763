// The openssl programs that levels are tried with: the machine's own, and that of Debian 13, which
// fetch_servers unpacks. OpenSSL 3.0 and later ones differ in what a security level lets pass.
#ifndef MXSWEEP_TESTS_INTEROP_OPENSSL_PROGRAM_H_
#define MXSWEEP_TESTS_INTEROP_OPENSSL_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/interop/child_process.h"

namespace mxsweep::interop {

struct OpensslProgram {
  Arguments command;                     // the program, with its own loader before it if it has one
  std::vector<std::string> environment;  // "NAME=value"
  std::string version;                   // "3.0.19", as it says itself
  // Since 3.1, TLS 1.0 and 1.1 need level 0. Before, static RSA did not.
  bool has_rules_of_3_0 = false;
};

// `servers` is fetch_servers' folder. The second one is left out where it could not be fetched.
absl::StatusOr<std::vector<OpensslProgram>> OpensslPrograms(const std::string& servers);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_OPENSSL_PROGRAM_H_
