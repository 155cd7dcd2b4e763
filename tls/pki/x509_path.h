#ifndef MXSWEEP_TLS_PKI_X509_PATH_H_
#define MXSWEEP_TLS_PKI_X509_PATH_H_

#include <openssl/base.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "tls/pki/certificate_der.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tls {

// A chain as BoringSSL's X.509 objects. Thread-safety: none.
class ParsedChain {
 public:
  // Stops at the first certificate that X.509 refuses: malformed().
  explicit ParsedChain(std::span<const DerHandle> chain);

  // Index of the certificate that could not be parsed.
  std::optional<size_t> malformed() const { return malformed_; }
  size_t size() const { return certificates_.size(); }
  X509* at(size_t index) const { return certificates_[index].get(); }
  // Which certificate of the chain this object is, if any.
  std::optional<size_t> IndexOf(const X509* certificate) const;

 private:
  std::vector<bssl::UniquePtr<X509>> certificates_;
  std::optional<size_t> malformed_;
};

struct PathError {
  int code;      // X509_V_ERR_…
  size_t depth;  // in the path: 0 is the leaf
};

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
// REQUIRES: the chain is not empty and not malformed.
Path BuildPath(const ParsedChain& chain, X509_STORE* anchors, int64_t time_s,
               std::span<const size_t> left_out = {});

// Calls `accept` with one path after the other until it returns true. The first is BuildPath's; the
// others avoid certificates for which the chain holds another of the same name: a CA that several
// others have signed is valid if one path is (RFC 5280 §6.1: any). At most kMaxPaths are tried.
// REQUIRES: as BuildPath.
void ForEachPath(const ParsedChain& chain, X509_STORE* anchors, int64_t time_s,
                 const std::function<bool(const Path&)>& accept);
inline constexpr size_t kMaxPaths = 8;

// The DER of a parsed certificate.
std::vector<uint8_t> DerOf(X509* certificate);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_X509_PATH_H_
