#include <openssl/pool.h>
#include <openssl/ssl.h>

#include <iterator>
#include <span>

#include "tls/session/errors.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

// The order is a modern sender's. Some BoringSSL have two suites more that "ALL" hides; those
// without them pass over the names, since the list is not read strictly.
constexpr char kCiphers[] = "ALL:ECDHE-RSA-AES128-SHA256:DES-CBC3-SHA";

// Everything it can verify, strongest habit first, so that no server fails for want of a signature.
constexpr uint16_t kSignatureAlgorithms[] = {
    SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_RSA_PSS_RSAE_SHA256, SSL_SIGN_RSA_PKCS1_SHA256,
    SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_SIGN_RSA_PSS_RSAE_SHA384, SSL_SIGN_RSA_PKCS1_SHA384,
    SSL_SIGN_RSA_PSS_RSAE_SHA512,    SSL_SIGN_RSA_PKCS1_SHA512,    SSL_SIGN_ED25519,
    SSL_SIGN_ECDSA_SECP521R1_SHA512, SSL_SIGN_ECDSA_SHA1,          SSL_SIGN_RSA_PKCS1_SHA1};

ssl_verify_result_t AcceptAny(SSL*, uint8_t*) { return ssl_verify_ok; }

bool SetGroups(SSL_CTX* context, [[maybe_unused]] const ClientOptions& options) {
#ifdef SSL_GROUP_X25519_MLKEM768
  static constexpr uint16_t kGroups[] = {SSL_GROUP_X25519_MLKEM768, SSL_GROUP_X25519,
                                         SSL_GROUP_SECP256R1, SSL_GROUP_SECP384R1,
                                         SSL_GROUP_SECP521R1};
  const std::span<const uint16_t> groups =
      std::span(kGroups).subspan(options.offer_post_quantum ? 0 : 1);
  return SSL_CTX_set1_group_ids(context, groups.data(), groups.size());
#else
  static constexpr int kGroups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1};
  return SSL_CTX_set1_curves(context, kGroups, std::size(kGroups));
#endif
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClientContext>> ClientContext::Create(const ClientOptions& options) {
  std::unique_ptr<ClientContext> context(new ClientContext);
  context->pool_ = CRYPTO_BUFFER_POOL_new();
  context->context_ = SSL_CTX_new(TLS_with_buffers_method());
  SSL_CTX* const ssl = context->context_;
  if (context->pool_ == nullptr || ssl == nullptr ||
      !SSL_CTX_set_min_proto_version(ssl, TLS1_VERSION) ||
      !SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) ||
      !SSL_CTX_set_cipher_list(ssl, kCiphers) || !SetGroups(ssl, options) ||
      !SSL_CTX_set_verify_algorithm_prefs(ssl, kSignatureAlgorithms,
                                          std::size(kSignatureAlgorithms))) {
    return absl::InternalError("TLS context: " + TakeLibraryErrors());
  }
  SSL_CTX_set0_buffer_pool(ssl, context->pool_);
  SSL_CTX_set_custom_verify(ssl, SSL_VERIFY_PEER, AcceptAny);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
  SSL_CTX_set_grease_enabled(ssl, 0);
  SSL_CTX_enable_ocsp_stapling(ssl);
  SSL_CTX_enable_signed_cert_timestamps(ssl);
  SSL_CTX_set_max_cert_list(ssl, kMaxHandshakeMessageBytes);
  return context;
}

ClientContext::~ClientContext() {
  SSL_CTX_free(context_);
  CRYPTO_BUFFER_POOL_free(pool_);
}

}  // namespace mxsweep::tls
