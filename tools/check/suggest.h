#ifndef MXSWEEP_TOOLS_CHECK_SUGGEST_H_
#define MXSWEEP_TOOLS_CHECK_SUGGEST_H_

#include <string>

#include "scanner/posture/domain_rows.h"
#include "scanner/posture/report.h"

namespace mxsweep::tools {

// What is missing, ready to be published. Nothing is suggested that is there already, nor what is
// not known to be missing (a look-up that failed, servers that did not answer): a comment says so
// then.
//
// Lines of a zone file, with comments: a TLSA record 3 1 1 for each key that a host was seen to
// show (RFC 7671 §5.1), where its zone is signed; the records of MTA-STS (RFC 8461 §3.1) and TLS
// reporting (RFC 8460 §3).
std::string SuggestZone(const scanner::CheckReport& report, const scanner::ScanRows& rows,
                        const scanner::CheckWorld& world);

// The MTA-STS policy of the first domain (RFC 8461 §3.2), with CRLF: the one that is there with the
// MX hosts that it lacks, or a new one in mode testing. Empty: nothing is missing, or nothing is
// known;
// `*why` says which.
std::string SuggestPolicy(const scanner::DomainReport& domain, std::string* why);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CHECK_SUGGEST_H_
