#include "tests/tls/session/client_hello_reader.h"

#include <openssl/bytestring.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <span>

#include "tls/session/version.h"

namespace mxsweep::tls::testing {
namespace {

constexpr uint8_t kHandshakeRecord = 22;

constexpr uint16_t kSupportedGroups = 10;
constexpr uint16_t kSignatureAlgorithms = 13;
constexpr uint16_t kSupportedVersions = 43;
constexpr uint16_t kKeyShare = 51;

bool ReadNumbers(CBS list, std::vector<uint16_t>* out) {
  uint16_t number;
  while (CBS_len(&list) > 0) {
    if (!CBS_get_u16(&list, &number)) return false;
    out->push_back(number);
  }
  return true;
}

bool ReadKeyShares(CBS list, std::vector<uint16_t>* out) {
  uint16_t group;
  CBS key;
  while (CBS_len(&list) > 0) {
    if (!CBS_get_u16(&list, &group) || !CBS_get_u16_length_prefixed(&list, &key)) return false;
    out->push_back(group);
  }
  return true;
}

bool ReadExtension(uint16_t type, CBS body, HelloText* out) {
  CBS list;
  switch (type) {
    case kSupportedGroups:
      return CBS_get_u16_length_prefixed(&body, &list) && ReadNumbers(list, &out->groups);
    case kSignatureAlgorithms:
      return CBS_get_u16_length_prefixed(&body, &list) &&
             ReadNumbers(list, &out->signature_algorithms);
    case kSupportedVersions:
      return CBS_get_u8_length_prefixed(&body, &list) && ReadNumbers(list, &out->versions);
    case kKeyShare:
      return CBS_get_u16_length_prefixed(&body, &list) && ReadKeyShares(list, &out->key_shares);
    default:
      return true;
  }
}

// OpenSSL 3.5.9 of Debian 13, `openssl s_client -starttls smtp -servername …`, without any
// configuration.
const HelloText kOpenssl35 = {
    .suites = {0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b,
               0xc02f, 0x009e, 0xc024, 0xc028, 0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014,
               0x0039, 0xc009, 0xc013, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f},
    .extensions = {65281, 0, 11, 10, 35, 22, 23, 13, 43, 45, 51, 27},
    .groups = {0x11ec, 29, 23, 30, 24, 25, 256, 257},
    .signature_algorithms = {0x0905, 0x0906, 0x0904, 0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081a,
                             0x081b, 0x081c, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401,
                             0x0501, 0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602},
    .versions = {kTls13, kTls12},
    .key_shares = {0x11ec, 29}};

// Postfix 3.7.11 of Debian 12 with OpenSSL 3.0.19, `posttls-finger -l may`, with the default
// settings.
const HelloText kPostfix37 = {
    .suites = {0x1302, 0x1303, 0x1301, 0x00a7, 0x006d, 0x00c5, 0xc019, 0x003a, 0x0089, 0xc02c,
               0xc030, 0x00a3, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc0af, 0xc0ad, 0xc0a3, 0xc09f,
               0xc05d, 0xc061, 0xc057, 0xc053, 0xc024, 0xc028, 0x006b, 0x006a, 0xc073, 0xc077,
               0x00c4, 0x00c3, 0xc00a, 0xc014, 0x0039, 0x0038, 0x0088, 0x0087, 0x009d, 0xc0a1,
               0xc09d, 0xc051, 0x003d, 0x00c0, 0x0035, 0x0084, 0x00a6, 0x006c, 0x00bf, 0xc018,
               0x0034, 0x0046, 0xc02b, 0xc02f, 0x00a2, 0x009e, 0xc0ae, 0xc0ac, 0xc0a2, 0xc09e,
               0xc05c, 0xc060, 0xc056, 0xc052, 0xc023, 0xc027, 0x0067, 0x0040, 0xc072, 0xc076,
               0x00be, 0x00bd, 0xc009, 0xc013, 0x0033, 0x0032, 0x0045, 0x0044, 0x009c, 0xc0a0,
               0xc09c, 0xc050, 0x003c, 0x00ba, 0x002f, 0x0041, 0x00ff},
    .extensions = {11, 10, 35, 22, 23, 13, 43, 45, 51, 21},
    .groups = {29, 30, 23, 25, 24},
    .signature_algorithms = {0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b,
                             0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0303, 0x0203,
                             0x0301, 0x0201, 0x0302, 0x0202, 0x0402, 0x0502, 0x0602},
    .versions = {kTls13, kTls12, kTls11, kTls10},
    .key_shares = {29}};

// What BoringSSL of any age lacks.
//
// Finite-field DHE (with RSA, DSS and anonymous), anonymous ECDHE, CBC with SHA-256 and SHA-384 but
// for two suites, CCM, ARIA, Camellia, DSS. 0x00ff is said by the extension 65281 instead.
constexpr uint16_t kNoSuites[] = {
    0x00a7, 0x006d, 0x00c5, 0xc019, 0x003a, 0x0089, 0x00a3, 0x009f, 0xccaa, 0xc0af, 0xc0ad, 0xc0a3,
    0xc09f, 0xc05d, 0xc061, 0xc057, 0xc053, 0xc024, 0xc028, 0x006b, 0x006a, 0xc073, 0xc077, 0x00c4,
    0x00c3, 0x0039, 0x0038, 0x0088, 0x0087, 0xc0a1, 0xc09d, 0xc051, 0x003d, 0x00c0, 0x0084, 0x00a6,
    0x006c, 0x00bf, 0xc018, 0x0034, 0x0046, 0x00a2, 0x009e, 0xc0ae, 0xc0ac, 0xc0a2, 0xc09e, 0xc05c,
    0xc060, 0xc056, 0xc052, 0x0067, 0x0040, 0xc072, 0xc076, 0x00be, 0x00bd, 0x0033, 0x0032, 0x0045,
    0x0044, 0xc0a0, 0xc09c, 0xc050, 0x003c, 0x00ba, 0x0041, 0x00ff};
// X448, ffdhe2048, ffdhe3072.
constexpr uint16_t kNoGroups[] = {30, 256, 257};
// ML-DSA, Ed448, brainpool, RSA-PSS keys, SHA-224, DSA.
constexpr uint16_t kNoSignatureAlgorithms[] = {0x0905, 0x0906, 0x0904, 0x0808, 0x081a, 0x081b,
                                               0x081c, 0x0809, 0x080a, 0x080b, 0x0303, 0x0301,
                                               0x0302, 0x0202, 0x0402, 0x0502, 0x0602};
// encrypt_then_mac, compress_certificate (without a function that uncompresses). session_ticket: we
// keep no tickets.
constexpr uint16_t kNoExtensions[] = {22, 27, 35};

void TakeOut(std::span<const uint16_t> what, std::vector<uint16_t>* from) {
  std::erase_if(*from,
                [what](uint16_t each) { return std::ranges::find(what, each) != what.end(); });
}

}  // namespace

std::optional<HelloText> ReadHello(std::string_view records) {
  CBS in;
  CBS_init(&in, reinterpret_cast<const uint8_t*>(records.data()), records.size());
  std::string message;
  while (CBS_len(&in) > 0) {
    uint8_t type;
    uint16_t version;
    CBS fragment;
    if (!CBS_get_u8(&in, &type) || !CBS_get_u16(&in, &version) ||
        !CBS_get_u16_length_prefixed(&in, &fragment) || type != kHandshakeRecord) {
      return std::nullopt;
    }
    message.append(reinterpret_cast<const char*>(CBS_data(&fragment)), CBS_len(&fragment));
  }
  CBS_init(&in, reinterpret_cast<const uint8_t*>(message.data()), message.size());
  uint8_t type;
  uint16_t version;
  CBS body, session_id, suites, compression, extensions;
  HelloText hello;
  if (!CBS_get_u8(&in, &type) || type != SSL3_MT_CLIENT_HELLO ||
      !CBS_get_u24_length_prefixed(&in, &body) || CBS_len(&in) != 0 ||
      !CBS_get_u16(&body, &version) || !CBS_skip(&body, SSL3_RANDOM_SIZE) ||
      !CBS_get_u8_length_prefixed(&body, &session_id) ||
      !CBS_get_u16_length_prefixed(&body, &suites) || !ReadNumbers(suites, &hello.suites) ||
      !CBS_get_u8_length_prefixed(&body, &compression) ||
      !CBS_get_u16_length_prefixed(&body, &extensions)) {
    return std::nullopt;
  }
  while (CBS_len(&extensions) > 0) {
    uint16_t extension;
    CBS content;
    if (!CBS_get_u16(&extensions, &extension) ||
        !CBS_get_u16_length_prefixed(&extensions, &content) ||
        !ReadExtension(extension, content, &hello)) {
      return std::nullopt;
    }
    hello.extensions.push_back(extension);
  }
  return hello;
}

const HelloText& CapturedHello(ClientProfile profile) {
  switch (profile) {
    case ClientProfile::kOpenssl:
      return kOpenssl35;
    case ClientProfile::kPostfix:
      return kPostfix37;
    case ClientProfile::kEverything:
      break;
  }
  std::abort();  // nobody's
}

HelloText ExpectedHello(ClientProfile profile) {
  HelloText hello = CapturedHello(profile);
  TakeOut(kNoSuites, &hello.suites);
  TakeOut(kNoGroups, &hello.groups);
  TakeOut(kNoSignatureAlgorithms, &hello.signature_algorithms);
  TakeOut(kNoExtensions, &hello.extensions);
  // Debian's of 2022 lacks two suites and the hybrid group more.
#if BORINGSSL_API_VERSION < 33
  TakeOut(std::initializer_list<uint16_t>{0xc023, 0xc027}, &hello.suites);
#endif
  if (!HasPostQuantum()) {
    TakeOut(std::initializer_list<uint16_t>{0x11ec}, &hello.groups);
    TakeOut(std::initializer_list<uint16_t>{0x11ec}, &hello.key_shares);
  }
  return hello;
}

}  // namespace mxsweep::tls::testing
