#include "tools/lab/old_tls.h"

#include <openssl/bytestring.h>
#include <openssl/mem.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "tools/lab/hello_records.h"

namespace mxsweep::lab {
namespace {

constexpr uint16_t kSsl3 = 0x0300;

// 2^bits - below, which is odd and has all its highest bits set.
std::string Below2To(uint32_t bits, uint16_t below) {
  std::string number(bits / 8, '\xff');
  const uint32_t low = 0x10000u - below;
  number[number.size() - 2] = static_cast<char>(low >> 8);
  number[number.size() - 1] = static_cast<char>(low);
  return number;
}

// RFC 2409 §6.2, the second Oakley group.
const OldPrime& Oakley2() {
  static const auto* const prime = new OldPrime{
      absl::HexStringToBytes(
          "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A0879"
          "8E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B"
          "0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF"),
      1024,
      2,
      "safe",
      "rfc2409_1024",
      true};
  return *prime;
}

// The others are nobody's. 2^512 - 38117 is a safe prime, 2^2048 - 1557 a prime that is not safe,
// and 2^1024 - 39 no prime (and without a factor under 70,000).
const OldPrime& Safe512() {
  static const auto* const prime = new OldPrime{Below2To(512, 38117), 512, 2, "safe", "", true};
  return *prime;
}
const OldPrime& Prime2048() {
  static const auto* const prime = new OldPrime{Below2To(2048, 1557), 2048, 5, "prime", "", false};
  return *prime;
}
const OldPrime& Composite1024() {
  static const auto* const prime =
      new OldPrime{Below2To(1024, 39), 1024, 2, "composite", "", false};
  return *prime;
}

// IANA "TLS Cipher Suites".
constexpr uint16_t kDheSuites[] = {0x009f, 0x0039, 0x0033};     // DHE_RSA with AES
constexpr uint16_t kRc4Suites[] = {0x0005, 0x0004};             // RSA_WITH_RC4_128_SHA, _MD5
constexpr uint16_t kExportSuites[] = {0x0014, 0x0008, 0x0003};  // DHE_RSA_EXPORT, RSA_EXPORT
constexpr uint16_t kNullSuites[] = {0x003b, 0x0002};            // RSA_WITH_NULL_SHA256, _SHA

void AddServerHello(const Hello& hello, uint16_t version, uint16_t suite, CBB* out) {
  CBB body;
  CBB_add_u8(out, SSL3_MT_SERVER_HELLO);
  CBB_add_u24_length_prefixed(out, &body);
  CBB_add_u16(&body, version);
  for (int i = 0; i < 32; ++i) CBB_add_u8(&body, static_cast<uint8_t>(i + hello.version));
  CBB_add_u8(&body, 0);  // no session id
  CBB_add_u16(&body, suite);
  CBB_add_u8(&body, 0);  // no compression
  if (hello.renegotiation_info && version > kSsl3) {
    CBB extensions;
    CBB_add_u16_length_prefixed(&body, &extensions);
    CBB_add_u16(&extensions, TLSEXT_TYPE_renegotiate);
    CBB_add_u16(&extensions, 1);
    CBB_add_u8(&extensions, 0);
  }
  CBB_flush(out);
}

void AddCertificates(const Chain& chain, CBB* out) {
  CBB body, list, one;
  CBB_add_u8(out, SSL3_MT_CERTIFICATE);
  CBB_add_u24_length_prefixed(out, &body);
  CBB_add_u24_length_prefixed(&body, &list);
  for (const auto& certificate : chain.certificates) {
    CBB_add_u24_length_prefixed(&list, &one);
    CBB_add_bytes(&one, reinterpret_cast<const uint8_t*>(certificate->der.data()),
                  certificate->der.size());
    CBB_flush(&list);
  }
  CBB_flush(out);
}

bool IsDhe(uint16_t suite) {
  return suite == 0x0014 || std::ranges::find(kDheSuites, suite) != std::end(kDheSuites);
}
bool IsRsaExport(uint16_t suite) { return suite == 0x0008 || suite == 0x0003; }

// RFC 5246 §7.4.3; of RSA_EXPORT RFC 2246 §7.4.3. The signature is nobody's.
void AddKeyExchange(const OldTls& server, std::string_view client_random, uint16_t version,
                    bool is_rsa, CBB* out) {
  CBB body;
  CBB_add_u8(out, SSL3_MT_SERVER_KEY_EXCHANGE);
  CBB_add_u24_length_prefixed(out, &body);
  if (is_rsa) {
    std::string modulus(server.export_rsa_bits / 8, '\xc3');
    AddBytes16(&body, modulus);
    AddBytes16(&body, std::string("\1\0\1", 3));
  } else {
    const OldPrime& prime = *server.dh_prime;
    AddBytes16(&body, prime.prime);
    AddBytes16(&body, std::string(1, static_cast<char>(prime.generator)));
    std::string value(prime.prime.size(), '\x3c');
    if (!prime.value_repeats) value.replace(0, client_random.size(), client_random);
    value[0] &= 0x3f;  // below the prime
    AddBytes16(&body, value);
  }
  if (version >= TLS1_2_VERSION) CBB_add_u16(&body, SSL_SIGN_RSA_PKCS1_SHA256);
  AddBytes16(&body, std::string(256, '\x77'));
  CBB_flush(out);
}

}  // namespace

const OldTls* OldTlsOf(TlsPosture posture) {
  const auto dhe = [](const OldPrime& prime) {
    return OldTls{TLS1_VERSION, TLS1_2_VERSION, kDheSuites, &prime, 0};
  };
  static const OldTls kDheOnly = dhe(Oakley2());
  static const OldTls kDheOwnPrime = dhe(Prime2048());
  static const OldTls kDheComposite = dhe(Composite1024());
  static const OldTls kExportOnly = {kSsl3, TLS1_VERSION, kExportSuites, &Safe512(), 512};
  static constexpr OldTls kSsl3Only = {kSsl3, kSsl3, kRc4Suites, nullptr, 0};
  static constexpr OldTls kRc4Only = {kSsl3, TLS1_2_VERSION, kRc4Suites, nullptr, 0};
  static constexpr OldTls kNullOnly = {TLS1_VERSION, TLS1_2_VERSION, kNullSuites, nullptr, 0};
  switch (posture) {
    case TlsPosture::kDheOnly:
      return &kDheOnly;
    case TlsPosture::kDheOwnPrime:
      return &kDheOwnPrime;
    case TlsPosture::kDheComposite:
      return &kDheComposite;
    case TlsPosture::kSsl3Only:
      return &kSsl3Only;
    case TlsPosture::kRc4Only:
      return &kRc4Only;
    case TlsPosture::kExportOnly:
      return &kExportOnly;
    case TlsPosture::kNullOnly:
      return &kNullOnly;
    default:
      return nullptr;
  }
}

OldTlsAnswer AnswerHello(const OldTls& server, const Chain& chain,
                         const std::optional<Hello>& hello) {
  if (!hello) return {FatalAlert(server.max_version, SSL_AD_HANDSHAKE_FAILURE)};
  const uint16_t version = std::min(hello->version, server.max_version);
  if (version < server.min_version) return {FatalAlert(version, SSL_AD_PROTOCOL_VERSION)};
  const auto suite = std::ranges::find_if(server.suites, [&](uint16_t mine) {
    const bool is_new = mine == 0x009f || mine == 0x003b;  // of TLS 1.2 alone
    return (!is_new || version >= TLS1_2_VERSION) &&
           std::ranges::find(hello->suites, mine) != hello->suites.end();
  });
  if (suite == server.suites.end()) return {FatalAlert(version, SSL_AD_HANDSHAKE_FAILURE)};
  bssl::ScopedCBB out;
  CBB body;
  if (!CBB_init(out.get(), 4096)) return {FatalAlert(version, SSL_AD_HANDSHAKE_FAILURE)};
  AddServerHello(*hello, version, *suite, out.get());
  AddCertificates(chain, out.get());
  if (IsDhe(*suite) || IsRsaExport(*suite)) {
    AddKeyExchange(server, hello->random, version, IsRsaExport(*suite), out.get());
  }
  CBB_add_u8(out.get(), SSL3_MT_SERVER_HELLO_DONE);
  CBB_add_u24_length_prefixed(out.get(), &body);
  CBB_flush(out.get());
  return {Record(kRecordHandshake, version, TextOf(*out.get())), *suite, version};
}

}  // namespace mxsweep::lab
