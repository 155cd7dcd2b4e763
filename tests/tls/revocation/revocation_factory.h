// OCSP responses and CRLs of any kind, good and bad, for tests.
#ifndef MXSWEEP_TESTS_TLS_REVOCATION_REVOCATION_FACTORY_H_
#define MXSWEEP_TESTS_TLS_REVOCATION_REVOCATION_FACTORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::tls::testing {

enum class SaidStatus { kGood, kRevoked, kUnknown };

struct OcspSpec {
  uint8_t response_status = 0;  // RFC 6960 §4.2.1: anything else has no response bytes
  SaidStatus says = SaidStatus::kGood;
  int64_t revoked_at = kNow - kDay;
  std::optional<uint8_t> reason;
  int64_t this_update = kNow - 3600;
  std::optional<int64_t> next_update = kNow + 3 * kDay;
  const EVP_MD* id_digest = EVP_sha1();  // of the CertID
  // Who signs; null: the issuer itself.
  const TestCertificate* responder = nullptr;
  bool send_responder = true;  // its certificate, where it is not the issuer
  bool responder_by_key = false;
  const EVP_MD* digest = EVP_sha256();  // of the signature
  bool break_signature = false;
  std::string critical_extension_oid;  // of the single response; "" for none
  int others_before = 0;               // single responses about other serial numbers
};

// A response about `leaf`, issued by `issuer`.
std::vector<uint8_t> MakeOcspResponse(const TestCertificate& leaf, const TestCertificate& issuer,
                                      const OcspSpec& spec = {});

struct CrlEntrySpec {
  int64_t serial = 0;
  int64_t revoked_at = kNow - kDay;
  std::optional<uint8_t> reason;
  std::string critical_extension_oid;  // "" for none
};

struct CrlSpec {
  int64_t this_update = kNow - 3600;
  std::optional<int64_t> next_update = kNow + 3 * kDay;
  std::vector<CrlEntrySpec> entries;
  // Of issuingDistributionPoint.
  std::string distribution_point_uri;
  bool user_certificates_only = false;
  bool ca_certificates_only = false;
  bool only_some_reasons = false;
  bool indirect = false;
  bool attribute_certificates_only = false;
  bool delta = false;
  std::string critical_extension_oid;  // "" for none
  const EVP_MD* digest = EVP_sha256();
  bool break_signature = false;
};

// A list of `issuer`, signed by its key.
std::vector<uint8_t> MakeCrl(const TestCertificate& issuer, const CrlSpec& spec = {});

}  // namespace mxsweep::tls::testing

#endif  // MXSWEEP_TESTS_TLS_REVOCATION_REVOCATION_FACTORY_H_
