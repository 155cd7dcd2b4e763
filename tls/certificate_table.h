#ifndef MXSWEEP_TLS_CERTIFICATE_TABLE_H_
#define MXSWEEP_TLS_CERTIFICATE_TABLE_H_

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "tls/certificate.h"

namespace mxsweep::tls {

// What is kept of every distinct certificate for as long as the scan runs: enough for rows and
// verdicts of later handshakes that show it again.
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

// Every distinct certificate of a scan, once, whichever worker meets it first.
//
// Thread-safety: full; 64 shards, each with its own lock.
//
// Memory: 64 bytes a certificate, plus 9 bytes of hash table at a load of 7/16 to 7/8: measured 79
// bytes each at 200,000 of them (tests/tls/certificate_table_test.cc).
class CertificateTable {
 public:
  struct Interned {
    // Valid as long as the table.
    const Certificate* certificate = nullptr;
    // True for exactly one caller per distinct certificate (and for none after MarkWritten()).
    bool first_seen = false;
    // The whole row; only where first_seen.
    std::unique_ptr<CertificateFacts> facts;
  };

  CertificateTable();
  ~CertificateTable();
  CertificateTable(const CertificateTable&) = delete;
  CertificateTable& operator=(const CertificateTable&) = delete;

  // `der` is borrowed for the call.
  Interned Intern(std::span<const uint8_t> der);

  // The row of this certificate was committed by an earlier run: Intern() will not call it first
  // seen.
  void MarkWritten(const Sha256& sha256);

  // The name as in CertificateFacts::signature_algorithm, "" where it could not be read. The text
  // lives as long as the table.
  std::string_view SignatureAlgorithmName(const Certificate& certificate) const;

  size_t size() const;

 private:
  struct Shard;
  static constexpr size_t kShards = 64;

  class AlgorithmNames;

  std::unique_ptr<std::array<Shard, kShards>> shards_;
  std::unique_ptr<AlgorithmNames> algorithms_;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_CERTIFICATE_TABLE_H_
