// Whose ClientHello ours resembles.
#ifndef MXSWEEP_TLS_SESSION_CLIENT_PROFILE_H_
#define MXSWEEP_TLS_SESSION_CLIENT_PROFILE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mxsweep::tls {

// As far as BoringSSL can make it: versions, suites, groups and signature algorithms, in the other
// one's order. tests/tls/session/client_profile_test.cc holds each against what the program itself
// sent, and names what is missing.
enum class ClientProfile : uint8_t {
  // Nobody's: all that BoringSSL has (TLS 1.0 to 1.3, 3DES, static RSA), so that no server fails
  // for want of it.
  kEverything,
  // OpenSSL 3.5 by its defaults: TLS 1.2 and 1.3, no SHA-1, X25519MLKEM768 first.
  kOpenssl,
  // Postfix 3.7 at level `may` with OpenSSL 3.0 (Debian 12): TLS 1.0 to 1.3, no X25519MLKEM768. It
  // sends no server name there: who begins the handshake has to leave it out.
  kPostfix,
};
inline constexpr ClientProfile kClientProfiles[] = {
    ClientProfile::kEverything, ClientProfile::kOpenssl, ClientProfile::kPostfix};

// "everything", "openssl", "postfix".
std::string_view ClientProfileWord(ClientProfile profile);

// Does who is like that send a server name (SNI) by default?
constexpr bool SendsServerName(ClientProfile profile) { return profile != ClientProfile::kPostfix; }

// What a ClientContext makes of it. All have static storage.
struct ClientOffer {
  uint16_t min_version;
  const char* ciphers;  // for SSL_CTX_set_cipher_list: TLS 1.2 and before
  bool post_quantum;    // X25519MLKEM768 before the groups, where BoringSSL has it
  std::span<const uint16_t> groups;
  std::span<const uint16_t> signature_algorithms;
  // Of the suites of TLS 1.3, TLS_AES_256_GCM_SHA384 comes first, where BoringSSL can be told so.
  bool aes_256_first;
  // A stapled OCSP response (RFC 6066 §8) and certificate timestamps (RFC 6962 §3.3) are asked for.
  bool asks_for_status;
};
const ClientOffer& OfferOf(ClientProfile profile);

// Has the BoringSSL that we are built with X25519MLKEM768 in its handshake?
bool HasPostQuantum();

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_SESSION_CLIENT_PROFILE_H_
