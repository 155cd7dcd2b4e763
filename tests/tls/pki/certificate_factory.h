// Keys and certificates of any kind, good and bad, for tests.
#ifndef MXSWEEP_TESTS_TLS_PKI_CERTIFICATE_FACTORY_H_
#define MXSWEEP_TESTS_TLS_PKI_CERTIFICATE_FACTORY_H_

#include <openssl/base.h>
#include <openssl/digest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tls/pki/der_handle.h"

namespace mxsweep::tls::testing {

// 2026-01-15T12:00:00Z, the present of every test.
inline constexpr int64_t kNow = 1768478400;
inline constexpr int64_t kDay = 86400;

enum class KeyKind {
  kRsa512,
  kRsa1024,
  kRsa2048,
  kRsa2048Exponent3,
  kRsa3072,
  kRsa4096,
  kP224,
  kP256,
  kP384,
  kP521,
  kEd25519,
};

// Made at first use and kept for the length of the program, since RSA keys take long to make.
// Different `index`: a different key. Borrowed by the caller; thread-safe.
EVP_PKEY* TestKey(KeyKind kind, int index = 0);

// "rsa 2048", "P-256" …, for messages.
std::string KeyKindName(KeyKind kind);

struct CertificateSpec {
  std::string common_name = "mx.example.org";
  std::string subject_alt_names = "DNS:mx.example.org";  // as in openssl.cnf; "" for none
  int64_t not_before = kNow - 30 * kDay;
  int64_t not_after = kNow + 60 * kDay;
  bool is_ca = false;
  int path_length = -1;
  bool basic_constraints = true;
  std::string key_usage;           // as in openssl.cnf, "" for none
  std::string extended_key_usage;  // the same
  std::string name_constraints;
  std::string crl_distribution_points;  // "URI:http://crl.example/1.crl"
  bool must_staple = false;             // the TLS feature extension (RFC 7633)
  std::string critical_extension_oid;   // one that nobody knows
  const EVP_MD* digest = nullptr;       // SHA-256 if null; none for Ed25519
  bool rsa_pss = false;                 // of the signature
  int64_t serial = 4711;
  bool key_identifiers = true;
  long version = 2;  // X.509 v3
  // Last changes before it is signed.
  std::function<void(X509*)> tweak;
};

// A certificate and its key (borrowed from TestKey()).
class TestCertificate {
 public:
  TestCertificate(bssl::UniquePtr<X509> certificate, EVP_PKEY* key);

  X509* x509() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_; }
  const DerHandle& handle() const { return handle_; }
  std::vector<uint8_t> der() const;
  std::vector<uint8_t> spki() const;
  std::string pem() const;

 private:
  bssl::UniquePtr<X509> certificate_;
  EVP_PKEY* key_;
  DerHandle handle_;
};

// Self-signed.
TestCertificate MakeSelfSigned(const CertificateSpec& spec, EVP_PKEY* key);
// Signed by `issuer`.
TestCertificate MakeSigned(const CertificateSpec& spec, EVP_PKEY* key,
                           const TestCertificate& issuer);

// `certificate` with the last byte of the algorithm's OID within the signed part changed to `byte`,
// signed again by `key` (RSA, SHA-256): what stands outside is no longer what stands inside.
std::vector<uint8_t> ResignWithInnerAlgorithm(const TestCertificate& certificate, EVP_PKEY* key,
                                              uint8_t byte);

// A CA spec with this name, valid for years.
CertificateSpec CaSpec(const std::string& common_name);

// root → intermediate → leaf, P-256 all of them unless the leaf's key says otherwise.
struct TestPki {
  TestCertificate root;
  TestCertificate intermediate;
  TestCertificate leaf;

  std::vector<DerHandle> Chain() const { return {leaf.handle(), intermediate.handle()}; }
  std::vector<DerHandle> ChainWithRoot() const {
    return {leaf.handle(), intermediate.handle(), root.handle()};
  }
};
TestPki MakePki(const CertificateSpec& leaf = {}, KeyKind leaf_key = KeyKind::kP256);

template <typename... Certificates>
std::vector<DerHandle> Handles(const Certificates&... certificates) {
  return {certificates.handle()...};
}

}  // namespace mxsweep::tls::testing

#endif  // MXSWEEP_TESTS_TLS_PKI_CERTIFICATE_FACTORY_H_
