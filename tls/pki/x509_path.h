#ifndef MXSWEEP_TLS_PKI_X509_PATH_H_
#define MXSWEEP_TLS_PKI_X509_PATH_H_

#include <openssl/base.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tls/pki/certificate_der.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tls {

// A chain as BoringSSL's X.509 objects. Thread-safety: none.
class ParsedChain {
 public:
  explicit ParsedChain(std::span<const DerHandle> chain);

  // A certificate that BoringSSL's X.509 refuses, and its reason. Others may take it; paths are
  // built as if it had not been sent.
  struct Refused {
    size_t index;
    std::string reason;
  };
  const std::vector<Refused>& refused() const { return refused_; }
  bool has_leaf() const { return !certificates_.empty() && certificates_.front() != nullptr; }
  size_t size() const { return certificates_.size(); }
  // Null if it was refused.
  X509* at(size_t index) const { return certificates_[index].get(); }
  // Which certificate of the chain this object is, if any.
  std::optional<size_t> IndexOf(const X509* certificate) const;

 private:
  std::vector<bssl::UniquePtr<X509>> certificates_;
  std::vector<Refused> refused_;
};

struct PathError {
  int code;      // X509_V_ERR_…, or kExplicitCurveError
  size_t depth;  // in the path: 0 is the leaf
};

// A key whose curve is written out instead of named (RFC 5480 §2.1.1 forbids it). OpenSSL refuses
// it anywhere in a path (X509_V_ERR_EC_KEY_EXPLICIT_PARAMS); BoringSSL has no word for it.
inline constexpr int kExplicitCurveError = -1;

// "certificate has expired" …
std::string PathErrorText(int code);

// The path from a leaf towards an anchor, and everything that is wrong with it: looking does not
// stop at the first trouble.
struct Path {
  std::vector<PathError> errors;
  std::vector<bssl::UniquePtr<X509>> certificates;  // leaf first
};

// Longer paths are not made by anybody; the limit keeps a hostile chain from costing much.
inline constexpr size_t kMaxPathLength = 16;

// Builds and checks (RFC 5280 §6, purpose TLS server) the path from the first certificate of
// `chain` to any certificate of `anchors`, each of which is an anchor, self-signed or not. A
// signature over MD5 or SHA-1 that verifies is not an error here, whatever BoringSSL thinks of it.
// `left_out`: certificates of the chain (not the first) that are not to be used.
// REQUIRES: the chain has its leaf.
Path BuildPath(const ParsedChain& chain, X509_STORE* anchors, int64_t time_s,
               std::span<const size_t> left_out = {});

// Calls `accept` with one path after the other until it returns true. The first is BuildPath's; the
// others avoid certificates for which the chain holds another of the same name: a CA that several
// others have signed is valid if one path is (RFC 5280 §6.1: any). At most kMaxPaths are tried, and
// none more once kMaxVerificationWork has been done.
// REQUIRES: as BuildPath.
void ForEachPath(const ParsedChain& chain, X509_STORE* anchors, int64_t time_s,
                 const std::function<bool(const Path&)>& accept);
inline constexpr size_t kMaxPaths = 8;

// What verifying a path's signatures costs, in signatures of RSA 1024 (some 5 µs): the square of
// the modulus. A path of RSA 4096 has 16 a certificate, RSA 16384 has 256. Enough for eight
// ordinary paths; a hostile chain stops the loop for one path of its making and not for eight.
inline constexpr uint64_t kMaxVerificationWork = 512;
uint64_t VerificationWork(const Path& path);

// Is the code one that says: a signature of the path is none that we can check, others can?
bool IsNotKnownError(int code);

// The certificate as an object; null if BoringSSL's X.509 refuses it, and why.
bssl::UniquePtr<X509> ParseX509(std::span<const uint8_t> der, std::string* reason = nullptr);

// The DER of a parsed certificate.
std::vector<uint8_t> DerOf(X509* certificate);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_X509_PATH_H_
