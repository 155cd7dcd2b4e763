// How certificates are signed: the names of algorithms, and checking one signature.
#include <openssl/base.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "tls/pki/der_reader.h"
#include "tls/pki/public_key.h"

namespace mxsweep::tls {
namespace {

constexpr std::string_view kOidRsaPss = "1.2.840.113549.1.1.10";
constexpr AsnTag kPssHashTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;

struct Algorithm {
  std::string_view oid;
  std::string_view name;
  SignatureDigest digest;
  KeyType key;
};

constexpr Algorithm kAlgorithms[] = {
    {"1.2.840.113549.1.1.2", "md2WithRSAEncryption", SignatureDigest::kMd2, KeyType::kRsa},
    {"1.2.840.113549.1.1.3", "md4WithRSAEncryption", SignatureDigest::kMd4, KeyType::kRsa},
    {"1.2.840.113549.1.1.4", "md5WithRSAEncryption", SignatureDigest::kMd5, KeyType::kRsa},
    {"1.2.840.113549.1.1.5", "sha1WithRSAEncryption", SignatureDigest::kSha1, KeyType::kRsa},
    {"1.3.14.3.2.29", "sha1WithRSA", SignatureDigest::kSha1, KeyType::kRsa},
    {"1.2.840.113549.1.1.14", "sha224WithRSAEncryption", SignatureDigest::kSha224, KeyType::kRsa},
    {"1.2.840.113549.1.1.11", "sha256WithRSAEncryption", SignatureDigest::kSha256, KeyType::kRsa},
    {"1.2.840.113549.1.1.12", "sha384WithRSAEncryption", SignatureDigest::kSha384, KeyType::kRsa},
    {"1.2.840.113549.1.1.13", "sha512WithRSAEncryption", SignatureDigest::kSha512, KeyType::kRsa},
    {"1.2.840.10045.4.1", "ecdsa-with-SHA1", SignatureDigest::kSha1, KeyType::kEc},
    {"1.2.840.10045.4.3.1", "ecdsa-with-SHA224", SignatureDigest::kSha224, KeyType::kEc},
    {"1.2.840.10045.4.3.2", "ecdsa-with-SHA256", SignatureDigest::kSha256, KeyType::kEc},
    {"1.2.840.10045.4.3.3", "ecdsa-with-SHA384", SignatureDigest::kSha384, KeyType::kEc},
    {"1.2.840.10045.4.3.4", "ecdsa-with-SHA512", SignatureDigest::kSha512, KeyType::kEc},
    {"1.3.101.112", "ED25519", SignatureDigest::kNone, KeyType::kEd25519},
    {"1.3.101.113", "ED448", SignatureDigest::kNone, KeyType::kEd448},
    {"1.2.840.10040.4.3", "dsaWithSHA1", SignatureDigest::kSha1, KeyType::kDsa},
    {"2.16.840.1.101.3.4.3.1", "dsa_with_SHA224", SignatureDigest::kSha224, KeyType::kDsa},
    {"2.16.840.1.101.3.4.3.2", "dsa_with_SHA256", SignatureDigest::kSha256, KeyType::kDsa},
};

struct Digest {
  std::string_view oid;
  std::string_view name;
  SignatureDigest digest;
};

constexpr Digest kPssDigests[] = {
    {"1.2.840.113549.2.5", "md5", SignatureDigest::kMd5},
    {"1.3.14.3.2.26", "sha1", SignatureDigest::kSha1},
    {"2.16.840.1.101.3.4.2.4", "sha224", SignatureDigest::kSha224},
    {"2.16.840.1.101.3.4.2.1", "sha256", SignatureDigest::kSha256},
    {"2.16.840.1.101.3.4.2.2", "sha384", SignatureDigest::kSha384},
    {"2.16.840.1.101.3.4.2.3", "sha512", SignatureDigest::kSha512},
};

// RSASSA-PSS-params (RFC 4055 §3.1): the hash is SHA-1 unless it is given.
SignatureFacts ReadPss(CBS parameters) {
  SignatureFacts facts{"rsassaPss", SignatureDigest::kUnknown, KeyType::kRsa};
  std::string oid_text = "1.3.14.3.2.26";
  CBS sequence;
  CBS hash;
  int present = 0;
  if (CBS_get_asn1(&parameters, &sequence, CBS_ASN1_SEQUENCE) &&
      CBS_get_optional_asn1(&sequence, &hash, &present, kPssHashTag) && present) {
    CBS algorithm;
    CBS oid;
    if (!CBS_get_asn1(&hash, &algorithm, CBS_ASN1_SEQUENCE) ||
        !CBS_get_asn1(&algorithm, &oid, CBS_ASN1_OBJECT)) {
      return facts;
    }
    oid_text = OidText(BytesOf(oid));
  }
  const Digest* known = std::ranges::find(kPssDigests, oid_text, &Digest::oid);
  if (known == std::end(kPssDigests)) return facts;
  facts.name += "-";
  facts.name += known->name;
  facts.digest = known->digest;
  return facts;
}

const EVP_MD* DigestOf(SignatureDigest digest) {
  switch (digest) {
    case SignatureDigest::kMd4:
      return EVP_md4();
    case SignatureDigest::kMd5:
      return EVP_md5();
    case SignatureDigest::kSha1:
      return EVP_sha1();
    case SignatureDigest::kSha224:
      return EVP_sha224();
    case SignatureDigest::kSha256:
      return EVP_sha256();
    case SignatureDigest::kSha384:
      return EVP_sha384();
    case SignatureDigest::kSha512:
      return EVP_sha512();
    default:
      return nullptr;
  }
}

int EvpKeyType(KeyType type) {
  switch (type) {
    case KeyType::kRsa:
      return EVP_PKEY_RSA;
    case KeyType::kEc:
      return EVP_PKEY_EC;
    case KeyType::kEd25519:
      return EVP_PKEY_ED25519;
    default:
      return EVP_PKEY_NONE;
  }
}

}  // namespace

SignatureFacts ReadSignatureAlgorithm(Bytes algorithm) {
  CBS input = ReaderOf(algorithm);
  CBS sequence;
  CBS oid;
  if (!CBS_get_asn1(&input, &sequence, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&sequence, &oid, CBS_ASN1_OBJECT)) {
    return {};
  }
  const std::string text = OidText(BytesOf(oid));
  if (text == kOidRsaPss) return ReadPss(sequence);
  const Algorithm* known = std::ranges::find(kAlgorithms, text, &Algorithm::oid);
  if (known == std::end(kAlgorithms)) return {text, SignatureDigest::kUnknown, KeyType::kUnknown};
  return {std::string(known->name), known->digest, known->key};
}

SignatureCheck CheckSignature(Bytes signed_bytes, Bytes algorithm, Bytes signature,
                              Bytes issuer_spki) {
  const SignatureFacts facts = ReadSignatureAlgorithm(algorithm);
  const PublicKeyFacts issuer = ReadPublicKey(issuer_spki);
  if (signed_bytes.empty() || signature.empty() || facts.name.empty() || !issuer.error.empty()) {
    return SignatureCheck::kBad;
  }
  // Nobody computes MD2 any more.
  if (facts.digest == SignatureDigest::kMd2) return SignatureCheck::kBad;
  const EVP_MD* digest = DigestOf(facts.digest);
  CBS spki = ReaderOf(issuer_spki);
  const bssl::UniquePtr<EVP_PKEY> key(EVP_parse_public_key(&spki));
  const bool no_digest = digest == nullptr && facts.digest != SignatureDigest::kNone;
  if (key == nullptr || no_digest || EvpKeyType(facts.key) == EVP_PKEY_NONE) {
    ERR_clear_error();
    return SignatureCheck::kNotKnown;
  }
  if (EVP_PKEY_id(key.get()) != EvpKeyType(facts.key)) {
    ERR_clear_error();
    const bool pss_key = issuer.type == KeyType::kRsaPss && facts.key == KeyType::kRsa;
    return pss_key ? SignatureCheck::kNotKnown : SignatureCheck::kBad;
  }
  const bool pss = facts.name.starts_with("rsassaPss");
  bssl::ScopedEVP_MD_CTX context;
  EVP_PKEY_CTX* key_context;
  const bool good = EVP_DigestVerifyInit(context.get(), &key_context, digest, nullptr, key.get()) &&
                    (!pss || (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) &&
                              EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, -2 /* as found */))) &&
                    EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                     signed_bytes.data(), signed_bytes.size());
  ERR_clear_error();
  return good ? SignatureCheck::kGood : SignatureCheck::kBad;
}

SignatureCheck CheckSignedBy(const CertificateDer& certificate, Bytes issuer_spki) {
  return CheckSignature(certificate.tbs, certificate.signature_algorithm, certificate.signature,
                        issuer_spki);
}

bool SignatureVerifies(Bytes signed_bytes, Bytes algorithm, Bytes signature, Bytes issuer_spki) {
  return CheckSignature(signed_bytes, algorithm, signature, issuer_spki) == SignatureCheck::kGood;
}

bool SignedBy(const CertificateDer& certificate, Bytes issuer_spki) {
  return SignatureVerifies(certificate.tbs, certificate.signature_algorithm, certificate.signature,
                           issuer_spki);
}

}  // namespace mxsweep::tls
