#include "tools/lab/tls_server.h"

#include <openssl/evp.h>
#include <openssl/nid.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "scanner/base/text.h"
#include "tools/lab/ocsp.h"
#include "tools/lab/smtp_texts.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

constexpr char kGcm128[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
constexpr char kGcm256[] = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr char kChaCha[] = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr char kCbc256[] = "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA";
constexpr char kCbc128[] = "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA";
constexpr char kOldAndNew[] =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA";

// A BoringSSL that knows the hybrid group plays it.
#ifdef SSL_GROUP_X25519_MLKEM768
constexpr char kHybridBeforeX25519[] = "X25519MLKEM768:X25519:P-256";
#else
constexpr char kHybridBeforeX25519[] = "X25519:P-256";
#endif

// The order of TlsPosture.
constexpr TlsSetup kSetups[] = {
    {TLS1_2_VERSION, TLS1_3_VERSION, kGcm128, "X25519:P-256"},
    // What else these take is in hybrid_tls.cc.
    {TLS1_2_VERSION, TLS1_3_VERSION, kGcm128, kHybridBeforeX25519},
    {TLS1_2_VERSION, TLS1_3_VERSION, kGcm128, "X25519:P-256"},
    {TLS1_2_VERSION, TLS1_3_VERSION, kGcm128, kHybridBeforeX25519},
    {TLS1_3_VERSION, TLS1_3_VERSION, kGcm128, "P-384"},
    {TLS1_2_VERSION, TLS1_3_VERSION, kGcm128, "X25519:P-256"},
    {TLS1_2_VERSION, TLS1_3_VERSION, kGcm128, kHybridBeforeX25519},
    {TLS1_3_VERSION, TLS1_3_VERSION, kGcm128, "X25519"},
    {TLS1_3_VERSION, TLS1_3_VERSION, kGcm128, "P-256"},
    {TLS1_3_VERSION, TLS1_3_VERSION, kGcm128, "P-384"},
    {TLS1_3_VERSION, TLS1_3_VERSION, kGcm128, "P-521"},
    {TLS1_2_VERSION, TLS1_2_VERSION, kGcm128, "X25519:P-256"},
    {TLS1_2_VERSION, TLS1_2_VERSION, kGcm256, "X25519:P-256"},
    {TLS1_2_VERSION, TLS1_2_VERSION, kChaCha, "X25519:P-256"},
    {TLS1_2_VERSION, TLS1_2_VERSION, kCbc256, "P-256"},
    {TLS1_2_VERSION, TLS1_2_VERSION, kGcm256, "P-256"},
    {TLS1_2_VERSION, TLS1_2_VERSION, kGcm256, "P-384"},
    {TLS1_2_VERSION, TLS1_2_VERSION, kGcm256, "P-521"},
    {TLS1_2_VERSION, TLS1_2_VERSION, kGcm128, "P-256"},
    {TLS1_2_VERSION, TLS1_2_VERSION, "AES128-GCM-SHA256", "P-256"},
    {TLS1_VERSION, TLS1_VERSION, "DES-CBC3-SHA", "P-256"},
    {TLS1_1_VERSION, TLS1_1_VERSION, kCbc128, "P-256"},
    {TLS1_VERSION, TLS1_VERSION, kCbc128, "P-256"},
    {TLS1_VERSION, TLS1_2_VERSION, kOldAndNew, "P-256"},
    // These are played without BoringSSL (old_tls.h): whatever stands here is not used.
    {TLS1_VERSION, TLS1_2_VERSION, "PSK-AES128-CBC-SHA", "P-256"},
    {TLS1_VERSION, TLS1_2_VERSION, "PSK-AES128-CBC-SHA", "P-256"},
    {TLS1_VERSION, TLS1_2_VERSION, "PSK-AES128-CBC-SHA", "P-256"},
    {TLS1_VERSION, TLS1_2_VERSION, "PSK-AES128-CBC-SHA", "P-256"},
    {TLS1_VERSION, TLS1_2_VERSION, "PSK-AES128-CBC-SHA", "P-256"},
    {TLS1_VERSION, TLS1_2_VERSION, "PSK-AES128-CBC-SHA", "P-256"},
    {TLS1_VERSION, TLS1_2_VERSION, "PSK-AES128-CBC-SHA", "P-256"},
};
static_assert(std::size(kSetups) == static_cast<size_t>(TlsPosture::kCount));

// In the order in which a server of the lab chooses.
constexpr uint16_t kSignatures[] = {
    SSL_SIGN_ED25519,
    SSL_SIGN_ECDSA_SECP256R1_SHA256,
    SSL_SIGN_ECDSA_SECP384R1_SHA384,
    SSL_SIGN_ECDSA_SECP521R1_SHA512,
    SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PSS_RSAE_SHA384,
    SSL_SIGN_RSA_PSS_RSAE_SHA512,
    SSL_SIGN_RSA_PKCS1_SHA256,
    SSL_SIGN_RSA_PKCS1_SHA384,
    SSL_SIGN_RSA_PKCS1_SHA512,
    SSL_SIGN_ECDSA_SHA1,
    SSL_SIGN_RSA_PKCS1_SHA1,
};
constexpr uint16_t kSha1Signatures[] = {SSL_SIGN_ECDSA_SHA1, SSL_SIGN_RSA_PKCS1_SHA1};

// Suites with ECDSA keys that servers of the lab have, and all of TLS 1.3.
bool OffersSuiteOfEcdsa(const SSL_CLIENT_HELLO* hello) {
  constexpr uint16_t kSuites[] = {0xc009, 0xc00a, 0xc02b, 0xc02c, 0xcca9, 0x1301, 0x1302, 0x1303};
  for (size_t at = 0; at + 1 < hello->cipher_suites_len; at += 2) {
    const int suite = hello->cipher_suites[at] << 8 | hello->cipher_suites[at + 1];
    if (std::ranges::find(kSuites, suite) != std::end(kSuites)) return true;
  }
  return false;
}

TlsIdentity* IdentityOf(const SSL* ssl) { return static_cast<TlsIdentity*>(SSL_get_app_data(ssl)); }

}  // namespace

const TlsSetup& SetupOf(TlsPosture posture) { return kSetups[static_cast<size_t>(posture)]; }

std::string_view VersionName(uint16_t version) {
  switch (version) {
    case SSL3_VERSION:
      return "SSLv3";
    case TLS1_VERSION:
      return "TLSv1";
    case TLS1_1_VERSION:
      return "TLSv1.1";
    case TLS1_2_VERSION:
      return "TLSv1.2";
    default:
      return "TLSv1.3";
  }
}

absl::Status TlsServer::Init() {
  for (size_t i = 0; i < contexts_.size(); ++i) {
    const TlsSetup& setup = kSetups[i];
    bssl::UniquePtr<SSL_CTX> ctx(SSL_CTX_new(TLS_with_buffers_method()));
    const bool sha1 = static_cast<TlsPosture>(i) == TlsPosture::kTls12Sha1Signature;
    if (!ctx || !SSL_CTX_set_min_proto_version(ctx.get(), setup.min_version) ||
        !SSL_CTX_set_max_proto_version(ctx.get(), setup.max_version) ||
        !SSL_CTX_set_strict_cipher_list(ctx.get(), setup.ciphers) ||
        !SSL_CTX_set1_curves_list(ctx.get(), setup.groups) ||
        !SSL_CTX_set_signing_algorithm_prefs(
            ctx.get(), sha1 ? kSha1Signatures : kSignatures,
            sha1 ? std::size(kSha1Signatures) : std::size(kSignatures))) {
      return absl::InternalError(JoinText("TLS posture ", i, " cannot be set up"));
    }
    SSL_CTX_set_options(ctx.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
    // Session tickets come after the handshake, in the client's way: some servers send them.
    if (setup.max_version != TLS1_3_VERSION) SSL_CTX_set_options(ctx.get(), SSL_OP_NO_TICKET);
    auto* self = static_cast<void*>(this);
    SSL_CTX_set_tlsext_servername_callback(ctx.get(), &OnServerName);
    SSL_CTX_set_tlsext_servername_arg(ctx.get(), self);
    SSL_CTX_set_select_certificate_cb(ctx.get(), &OnHello);
    SSL_CTX_set_cert_cb(ctx.get(), &OnCertificate, self);
    contexts_[i] = std::move(ctx);
  }
  return absl::OkStatus();
}

bssl::UniquePtr<SSL> TlsServer::New(TlsIdentity* identity) const {
  const Address& address = world_.addresses()[identity->address];
  bssl::UniquePtr<SSL> ssl(SSL_new(contexts_[static_cast<size_t>(address.tls)].get()));
  if (!ssl) return nullptr;
  SSL_set_app_data(ssl.get(), identity);
  SSL_set_accept_state(ssl.get());
  if (address.behaviour == Behaviour::kStapled) {
    const std::string scts = SctList();
    SSL_set_signed_cert_timestamp_list(ssl.get(), reinterpret_cast<const uint8_t*>(scts.data()),
                                       scts.size());
  }
  return ssl;
}

bssl::UniquePtr<SSL> TlsServer::New(TlsPosture posture, const Chain& chain) const {
  bssl::UniquePtr<SSL> ssl(SSL_new(contexts_[static_cast<size_t>(posture)].get()));
  if (!ssl || !SetChain(ssl.get(), chain)) return nullptr;
  SSL_set_accept_state(ssl.get());
  return ssl;
}

bool TlsServer::SetChain(SSL* ssl, const Chain& chain) {
  std::vector<CRYPTO_BUFFER*> buffers;
  for (const auto& certificate : chain.certificates) buffers.push_back(certificate->buffer.get());
  return SSL_set_chain_and_key(ssl, buffers.data(), buffers.size(),
                               chain.certificates[0]->key->private_key.get(), nullptr) == 1;
}

int TlsServer::OnServerName(SSL* ssl, int* alert, void* self) {
  const TlsIdentity* identity = IdentityOf(ssl);
  if (identity == nullptr) return SSL_TLSEXT_ERR_OK;
  const World& world = static_cast<TlsServer*>(self)->world_;
  const Address& address = world.addresses()[identity->address];
  if (address.behaviour != Behaviour::kRequireSni) return SSL_TLSEXT_ERR_OK;
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const std::string lower = ToLower(name == nullptr ? "" : name);
  if (name != nullptr && world.Parse(lower).host != kNothing) return SSL_TLSEXT_ERR_OK;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

ssl_select_cert_result_t TlsServer::OnHello(const SSL_CLIENT_HELLO* hello) {
  TlsIdentity* identity = IdentityOf(hello->ssl);
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  if (identity == nullptr || !SSL_early_callback_ctx_extension_get(
                                 hello, TLSEXT_TYPE_signature_algorithms, &bytes, &size)) {
    return ssl_select_cert_success;
  }
  // RFC 8446 §4.2.3: their number of bytes, and two each.
  identity->takes_ecdsa = false;
  if (!OffersSuiteOfEcdsa(hello)) return ssl_select_cert_success;
  for (size_t at = 2; at + 1 < size; at += 2) {
    const int scheme = bytes[at] << 8 | bytes[at + 1];
    identity->takes_ecdsa |=
        scheme == SSL_SIGN_ECDSA_SECP256R1_SHA256 || scheme == SSL_SIGN_ECDSA_SECP384R1_SHA384;
  }
  return ssl_select_cert_success;
}

std::shared_ptr<const Chain> TlsServer::ChainFor(const TlsIdentity& identity) const {
  const uint32_t owner = world_.CertificateOwner(identity.address, identity.server_name);
  std::shared_ptr<const Chain> chain =
      store_.ChainOf(owner, world_.addresses()[identity.address].variant);
  return identity.server_name.empty() && chain->without_name ? chain->without_name : chain;
}

int TlsServer::OnCertificate(SSL* ssl, void* self) {
  TlsIdentity* identity = IdentityOf(ssl);
  if (identity == nullptr) return 1;
  auto& server = *static_cast<TlsServer*>(self);
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  identity->server_name = name == nullptr ? "" : name;
  identity->greeted_by_client = true;
  std::shared_ptr<const Chain> chain = server.ChainFor(*identity);
  if (chain->for_rsa && !identity->takes_ecdsa) chain = chain->for_rsa;
  if (server.world_.addresses()[identity->address].behaviour == Behaviour::kStapled) {
    const std::string response = OcspResponseFor(*chain);
    SSL_set_ocsp_response(ssl, reinterpret_cast<const uint8_t*>(response.data()), response.size());
  }
  return SetChain(ssl, *chain) ? 1 : 0;
}

bool KnowsHybridGroups() {
#ifdef SSL_GROUP_X25519_MLKEM768
  return true;
#else
  return false;
#endif
}

void OfferEverything(SSL_CTX* ctx) {
  SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION);
  // BoringSSL of 2026 no longer has 3DES in its default.
  SSL_CTX_set_cipher_list(ctx, "ALL:DES-CBC3-SHA");
#ifdef SSL_GROUP_X25519_MLKEM768
  SSL_CTX_set1_curves_list(ctx, "X25519MLKEM768:X25519:P-256:P-384:P-521");
#else
  SSL_CTX_set1_curves_list(ctx, "X25519:P-256:P-384:P-521");
#endif
  SSL_CTX_set_verify_algorithm_prefs(ctx, kSignatures, std::size(kSignatures));
  SSL_CTX_enable_ocsp_stapling(ctx);
  SSL_CTX_enable_signed_cert_timestamps(ctx);
}

}  // namespace mxsweep::lab
