// The certificates of the lab: its authorities, and a leaf per host, made when first asked for.
// Signatures are deterministic (RSA PKCS #1, Ed25519, ECDSA with a derived nonce), so that a
// certificate has the same bytes in every process and every run.
//
// Thread-safety: CertificateStore may be used from several threads.
#ifndef MXSWEEP_TOOLS_LAB_CERTIFICATES_H_
#define MXSWEEP_TOOLS_LAB_CERTIFICATES_H_

#include <openssl/pool.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tools/lab/keys.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

enum class SignatureKind : uint8_t {
  kEcdsaSha256,
  kEcdsaSha384,
  kRsaSha256,
  kRsaSha1,
  kEd25519,
};
// OpenSSL's long name: "ecdsa-with-SHA256", "sha256WithRSAEncryption", "ED25519".
std::string_view NameOf(SignatureKind kind);

// A certificate and what was put into it. Without a key: bytes that are no certificate.
struct Certificate {
  std::string der;
  bssl::UniquePtr<CRYPTO_BUFFER> buffer;  // the same bytes
  std::string subject_cn;
  std::string issuer_cn;
  std::vector<std::string> names;  // subjectAltName, dNSName
  std::string serial;              // bytes
  int64_t not_before = 0;          // seconds since 1970
  int64_t not_after = 0;
  const Key* key = nullptr;
  SignatureKind signature = SignatureKind::kEcdsaSha256;
  bool is_ca = false;
  bool for_clients = false;  // its extended key usage
  bool self_signed = false;
};

struct Chain {
  std::vector<std::shared_ptr<const Certificate>> certificates;  // as sent, leaf first
  // The root that the chain leads to, sent or not; null for self-signed leaves.
  std::shared_ptr<const Certificate> root;
  // Another chain, with an RSA key, for clients that cannot do with the one above. May be null.
  std::shared_ptr<const Chain> for_rsa;
  // What clients are shown that send no server name, where it is something else. May be null.
  std::shared_ptr<const Chain> without_name;
};

class CertificateStore {
 public:
  // Borrows both; they must outlive the store.
  CertificateStore(const World& world, const KeyPool& keys);

  // What servers show for `host`. REQUIRES: a host that owns its certificate. Its machines may have
  // keys of their own: Address::variant.
  std::shared_ptr<const Chain> ChainOf(uint32_t host, uint8_t variant = 0);

  // What the policy host of `zone` shows; made anew each time. REQUIRES: the zone has an MTA-STS
  // record.
  std::shared_ptr<const Chain> PolicyChainOf(uint32_t zone) const;

  const Certificate& ec_root() const { return *ec_.root; }

  // The roots that clients of the lab shall trust.
  std::string RootsPem() const;

 private:
  using CertificatePtr = std::shared_ptr<const Certificate>;
  struct Authority {
    CertificatePtr root;
    CertificatePtr intermediate;
  };
  struct Shard {
    std::mutex mutex;
    absl::flat_hash_map<std::pair<uint32_t, uint8_t>, std::shared_ptr<const Chain>> chains;
  };

  std::shared_ptr<const Chain> Make(uint32_t host, uint8_t variant) const;
  // Completes a leaf, all of whose facts but its issuer's are set, as `posture` has it. `days`
  // spreads its dates.
  std::shared_ptr<const Chain> Complete(Certificate leaf, CertPosture posture, uint32_t days) const;
  Authority MakeAuthority(std::string_view name, const Key& root, const Key& intermediate) const;

  const World& world_;
  const KeyPool& keys_;
  Authority ec_;
  Authority rsa_;
  CertificatePtr unknown_;
  CertificatePtr unreadable_;
  std::array<Shard, 64> shards_;
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_CERTIFICATES_H_
