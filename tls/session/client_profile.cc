#include "tls/session/client_profile.h"

#include <openssl/ssl.h>

#include "tls/session/version.h"

namespace mxsweep::tls {
namespace {

// Everything it can verify, strongest habit first, so that no server fails for want of a signature.
constexpr uint16_t kAllSignatureAlgorithms[] = {
    SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_RSA_PSS_RSAE_SHA256, SSL_SIGN_RSA_PKCS1_SHA256,
    SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_SIGN_RSA_PSS_RSAE_SHA384, SSL_SIGN_RSA_PKCS1_SHA384,
    SSL_SIGN_RSA_PSS_RSAE_SHA512,    SSL_SIGN_RSA_PKCS1_SHA512,    SSL_SIGN_ED25519,
    SSL_SIGN_ECDSA_SECP521R1_SHA512, SSL_SIGN_ECDSA_SHA1,          SSL_SIGN_RSA_PKCS1_SHA1};

// OpenSSL's order. Postfix takes those with SHA-1, too: its level 0 allows them.
constexpr uint16_t kOpensslSignatureAlgorithms[] = {SSL_SIGN_ECDSA_SECP256R1_SHA256,
                                                    SSL_SIGN_ECDSA_SECP384R1_SHA384,
                                                    SSL_SIGN_ECDSA_SECP521R1_SHA512,
                                                    SSL_SIGN_ED25519,
                                                    SSL_SIGN_RSA_PSS_RSAE_SHA256,
                                                    SSL_SIGN_RSA_PSS_RSAE_SHA384,
                                                    SSL_SIGN_RSA_PSS_RSAE_SHA512,
                                                    SSL_SIGN_RSA_PKCS1_SHA256,
                                                    SSL_SIGN_RSA_PKCS1_SHA384,
                                                    SSL_SIGN_RSA_PKCS1_SHA512,
                                                    SSL_SIGN_ECDSA_SHA1,
                                                    SSL_SIGN_RSA_PKCS1_SHA1};
constexpr std::span<const uint16_t> kWithSha1 = kOpensslSignatureAlgorithms;

// IANA "TLS Supported Groups". BoringSSL of 2022 has names of its own for them.
constexpr uint16_t kP256 = 23;
constexpr uint16_t kP384 = 24;
constexpr uint16_t kP521 = 25;
constexpr uint16_t kX25519 = 29;
constexpr uint16_t kGroups[] = {kX25519, kP256, kP384, kP521};
constexpr uint16_t kPostfixGroups[] = {kX25519, kP256, kP521, kP384};

// The order is a modern sender's. Some BoringSSL have two suites more that "ALL" hides; those
// without them pass over the names, since the list is not read strictly.
constexpr char kAllCiphers[] = "ALL:ECDHE-RSA-AES128-SHA256:DES-CBC3-SHA";

// Of the two lists that the programs offer, those suites that some BoringSSL has.
constexpr char kOpensslCiphers[] =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:"
    "ECDHE-RSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:AES256-GCM-SHA384:"
    "AES128-GCM-SHA256:AES256-SHA:AES128-SHA";
constexpr char kPostfixCiphers[] =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:AES256-GCM-SHA384:"
    "AES256-SHA:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:"
    "ECDHE-RSA-AES128-SHA:AES128-GCM-SHA256:AES128-SHA";

constexpr ClientOffer kEverything = {.min_version = kTls10,
                                     .ciphers = kAllCiphers,
                                     .post_quantum = true,
                                     .groups = kGroups,
                                     .signature_algorithms = kAllSignatureAlgorithms,
                                     .aes_256_first = false,
                                     .asks_for_status = true};
constexpr ClientOffer kOpenssl = {.min_version = kTls12,
                                  .ciphers = kOpensslCiphers,
                                  .post_quantum = true,
                                  .groups = kGroups,
                                  .signature_algorithms = kWithSha1.first(kWithSha1.size() - 2),
                                  .aes_256_first = true,
                                  .asks_for_status = false};
constexpr ClientOffer kPostfix = {.min_version = kTls10,
                                  .ciphers = kPostfixCiphers,
                                  .post_quantum = false,
                                  .groups = kPostfixGroups,
                                  .signature_algorithms = kWithSha1,
                                  .aes_256_first = true,
                                  .asks_for_status = false};

}  // namespace

std::string_view ClientProfileWord(ClientProfile profile) {
  switch (profile) {
    case ClientProfile::kEverything:
      return "everything";
    case ClientProfile::kOpenssl:
      return "openssl";
    case ClientProfile::kPostfix:
      return "postfix";
  }
  return "";
}

const ClientOffer& OfferOf(ClientProfile profile) {
  switch (profile) {
    case ClientProfile::kOpenssl:
      return kOpenssl;
    case ClientProfile::kPostfix:
      return kPostfix;
    case ClientProfile::kEverything:
      break;
  }
  return kEverything;
}

bool HasPostQuantum() {
#ifdef SSL_GROUP_X25519_MLKEM768
  return true;
#else
  return false;
#endif
}

}  // namespace mxsweep::tls
