#include "tools/lab/hybrid_tls.h"

#include <openssl/bytestring.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstdlib>

#include "tools/lab/keys.h"
#include "tools/lab/tls_server.h"

namespace mxsweep::lab {
namespace {

constexpr uint16_t kX25519 = 0x001d;
constexpr uint16_t kP384 = 0x0018;
constexpr uint16_t kX25519MlKem768 = 0x11ec;
constexpr uint16_t kP256MlKem768 = 0x11eb;
constexpr uint16_t kP384MlKem1024 = 0x11ed;
constexpr uint16_t kMlKem768 = 0x0201;
constexpr uint16_t kMlKem1024 = 0x0202;
constexpr uint16_t kX25519Kyber768 = 0x6399;

struct Group {
  uint16_t number;
  std::string_view name;
  bool is_hybrid;
  // Of the server's share. ML-KEM-768's ciphertext has 1088 bytes, ML-KEM-1024's 1568 (FIPS 203
  // §8).
  size_t share_bytes;
};
constexpr Group kGroups[] = {
    {kX25519MlKem768, "X25519MLKEM768", true, 1088 + 32},
    {kP256MlKem768, "SecP256r1MLKEM768", true, 65 + 1088},
    {kP384MlKem1024, "SecP384r1MLKEM1024", true, 97 + 1568},
    {kMlKem768, "MLKEM768", true, 1088},
    {kMlKem1024, "MLKEM1024", true, 1568},
    {kX25519Kyber768, "X25519Kyber768Draft00", true, 32 + 1088},
    {kX25519, "X25519", false, 32},
    {kP384, "P-384", false, 97},
};

// As OpenSSL 3.5 and large providers have it.
constexpr uint16_t kFirst[] = {kX25519MlKem768, kX25519};
// It takes the hybrid one from whoever has nothing else.
constexpr uint16_t kLast[] = {kX25519, kX25519MlKem768};
constexpr uint16_t kSeveral[] = {kX25519MlKem768, kP256MlKem768, kP384MlKem1024, kX25519};
constexpr uint16_t kAlone[] = {kMlKem1024, kMlKem768, kP384};
constexpr uint16_t kDraft[] = {kX25519Kyber768, kX25519};

constexpr HybridTls kHybridFirst = {kFirst, false};
constexpr HybridTls kHybridLast = {kLast, false};
constexpr HybridTls kHybridSeveral = {kSeveral, false};
constexpr HybridTls kMlKemAlone = {kAlone, false};
constexpr HybridTls kHybridDraft = {kDraft, false};
constexpr HybridTls kMlDsa = {kFirst, true};

// draft-ietf-tls-mldsa.
constexpr uint16_t kMlDsa44 = 0x0904;
constexpr uint16_t kMlDsa87 = 0x0906;
// Of which every client has some, unless it is after something.
constexpr uint16_t kUsualSignatures[] = {SSL_SIGN_ECDSA_SECP256R1_SHA256,
                                         SSL_SIGN_RSA_PSS_RSAE_SHA256, SSL_SIGN_ED25519,
                                         SSL_SIGN_RSA_PKCS1_SHA256};
constexpr uint16_t kSuite = 0x1301;  // TLS_AES_128_GCM_SHA256

bool Has(std::span<const uint16_t> list, uint16_t number) {
  return std::ranges::find(list, number) != list.end();
}

const Group& GroupOf(uint16_t number) {
  const auto found = std::ranges::find(kGroups, number, &Group::number);
  if (found == std::end(kGroups)) std::abort();
  return *found;
}

bool TakesMlDsa(const Hello& hello) {
  return std::ranges::any_of(hello.signature_algorithms, [](uint16_t scheme) {
    return scheme >= kMlDsa44 && scheme <= kMlDsa87;
  });
}

bool TakesNoUsualSignature(const Hello& hello) {
  return std::ranges::none_of(hello.signature_algorithms,
                              [](uint16_t scheme) { return Has(kUsualSignatures, scheme); });
}

// With a share of `group`, or with the wish for one.
std::string ServerHello(const Hello& hello, uint16_t group, bool has_share) {
  bssl::ScopedCBB out;
  CBB body, session, extensions, extension;
  if (!CBB_init(out.get(), 2048)) std::abort();
  CBB_add_u8(out.get(), SSL3_MT_SERVER_HELLO);
  CBB_add_u24_length_prefixed(out.get(), &body);
  CBB_add_u16(&body, TLS1_2_VERSION);
  // RFC 8446 §4.1.3: the random of a HelloRetryRequest.
  const std::string random = Sha256(has_share ? "a random of the lab" : "HelloRetryRequest");
  CBB_add_bytes(&body, reinterpret_cast<const uint8_t*>(random.data()), random.size());
  CBB_add_u8_length_prefixed(&body, &session);
  CBB_add_bytes(&session, reinterpret_cast<const uint8_t*>(hello.session_id.data()),
                hello.session_id.size());
  CBB_add_u16(&body, kSuite);
  CBB_add_u8(&body, 0);  // no compression
  CBB_add_u16_length_prefixed(&body, &extensions);
  CBB_add_u16(&extensions, TLSEXT_TYPE_supported_versions);
  CBB_add_u16_length_prefixed(&extensions, &extension);
  CBB_add_u16(&extension, TLS1_3_VERSION);
  CBB_add_u16(&extensions, TLSEXT_TYPE_key_share);
  CBB_add_u16_length_prefixed(&extensions, &extension);
  CBB_add_u16(&extension, group);
  if (has_share) AddBytes16(&extension, std::string(GroupOf(group).share_bytes, '\x5a'));
  CBB_flush(out.get());
  return Record(kRecordHandshake, TLS1_2_VERSION, TextOf(*out.get()));
}

}  // namespace

const HybridTls* HybridTlsOf(TlsPosture posture) {
  switch (posture) {
    case TlsPosture::kHybridFirst:
      return &kHybridFirst;
    case TlsPosture::kHybridLast:
      return &kHybridLast;
    case TlsPosture::kHybridSeveral:
      return &kHybridSeveral;
    case TlsPosture::kMlKemAlone:
      return &kMlKemAlone;
    case TlsPosture::kHybridDraft:
      return &kHybridDraft;
    case TlsPosture::kMlDsa:
      return &kMlDsa;
    default:
      return nullptr;
  }
}

std::string_view GroupName(uint16_t group) { return GroupOf(group).name; }

bool IsHybrid(uint16_t group) { return GroupOf(group).is_hybrid; }

std::optional<std::string> AnswerByHand(const HybridTls& server, const Hello& hello) {
  if (!Has(hello.versions, TLS1_3_VERSION) || !Has(hello.suites, kSuite)) return std::nullopt;
  const auto group =
      std::ranges::find_if(server.groups, [&](uint16_t mine) { return Has(hello.groups, mine); });
  if (group == server.groups.end()) return std::nullopt;
  const bool has_share = Has(hello.key_shares, *group);
  const bool by_mldsa = server.mldsa && TakesNoUsualSignature(hello);
  if (by_mldsa && !TakesMlDsa(hello)) return FatalAlert(TLS1_2_VERSION, SSL_AD_HANDSHAKE_FAILURE);
  if (!IsHybrid(*group) && !by_mldsa) return std::nullopt;
  // Then the handshake can be completed.
  if (KnowsHybridGroups() && *group == kX25519MlKem768 && has_share && !by_mldsa) {
    return std::nullopt;
  }
  return ServerHello(hello, *group, has_share);
}

}  // namespace mxsweep::lab
