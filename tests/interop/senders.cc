#include "tests/interop/senders.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/interop/mail_servers.h"

namespace mxsweep::interop {
namespace {

using nlohmann::json;

constexpr size_t kDomainsAtOnce = 100;  // of `mxsweep check`
constexpr absl::Duration kTimeToCheck = absl::Seconds(120);

bool Says(const std::string& output, const char* text) { return absl::StrContains(output, text); }

// Over TLS: whether the server is who the level wants it to be.
bool IsContent(const std::string& level, const WhatSendersDid& did) {
  if (level == "may" || level == "encrypt") return true;
  if (level == "verify") return Says(did.verify, "Verified TLS connection");
  // Without a usable record any TLS will do, which it tells of at `dane-only` alone; with an
  // insecure MX record it says no more than "Trusted" of a match.
  return Says(did.dane_only, "no usable TLSA") ||
         Says(did.dane_only, "all TLSA records unusable") ||
         Says(did.dane, "Verified TLS connection") || Says(did.dane, "Matched DANE");
}

}  // namespace

Command AskSender(const std::string& servers, const std::string& postfix,
                  const std::string& trust_store, const std::string& level,
                  const std::string& domain) {
  return {{servers + "/root/usr/sbin/posttls-finger", "-l", level, "-F", trust_store, domain},
          {.environment = {LibraryEnvironment(servers), "MAIL_CONFIG=" + postfix}}};
}

std::string WhatSendersDid::At(const std::string& asked) const {
  // posttls-finger goes on as at `secure`, and tells only at `dane-only` why; smtp(8) goes on as at
  // `may` (smtp_tls_security_level in postconf(5)).
  const bool has_no_records = Says(dane_only, "no TLSA records found");
  const std::string level = asked == "dane" && has_no_records ? "may" : asked;
  const std::string& output = level == "may"       ? may
                              : level == "encrypt" ? encrypt
                              : level == "verify"  ? verify
                                                   : dane;
  const bool may_work_later = Says(output, "try again") || Says(output, "TLSA lookup error");
  if (may_work_later) return "kept";
  if (Says(output, "(nullMX)") || Says(output, "Host not found")) return "returned";
  if (Says(output, "TLS connection established"))
    return IsContent(level, *this) ? "encrypted" : "kept";
  if (level != "may" || !Says(output, "< 250 ")) return "kept";
  return Says(output, "SSL_connect error") ? "handshake_failed" : "in_clear";
}

std::string WhatIsForetold(const json& sender) {
  const std::string action = sender.value("action", ""), reason = sender.value("reason", "");
  const bool has_no_tls = reason == "no_starttls" || reason == "starttls_refused";
  if (action == "in_clear" && !has_no_tls) return "handshake_failed";
  if (action == "refuse" || action == "defer") return "kept";
  return action == "return" ? "returned" : action;
}

absl::StatusOr<std::map<std::string, std::map<std::string, json>>> ForetellSenders(
    const std::vector<std::string>& domains, const std::string& resolver,
    const std::string& trust_store) {
  std::map<std::string, std::map<std::string, json>> foretold;
  for (size_t at = 0; at < domains.size(); at += kDomainsAtOnce) {
    Arguments arguments = {
        MXSWEEP_PROGRAM, "check",           "--json",    "--resolver", resolver,
        "--trust-store", trust_store,       "--mta-sts", "off",        "--allow-special",
        "--ehlo-name",   "scanner.example", "--retries", "0"};
    const size_t end = std::min(at + kDomainsAtOnce, domains.size());
    for (size_t i = at; i < end; ++i) arguments.push_back(domains[i]);
    const CommandResult run = RunCommand(arguments, {}, kTimeToCheck);
    const json report = json::parse(run.output, nullptr, /*allow_exceptions=*/false);
    if (!report.is_object()) return absl::InternalError("not JSON: " + run.output);
    for (const json& domain : report["domains"]) {
      auto& by_sender = foretold[domain.value("domain", "")];
      for (const json& sender : domain["senders"]) by_sender[sender.value("sender", "")] = sender;
    }
  }
  return foretold;
}

}  // namespace mxsweep::interop
