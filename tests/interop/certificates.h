// The test's certificates, made by the openssl command: a root, intermediates under it, a root that
// nobody trusts, and whatever leaves the servers need. RFC 5280.
#ifndef MXSWEEP_TESTS_INTEROP_CERTIFICATES_H_
#define MXSWEEP_TESTS_INTEROP_CERTIFICATES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mxsweep::interop {

// When a certificate is good.
enum class Validity { kNow, kPast, kFuture };

// What a leaf's issuer may be, beside the leaf itself. All but the roots and the stranger are below
// the root.
inline constexpr char kIntermediate[] = "intermediate";
inline constexpr char kUntrustedRoot[] = "stranger";
inline constexpr char kExpiredIntermediate[] = "lapsed";
inline constexpr char kNoAuthority[] = "pretender";        // CA:FALSE
inline constexpr char kConstrainedAuthority[] = "narrow";  // for names in "elsewhere.example" only
inline constexpr char kExpiredRoot[] = "bygone";           // that nobody trusts either
inline constexpr char kStrongAuthority[] = "strong-authority";  // P-521, SHA-512
inline constexpr char kWeakAuthority[] = "weak";                // RSA-1024
inline constexpr char kSha1Authority[] = "aged";                // signed over SHA-1
inline constexpr char kWeakRoot[] = "feeble";                   // RSA-1024, and trusted
inline constexpr char kItself[] = "";

struct LeafRequest {
  std::string name;                // of the files
  std::string key = "P-256";       // "P-256", "P-384", "RSA-2048", "Ed25519" …
  std::vector<std::string> hosts;  // DNS-IDs, the first also the common name
  std::string issuer = kIntermediate;
  Validity validity = Validity::kNow;
  // What the server sends after the leaf; left out: the issuer alone, if there is one.
  std::optional<std::vector<std::string>> sent_with;
  bool common_name_only = false;  // no DNS-IDs
  std::string digest = "sha256";  // of the issuer's signature
  std::string purpose = "serverAuth";
};

struct AuthorityOptions {
  Validity validity = Validity::kNow;
  std::string key = "";  // a strong one
  std::string digest = "sha256";
};

// Thread-compatible. Files are PEM, in the folder given; keys are unencrypted and readable by root.
class CertificateMaker {
 public:
  static absl::StatusOr<CertificateMaker> Create(std::string folder);

  // Makes FOLDER/<name>.pem: key, leaf, and what is to be sent with it.
  absl::Status MakeLeaf(const LeafRequest& request);

  std::string ChainFile(const std::string& name) const { return folder_ + "/" + name + ".pem"; }
  std::string KeyFile(const std::string& name) const { return folder_ + "/" + name + ".key"; }
  std::string LeafFile(const std::string& name) const { return folder_ + "/" + name + ".crt"; }
  std::string TrustStore() const { return folder_ + "/trusted.pem"; }
  std::string IntermediateFile() const { return LeafFile("intermediate"); }

 private:
  explicit CertificateMaker(std::string folder) : folder_(std::move(folder)) {}

  // `issuer` is "" for a root.
  absl::Status MakeAuthority(const std::string& name, const std::string& common_name,
                             const std::string& issuer, const std::string& extensions,
                             const AuthorityOptions& options = {});
  absl::Status MakeRequest(const std::string& name, const std::string& key,
                           const std::string& common_name);
  absl::Status Sign(const LeafRequest& request, const std::string& extensions);

  std::string folder_;
};

// Data of the TLSA record for a PEM certificate, in lower-case hex: of the whole certificate
// (selector 0) or of its public key (1), as it is (matching type 0), its SHA2-256 (1) or its
// SHA2-512 (2). RFC 6698 §2.1.
absl::StatusOr<std::string> TlsaData(const std::string& certificate_file, int selector,
                                     int matching_type);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_CERTIFICATES_H_
