// The test's certificates, made by the openssl command: a root, an intermediate under it, a root
// that nobody trusts, and whatever leaves the servers need. RFC 5280.
#ifndef MXSWEEP_TESTS_INTEROP_CERTIFICATES_H_
#define MXSWEEP_TESTS_INTEROP_CERTIFICATES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mxsweep::interop {

enum class Issuer { kIntermediate, kUntrustedRoot, kItself };

struct LeafRequest {
  std::string name;                // of the files
  std::string key = "P-256";       // "P-256", "P-384", "RSA-2048" …
  std::vector<std::string> hosts;  // DNS-IDs, the first also the common name
  Issuer issuer = Issuer::kIntermediate;
  bool is_expired = false;
  bool send_issuer = true;
};

// Thread-compatible. Files are PEM, in the folder given; keys are unencrypted and readable by root.
class CertificateMaker {
 public:
  static absl::StatusOr<CertificateMaker> Create(std::string folder);

  // Makes FOLDER/<name>.pem: key, leaf, and its issuer if that is to be sent.
  absl::Status MakeLeaf(const LeafRequest& request);

  std::string ChainFile(const std::string& name) const { return folder_ + "/" + name + ".pem"; }
  std::string LeafFile(const std::string& name) const { return folder_ + "/" + name + ".crt"; }
  std::string TrustStore() const { return folder_ + "/root.crt"; }
  std::string IntermediateFile() const { return LeafFile("intermediate"); }

 private:
  explicit CertificateMaker(std::string folder) : folder_(std::move(folder)) {}

  absl::Status MakeRoot(const std::string& name, const std::string& common_name);
  absl::Status MakeIntermediate();
  absl::Status MakeRequest(const std::string& name, const std::string& key,
                           const std::string& common_name);
  absl::Status Sign(const std::string& name, const std::string& issuer,
                    const std::string& extensions, bool is_expired);

  std::string folder_;
};

// Data of the TLSA record with matching type SHA2-256 for a PEM certificate, in lower-case hex: of
// the whole certificate (selector 0) or of its public key (selector 1). RFC 6698 §2.1.
absl::StatusOr<std::string> TlsaSha256(const std::string& certificate_file, int selector);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_CERTIFICATES_H_
