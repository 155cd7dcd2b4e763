#ifndef MXSWEEP_TLS_PKI_PUBLIC_KEY_H_
#define MXSWEEP_TLS_PKI_PUBLIC_KEY_H_

#include <optional>
#include <string>

#include "tls/pki/certificate.h"
#include "tls/pki/certificate_der.h"

namespace mxsweep::tls {

// What a SubjectPublicKeyInfo says of its key, also where BoringSSL would not use it (DSA, odd
// exponents, curves it has not): only the structure is read.
struct PublicKeyFacts {
  KeyType type = KeyType::kUnknown;
  std::string type_name;  // as CertificateFacts::key_type; "" if the structure is not one
  std::optional<uint32_t> bits;
  std::optional<std::string> rsa_exponent;
  bool small_exponent = false;  // under 65537
  std::optional<std::string> curve;
  std::string error;  // empty: all was read

  // The numbers themselves, big-endian and without leading zeros; empty for other kinds of key, and
  // where they cannot be read. They borrow what was read.
  Bytes modulus;
  Bytes exponent;
  // Contents of the BIT STRING: an EC point (SEC 1 §2.3.3), the bytes of an Ed25519 key, …
  Bytes key;
};

// Any RSA modulus of fewer bits is called short.
inline constexpr uint32_t kShortRsaBits = 2048;

// `spki` with its tag and length; borrowed as long as the facts' numbers are used.
PublicKeyFacts ReadPublicKey(Bytes spki);

// How a certificate was signed, from its AlgorithmIdentifier (with tag and length).
struct SignatureFacts {
  std::string name;  // as CertificateFacts::signature_algorithm; "" if it cannot be read
  SignatureDigest digest = SignatureDigest::kUnknown;
  KeyType key = KeyType::kUnknown;
};
SignatureFacts ReadSignatureAlgorithm(Bytes algorithm);

enum class SignatureCheck : uint8_t {
  kGood,
  kBad,
  kNotKnown,  // the key or the algorithm is none that we can compute with, and others can
};

// What is to be said of `signature` (without the byte of unused bits) over `signed_bytes` by the
// key of `spki`, made with `algorithm` (an AlgorithmIdentifier, with tag and length).
SignatureCheck CheckSignature(Bytes signed_bytes, Bytes algorithm, Bytes signature, Bytes spki);
// Of a certificate's signature by its issuer's key.
SignatureCheck CheckSignedBy(const CertificateDer& certificate, Bytes issuer_spki);

// Is `signature` (without the byte of unused bits) the one over `signed_bytes` by the key of
// `spki`, made with `algorithm` (an AlgorithmIdentifier, with tag and length)? Takes what SignedBy
// takes.
bool SignatureVerifies(Bytes signed_bytes, Bytes algorithm, Bytes signature, Bytes spki);

// Does `certificate`'s signature verify with the key of `issuer_spki`? Takes MD5 and SHA-1 and RSA
// of any size BoringSSL can compute with; false for what it cannot (MD2, DSA, curves it has not).
bool SignedBy(const CertificateDer& certificate, Bytes issuer_spki);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_PUBLIC_KEY_H_
