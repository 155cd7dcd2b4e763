// SMTP TLS reporting (RFC 8460): the TXT record that says where reports go. Pure functions over
// text that anybody may have written; safe from any thread.
#ifndef MXSWEEP_DNS_TLS_RPT_H_
#define MXSWEEP_DNS_TLS_RPT_H_

#include <span>
#include <string>
#include <vector>

#include "dns/mta_sts.h"

namespace mxsweep::dns {

// What _smtp._tls.<domain> says (RFC 8460 §3).
struct TlsRptRecord {
  PolicyRecordStatus status = PolicyRecordStatus::kLocalError;
  // Where reports go, as published and in their order: "mailto:…" and "https:…". kValid only, and
  // then at least one.
  std::vector<std::string> rua;
  // A sentence where the status is an error, or where a part of `rua` was left out; else empty.
  std::string detail;
};

// Reads the TXT records of _smtp._tls.<domain>, each with its strings concatenated. Which of them
// counts: see ChooseRecord. It must follow the grammar, and name a mailto: or https: URI; "rua" may
// stand more than once, and all of its URIs count. URIs of other schemes are left out. Any bytes.
TlsRptRecord ReadTlsRptRecords(std::span<const std::string> texts);

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_TLS_RPT_H_
