// Certificate revocation lists (RFC 5280 §5): read once, checked, kept small, asked often.
#ifndef MXSWEEP_TLS_REVOCATION_CRL_H_
#define MXSWEEP_TLS_REVOCATION_CRL_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/pki/revocation_sources.h"
#include "tls/revocation/revocation.h"

namespace mxsweep::tls {

// A larger list is not read; the largest public ones have some 40 MB.
inline constexpr size_t kMaxCrlBytes = size_t{64} * 1024 * 1024;

// What a list says of a certificate, or why it says nothing.
enum class CrlStatus : uint8_t {
  kGood,         // covered by the list, and not on it
  kRevoked,      // on it
  kNotCovered,   // the list is for other certificates (RFC 5280 §5.2.5)
  kUnsupported,  // an indirect or delta list, one for some reasons only, or with a critical
                 // extension that is not understood
  kNotYetValid,
  kExpired,
  kBadSignature,  // not signed by the certificate's issuer, or that may not sign lists
  kMalformed,
};

// "good", "revoked", "not_covered", …
std::string_view CrlStatusName(CrlStatus status);

// Who is asked for.
struct CrlQuestion {
  std::vector<uint8_t> serial;  // contents of the INTEGER
  bool is_ca = false;
  // RevocationSources::distribution_point_names of the certificate.
  std::vector<std::string> distribution_point_names;
};

CrlQuestion QuestionOf(const CertificateDer& certificate);

struct CrlVerdict {
  CrlStatus status = CrlStatus::kMalformed;
  std::optional<Revocation> revocation;
  std::string detail;  // one sentence; empty with kGood
};

// What is kept of a list. Immutable, for any thread.
//
// Memory: 16 bytes for each revoked certificate: a 64-bit fingerprint of its serial number, when
// and why. That an unlisted serial shares a fingerprint with one of a million is a chance of one in
// 18 trillion.
class RevocationList {
 public:
  // Reads the DER of a list of `issuer` (a certificate). Never fails: what is wrong is what Judge
  // says. The signature must be the issuer's and not over MD5, and its key usage must allow it
  // (RFC 5280 §6.3.3 (f), (g)). Both are borrowed for the call.
  static RevocationList Read(std::span<const uint8_t> der, std::span<const uint8_t> issuer);

  // What it says of a certificate of its issuer at `time_s`.
  CrlVerdict Judge(const CrlQuestion& question, int64_t time_s) const;

  size_t entries() const { return entries_.size(); }
  const UpdateWindow& window() const { return window_; }

 private:
  struct Entry {
    uint64_t fingerprint;
    uint32_t revoked_at_s;  // good until 2106
    uint8_t reason;
  };
  static_assert(sizeof(Entry) == 16);
  struct Parts;

  void Refuse(CrlStatus status, std::string detail);
  void ReadExtension(const ExtensionDer& extension);
  bool ReadIssuingDistributionPoint(Bytes value);
  bool ReadEntries(Bytes list);
  bool ReadEntry(Bytes entry);

  CrlStatus status_ = CrlStatus::kGood;  // of the list itself
  std::string detail_;
  UpdateWindow window_;
  bool user_certificates_only_ = false;
  bool ca_certificates_only_ = false;
  bool names_distribution_point_ = false;
  std::vector<std::string> distribution_point_names_;
  std::vector<Entry> entries_;  // by fingerprint
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_REVOCATION_CRL_H_
