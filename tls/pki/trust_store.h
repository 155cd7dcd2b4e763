#ifndef MXSWEEP_TLS_PKI_TRUST_STORE_H_
#define MXSWEEP_TLS_PKI_TRUST_STORE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "tls/pki/der_handle.h"

struct x509_store_st;

namespace mxsweep::tls {

// Debian's bundle of the Mozilla roots.
inline constexpr std::string_view kSystemTrustStore = "/etc/ssl/certs/ca-certificates.crt";

// The anchors a sender would trust. Immutable once made; shared by every worker.
class TrustStore {
 public:
  // A PEM bundle, or a folder whose regular files (links followed) hold PEM certificates. Text
  // between certificates is ignored. kNotFound, kInvalidArgument: nothing there, or no certificate
  // in it.
  static absl::StatusOr<std::shared_ptr<const TrustStore>> Load(
      std::string_view path = kSystemTrustStore);
  // The same from memory.
  static absl::StatusOr<std::shared_ptr<const TrustStore>> FromPem(std::string_view pem);

  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  // Distinct certificates.
  size_t count() const { return count_; }
  // SHA-256 over the sorted SHA-256 of each certificate: the same set has the same hash, whatever
  // the order, comments or layout of its files.
  const Sha256& hash() const { return hash_; }
  // The anchors with this subject: a Name, with tag and length.
  std::span<const DerHandle> AnchorsNamed(std::span<const uint8_t> subject) const;

 private:
  friend class PkixVerifier;
  TrustStore() = default;

  x509_store_st* store_ = nullptr;
  size_t count_ = 0;
  Sha256 hash_{};
  absl::flat_hash_map<std::string, std::vector<DerHandle>> by_subject_;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_TRUST_STORE_H_
