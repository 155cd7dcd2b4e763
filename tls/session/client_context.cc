#include <openssl/pool.h>
#include <openssl/ssl.h>

#include <vector>

#include "tls/session/errors.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

ssl_verify_result_t AcceptAny(SSL*, uint8_t*) { return ssl_verify_ok; }

#ifdef SSL_GROUP_X25519_MLKEM768
bool SetGroups(SSL_CTX* context, const ClientOffer& offer) {
  std::vector<uint16_t> groups(offer.groups.begin(), offer.groups.end());
  if (offer.post_quantum) groups.insert(groups.begin(), SSL_GROUP_X25519_MLKEM768);
  return SSL_CTX_set1_group_ids(context, groups.data(), groups.size());
}
#else
// BoringSSL of 2022 takes OpenSSL's numbers.
bool SetGroups(SSL_CTX* context, const ClientOffer& offer) {
  std::vector<int> nids;
  for (const uint16_t group : offer.groups) {
    switch (group) {
      case SSL_CURVE_X25519:
        nids.push_back(NID_X25519);
        break;
      case SSL_CURVE_SECP256R1:
        nids.push_back(NID_X9_62_prime256v1);
        break;
      case SSL_CURVE_SECP384R1:
        nids.push_back(NID_secp384r1);
        break;
      case SSL_CURVE_SECP521R1:
        nids.push_back(NID_secp521r1);
        break;
    }
  }
  return SSL_CTX_set1_curves(context, nids.data(), nids.size());
}
#endif

// The only way in which the order of TLS 1.3's suites can be had; in older BoringSSL it is fixed.
bool SetAes256First([[maybe_unused]] SSL_CTX* context) {
#if BORINGSSL_API_VERSION >= 33
  return SSL_CTX_set_compliance_policy(context, ssl_compliance_policy_cnsa_202407);
#else
  return true;
#endif
}

bool SetOffer(SSL_CTX* context, const ClientOffer& offer) {
  if (offer.aes_256_first && !SetAes256First(context)) return false;
  if (offer.asks_for_status) {
    SSL_CTX_enable_ocsp_stapling(context);
    SSL_CTX_enable_signed_cert_timestamps(context);
  }
  return SSL_CTX_set_min_proto_version(context, offer.min_version) &&
         SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) &&
         SSL_CTX_set_cipher_list(context, offer.ciphers) && SetGroups(context, offer) &&
         SSL_CTX_set_verify_algorithm_prefs(context, offer.signature_algorithms.data(),
                                            offer.signature_algorithms.size());
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClientContext>> ClientContext::Create(const ClientOptions& options) {
  std::unique_ptr<ClientContext> context(new ClientContext);
  context->profile_ = options.profile;
  context->pool_ = CRYPTO_BUFFER_POOL_new();
  context->context_ = SSL_CTX_new(TLS_with_buffers_method());
  SSL_CTX* const ssl = context->context_;
  if (context->pool_ == nullptr || ssl == nullptr || !SetOffer(ssl, OfferOf(options.profile))) {
    return absl::InternalError("TLS context: " + TakeLibraryErrors());
  }
  SSL_CTX_set0_buffer_pool(ssl, context->pool_);
  SSL_CTX_set_custom_verify(ssl, SSL_VERIFY_PEER, AcceptAny);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
  SSL_CTX_set_grease_enabled(ssl, 0);
  SSL_CTX_set_max_cert_list(ssl, kMaxHandshakeMessageBytes);
  return context;
}

ClientContext::~ClientContext() {
  SSL_CTX_free(context_);
  CRYPTO_BUFFER_POOL_free(pool_);
}

}  // namespace mxsweep::tls
