// The distinct keys of some certificates and public keys, each looked at once, by itself.
#ifndef MXSWEEP_TOOLS_KEYS_KEY_SET_H_
#define MXSWEEP_TOOLS_KEYS_KEY_SET_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tls/keys/blocklist.h"
#include "tls/keys/key_checks.h"
#include "tls/keys/scratch_file.h"
#include "tls/pki/certificate.h"
#include "tools/keys/key_files.h"

namespace mxsweep::tools {

// What weak_keys.weaknesses may hold, in its order: first what tls::KeyWeakness has.
enum class Weakness : uint8_t {
  kMd5Signature = tls::kKeyWeaknesses,
  kSha1Signature,
  kSharedPrime,
  kSharedModulus,
  kSharedKey,
  kKnownPrivateKey,
};
inline constexpr size_t kWeaknesses = tls::kKeyWeaknesses + 6;
std::string_view WeaknessName(size_t weakness);

struct KeyEntry {
  static constexpr uint32_t kNoModulus = UINT32_MAX;

  tls::Sha256 spki_sha256{};
  uint32_t weaknesses = 0;  // a bit for each
  uint32_t bits = 0;        // 0: unknown
  uint32_t modulus = kNoModulus;
  uint32_t certificates = 0;
  uint32_t last_source = 0;
  uint16_t curve = 0;  // of KeySet::curves
  uint16_t type = 0;   // of KeySet::types
  bool is_ca = false;  // of any of its certificates
  bool subjects_differ = false;
  bool private_key_follows = false;
  uint64_t subject = 0;      // fingerprint of the first certificate's
  int64_t first_seen_s = 0;  // 0: unknown

  void Add(Weakness weakness) { weaknesses |= 1u << static_cast<uint32_t>(weakness); }
  bool Has(Weakness weakness) const {
    return (weaknesses >> static_cast<uint32_t>(weakness) & 1) != 0;
  }
};

// Thread-compatible; looks at keys on threads of its own, some thousand at a time.
class KeySet {
 public:
  struct Options {
    std::string scratch_folder;
    int threads = 1;
    const tls::KeyBlocklist* blocklist = nullptr;  // borrowed
  };
  static absl::StatusOr<std::unique_ptr<KeySet>> Create(const Options& options);
  ~KeySet();

  // `first_seen_s`: 0 if nobody knows. `source`: of whoever asks.
  absl::Status Add(KeyFileKind kind, std::vector<uint8_t> der, int64_t first_seen_s,
                   uint32_t source);
  // A prime of finite-field Diffie-Hellman, as probes.dh_prime has it; what is no hex is passed
  // over. It is a key of type "dh_prime", whose hash is that of the prime.
  absl::Status AddDhPrime(std::string_view hex, uint32_t source);
  // To be called after the last Add, and before anything below.
  absl::Status Finish();

  std::vector<KeyEntry>& keys() { return keys_; }
  const std::vector<KeyEntry>& keys() const { return keys_; }
  // Distinct RSA moduli and primes of DHE that can be compared, and for each one of the keys that
  // have it.
  const tls::ModulusList& moduli() const { return *moduli_; }
  const std::vector<uint32_t>& modulus_keys() const { return modulus_keys_; }
  std::optional<uint32_t> ModulusByHash(const tls::Sha256& sha256) const;
  tls::Sha256 ModulusHash(uint32_t modulus) const { return modulus_hashes_[modulus]; }
  // By SHA-256, also in hex.
  std::optional<uint32_t> KeyOfCertificate(std::string_view sha256_hex) const;
  std::optional<uint32_t> KeyOfDhPrime(std::string_view hex) const;
  const absl::flat_hash_map<tls::Sha256, uint32_t>& certificates() const { return certificates_; }
  // A key, and a source that it came from: each pair once.
  const std::vector<std::pair<uint32_t, uint32_t>>& sources() const { return sources_; }

  std::string_view TypeOf(const KeyEntry& key) const { return names_[key.type]; }
  std::string_view CurveOf(const KeyEntry& key) const { return names_[key.curve]; }
  std::string DetailOf(uint32_t key) const;
  std::string KnownListOf(uint32_t key) const;
  uint64_t unreadable() const { return unreadable_; }
  // Distinct keys of kinds of which nothing is checked, by type and curve ("ed448").
  const std::map<std::string, uint64_t>& unchecked() const { return unchecked_; }

 private:
  struct Item;

  explicit KeySet(const Options& options);
  absl::Status LookAtItems();
  absl::Status Take(const Item& item);
  absl::StatusOr<uint32_t> KeyOf(const Item& item);
  uint16_t NameIndex(std::string_view name);

  const Options options_;
  std::vector<Item> items_;
  std::vector<KeyEntry> keys_;
  absl::flat_hash_map<tls::Sha256, uint32_t> key_by_spki_;
  absl::flat_hash_map<tls::Sha256, uint32_t> certificates_;
  std::unique_ptr<tls::ModulusList> moduli_;
  std::vector<uint32_t> modulus_keys_;
  std::vector<tls::Sha256> modulus_hashes_;
  absl::flat_hash_map<tls::Sha256, uint32_t> modulus_by_hash_;
  std::vector<std::pair<uint32_t, uint32_t>> sources_;
  std::vector<std::string> names_;  // of types and curves
  absl::flat_hash_map<uint32_t, std::string> details_;
  absl::flat_hash_map<uint32_t, std::string> known_lists_;
  uint64_t unreadable_ = 0;
  std::map<std::string, uint64_t> unchecked_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_KEYS_KEY_SET_H_
