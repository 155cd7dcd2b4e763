// Servers that BoringSSL cannot play: they answer a ClientHello with hand-built records, in the
// clear, as far as ServerHelloDone, and make no handshake. A client that only looks sees what it
// would see of a real one; nothing is signed.
#ifndef MXSWEEP_TOOLS_LAB_OLD_TLS_H_
#define MXSWEEP_TOOLS_LAB_OLD_TLS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tools/lab/certificates.h"
#include "tools/lab/postures.h"

namespace mxsweep::lab {

// What such a server takes.
struct OldTls {
  uint16_t min_version;  // wire
  uint16_t max_version;
  std::span<const uint16_t> suites;  // in its order of preference
  std::string_view dh_prime;         // hexadecimal digits; empty: it has no DHE suite
  uint32_t dh_bits;
  uint32_t export_rsa_bits;  // of its temporary key; 0: none
};

// Null: BoringSSL plays it.
const OldTls* OldTlsOf(TlsPosture posture);

// The server name in the ClientHello that `record` holds (RFC 6066 §3); empty: none.
std::string ServerNameIn(std::string_view record);

// The suite, and the version, that it takes of the ClientHello in `record`, and the records that
// say so; or an alert.
struct OldTlsAnswer {
  std::string records;
  uint16_t suite = 0;  // 0: an alert
  uint16_t version = 0;
};
OldTlsAnswer AnswerHello(const OldTls& server, const Chain& chain, std::string_view record);

// How long the record at the start of `bytes` is, header included; nothing: it has no header yet.
std::optional<size_t> RecordLength(std::string_view bytes);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_OLD_TLS_H_
