#ifndef MXSWEEP_TLS_PKI_CERTIFICATE_TABLE_H_
#define MXSWEEP_TLS_PKI_CERTIFICATE_TABLE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "tls/pki/certificate.h"

namespace mxsweep::tls {

// What is kept of a certificate: enough for rows and verdicts of later handshakes that show it
// again.
struct Certificate {
  Sha256 sha256{};
  int64_t not_before = 0;  // seconds since the epoch; 0 if it could not be read
  int64_t not_after = 0;
  uint32_t key_bits = 0;  // 0: unknown
  uint16_t weak_keys = 0;
  KeyType key_type = KeyType::kUnknown;
  SignatureDigest signature_digest = SignatureDigest::kUnknown;
  // Index into the table's list of signature algorithm names.
  uint16_t signature_algorithm = 0;
  bool is_ca = false;
  bool self_signed = false;
  bool malformed = false;  // CertificateFacts::error was not empty
};

// Shared by the table and whoever met it.
using CertificateRef = std::shared_ptr<const Certificate>;

// Every distinct certificate of a scan, once, whichever worker meets it first.
//
// Thread-safety: full; 16 shards, each with its own lock.
//
// Memory: 16 bytes of fingerprint for each certificate ever met, 18 to 23 with free places, and
// what is kept of the last kRemembered to twice as many, which is read anew from one that comes
// again later (some 150 bytes each, 10 MB at the most).
class CertificateTable {
 public:
  struct Interned {
    CertificateRef certificate;
    // True for exactly one caller per distinct certificate.
    bool first_seen = false;
    // The whole row; only where first_seen.
    std::unique_ptr<CertificateFacts> facts;
  };

  CertificateTable();
  ~CertificateTable();
  CertificateTable(const CertificateTable&) = delete;
  CertificateTable& operator=(const CertificateTable&) = delete;

  // `der` is borrowed for the call. `first`, where it is given, is called for the one caller who is
  // the first, before anybody else is given the certificate: with a lock held, so it must be short,
  // and must not call the table.
  using OnFirst = absl::FunctionRef<void(const CertificateFacts&)>;
  Interned Intern(std::span<const uint8_t> der, std::optional<OnFirst> first = std::nullopt);

  // One that was met, and recorded, by an earlier run of the scan.
  void Restore(const Sha256& sha256);

  // The name as in CertificateFacts::signature_algorithm, "" where it could not be read. The text
  // lives as long as the table.
  std::string_view SignatureAlgorithmName(const Certificate& certificate) const;

  // Distinct certificates met.
  size_t size() const;

  static constexpr size_t kRemembered = 32768;

 private:
  struct Shard;
  static constexpr size_t kShards = 16;

  class AlgorithmNames;

  std::unique_ptr<std::array<Shard, kShards>> shards_;
  std::unique_ptr<AlgorithmNames> algorithms_;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_CERTIFICATE_TABLE_H_
