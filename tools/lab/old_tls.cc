#include "tools/lab/old_tls.h"

#include <openssl/bytestring.h>
#include <openssl/mem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <vector>

#include "absl/strings/escaping.h"

namespace mxsweep::lab {
namespace {

constexpr uint16_t kSsl3 = 0x0300;
constexpr uint8_t kRecordHandshake = 22;
constexpr uint8_t kRecordAlert = 21;
constexpr size_t kRecordHeader = 5;
constexpr size_t kMaxRecord = 16'384;
constexpr uint8_t kAlertHandshakeFailure = 40;
constexpr uint8_t kAlertProtocolVersion = 70;

// RFC 2409 §6.2, the second Oakley group.
constexpr std::string_view kPrime1024 =
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404"
    "DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7"
    "ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF";
// Of 512 bits, and of nobody: 2^512 - 38117, which is prime.
constexpr std::string_view kPrime512 =
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
    "FF"
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFF6B1B";

// IANA "TLS Cipher Suites".
constexpr uint16_t kDheSuites[] = {0x009f, 0x0039, 0x0033};     // DHE_RSA with AES
constexpr uint16_t kRc4Suites[] = {0x0005, 0x0004};             // RSA_WITH_RC4_128_SHA, _MD5
constexpr uint16_t kExportSuites[] = {0x0014, 0x0008, 0x0003};  // DHE_RSA_EXPORT, RSA_EXPORT
constexpr uint16_t kNullSuites[] = {0x003b, 0x0002};            // RSA_WITH_NULL_SHA256, _SHA

constexpr OldTls kDheOnly = {TLS1_VERSION, TLS1_2_VERSION, kDheSuites, kPrime1024, 1024, 0};
constexpr OldTls kSsl3Only = {kSsl3, kSsl3, kRc4Suites, "", 0, 0};
constexpr OldTls kRc4Only = {kSsl3, TLS1_2_VERSION, kRc4Suites, "", 0, 0};
constexpr OldTls kExportOnly = {kSsl3, TLS1_VERSION, kExportSuites, kPrime512, 512, 512};
constexpr OldTls kNullOnly = {TLS1_VERSION, TLS1_2_VERSION, kNullSuites, "", 0, 0};

CBS AsCbs(std::string_view bytes) {
  CBS cbs;
  CBS_init(&cbs, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return cbs;
}

struct Hello {
  uint16_t version = 0;
  std::vector<uint16_t> suites;
  std::string server_name;
  bool renegotiation_info = false;  // RFC 5746, by extension or signalling value
};

void ReadServerName(CBS extension, std::string* name) {
  CBS list, host;
  uint8_t type = 0;
  if (CBS_get_u16_length_prefixed(&extension, &list) && CBS_get_u8(&list, &type) && type == 0 &&
      CBS_get_u16_length_prefixed(&list, &host)) {
    name->assign(reinterpret_cast<const char*>(CBS_data(&host)), CBS_len(&host));
  }
}

std::optional<Hello> ReadHello(std::string_view record) {
  CBS in = AsCbs(record);
  CBS body, session, suites, compressions, extensions;
  uint8_t type = 0;
  Hello hello;
  if (!CBS_skip(&in, kRecordHeader) || !CBS_get_u8(&in, &type) || type != SSL3_MT_CLIENT_HELLO ||
      !CBS_get_u24_length_prefixed(&in, &body) || !CBS_get_u16(&body, &hello.version) ||
      !CBS_skip(&body, 32) || !CBS_get_u8_length_prefixed(&body, &session) ||
      !CBS_get_u16_length_prefixed(&body, &suites) ||
      !CBS_get_u8_length_prefixed(&body, &compressions)) {
    return std::nullopt;
  }
  uint16_t suite = 0;
  while (CBS_get_u16(&suites, &suite)) hello.suites.push_back(suite);
  hello.renegotiation_info = std::ranges::find(hello.suites, 0x00ff) != hello.suites.end();
  if (!CBS_get_u16_length_prefixed(&body, &extensions)) return hello;
  uint16_t id = 0;
  CBS extension;
  while (CBS_get_u16(&extensions, &id) && CBS_get_u16_length_prefixed(&extensions, &extension)) {
    if (id == TLSEXT_TYPE_server_name) ReadServerName(extension, &hello.server_name);
    hello.renegotiation_info |= id == TLSEXT_TYPE_renegotiate;
  }
  return hello;
}

std::string Record(uint8_t type, uint16_t version, std::string_view content) {
  std::string out;
  for (size_t at = 0; at < content.size(); at += kMaxRecord) {
    const std::string_view part = content.substr(at, kMaxRecord);
    for (const size_t byte : {size_t{type}, size_t{version} >> 8, size_t{version} & 0xff,
                              part.size() >> 8, part.size() & 0xff}) {
      out += static_cast<char>(byte);
    }
    out += part;
  }
  return out;
}

std::string Alert(uint16_t version, uint8_t code) {
  return Record(kRecordAlert, version, std::string{2, static_cast<char>(code)});
}

void AddBytes16(CBB* out, std::string_view bytes) {
  CBB child;
  CBB_add_u16_length_prefixed(out, &child);
  CBB_add_bytes(&child, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  CBB_flush(out);
}

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
void AddKeyExchange(const OldTls& server, uint16_t version, bool is_rsa, CBB* out) {
  CBB body;
  CBB_add_u8(out, SSL3_MT_SERVER_KEY_EXCHANGE);
  CBB_add_u24_length_prefixed(out, &body);
  if (is_rsa) {
    std::string modulus(server.export_rsa_bits / 8, '\xc3');
    AddBytes16(&body, modulus);
    AddBytes16(&body, std::string("\1\0\1", 3));
  } else {
    const std::string prime = absl::HexStringToBytes(std::string(server.dh_prime));
    AddBytes16(&body, prime);
    AddBytes16(&body, "\2");
    AddBytes16(&body, std::string(prime.size(), '\x3c'));
  }
  if (version >= TLS1_2_VERSION) CBB_add_u16(&body, SSL_SIGN_RSA_PKCS1_SHA256);
  AddBytes16(&body, std::string(256, '\x77'));
  CBB_flush(out);
}

}  // namespace

const OldTls* OldTlsOf(TlsPosture posture) {
  switch (posture) {
    case TlsPosture::kDheOnly:
      return &kDheOnly;
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

std::string ServerNameIn(std::string_view record) {
  const std::optional<Hello> hello = ReadHello(record);
  return hello ? hello->server_name : "";
}

OldTlsAnswer AnswerHello(const OldTls& server, const Chain& chain, std::string_view record) {
  const std::optional<Hello> hello = ReadHello(record);
  if (!hello) return {Alert(server.max_version, kAlertHandshakeFailure)};
  const uint16_t version = std::min(hello->version, server.max_version);
  if (version < server.min_version) return {Alert(version, kAlertProtocolVersion)};
  const auto suite = std::ranges::find_if(server.suites, [&](uint16_t mine) {
    const bool is_new = mine == 0x009f || mine == 0x003b;  // of TLS 1.2 alone
    return (!is_new || version >= TLS1_2_VERSION) &&
           std::ranges::find(hello->suites, mine) != hello->suites.end();
  });
  if (suite == server.suites.end()) return {Alert(version, kAlertHandshakeFailure)};
  bssl::ScopedCBB out;
  CBB body;
  if (!CBB_init(out.get(), 4096)) return {Alert(version, kAlertHandshakeFailure)};
  AddServerHello(*hello, version, *suite, out.get());
  AddCertificates(chain, out.get());
  if (IsDhe(*suite) || IsRsaExport(*suite)) {
    AddKeyExchange(server, version, IsRsaExport(*suite), out.get());
  }
  CBB_add_u8(out.get(), SSL3_MT_SERVER_HELLO_DONE);
  CBB_add_u24_length_prefixed(out.get(), &body);
  CBB_flush(out.get());
  const std::string_view bytes(reinterpret_cast<const char*>(CBB_data(out.get())),
                               CBB_len(out.get()));
  return {Record(kRecordHandshake, version, bytes), *suite, version};
}

std::optional<size_t> RecordLength(std::string_view bytes) {
  if (bytes.size() < kRecordHeader) return std::nullopt;
  const auto at = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(bytes[i])); };
  return kRecordHeader + (at(3) << 8 | at(4));
}

}  // namespace mxsweep::lab
