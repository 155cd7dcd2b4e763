// What a handshake showed, as plain values. A field that was not reached is empty (null in the
// row).
#ifndef MXSWEEP_TLS_SESSION_FACTS_H_
#define MXSWEEP_TLS_SESSION_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tls/pki/der_handle.h"
#include "tls/session/client_profile.h"

namespace mxsweep::tls {

enum class HandshakeOutcome : uint8_t {
  kInProgress,
  kOk,             // complete
  kAlertReceived,  // the server ended it with a fatal alert (HandshakeFacts::alert_received)
  kProtocolError,  // what the server sent is not acceptable TLS, or over a cap; alert_sent if we
                   // sent one
  kClosed,         // the server ended the stream, or sent close_notify, before it was complete
  kLocalError,     // our own trouble (no memory, a server name that TLS cannot carry)
};

// Filled message by message as the server's flights arrive, so that a handshake that fails still
// tells what was shown before it did: the version and cipher of a ServerHello, the whole chain.
struct HandshakeFacts {
  HandshakeOutcome outcome = HandshakeOutcome::kInProgress;

  // Of the ClientHello: whose it resembles, and whether X25519MLKEM768 was offered in it, with a
  // key share.
  ClientProfile profile = ClientProfile::kEverything;
  bool offered_post_quantum = false;
  // It asked for a stapled OCSP response and for certificate timestamps.
  bool asked_for_status = true;

  // Of the ServerHello. Name: as VersionName().
  std::optional<uint16_t> version_wire;
  std::string version;

  // Of the ServerHello. Name: IANA ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "0xNNNN" where
  // BoringSSL has no such suite. Bits: effective symmetric strength (112 for 3DES), as OpenSSL
  // counts it.
  std::optional<uint16_t> cipher_wire;
  std::string cipher;
  std::optional<uint32_t> cipher_bits;

  // Of the key_share (TLS 1.3) or the ServerKeyExchange. Empty with static RSA. Name: "X25519",
  // "P-256", "P-384", "P-521", "P-224", "X25519MLKEM768", else "0xNNNN". Bits: the conventional
  // size of the field: 255 for X25519, 256, 384, 521, 224; of a hybrid, its classical half (255).
  std::optional<uint16_t> group_wire;
  std::string group;
  std::optional<uint32_t> group_bits;
  // Of finite-field DHE with a prime of the server's, which BoringSSL does not have: as probes see
  // it (tls/probe).
  std::optional<uint32_t> dh_prime_bits;
  // The server asked for another key share first.
  bool hello_retry_request = false;

  // Of the server's handshake signature; empty with static RSA. TLS 1.2 and 1.3: the IANA
  // SignatureScheme name ("rsa_pss_rsae_sha256", "ecdsa_secp256r1_sha256"); in TLS 1.2 an ECDSA
  // scheme says the hash only, the curve is the certificate's. Before TLS 1.2 fixed by the version:
  // "rsa_pkcs1_md5_sha1", "ecdsa_sha1".
  std::optional<uint16_t> signature_algorithm_wire;
  std::string signature_algorithm;

  bool ocsp_stapled = false;
  std::vector<uint8_t> ocsp_response;  // DER OCSPResponse, at most kMaxOcspResponseBytes of it
  uint32_t sct_count = 0;  // of the TLS extension, not those within the certificate (RFC 6962 §3.3)
  // Null before the ServerHello. TLS 1.3 has the properties built in: true there.
  std::optional<bool> extended_master_secret;  // RFC 7627
  std::optional<bool> secure_renegotiation;    // RFC 5746

  // The last fatal alert either way (during or after the handshake); close_notify is not one.
  std::optional<uint8_t> alert_sent;
  std::optional<uint8_t> alert_received;

  // One line for people: why it failed. Empty while all is well.
  std::string error_detail;

  // As the server sent it, leaf first; kept when the handshake fails afterwards.
  std::vector<DerHandle> chain;

  // Of the handshake and what followed it, record headers included.
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
};

// A stapled response is kept up to this size; a real one has 0.5–3 kB.
inline constexpr size_t kMaxOcspResponseBytes = 16 * 1024;
// A chain is kept up to this many certificates (the message that carries it has a cap of its own).
inline constexpr size_t kMaxChainCertificates = 32;

// Name and size of a TLS named group, as in HandshakeFacts.
std::string GroupName(uint16_t group);
std::optional<uint32_t> GroupBits(uint16_t group);
// IANA name of a SignatureScheme; "0xNNNN" where unknown.
std::string SignatureSchemeName(uint16_t scheme);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_SESSION_FACTS_H_
