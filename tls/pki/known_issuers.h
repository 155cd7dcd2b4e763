#ifndef MXSWEEP_TLS_PKI_KNOWN_ISSUERS_H_
#define MXSWEEP_TLS_PKI_KNOWN_ISSUERS_H_

#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "absl/hash/hash.h"
#include "scanner/base/recent_map.h"
#include "tls/pki/certificate_der.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tls {

// What is above a leaf, where a chain was valid. Some hundred intermediates have signed nearly all
// leaves: of the next leaf by the same issuer, with the same certificates beside it, only what is
// its own need be checked.
struct IssuerPath {
  bssl::UniquePtr<X509_STORE> issuer;              // the leaf's issuer as the only anchor
  std::vector<std::vector<uint8_t>> certificates;  // DER, from that issuer to the anchor
  std::vector<uint8_t> indices;                    // of PkixVerdict::path: the leaf is 0
  // Nothing above the leaf changes its state for from_s <= time < until_s.
  int64_t from_s = 0;
  int64_t until_s = 0;
};

// Thread-safety: full.
//
// Memory: some 10 KB a path.
class KnownIssuers {
 public:
  // The last `remembered` paths, roughly, are kept, and twice as many at most.
  explicit KnownIssuers(size_t remembered) : paths_(remembered) {}

  // Two leaves with the same key have the same candidates for an issuer, and nothing of what is
  // above them depends on which of the two it is: the other certificates of the chain, the issuer's
  // name and the authority key identifier (RFC 5280 §4.2.1.1) are the same. Nothing for a leaf of
  // which more depends: one that issued itself (not counted by path lengths, §6.1.4), or with
  // constraints on policies (§4.2.1.11), which those above would have to meet.
  // `others`: the SHA-256 of the certificates sent with it, in their order.
  static std::optional<Sha256> KeyOf(const CertificateDer& leaf, std::span<const Sha256> others);

  // Does what is true of this path for one leaf hold for every leaf? Not where certificates above
  // the issuer constrain names (those of the issuer are checked with each leaf), or where any of
  // them constrains policies. `certificates`: as in IssuerPath.
  static bool HoldsForEveryLeaf(std::span<const std::vector<uint8_t>> certificates);

  // Null: not known, or not for that time.
  std::shared_ptr<const IssuerPath> Find(const Sha256& key, int64_t time_s);
  void Keep(const Sha256& key, IssuerPath path);

 private:
  std::mutex mutex_;  // guards the rest
  RecentMap<Sha256, std::shared_ptr<const IssuerPath>, absl::Hash<Sha256>> paths_;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_KNOWN_ISSUERS_H_
