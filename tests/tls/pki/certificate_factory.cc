#include "tests/tls/pki/certificate_factory.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#include "tls/pki/certificate_der.h"

namespace mxsweep::tls::testing {
namespace {

// A test's own mistake, not something to go on after.
void Check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "certificate factory: %s\n", what);
  ERR_print_errors_fp(stderr);
  std::abort();
}

bssl::UniquePtr<EVP_PKEY> MakeRsa(int bits, unsigned exponent) {
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<BIGNUM> e(BN_new());
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  Check(BN_set_word(e.get(), exponent) && RSA_generate_key_ex(rsa.get(), bits, e.get(), nullptr) &&
            EVP_PKEY_set1_RSA(key.get(), rsa.get()),
        "RSA key");
  return key;
}

bssl::UniquePtr<EVP_PKEY> MakeEc(int curve) {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(curve));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  Check(ec && EC_KEY_generate_key(ec.get()) && EVP_PKEY_set1_EC_KEY(key.get(), ec.get()), "EC key");
  return key;
}

bssl::UniquePtr<EVP_PKEY> MakeEd25519() {
  bssl::UniquePtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* key = nullptr;
  Check(context && EVP_PKEY_keygen_init(context.get()) && EVP_PKEY_keygen(context.get(), &key),
        "Ed25519 key");
  return bssl::UniquePtr<EVP_PKEY>(key);
}

bssl::UniquePtr<EVP_PKEY> MakeKey(KeyKind kind) {
  switch (kind) {
    case KeyKind::kRsa512:
      return MakeRsa(512, RSA_F4);
    case KeyKind::kRsa1024:
      return MakeRsa(1024, RSA_F4);
    case KeyKind::kRsa2048:
      return MakeRsa(2048, RSA_F4);
    case KeyKind::kRsa2048Exponent3:
      return MakeRsa(2048, RSA_3);
    case KeyKind::kRsa3072:
      return MakeRsa(3072, RSA_F4);
    case KeyKind::kRsa4096:
      return MakeRsa(4096, RSA_F4);
    case KeyKind::kP224:
      return MakeEc(NID_secp224r1);
    case KeyKind::kP256:
      return MakeEc(NID_X9_62_prime256v1);
    case KeyKind::kP384:
      return MakeEc(NID_secp384r1);
    case KeyKind::kP521:
      return MakeEc(NID_secp521r1);
    case KeyKind::kEd25519:
      return MakeEd25519();
  }
  std::abort();
}

void SetName(X509_NAME* name, const std::string& common_name) {
  if (common_name.empty()) return;
  Check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const uint8_t*>(common_name.data()),
                                   static_cast<int>(common_name.size()), -1, 0),
        "name");
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  bssl::UniquePtr<X509_EXTENSION> extension(
      X509V3_EXT_nconf_nid(nullptr, &context, nid, const_cast<char*>(value.c_str())));
  Check(extension && X509_add_ext(certificate, extension.get(), -1), value.c_str());
}

void AddRawExtension(X509* certificate, const std::string& oid, bool critical,
                     const std::vector<uint8_t>& contents) {
  bssl::UniquePtr<ASN1_OBJECT> object(OBJ_txt2obj(oid.c_str(), 1));
  bssl::UniquePtr<ASN1_OCTET_STRING> value(ASN1_OCTET_STRING_new());
  Check(ASN1_OCTET_STRING_set(value.get(), contents.data(), static_cast<int>(contents.size())),
        "octets");
  bssl::UniquePtr<X509_EXTENSION> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), critical, value.get()));
  Check(extension && X509_add_ext(certificate, extension.get(), -1), "raw extension");
}

void AddExtensions(const CertificateSpec& spec, X509* certificate, X509* issuer) {
  if (spec.basic_constraints) {
    std::string value = spec.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
    if (spec.path_length >= 0) value += ",pathlen:" + std::to_string(spec.path_length);
    AddExtension(certificate, issuer, NID_basic_constraints, value);
  }
  AddExtension(certificate, issuer, NID_key_usage, spec.key_usage);
  AddExtension(certificate, issuer, NID_ext_key_usage, spec.extended_key_usage);
  AddExtension(certificate, issuer, NID_subject_alt_name, spec.subject_alt_names);
  AddExtension(certificate, issuer, NID_name_constraints, spec.name_constraints);
  if (spec.key_identifiers) {
    AddExtension(certificate, issuer, NID_subject_key_identifier, "hash");
    AddExtension(certificate, issuer, NID_authority_key_identifier, "keyid");
  }
  AddExtension(certificate, issuer, NID_crl_distribution_points, spec.crl_distribution_points);
  if (spec.must_staple) {
    AddRawExtension(certificate, "1.3.6.1.5.5.7.1.24", false, {0x30, 0x03, 0x02, 0x01, 0x05});
  }
  if (!spec.critical_extension_oid.empty()) {
    AddRawExtension(certificate, spec.critical_extension_oid, true, {0x05, 0x00});
  }
}

// BoringSSL's X509_sign of 2026 does not do MD5; servers still show such certificates.
void SignWithRsaMd5(X509* certificate, EVP_PKEY* key) {
  bssl::UniquePtr<X509_ALGOR> algorithm(X509_ALGOR_new());
  Check(X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_md5WithRSAEncryption), V_ASN1_NULL,
                        nullptr) &&
            X509_set1_signature_algo(certificate, algorithm.get()),
        "signature algorithm");
  uint8_t* signed_part = nullptr;
  const int signed_bytes = i2d_re_X509_tbs(certificate, &signed_part);
  Check(signed_bytes > 0, "signed part");
  const bssl::UniquePtr<uint8_t> owner(signed_part);
  std::vector<uint8_t> signature(static_cast<size_t>(EVP_PKEY_size(key)));
  size_t signature_bytes = signature.size();
  bssl::ScopedEVP_MD_CTX context;
  Check(EVP_DigestSignInit(context.get(), nullptr, EVP_md5(), nullptr, key) &&
            EVP_DigestSign(context.get(), signature.data(), &signature_bytes, signed_part,
                           static_cast<size_t>(signed_bytes)) &&
            X509_set1_signature_value(certificate, signature.data(), signature_bytes),
        "sign with MD5");
}

void Sign(const CertificateSpec& spec, X509* certificate, EVP_PKEY* key) {
  if (spec.digest == EVP_md5()) return SignWithRsaMd5(certificate, key);

  const EVP_MD* digest = EVP_PKEY_id(key) == EVP_PKEY_ED25519 ? nullptr
                         : spec.digest != nullptr             ? spec.digest
                                                              : EVP_sha256();
  if (!spec.rsa_pss) {
    Check(X509_sign(certificate, key, digest) > 0, "sign");
    return;
  }
  bssl::ScopedEVP_MD_CTX context;
  EVP_PKEY_CTX* key_context;
  Check(EVP_DigestSignInit(context.get(), &key_context, digest, nullptr, key) &&
            EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, -1) &&
            X509_sign_ctx(certificate, context.get()) > 0,
        "sign with PSS");
}

TestCertificate Make(const CertificateSpec& spec, EVP_PKEY* key, const TestCertificate* issuer) {
  bssl::UniquePtr<X509> certificate(X509_new());
  X509* made = certificate.get();
  Check(X509_set_version(made, spec.version) &&
            ASN1_INTEGER_set(X509_get_serialNumber(made), static_cast<long>(spec.serial)) &&
            ASN1_TIME_adj(X509_getm_notBefore(made), static_cast<time_t>(spec.not_before), 0, 0) &&
            ASN1_TIME_adj(X509_getm_notAfter(made), static_cast<time_t>(spec.not_after), 0, 0) &&
            X509_set_pubkey(made, key),
        "certificate");
  SetName(X509_get_subject_name(made), spec.common_name);
  X509_NAME* issuer_name = X509_get_subject_name(issuer != nullptr ? issuer->x509() : made);
  Check(X509_set_issuer_name(made, issuer_name), "issuer name");
  AddExtensions(spec, made, issuer != nullptr ? issuer->x509() : made);
  if (spec.tweak) spec.tweak(made);
  Sign(spec, made, issuer != nullptr ? issuer->key() : key);
  return TestCertificate(std::move(certificate), key);
}

}  // namespace

EVP_PKEY* TestKey(KeyKind kind, int index) {
  static std::mutex mutex;
  static auto* keys = new std::map<std::pair<KeyKind, int>, bssl::UniquePtr<EVP_PKEY>>;
  const std::lock_guard<std::mutex> lock(mutex);
  bssl::UniquePtr<EVP_PKEY>& key = (*keys)[{kind, index}];
  if (key == nullptr) key = MakeKey(kind);
  return key.get();
}

std::string KeyKindName(KeyKind kind) {
  constexpr const char* kNames[] = {"Rsa512",  "Rsa1024", "Rsa2048", "Rsa2048Exponent3",
                                    "Rsa3072", "Rsa4096", "P224",    "P256",
                                    "P384",    "P521",    "Ed25519"};
  return kNames[static_cast<size_t>(kind)];
}

TestCertificate::TestCertificate(bssl::UniquePtr<X509> certificate, EVP_PKEY* key)
    : certificate_(std::move(certificate)), key_(key) {
  handle_ = DerHandle::Copy(der());
}

std::vector<uint8_t> TestCertificate::der() const {
  uint8_t* out = nullptr;
  const int length = i2d_X509(certificate_.get(), &out);
  Check(length > 0, "DER");
  std::vector<uint8_t> bytes(out, out + length);
  OPENSSL_free(out);
  return bytes;
}

std::vector<uint8_t> TestCertificate::spki() const {
  bssl::ScopedCBB cbb;
  uint8_t* out = nullptr;
  size_t length = 0;
  Check(CBB_init(cbb.get(), 128) && EVP_marshal_public_key(cbb.get(), key_) &&
            CBB_finish(cbb.get(), &out, &length),
        "SPKI");
  std::vector<uint8_t> bytes(out, out + length);
  OPENSSL_free(out);
  return bytes;
}

std::string TestCertificate::pem() const {
  bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  Check(PEM_write_bio_X509(memory.get(), certificate_.get()), "PEM");
  const uint8_t* text;
  size_t length;
  Check(BIO_mem_contents(memory.get(), &text, &length), "PEM");
  return std::string(reinterpret_cast<const char*>(text), length);
}

TestCertificate MakeSelfSigned(const CertificateSpec& spec, EVP_PKEY* key) {
  return Make(spec, key, nullptr);
}

TestCertificate MakeSigned(const CertificateSpec& spec, EVP_PKEY* key,
                           const TestCertificate& issuer) {
  return Make(spec, key, &issuer);
}

std::vector<uint8_t> ResignWithInnerAlgorithm(const TestCertificate& certificate, EVP_PKEY* key,
                                              uint8_t byte) {
  std::vector<uint8_t> der = certificate.der();
  const CertificateDer parts = CutCertificate(der);
  // The AlgorithmIdentifier ends with a NULL of two bytes.
  const Bytes algorithm = parts.tbs_signature_algorithm;
  der[static_cast<size_t>(algorithm.data() - der.data()) + algorithm.size() - 3] = byte;
  bssl::ScopedEVP_MD_CTX context;
  size_t length = parts.signature.size();
  uint8_t* signature = der.data() + (parts.signature.data() - der.data());
  Check(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) &&
            EVP_DigestSign(context.get(), signature, &length, parts.tbs.data(), parts.tbs.size()) &&
            length == parts.signature.size(),
        "sign again");
  return der;
}

CertificateSpec CaSpec(const std::string& common_name) {
  CertificateSpec spec;
  spec.common_name = common_name;
  spec.subject_alt_names = "";
  spec.is_ca = true;
  spec.key_usage = "critical,keyCertSign,cRLSign";
  spec.not_before = kNow - 1000 * kDay;
  spec.not_after = kNow + 3000 * kDay;
  return spec;
}

TestPki MakePki(const CertificateSpec& leaf, KeyKind leaf_key) {
  TestCertificate root = MakeSelfSigned(CaSpec("Test Root"), TestKey(KeyKind::kP256, 1));
  TestCertificate intermediate =
      MakeSigned(CaSpec("Test Intermediate"), TestKey(KeyKind::kP256, 2), root);
  TestCertificate end = MakeSigned(leaf, TestKey(leaf_key, 0), intermediate);
  return {std::move(root), std::move(intermediate), std::move(end)};
}

}  // namespace mxsweep::tls::testing
