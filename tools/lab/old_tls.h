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
#include "tools/lab/hello_records.h"
#include "tools/lab/postures.h"

namespace mxsweep::lab {

// What it makes a finite-field Diffie-Hellman exchange with.
struct OldPrime {
  std::string prime;  // bytes, big-endian
  uint32_t bits;
  uint8_t generator;
  std::string_view kind;  // as endpoints.dhe_prime_kind
  std::string_view name;  // of a well-known one, as endpoints.dhe_prime; empty: nobody's
  bool value_repeats;     // its own public value is the same in every connection
};

// What such a server takes.
struct OldTls {
  uint16_t min_version;  // wire
  uint16_t max_version;
  std::span<const uint16_t> suites;  // in its order of preference
  const OldPrime* dh_prime;          // null: it has no DHE suite
  uint32_t export_rsa_bits;          // of its temporary key; 0: none
};

// Null: BoringSSL plays it.
const OldTls* OldTlsOf(TlsPosture posture);

// The suite, and the version, that it takes of the ClientHello, and the records that say so; or an
// alert, as to what is no ClientHello.
struct OldTlsAnswer {
  std::string records;
  uint16_t suite = 0;  // 0: an alert
  uint16_t version = 0;
};
OldTlsAnswer AnswerHello(const OldTls& server, const Chain& chain,
                         const std::optional<Hello>& hello);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_OLD_TLS_H_
