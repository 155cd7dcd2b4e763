#ifndef MXSWEEP_TOOLS_DANE_TLSA_TEXT_H_
#define MXSWEEP_TOOLS_DANE_TLSA_TEXT_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "dns/facts.h"

namespace mxsweep::tools {

// A TLSA record as people paste it (RFC 6698 §2.2): "3 1 1 HEX", the hex in as many pieces and
// whichever case one likes; also a whole line of a zone file or of dig, with parentheses and
// comments,
// "_25._tcp.mx.example.org. 300 IN TLSA 3 1 1 HEX ; key of 2026"; also in the generic form of RFC
// 3597 §5, "IN TYPE52 \# 35 HEX" or "\# 35 HEX". Numbers are from 0 to 255: whether they mean
// anything is for the verdict. InvalidArgument says what is wrong.
absl::StatusOr<dns::TlsaRecord> ParseTlsaText(std::string_view text);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DANE_TLSA_TEXT_H_
