// TLS as the lab's servers speak it: a BoringSSL context per TLS posture, and a connection of it.
#ifndef MXSWEEP_TOOLS_LAB_TLS_SERVER_H_
#define MXSWEEP_TOOLS_LAB_TLS_SERVER_H_

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tools/lab/certificates.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

// What a TLS posture is set up with.
struct TlsSetup {
  uint16_t min_version;
  uint16_t max_version;
  const char* ciphers;  // of TLS 1.2 and below
  const char* groups;
};
const TlsSetup& SetupOf(TlsPosture posture);

// "SSLv3", "TLSv1", "TLSv1.1" …, of a version on the wire.
std::string_view VersionName(uint16_t version);

// Whose connection an SSL object is; the certificate is chosen by it. It must outlive the SSL
// object's use.
struct TlsIdentity {
  uint32_t address = kNothing;
  std::string server_name;         // out: what the client asked for
  bool greeted_by_client = false;  // out: a ClientHello was read
  bool takes_ecdsa = true;         // out: the client can verify signatures of ECDSA keys
};

// Thread-safety: immutable after Create; New may be called from several threads.
class TlsServer {
 public:
  // Borrows both; they must outlive it.
  TlsServer(const World& world, CertificateStore& store) : world_(world), store_(store) {}
  absl::Status Init();

  // A server-side SSL object without a transport. `identity` is borrowed.
  bssl::UniquePtr<SSL> New(TlsIdentity* identity) const;
  // What is shown to a client that asks for that name.
  std::shared_ptr<const Chain> ChainFor(const TlsIdentity& identity) const;
  // The same with everything given: for reference handshakes.
  bssl::UniquePtr<SSL> New(TlsPosture posture, const Chain& chain) const;

 private:
  static int OnServerName(SSL* ssl, int* alert, void* self);
  static ssl_select_cert_result_t OnHello(const SSL_CLIENT_HELLO* hello);
  static int OnCertificate(SSL* ssl, void* self);
  static bool SetChain(SSL* ssl, const Chain& chain);

  const World& world_;
  CertificateStore& store_;
  std::array<bssl::UniquePtr<SSL_CTX>, static_cast<size_t>(TlsPosture::kCount)> contexts_;
};

// Does this BoringSSL know X25519MLKEM768? Then a client that offers everything offers it first,
// and servers that have it play it.
bool KnowsHybridGroups();
// Groups and signature algorithms that this BoringSSL knows, for clients that offer everything.
void OfferEverything(SSL_CTX* ctx);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_TLS_SERVER_H_
