// A row of `certificates`: one distinct certificate, wherever it was shown.
//
// Hashes are lower-case hex text, not raw bytes: that is what users paste and compare, and zstd
// takes back nearly all of the doubling (a SHA-256 in hex is stored in some 33 bytes).
#ifndef MXSWEEP_OUTPUT_TABLES_CERTIFICATE_ROW_H_
#define MXSWEEP_OUTPUT_TABLES_CERTIFICATE_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "output/tables/column.h"

namespace mxsweep::output {

struct CertificateRow {
  std::string sha256;
  std::optional<std::string> spki_sha256;
  Binary der;

  std::optional<std::string> subject;
  std::optional<std::string> issuer;
  std::optional<std::vector<std::string>> subject_alt_names;
  std::optional<std::string> serial;
  std::optional<absl::Time> not_before;
  std::optional<absl::Time> not_after;

  std::optional<std::string> key_type;
  std::optional<uint32_t> key_bits;
  std::optional<uint64_t> rsa_exponent;
  std::optional<std::string> curve;
  std::optional<std::string> signature_algorithm;
  std::optional<bool> is_ca;
  std::optional<bool> self_signed;
  std::optional<std::vector<std::string>> weak_key;
  std::optional<std::vector<std::string>> crl_urls;
  std::optional<bool> ocsp_must_staple;
  std::optional<std::string> revocation_status;
  std::optional<std::string> revocation_detail;

  absl::Time first_seen;

  friend bool operator==(const CertificateRow&, const CertificateRow&) = default;
};

template <>
struct Table<CertificateRow> {
  static constexpr TableId kId = TableId::kCertificates;
  static constexpr std::string_view kName = "certificates";
  static constexpr std::string_view kDescription = "a row per distinct certificate";

  template <typename Visitor>
  static void VisitColumns(Visitor&& visit) {
    using R = CertificateRow;
    visit(Column{"sha256", &R::sha256, "SHA-256 of `der`, lower-case hex", kBloomFilter});
    visit(Column{"spki_sha256", &R::spki_sha256,
                 "SHA-256 of the public key (SubjectPublicKeyInfo), lower-case hex"});
    visit(Column{"der", &R::der, "the certificate as the server sent it"});
    visit(Column{"subject", &R::subject, "subject name, RFC 4514 text"});
    visit(Column{"issuer", &R::issuer, "issuer name, RFC 4514 text"});
    visit(Column{"subject_alt_names", &R::subject_alt_names,
                 "DNS names and addresses of subjectAltName, as they stand there"});
    visit(Column{"serial", &R::serial, "serial number, lower-case hex"});
    visit(Column{"not_before", &R::not_before, "start of validity"});
    visit(Column{"not_after", &R::not_after, "end of validity"});
    visit(
        Column{"key_type", &R::key_type,
               "kind of public key: rsa, rsa_pss (RSA for PSS alone), ec, ed25519, ed448, dsa, dh, "
               "x25519, gost; another algorithm's OID"});
    visit(Column{"key_bits", &R::key_bits, "bits of the RSA modulus or of the curve's field"});
    visit(Column{"rsa_exponent", &R::rsa_exponent,
                 "RSA public exponent; null for other keys and for one over 64 bits"});
    visit(Column{"curve", &R::curve, "curve of an EC key"});
    visit(Column{"signature_algorithm", &R::signature_algorithm,
                 "algorithm by which the issuer signed"});
    visit(Column{"is_ca", &R::is_ca, "basic constraints say CA"});
    visit(Column{"self_signed", &R::self_signed, "signed by its own key"});
    visit(Column{
        "weak_key", &R::weak_key,
        "what a scan sees of its weakness, words of docs/keys.md: rsa_short, small_exponent, "
        "even_exponent, absurd_exponent, small_factor (primes under 1,000), fermat, roca, "
        "repeating_pattern, low_entropy, small_private_exponent, ec_point_off_curve, "
        "md5_signature, sha1_signature; null: none of these, and no other was looked for "
        "(`mxsweep keys` does)"});
    visit(Column{"crl_urls", &R::crl_urls, "http: URLs of the CRLs that it names, at most 8"});
    visit(Column{"ocsp_must_staple", &R::ocsp_must_staple,
                 "TLS feature extension: its server must staple an OCSP response (RFC 7633)"});
    visit(Column{"revocation_status", &R::revocation_status,
                 "what its CRL says of it, with --revocation; null where that was not asked"});
    visit(Column{"revocation_detail", &R::revocation_detail,
                 "since when and why; or why it is not known"});
    visit(Column{"first_seen", &R::first_seen, "when this scan first met it"});
  }
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_TABLES_CERTIFICATE_ROW_H_
