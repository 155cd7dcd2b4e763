// What a scan of the lab must find: the rows of mxsweep's tables, with the columns that the lab
// determines. What it leaves open (times, texts of errors) is not in the rows; null means null.
//
// The verdicts here are computed from how the world was made, by docs/outcomes.md, and share no
// code with the scanner; negotiated facts come from a handshake with a plain BoringSSL client.
#ifndef MXSWEEP_TOOLS_LAB_TRUTH_H_
#define MXSWEEP_TOOLS_LAB_TRUTH_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tools/lab/certificates.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

// `folder`/{domains,mx_hosts,endpoints,certificates}.ndjson; and surveys.ndjson: columns of
// endpoints that only --probe all fills, of servers that speak TLS.
absl::Status WriteTruth(const World& world, CertificateStore& store, uint16_t smtp_port,
                        const std::string& folder);

// One table, to a stream.
absl::Status PrintTruth(const World& world, CertificateStore& store, uint16_t smtp_port,
                        std::string_view table, std::ostream& out);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_TRUTH_H_
