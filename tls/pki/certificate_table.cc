#include "tls/pki/certificate_table.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "scanner/base/fingerprint_table.h"
#include "scanner/base/recent_map.h"

namespace mxsweep::tls {
namespace {

// SHA-256 is a hash already: some of its bytes will do (the first choose the shard).
uint64_t Word(const Sha256& sha256, size_t at) {
  uint64_t word;
  std::memcpy(&word, sha256.data() + at, sizeof(word));
  return word;
}

struct Hash {
  size_t operator()(const Sha256& sha256) const { return Word(sha256, 8); }
};

// 128 bits of the SHA-256.
struct Fingerprint {
  uint64_t words[2];  // the second is never 0
  explicit Fingerprint(const Sha256& sha256)
      : words{Word(sha256, 8), std::max<uint64_t>(Word(sha256, 16), 1)} {}
  Fingerprint() = default;
  bool is_free() const { return words[1] == 0; }
  uint64_t hash() const { return words[0]; }
  bool SameKey(const Fingerprint& other) const {
    return words[0] == other.words[0] && words[1] == other.words[1];
  }
};

Certificate Condense(const CertificateFacts& facts, uint16_t algorithm) {
  return Certificate{.sha256 = facts.sha256,
                     .not_before = facts.not_before.value_or(0),
                     .not_after = facts.not_after.value_or(0),
                     .key_bits = facts.key_bits.value_or(0),
                     .weak_keys = facts.weak_keys,
                     .key_type = facts.key_kind,
                     .signature_digest = facts.signature_digest,
                     .signature_algorithm = algorithm,
                     .is_ca = facts.is_ca,
                     .self_signed = facts.self_signed,
                     .malformed = !facts.error.empty()};
}

}  // namespace

struct CertificateTable::Shard {
  mutable std::mutex mutex;  // guards the rest
  FingerprintTable<Fingerprint> met;
  RecentMap<Sha256, CertificateRef, Hash> recent{kRemembered / kShards};
};

// The few dozen names there are, each once. A hostile server can make up OIDs: past the cap they
// share one name.
class CertificateTable::AlgorithmNames {
 public:
  AlgorithmNames() { names_.emplace_back(); }

  uint16_t IndexOf(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = indexes_.find(name);
    if (found != indexes_.end()) return found->second;
    if (names_.size() >= kMaxNames) return IndexOfOther();
    return Add(name);
  }

  std::string_view Name(uint16_t index) const {
    const std::lock_guard lock(mutex_);
    return names_[index];
  }

 private:
  static constexpr size_t kMaxNames = 4096;

  // Both with mutex_ held.
  uint16_t Add(const std::string& name) {
    const uint16_t index = static_cast<uint16_t>(names_.size());
    names_.push_back(name);
    indexes_.emplace(name, index);
    return index;
  }
  uint16_t IndexOfOther() {
    const auto found = indexes_.find("other");
    return found != indexes_.end() ? found->second : Add("other");
  }

  mutable std::mutex mutex_;  // guards the rest
  std::deque<std::string> names_;
  absl::flat_hash_map<std::string, uint16_t> indexes_;
};

CertificateTable::CertificateTable()
    : shards_(std::make_unique<std::array<Shard, kShards>>()),
      algorithms_(std::make_unique<AlgorithmNames>()) {}
CertificateTable::~CertificateTable() = default;

CertificateTable::Interned CertificateTable::Intern(std::span<const uint8_t> der,
                                                    std::optional<OnFirst> first) {
  const Sha256 sha256 = HashSha256(der);
  Shard& shard = (*shards_)[sha256[0] % kShards];
  {
    const std::lock_guard lock(shard.mutex);
    if (const CertificateRef* known = shard.recent.Find(sha256)) return {*known, false, nullptr};
  }
  // Parsed outside the lock. Two workers that meet it at the same moment both parse, one of them is
  // first.
  auto facts = std::make_unique<CertificateFacts>(ParseCertificateFacts(der));
  auto condensed = std::make_shared<const Certificate>(Condense(
      *facts, facts->signature_algorithm ? algorithms_->IndexOf(*facts->signature_algorithm) : 0));
  const std::lock_guard lock(shard.mutex);
  if (const CertificateRef* known = shard.recent.Find(sha256)) return {*known, false, nullptr};
  shard.recent.Keep(sha256, condensed);
  if (!shard.met.Insert(Fingerprint(sha256))) return {std::move(condensed), false, nullptr};
  if (first) (*first)(*facts);
  return {std::move(condensed), true, std::move(facts)};
}

void CertificateTable::Restore(const Sha256& sha256) {
  Shard& shard = (*shards_)[sha256[0] % kShards];
  const std::lock_guard lock(shard.mutex);
  shard.met.Insert(Fingerprint(sha256));
}

std::string_view CertificateTable::SignatureAlgorithmName(const Certificate& certificate) const {
  return algorithms_->Name(certificate.signature_algorithm);
}

size_t CertificateTable::size() const {
  size_t total = 0;
  for (const Shard& shard : *shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.met.size();
  }
  return total;
}

}  // namespace mxsweep::tls
