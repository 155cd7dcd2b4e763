// What a server of the lab negotiates with a plain BoringSSL client that offers everything it has,
// found by doing it in memory: the reference that a scan's TLS columns are held against.
#ifndef MXSWEEP_TOOLS_LAB_REFERENCE_HANDSHAKE_H_
#define MXSWEEP_TOOLS_LAB_REFERENCE_HANDSHAKE_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "tools/lab/certificates.h"
#include "tools/lab/tls_server.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

struct Negotiated {
  uint16_t version = 0;      // wire
  std::string version_name;  // "TLSv1.2"
  std::string cipher;        // IANA
  uint32_t cipher_bits = 0;
  bool sha1_mac = false;
  bool forward_secret = false;
  std::string group;        // empty with static RSA
  uint32_t group_bits = 0;  // of the field
  int group_security_bits = 0;
  std::string signature;  // IANA name of the scheme; empty with static RSA
  int signature_security_bits = 0;
  bool extended_master_secret = false;
  bool secure_renegotiation = false;
};

// Thread-compatible.
class ReferenceClient {
 public:
  // Borrows both.
  ReferenceClient(const TlsServer& server, CertificateStore& store)
      : server_(server), store_(store) {}
  absl::Status Init();

  // With the certificate of `owner`. Done once per TLS posture and kind of key.
  absl::StatusOr<Negotiated> Negotiate(TlsPosture tls, KeyKind key, uint32_t owner);
  // The fatal alert with which the client answers `bytes` instead of a ServerHello, if any.
  std::optional<uint8_t> AlertFor(std::string_view bytes) const;

 private:
  const TlsServer& server_;
  CertificateStore& store_;
  bssl::UniquePtr<SSL_CTX> client_;
  std::map<std::pair<TlsPosture, KeyKind>, Negotiated> known_;
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_REFERENCE_HANDSHAKE_H_
