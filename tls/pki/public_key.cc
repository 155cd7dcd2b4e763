#include "tls/pki/public_key.h"

#include <openssl/err.h>

#include <algorithm>
#include <bit>

#include "scanner/base/text.h"
#include "tls/pki/der_reader.h"

namespace mxsweep::tls {
namespace {

// An exponent is written in decimal up to this many bytes, longer ones in hex.
constexpr size_t kDecimalExponentBytes = 8;
constexpr uint64_t kCommonExponent = 65537;

struct KeyAlgorithm {
  std::string_view oid;
  KeyType type;
};

constexpr KeyAlgorithm kKeyAlgorithms[] = {
    {"1.2.840.113549.1.1.1", KeyType::kRsa}, {"1.2.840.113549.1.1.10", KeyType::kRsaPss},
    {"1.2.840.10045.2.1", KeyType::kEc},     {"1.3.101.112", KeyType::kEd25519},
    {"1.3.101.113", KeyType::kEd448},        {"1.2.840.10040.4.1", KeyType::kDsa},
    {"1.2.840.10046.2.1", KeyType::kDh},     {"1.3.101.110", KeyType::kX25519},
    {"1.2.643.2.2.19", KeyType::kGost},      {"1.2.643.7.1.1.1.1", KeyType::kGost},
    {"1.2.643.7.1.1.1.2", KeyType::kGost},
};

struct Curve {
  std::string_view oid;
  std::string_view name;
  uint32_t bits;
};

constexpr Curve kCurves[] = {
    {"1.2.840.10045.3.1.7", "P-256", 256},
    {"1.3.132.0.34", "P-384", 384},
    {"1.3.132.0.35", "P-521", 521},
    {"1.3.132.0.33", "P-224", 224},
    {"1.2.840.10045.3.1.1", "P-192", 192},
    {"1.3.132.0.10", "secp256k1", 256},
    {"1.3.132.0.9", "secp160k1", 160},
    {"1.3.132.0.8", "secp160r1", 160},
    {"1.3.132.0.30", "secp160r2", 160},
    {"1.3.132.0.31", "secp192k1", 192},
    {"1.3.132.0.32", "secp224k1", 225},
    {"1.3.132.0.26", "sect233k1", 233},
    {"1.3.132.0.27", "sect233r1", 233},
    {"1.3.132.0.16", "sect283k1", 283},
    {"1.3.132.0.17", "sect283r1", 283},
    {"1.3.132.0.36", "sect409k1", 409},
    {"1.3.132.0.37", "sect409r1", 409},
    {"1.3.132.0.38", "sect571k1", 571},
    {"1.3.132.0.39", "sect571r1", 571},
    {"1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1", 160},
    {"1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", 192},
    {"1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", 224},
    {"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256},
    {"1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", 320},
    {"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384},
    {"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512},
    {"1.2.156.10197.1.301", "SM2", 256},
};

// An INTEGER's magnitude without leading zeros; DER's rules about them are not insisted on.
bool TakeUnsigned(CBS* from, Bytes* magnitude) {
  CBS integer;
  if (!CBS_get_asn1(from, &integer, CBS_ASN1_INTEGER) || CBS_len(&integer) == 0) return false;
  *magnitude = BytesOf(integer);
  while (!magnitude->empty() && magnitude->front() == 0) *magnitude = magnitude->subspan(1);
  return true;
}

uint32_t BitsOf(Bytes magnitude) {
  if (magnitude.empty()) return 0;
  return static_cast<uint32_t>((magnitude.size() - 1) * 8) +
         static_cast<uint32_t>(std::bit_width(magnitude.front()));
}

bool ReadRsa(CBS key, PublicKeyFacts* out) {
  CBS sequence;
  Bytes modulus;
  Bytes exponent;
  if (!CBS_get_asn1(&key, &sequence, CBS_ASN1_SEQUENCE) || !TakeUnsigned(&sequence, &modulus))
    return false;
  out->bits = BitsOf(modulus);
  if (!TakeUnsigned(&sequence, &exponent)) return false;
  out->modulus = modulus;
  out->exponent = exponent;
  if (exponent.size() > kDecimalExponentBytes) {
    out->rsa_exponent = "0x" + HexLower(exponent);
    return true;
  }
  uint64_t value = 0;
  for (uint8_t byte : exponent) value = value << 8 | byte;
  out->rsa_exponent = JoinText(value);
  out->small_exponent = value < kCommonExponent;
  return true;
}

// ECParameters: a named curve, or (RFC 3279 §2.3.5, forbidden since RFC 5480) one written out.
bool ReadEc(CBS parameters, PublicKeyFacts* out) {
  CBS oid;
  if (CBS_peek_asn1_tag(&parameters, CBS_ASN1_OBJECT)) {
    if (!CBS_get_asn1(&parameters, &oid, CBS_ASN1_OBJECT)) return false;
    const std::string text = OidText(BytesOf(oid));
    const Curve* known = std::ranges::find(kCurves, text, &Curve::oid);
    if (known == std::end(kCurves)) {
      out->curve = text;
      return !text.empty();
    }
    out->curve = std::string(known->name);
    out->bits = known->bits;
    return true;
  }
  CBS sequence;
  CBS field;
  Bytes version;
  Bytes prime;
  if (!CBS_get_asn1(&parameters, &sequence, CBS_ASN1_SEQUENCE)) return false;
  out->curve = "explicit";
  // Only prime fields have an INTEGER here; of others the size stays unknown.
  if (TakeUnsigned(&sequence, &version) && CBS_get_asn1(&sequence, &field, CBS_ASN1_SEQUENCE) &&
      CBS_get_asn1(&field, &oid, CBS_ASN1_OBJECT) && TakeUnsigned(&field, &prime)) {
    out->bits = BitsOf(prime);
  }
  return true;
}

// DSA and DH parameters begin with the prime.
bool ReadPrime(CBS parameters, PublicKeyFacts* out) {
  CBS sequence;
  Bytes prime;
  if (CBS_len(&parameters) == 0) return true;  // DSA parameters may be inherited from the issuer
  if (!CBS_get_asn1(&parameters, &sequence, CBS_ASN1_SEQUENCE) ||
      !TakeUnsigned(&sequence, &prime)) {
    return false;
  }
  out->bits = BitsOf(prime);
  return true;
}

bool ReadByType(CBS parameters, CBS key, PublicKeyFacts* out) {
  switch (out->type) {
    case KeyType::kRsa:
    case KeyType::kRsaPss:
      return ReadRsa(key, out);
    case KeyType::kEc:
      return ReadEc(parameters, out);
    case KeyType::kDsa:
    case KeyType::kDh:
      return ReadPrime(parameters, out);
    case KeyType::kEd25519:
    case KeyType::kX25519:
      out->bits = 255;
      return CBS_len(&key) == 32;
    case KeyType::kEd448:
      out->bits = 448;
      return CBS_len(&key) == 57;
    case KeyType::kGost:
    case KeyType::kUnknown:
      return true;
  }
  return true;
}

}  // namespace

std::string_view KeyTypeName(KeyType type) {
  switch (type) {
    case KeyType::kUnknown:
      return "unknown";
    case KeyType::kRsa:
      return "rsa";
    case KeyType::kRsaPss:
      return "rsa_pss";
    case KeyType::kEc:
      return "ec";
    case KeyType::kEd25519:
      return "ed25519";
    case KeyType::kEd448:
      return "ed448";
    case KeyType::kDsa:
      return "dsa";
    case KeyType::kDh:
      return "dh";
    case KeyType::kX25519:
      return "x25519";
    case KeyType::kGost:
      return "gost";
  }
  return "";
}

PublicKeyFacts ReadPublicKey(Bytes spki) {
  PublicKeyFacts out;
  CBS input = ReaderOf(spki);
  CBS sequence;
  CBS algorithm;
  CBS oid;
  Bytes key;
  if (!CBS_get_asn1(&input, &sequence, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&sequence, &algorithm, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&algorithm, &oid, CBS_ASN1_OBJECT)) {
    out.error = "cannot read the key's algorithm";
    return out;
  }
  out.type_name = OidText(BytesOf(oid));
  const KeyAlgorithm* known = std::ranges::find(kKeyAlgorithms, out.type_name, &KeyAlgorithm::oid);
  if (known != std::end(kKeyAlgorithms)) {
    out.type = known->type;
    out.type_name = std::string(KeyTypeName(known->type));
  }
  if (!TakeBitString(&sequence, &key) || CBS_len(&sequence) != 0 ||
      !ReadByType(algorithm, ReaderOf(key), &out)) {
    out.error = "cannot read the public key";
    return out;
  }
  out.key = key;
  return out;
}

}  // namespace mxsweep::tls
