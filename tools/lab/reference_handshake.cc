#include "tools/lab/reference_handshake.h"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <string_view>

#include "absl/status/status.h"
#include "scanner/base/text.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

constexpr int kMaxFlights = 10;

ssl_verify_result_t AcceptAny(SSL*, uint8_t*) { return ssl_verify_ok; }

struct Group {
  uint16_t id;
  std::string_view name;
  uint32_t bits;
  int security_bits;
};
constexpr Group kGroups[] = {
#ifdef SSL_GROUP_X25519_MLKEM768
    {SSL_GROUP_X25519_MLKEM768, "X25519MLKEM768", 255, 192},
#endif
    {SSL_CURVE_X25519, "X25519", 255, 128},
    {SSL_CURVE_SECP256R1, "P-256", 256, 128},
    {SSL_CURVE_SECP384R1, "P-384", 384, 192},
    {SSL_CURVE_SECP521R1, "P-521", 521, 256}};

// OpenSSL 3.0, ssl/t1_lib.c, sigalg_security_bits: half the hash's length, except for what
// collisions are known of.
int SignatureSecurityBits(std::string_view name) {
  if (name == "rsa_pkcs1_md5_sha1") return 67;
  if (name.ends_with("_sha1")) return 64;
  if (name.ends_with("_sha384")) return 192;
  if (name.ends_with("_sha512")) return 256;
  return 128;
}

std::string SignatureName(const SSL* client, const Negotiated& facts) {
  // Before TLS 1.2 it is not negotiated (RFC 4346 §7.4.3, RFC 4492 §5.4).
  if (facts.version < TLS1_2_VERSION) {
    return facts.cipher.find("_ECDSA_") != std::string::npos ? "ecdsa_sha1" : "rsa_pkcs1_md5_sha1";
  }
  const uint16_t scheme = SSL_get_peer_signature_algorithm(client);
  const char* name = SSL_get_signature_algorithm_name(scheme, /*include_curve=*/1);
  return name == nullptr ? "" : name;
}

Negotiated FactsOf(const SSL* client) {
  Negotiated facts;
  facts.version = static_cast<uint16_t>(SSL_version(client));
  facts.version_name = SSL_get_version(client);
  const SSL_CIPHER* cipher = SSL_get_current_cipher(client);
  facts.cipher = SSL_CIPHER_standard_name(cipher);
  facts.cipher_bits = static_cast<uint32_t>(SSL_CIPHER_get_bits(cipher, nullptr));
  facts.sha1_mac = facts.cipher.ends_with("_SHA");
  for (const Group& group : kGroups) {
    if (group.id != SSL_get_curve_id(client)) continue;
    facts.group = group.name;
    facts.group_bits = group.bits;
    facts.group_security_bits = group.security_bits;
  }
  facts.forward_secret = !facts.group.empty();
  if (facts.forward_secret) {
    facts.signature = SignatureName(client, facts);
    facts.signature_security_bits = SignatureSecurityBits(facts.signature);
  }
  const bool v13 = facts.version == TLS1_3_VERSION;
  facts.extended_master_secret = v13 || SSL_get_extms_support(client) == 1;
  facts.secure_renegotiation = v13 || SSL_get_secure_renegotiation_support(client) == 1;
  return facts;
}

}  // namespace

absl::Status ReferenceClient::Init() {
  client_.reset(SSL_CTX_new(TLS_with_buffers_method()));
  if (!client_) return absl::ResourceExhaustedError("memory");
  OfferEverything(client_.get());
  SSL_CTX_set_custom_verify(client_.get(), SSL_VERIFY_PEER, AcceptAny);
  return absl::OkStatus();
}

absl::StatusOr<Negotiated> ReferenceClient::Negotiate(TlsPosture tls, KeyKind key, uint32_t owner) {
  const auto found = known_.find({tls, key});
  if (found != known_.end()) return found->second;
  bssl::UniquePtr<SSL> server = server_.New(tls, *store_.ChainOf(owner));
  bssl::UniquePtr<SSL> client(SSL_new(client_.get()));
  BIO* client_end = nullptr;
  BIO* server_end = nullptr;
  if (!server || !client || !BIO_new_bio_pair(&client_end, 0, &server_end, 0)) {
    return absl::InternalError("the reference handshake could not be set up");
  }
  SSL_set_bio(client.get(), client_end, client_end);
  SSL_set_bio(server.get(), server_end, server_end);
  SSL_set_connect_state(client.get());
  bool done = false;
  for (int i = 0; i < kMaxFlights && !done; ++i) {
    const int ours = SSL_do_handshake(client.get());
    const int theirs = SSL_do_handshake(server.get());
    done = ours == 1 && theirs == 1;
  }
  if (!done) {
    ERR_clear_error();
    return absl::InternalError(
        JoinText("the lab's own client cannot make a handshake with TLS posture ",
                 KeyOf(Subject::kTls, static_cast<size_t>(tls)), " and key ",
                 KeyOf(Subject::kKey, static_cast<size_t>(key))));
  }
  return known_[{tls, key}] = FactsOf(client.get());
}

std::optional<uint8_t> ReferenceClient::AlertFor(std::string_view bytes) const {
  bssl::UniquePtr<SSL> client(SSL_new(client_.get()));
  BIO* in = BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()));
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(client.get(), in, out);
  SSL_set_connect_state(client.get());
  SSL_do_handshake(client.get());
  ERR_clear_error();
  const uint8_t* written = nullptr;
  size_t size = 0;
  // The last record: alert (21), version, length 2, fatal (2), description.
  constexpr size_t kAlertBytes = 7;
  if (!BIO_mem_contents(out, &written, &size) || size < kAlertBytes ||
      written[size - kAlertBytes] != SSL3_RT_ALERT || written[size - 2] != SSL3_AL_FATAL) {
    return std::nullopt;
  }
  return written[size - 1];
}

}  // namespace mxsweep::lab
