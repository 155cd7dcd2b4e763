#ifndef MXSWEEP_TLS_PKI_CERTIFICATE_DER_H_
#define MXSWEEP_TLS_PKI_CERTIFICATE_DER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mxsweep::tls {

using Bytes = std::span<const uint8_t>;
// What BoringSSL calls CBS_ASN1_TAG where it has a name for it.
using AsnTag = unsigned;

// The parts of a certificate as spans of its DER (RFC 5280 §4.1): cut apart, not judged. What comes
// after the first part that cannot be read is empty. Borrows the DER.
struct CertificateDer {
  Bytes tbs;     // the signed bytes, with tag and length
  Bytes serial;  // contents of the INTEGER
  Bytes issuer;  // with tag and length, as are the next two
  Bytes subject;
  Bytes spki;
  Bytes not_before;  // the UTCTime or GeneralizedTime, with tag and length
  Bytes not_after;
  Bytes tbs_signature_algorithm;  // the AlgorithmIdentifier within `tbs`, with tag and length
  Bytes extensions;               // contents of the SEQUENCE OF Extension; empty if there are none
  Bytes signature_algorithm;      // the outer AlgorithmIdentifier, with tag and length
  Bytes signature;                // contents of the BIT STRING, without the byte of unused bits
  std::string error;              // empty: everything was there
};

CertificateDer CutCertificate(Bytes der);

// The contents of the extension's OCTET STRING, or nothing if it is not there. `oid`: contents of
// the OBJECT IDENTIFIER.
std::optional<Bytes> FindExtension(const CertificateDer& certificate, Bytes oid);

// One Extension (RFC 5280 §4.1) of a certificate, a CRL or an OCSP response.
struct ExtensionDer {
  Bytes oid;  // contents of the OBJECT IDENTIFIER
  bool critical = false;
  Bytes value;  // contents of the OCTET STRING
};

// Calls `visit` with each of `extensions` (contents of a SEQUENCE OF Extension). False if they are
// not well-formed; what came before was visited.
bool ForEachExtension(Bytes extensions, const std::function<void(const ExtensionDer&)>& visit);

// The key within a SubjectPublicKeyInfo: contents of its BIT STRING, without the byte of unused
// bits. Empty if it is not well-formed.
Bytes SubjectPublicKeyOf(Bytes spki);

// basicConstraints says CA. False where there is no such extension or it cannot be read.
bool IsCa(const CertificateDer& certificate);

// Does keyUsage (RFC 5280 §4.2.1.3) allow this use? `bit`: 0 is digitalSignature. True where the
// certificate has no such extension; false where it cannot be read.
bool KeyUsageAllows(const CertificateDer& certificate, unsigned bit);
inline constexpr unsigned kKeyUsageKeyCertSign = 5;
inline constexpr unsigned kKeyUsageCrlSign = 6;

inline constexpr uint8_t kOidSubjectAltName[] = {0x55, 0x1d, 0x11};
inline constexpr uint8_t kOidBasicConstraints[] = {0x55, 0x1d, 0x13};
inline constexpr uint8_t kOidKeyUsage[] = {0x55, 0x1d, 0x0f};
inline constexpr uint8_t kOidExtendedKeyUsage[] = {0x55, 0x1d, 0x25};

// The choices of GeneralName that are told apart (RFC 5280 §4.2.1.6): their context tag numbers.
enum class GeneralName : uint8_t {
  kOther = 0,
  kEmail = 1,
  kDns = 2,
  kX400 = 3,
  kDirectory = 4,
  kEdiParty = 5,
  kUri = 6,
  kIp = 7,
  kRegisteredId = 8,
};

// Calls `visit` with each name's kind and contents. False if the extension is not well-formed; what
// came before was visited.
bool ForEachSubjectAltName(const CertificateDer& certificate,
                           const std::function<void(GeneralName, Bytes)>& visit);

// A string of X.509 in UTF-8. T61String is read as Latin-1, as OpenSSL and everybody else does.
// Nothing for other types, and for bytes that are no text of theirs. `tag`: of the string.
std::optional<std::string> StringText(AsnTag tag, Bytes contents);

// Calls `visit` with the text of each commonName of the subject, whatever its string type.
void ForEachCommonName(const CertificateDer& certificate,
                       const std::function<void(std::string_view)>& visit);

// Seconds since the epoch of a UTCTime or GeneralizedTime. Beyond RFC 5280 §4.1.2.5 it takes what
// is met in the wild: missing seconds, an offset instead of Z.
std::optional<int64_t> ParseTime(Bytes time);

// "1.2.840.113549"; "" if it is not well-formed. `oid`: contents of the OBJECT IDENTIFIER.
std::string OidText(Bytes oid);

inline std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_CERTIFICATE_DER_H_
