#ifndef MXSWEEP_TLS_PKI_PKIX_H_
#define MXSWEEP_TLS_PKI_PKIX_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tls/pki/der_handle.h"
#include "tls/pki/name_match.h"
#include "tls/pki/security_level.h"
#include "tls/pki/trust_store.h"

namespace mxsweep::tls {

class KnownIssuers;

// docs/outcomes.md says what each word means. Where several apply, the earliest in this order is
// told, kValid apart: what more time would not heal comes first.
enum class PkixStatus : uint8_t {
  kValid,
  kMalformed,      // OpenSSL cannot parse a certificate of the chain, and ends the handshake; or
                   // dates or extensions of the path cannot be read
  kSelfSigned,     // the leaf is its own issuer, and no anchor
  kIncomplete,     // the leaf's issuer is neither in the chain nor an anchor
  kUntrusted,      // no path to an anchor (also: a signature on the way does not verify)
  kConstraint,     // CA flag, path length, (extended) key usage, name constraints, unknown critical
                   // extension
  kWeakSignature,  // below the anchor: a signature over MD2, MD4, MD5 or SHA-1, or an RSA key under
                   // 1024 bits
  kExpired,
  kNotYetValid,
  kNotKnown,  // nothing is wrong that could be seen, but a key, an algorithm or a certificate is of
              // a kind that BoringSSL cannot use and others can: it may be valid
};

// "valid", "untrusted", "incomplete", … as in the table; "" for kNotKnown, which is null there.
std::string_view PkixStatusName(PkixStatus status);

struct PkixVerdict {
  PkixStatus status = PkixStatus::kValid;
  // A sentence naming the certificate and the trouble; empty when valid.
  std::string error;
  // The path from the leaf towards the anchor, as indices into the chain: the leaf is 0. What comes
  // from the trust store is left out. Empty where there is none.
  std::vector<uint8_t> path;
  // Of the path with its anchor, or of as much of it as could be found. Nothing where there is
  // no path, or a key on the path is of an unknown kind.
  std::optional<SecurityLevel> certificate_level;
};

// Judges chains as a sender with this trust store would (RFC 5280 §6, purpose: TLS server); names
// apart. A chain is verified once: its verdict is kept until a date in it passes, or so many
// other chains have come since. Where one chain was valid, the next leaf of the same issuer is
// verified by itself (KnownIssuers).
//
// Thread-safety: full.
//
// Memory: about 160 bytes a chain that is remembered, and the sentence where there is one; some
// 10 KB for each of the last 256 issuers.
class PkixVerifier {
 public:
  // The verdicts on the last `remembered` chains, roughly, are kept, and on twice as many at most.
  explicit PkixVerifier(std::shared_ptr<const TrustStore> store, size_t remembered = 65536);
  ~PkixVerifier();

  // `chain` as the server sent it, leaf first; `time_s` in seconds since the epoch.
  // REQUIRES: chain is not empty.
  PkixVerdict Judge(std::span<const DerHandle> chain, int64_t time_s);
  // The same where the SHA-256 of each certificate is known, in the chain's order.
  // REQUIRES: there are as many as certificates.
  PkixVerdict Judge(std::span<const DerHandle> chain, std::span<const Sha256> fingerprints,
                    int64_t time_s);

  // Verifications made, as opposed to answered from memory.
  uint64_t verifications() const;
  // Those of them of which all but the leaf was known.
  uint64_t leaf_verifications() const { return leaf_verifications_; }
  const TrustStore& store() const { return *store_; }

 private:
  struct Shard;
  static constexpr size_t kShards = 16;

  std::shared_ptr<const TrustStore> store_;
  std::unique_ptr<std::array<Shard, kShards>> shards_;
  std::unique_ptr<KnownIssuers> issuers_;
  std::atomic<uint64_t> leaf_verifications_{0};
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_PKIX_H_
