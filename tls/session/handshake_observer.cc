#include "tls/session/handshake_observer.h"

#include <openssl/nid.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "tls/pki/der_reader.h"
#include "tls/session/version.h"

namespace mxsweep::tls {
namespace {

constexpr uint8_t kServerHello = 2;
constexpr uint8_t kCertificate = 11;
constexpr uint8_t kServerKeyExchange = 12;
constexpr uint8_t kCertificateVerify = 15;
constexpr uint8_t kCertificateStatus = 22;

constexpr uint16_t kExtensionStatusRequest = 5;
constexpr uint16_t kExtensionSct = 18;
constexpr uint16_t kExtensionExtendedMasterSecret = 23;
constexpr uint16_t kExtensionSupportedVersions = 43;
constexpr uint16_t kExtensionKeyShare = 51;
constexpr uint16_t kExtensionRenegotiationInfo = 0xff01;

constexpr uint8_t kNamedCurve = 3;
constexpr uint8_t kOcspStatus = 1;
constexpr uint8_t kFatal = 2;
constexpr uint8_t kCloseNotify = 0;
constexpr uint8_t kUserCanceled = 90;

// A ServerHello with this random is a HelloRetryRequest (RFC 8446 §4.1.3).
constexpr uint8_t kHelloRetryRandom[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

bool IsTls13(const HandshakeFacts& facts) { return facts.version_wire == kTls13; }

void SetVersion(uint16_t version, HandshakeFacts* facts) {
  facts->version_wire = version;
  facts->version = VersionName(version);
}

void SetGroup(uint16_t group, HandshakeFacts* facts) {
  facts->group_wire = group;
  facts->group = GroupName(group);
  facts->group_bits = GroupBits(group);
}

void SetSignatureAlgorithm(uint16_t scheme, HandshakeFacts* facts) {
  facts->signature_algorithm_wire = scheme;
  facts->signature_algorithm = SignatureSchemeName(scheme);
}

void SetCipher(uint16_t wire, HandshakeFacts* facts) {
  facts->cipher_wire = wire;
  const SSL_CIPHER* cipher = SSL_get_cipher_by_value(wire);
  if (cipher == nullptr) {
    facts->cipher = absl::StrFormat("0x%04x", wire);
    facts->cipher_bits.reset();
    return;
  }
  facts->cipher = SSL_CIPHER_standard_name(cipher);
  facts->cipher_bits = static_cast<uint32_t>(SSL_CIPHER_get_bits(cipher, nullptr));
}

// SignedCertificateTimestampList (RFC 6962 §3.3).
uint32_t CountScts(CBS body) {
  CBS list;
  CBS sct;
  if (!CBS_get_u16_length_prefixed(&body, &list)) return 0;
  uint32_t count = 0;
  while (CBS_len(&list) > 0 && CBS_get_u16_length_prefixed(&list, &sct)) ++count;
  return count;
}

// CertificateStatus (RFC 6066 §8).
void ReadOcsp(CBS body, HandshakeFacts* facts) {
  uint8_t type;
  CBS response;
  if (!CBS_get_u8(&body, &type) || type != kOcspStatus ||
      !CBS_get_u24_length_prefixed(&body, &response) || CBS_len(&response) == 0) {
    return;
  }
  facts->ocsp_stapled = true;
  const size_t kept = std::min(CBS_len(&response), kMaxOcspResponseBytes);
  facts->ocsp_response.assign(CBS_data(&response), CBS_data(&response) + kept);
}

template <typename Visitor>
void ForEachExtension(CBS extensions, Visitor visit) {
  uint16_t type;
  CBS body;
  while (CBS_len(&extensions) > 0) {
    if (!CBS_get_u16(&extensions, &type) || !CBS_get_u16_length_prefixed(&extensions, &body))
      return;
    visit(type, body);
  }
}

void ReadServerHelloExtension(uint16_t type, CBS body, HandshakeFacts* facts) {
  uint16_t value;
  switch (type) {
    case kExtensionSupportedVersions:
      if (CBS_get_u16(&body, &value)) SetVersion(value, facts);
      break;
    case kExtensionKeyShare:
      if (CBS_get_u16(&body, &value)) SetGroup(value, facts);
      break;
    case kExtensionExtendedMasterSecret:
      facts->extended_master_secret = true;
      break;
    case kExtensionRenegotiationInfo:
      facts->secure_renegotiation = true;
      break;
    case kExtensionSct:
      facts->sct_count = CountScts(body);
      break;
    default:
      break;
  }
}

void ReadServerHello(CBS body, HandshakeFacts* facts) {
  uint16_t version;
  uint16_t cipher;
  uint8_t compression;
  CBS random;
  CBS session_id;
  CBS extensions;
  if (!CBS_get_u16(&body, &version)) return;
  SetVersion(version, facts);
  if (!CBS_get_bytes(&body, &random, sizeof(kHelloRetryRandom)) ||
      !CBS_get_u8_length_prefixed(&body, &session_id) || !CBS_get_u16(&body, &cipher) ||
      !CBS_get_u8(&body, &compression)) {
    return;
  }
  SetCipher(cipher, facts);
  facts->hello_retry_request |=
      CBS_mem_equal(&random, kHelloRetryRandom, sizeof(kHelloRetryRandom)) != 0;
  facts->extended_master_secret = false;
  facts->secure_renegotiation = false;
  if (CBS_get_u16_length_prefixed(&body, &extensions)) {
    ForEachExtension(extensions, [facts](uint16_t type, CBS extension) {
      ReadServerHelloExtension(type, extension, facts);
    });
  }
  if (IsTls13(*facts)) {
    facts->extended_master_secret = true;
    facts->secure_renegotiation = true;
  }
}

void ReadCertificate(CBS body, crypto_buffer_pool_st* pool, HandshakeFacts* facts) {
  const bool tls13 = IsTls13(*facts);
  CBS context;
  CBS list;
  if ((tls13 && !CBS_get_u8_length_prefixed(&body, &context)) ||
      !CBS_get_u24_length_prefixed(&body, &list)) {
    return;
  }
  facts->chain.clear();
  CBS der;
  CBS extensions;
  while (CBS_len(&list) > 0 && facts->chain.size() < kMaxChainCertificates) {
    if (!CBS_get_u24_length_prefixed(&list, &der)) return;
    facts->chain.push_back(DerHandle::Pooled(BytesOf(der), pool));
    if (!tls13) continue;
    if (!CBS_get_u16_length_prefixed(&list, &extensions)) return;
    if (facts->chain.size() > 1) continue;  // what is stapled to intermediates is not asked for
    ForEachExtension(extensions, [facts](uint16_t type, CBS extension) {
      if (type == kExtensionStatusRequest) ReadOcsp(extension, facts);
      if (type == kExtensionSct) facts->sct_count = CountScts(extension);
    });
  }
}

// ServerECDHParams and what signed them (RFC 8422 §5.4). We offer no other kind of
// ServerKeyExchange.
void ReadServerKeyExchange(CBS body, HandshakeFacts* facts) {
  uint8_t curve_type;
  uint16_t value;
  CBS point;
  if (!CBS_get_u8(&body, &curve_type) || curve_type != kNamedCurve || !CBS_get_u16(&body, &value)) {
    return;
  }
  SetGroup(value, facts);
  if (!CBS_get_u8_length_prefixed(&body, &point)) return;
  if (facts->version_wire >= kTls12) {
    if (CBS_get_u16(&body, &value)) SetSignatureAlgorithm(value, facts);
    return;
  }
  const SSL_CIPHER* cipher = SSL_get_cipher_by_value(facts->cipher_wire.value_or(0));
  if (cipher == nullptr) return;
  SetSignatureAlgorithm(SSL_CIPHER_get_auth_nid(cipher) == NID_auth_ecdsa
                            ? SSL_SIGN_ECDSA_SHA1
                            : SSL_SIGN_RSA_PKCS1_MD5_SHA1,
                        facts);
}

}  // namespace

void HandshakeObserver::OnMessage(std::span<const uint8_t> message) {
  CBS cbs = ReaderOf(message);
  CBS body;
  uint8_t type;
  uint16_t scheme;
  if (!CBS_get_u8(&cbs, &type) || !CBS_get_u24_length_prefixed(&cbs, &body)) return;
  switch (type) {
    case kServerHello:
      ReadServerHello(body, facts_);
      break;
    case kCertificate:
      ReadCertificate(body, pool_, facts_);
      break;
    case kCertificateStatus:
      ReadOcsp(body, facts_);
      break;
    case kServerKeyExchange:
      if (!IsTls13(*facts_)) ReadServerKeyExchange(body, facts_);
      break;
    case kCertificateVerify:
      if (IsTls13(*facts_) && CBS_get_u16(&body, &scheme)) SetSignatureAlgorithm(scheme, facts_);
      break;
    default:
      break;
  }
}

void HandshakeObserver::OnAlert(bool sent, uint8_t level, uint8_t number) {
  if (number == kCloseNotify || number == kUserCanceled) return;
  // TLS 1.3 has no warnings: the level is ignored (RFC 8446 §6).
  if (level != kFatal && !IsTls13(*facts_)) return;
  (sent ? facts_->alert_sent : facts_->alert_received) = number;
}

}  // namespace mxsweep::tls
