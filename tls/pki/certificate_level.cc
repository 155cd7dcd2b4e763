#include "tls/pki/certificate_level.h"

#include <string>

#include "scanner/base/text.h"
#include "tls/pki/public_key.h"

namespace mxsweep::tls {
namespace {

std::string_view DigestText(SignatureDigest digest) {
  constexpr std::string_view kNames[] = {"an unknown", "no",      "MD2",     "MD4",     "MD5",
                                         "SHA-1",      "SHA-224", "SHA-256", "SHA-384", "SHA-512"};
  return kNames[static_cast<size_t>(digest)];
}

std::string NameInPath(size_t depth, size_t length, bool anchored) {
  if (depth == 0) return "leaf";
  if (anchored && depth + 1 == length) return "trust anchor";
  return JoinText("certificate ", depth);
}

std::string KeyText(const PublicKeyFacts& key) {
  return JoinText(" key: ", key.type_name, " ", key.bits.value_or(0), " bits");
}

}  // namespace

std::optional<SecurityLevel> JudgeCertificateLevel(std::span<const std::vector<uint8_t>> path,
                                                   bool anchored) {
  SecurityLevel level;
  for (size_t depth = 0; depth < path.size(); ++depth) {
    const CertificateDer certificate = CutCertificate(path[depth]);
    const PublicKeyFacts key = ReadPublicKey(certificate.spki);
    const std::optional<int> key_bits = KeySecurityBits(key.type, key.bits.value_or(0));
    if (!key_bits) return std::nullopt;
    const std::string who = NameInPath(depth, path.size(), anchored);
    level.Limit(LevelOfSecurityBits(*key_bits), who + KeyText(key));
    if (depth + 1 == path.size()) break;
    const SignatureFacts signature = ReadSignatureAlgorithm(certificate.signature_algorithm);
    level.Limit(LevelOfSecurityBits(SignatureSecurityBits(signature.digest, signature.key)),
                JoinText(who, " signature: ", DigestText(signature.digest), " hash"));
  }
  return level;
}

}  // namespace mxsweep::tls
