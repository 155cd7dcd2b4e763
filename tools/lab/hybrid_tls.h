// TLS 1.3 servers with key exchange groups that have ML-KEM in them, or with an ML-DSA certificate,
// which this BoringSSL may not know: what it would answer with such a group is made by hand and
// comes to nothing (no key is agreed on, and the connection ends). Everything else is left to
// BoringSSL.
#ifndef MXSWEEP_TOOLS_LAB_HYBRID_TLS_H_
#define MXSWEEP_TOOLS_LAB_HYBRID_TLS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tools/lab/hello_records.h"
#include "tools/lab/postures.h"

namespace mxsweep::lab {

struct HybridTls {
  std::span<const uint16_t> groups;  // IANA numbers, the best first, others among them
  bool mldsa;                        // it has a certificate with such a key, too
};

// Null: it has nothing of the kind.
const HybridTls* HybridTlsOf(TlsPosture posture);

// As IANA names it; REQUIRES: one of the above.
std::string_view GroupName(uint16_t group);
// Has it ML-KEM, or what ML-KEM was before it was a standard?
bool IsHybrid(uint16_t group);

// The records with which such a server answers: a HelloRetryRequest that asks for its group (RFC
// 8446 §4.1.4), a ServerHello where the client sent a share of it, or an alert. Nothing: BoringSSL
// is to answer, since the client does not take TLS 1.3, or the server prefers another of its
// groups.
std::optional<std::string> AnswerByHand(const HybridTls& server, const Hello& hello);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_HYBRID_TLS_H_
