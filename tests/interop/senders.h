// What a sender does with mail for a domain: Postfix's own client code, asked by posttls-finger
// with nothing but its defaults, and what `mxsweep check` foretells of the same sender.
#ifndef MXSWEEP_TESTS_INTEROP_SENDERS_H_
#define MXSWEEP_TESTS_INTEROP_SENDERS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "tests/interop/child_process.h"

namespace mxsweep::interop {

// A security level of Postfix.
struct PostfixSender {
  const char* level;
  const char* sender;  // of `mxsweep check --json`
};
// The posttls-finger that is asked is Debian 12's, with OpenSSL 3.0.
inline constexpr PostfixSender kPostfixSenders[] = {{"may", "opportunistic"},
                                                    {"encrypt", "encrypt"},
                                                    {"verify", "verified_openssl_3_0"},
                                                    {"dane", "dane"}};

// `servers` is fetch_servers' folder, `postfix` that of a configuration.
Command AskSender(const std::string& servers, const std::string& postfix,
                  const std::string& trust_store, const std::string& level,
                  const std::string& domain);

// What it came to at a level, in a word:
//   "encrypted"         handed over by TLS, and the server is who the level wants it to be
//   "in_clear"          handed over without
//   "handshake_failed"  the level does without TLS if it must: in clear, when the mail is some
//   minutes
//                       old
//   "kept"              not handed over, and tried again
//   "returned"          at once
struct WhatSendersDid {
  std::string may, encrypt, verify, dane, dane_only;  // what posttls-finger printed at the level

  std::string At(const std::string& level) const;
};

// The same of an element of `senders` in `mxsweep check --json`; or "unknown".
std::string WhatIsForetold(const nlohmann::json& sender);

// `mxsweep check --json` on all domains: the elements of `senders` by domain and sender.
absl::StatusOr<std::map<std::string, std::map<std::string, nlohmann::json>>> ForetellSenders(
    const std::vector<std::string>& domains, const std::string& resolver,
    const std::string& trust_store);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_SENDERS_H_
