#include "tls/session/facts.h"

#include <openssl/ssl.h>

#include "absl/strings/str_format.h"

namespace mxsweep::tls {
namespace {

struct Group {
  uint16_t id;
  const char* name;
  uint32_t bits;
};

// IANA "TLS Supported Groups". Finite-field groups and ML-KEM alone, which has no classical half to
// count the bits of, are never negotiated by us, but a server may name one.
constexpr Group kGroups[] = {
    {21, "P-224", 224},
    {23, "P-256", 256},
    {24, "P-384", 384},
    {25, "P-521", 521},
    {29, "X25519", 255},
    {30, "X448", 448},
    {256, "ffdhe2048", 2048},
    {257, "ffdhe3072", 3072},
    {258, "ffdhe4096", 4096},
    {259, "ffdhe6144", 6144},
    {260, "ffdhe8192", 8192},
    {512, "MLKEM512", 0},
    {513, "MLKEM768", 0},
    {514, "MLKEM1024", 0},
    {4587, "SecP256r1MLKEM768", 256},
    {4588, "X25519MLKEM768", 255},
    {4589, "SecP384r1MLKEM1024", 384},
    {16696, "CECPQ2", 255},
    {25497, "X25519Kyber768Draft00", 255},
};

const Group* FindGroup(uint16_t id) {
  for (const Group& group : kGroups) {
    if (group.id == id) return &group;
  }
  return nullptr;
}

}  // namespace

std::string GroupName(uint16_t group) {
  const Group* known = FindGroup(group);
  return known != nullptr ? known->name : absl::StrFormat("0x%04x", group);
}

std::optional<uint32_t> GroupBits(uint16_t group) {
  const Group* known = FindGroup(group);
  return known != nullptr && known->bits != 0 ? std::optional<uint32_t>(known->bits) : std::nullopt;
}

std::string SignatureSchemeName(uint16_t scheme) {
  // Include the curve: as the registry writes it. BoringSSL's own pseudo value for the MD5 and
  // SHA-1 pair of TLS 1.0 (0xff01) has a name there too.
  const char* name = SSL_get_signature_algorithm_name(scheme, /*include_curve=*/1);
  if (name != nullptr) return name;
  switch (scheme) {
    case 0x0101:
      return "rsa_pkcs1_md5";
    case 0x0301:
      return "rsa_pkcs1_sha224";
    case 0x0303:
      return "ecdsa_sha224";
    case 0x0202:
      return "dsa_sha1";
    case 0x0402:
      return "dsa_sha256";
    case 0x0808:
      return "ed448";
    case 0x0809:
      return "rsa_pss_pss_sha256";
    case 0x080a:
      return "rsa_pss_pss_sha384";
    case 0x080b:
      return "rsa_pss_pss_sha512";
    default:
      return absl::StrFormat("0x%04x", scheme);
  }
}

}  // namespace mxsweep::tls
