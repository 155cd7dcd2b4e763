#include "tls/pki/certificate.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "tls/pki/certificate_der.h"
#include "tls/pki/certificate_names.h"
#include "tls/pki/public_key.h"
#include "tls/pki/revocation_sources.h"

namespace mxsweep::tls {
namespace {

constexpr std::pair<WeakKey, const char*> kWeakKeyNames[] = {
    {WeakKey::kRsaShort, "rsa_short"},
    {WeakKey::kSmallExponent, "small_exponent"},
    {WeakKey::kMd5Signature, "md5_signature"},
    {WeakKey::kSha1Signature, "sha1_signature"},
};

void NoteError(std::string_view error, CertificateFacts* facts) {
  if (facts->error.empty()) facts->error = error;
}

// An INTEGER's contents as a hexadecimal number. Negative ones are not allowed (RFC 5280 §4.1.2.2)
// and met.
std::string SerialText(Bytes serial) {
  std::vector<uint8_t> magnitude(serial.begin(), serial.end());
  const bool negative = !magnitude.empty() && (magnitude.front() & 0x80) != 0;
  if (negative) {
    int carry = 1;
    for (auto byte = magnitude.rbegin(); byte != magnitude.rend(); ++byte) {
      const int value = static_cast<uint8_t>(~*byte) + carry;
      *byte = static_cast<uint8_t>(value);
      carry = value >> 8;
    }
  }
  const auto first =
      std::find_if(magnitude.begin(), magnitude.end(), [](uint8_t byte) { return byte != 0; });
  magnitude.erase(magnitude.begin(), first);
  if (magnitude.empty()) magnitude.push_back(0);
  return (negative ? "-" : "") + HexLower(magnitude);
}

void ReadNames(const CertificateDer& der, CertificateFacts* facts) {
  if (!der.subject.empty()) facts->subject = DistinguishedNameText(der.subject);
  if (!der.issuer.empty()) facts->issuer = DistinguishedNameText(der.issuer);
  for (const auto* name : {&facts->subject, &facts->issuer}) {
    if (*name && (*name)->starts_with('#')) NoteError("a name breaks the rules of X.509", facts);
  }
  const bool well_formed = ForEachSubjectAltName(der, [facts](GeneralName kind, Bytes contents) {
    facts->subject_alt_names.push_back(GeneralNameText(kind, contents));
  });
  if (!well_formed) NoteError("cannot read subjectAltName", facts);
}

void ReadSources(const CertificateDer& der, CertificateFacts* facts) {
  RevocationSources sources = ReadRevocationSources(der);
  facts->crl_urls = std::move(sources.crl_urls);
  facts->ocsp_must_staple = sources.ocsp_must_staple;
  if (!sources.well_formed) NoteError("cannot read where to look up its revocation", facts);
}

void ReadDates(const CertificateDer& der, CertificateFacts* facts) {
  facts->not_before = ParseTime(der.not_before);
  facts->not_after = ParseTime(der.not_after);
  if (!facts->not_before || !facts->not_after) NoteError("cannot read the validity dates", facts);
}

void ReadKey(const CertificateDer& der, CertificateFacts* facts) {
  if (der.spki.empty()) return;
  facts->spki_sha256 = HashSha256(der.spki);
  PublicKeyFacts key = ReadPublicKey(der.spki);
  facts->key_kind = key.type;
  if (!key.type_name.empty()) facts->key_type = std::move(key.type_name);
  facts->key_bits = key.bits;
  facts->rsa_exponent = std::move(key.rsa_exponent);
  facts->curve = std::move(key.curve);
  if (!key.error.empty()) NoteError(key.error, facts);
  const bool rsa = key.type == KeyType::kRsa || key.type == KeyType::kRsaPss;
  if (rsa && key.bits && *key.bits < kShortRsaBits) {
    facts->weak_keys |= static_cast<uint16_t>(WeakKey::kRsaShort);
  }
  if (key.small_exponent) facts->weak_keys |= static_cast<uint16_t>(WeakKey::kSmallExponent);
}

void ReadSignature(const CertificateDer& der, CertificateFacts* facts) {
  SignatureFacts signature = ReadSignatureAlgorithm(der.signature_algorithm);
  facts->signature_digest = signature.digest;
  if (!signature.name.empty()) facts->signature_algorithm = std::move(signature.name);
  facts->self_signed = !der.subject.empty() && std::ranges::equal(der.subject, der.issuer) &&
                       SignedBy(der, der.spki);
  // Nobody relies on what a self-signed certificate's signature says.
  if (facts->self_signed) return;
  if (IsMd5OrOlder(facts->signature_digest)) {
    facts->weak_keys |= static_cast<uint16_t>(WeakKey::kMd5Signature);
  } else if (facts->signature_digest == SignatureDigest::kSha1) {
    facts->weak_keys |= static_cast<uint16_t>(WeakKey::kSha1Signature);
  }
}

}  // namespace

std::vector<std::string> CertificateFacts::WeakKeyNames() const {
  std::vector<std::string> names;
  for (const auto& [bit, name] : kWeakKeyNames) {
    if ((weak_keys & static_cast<uint16_t>(bit)) != 0) names.emplace_back(name);
  }
  return names;
}

CertificateFacts ParseCertificateFacts(std::span<const uint8_t> der) {
  CertificateFacts facts;
  facts.sha256 = HashSha256(der);
  const CertificateDer parts = CutCertificate(der);
  facts.error = parts.error;
  if (!parts.serial.empty()) facts.serial = SerialText(parts.serial);
  if (parts.error.empty() || !parts.not_after.empty()) ReadDates(parts, &facts);
  ReadNames(parts, &facts);
  ReadKey(parts, &facts);
  ReadSignature(parts, &facts);
  facts.is_ca = IsCa(parts);
  ReadSources(parts, &facts);
  return facts;
}

std::string HexLower(std::span<const uint8_t> bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (uint8_t byte : bytes) {
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
  return out;
}

std::optional<Sha256> Sha256FromHex(std::string_view hex) {
  Sha256 digest;
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (size_t i = 0; i < digest.size(); ++i) {
    const char* digits = hex.data() + 2 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, digest[i], 16);
    if (error != std::errc() || end != digits + 2) return std::nullopt;
  }
  return digest;
}

}  // namespace mxsweep::tls
