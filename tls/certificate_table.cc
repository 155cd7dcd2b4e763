#include "tls/certificate_table.h"

#include <cstring>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace mxsweep::tls {
namespace {

static_assert(sizeof(Certificate) == 64, "the documented bytes per certificate");

// SHA-256 is a hash already: some of its bytes will do (the first choose the shard).
size_t HashOf(const Sha256& sha256) {
  size_t hash;
  std::memcpy(&hash, sha256.data() + 8, sizeof(hash));
  return hash;
}

struct Hash {
  using is_transparent = void;
  size_t operator()(const Sha256& sha256) const { return HashOf(sha256); }
  size_t operator()(const Certificate* certificate) const { return HashOf(certificate->sha256); }
};

struct Equal {
  using is_transparent = void;
  static const Sha256& Key(const Sha256& sha256) { return sha256; }
  static const Sha256& Key(const Certificate* certificate) { return certificate->sha256; }
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return Key(a) == Key(b);
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
  absl::flat_hash_set<const Certificate*, Hash, Equal> index;
  std::deque<Certificate> certificates;  // its elements never move
  absl::flat_hash_set<Sha256, Hash, Equal> written;
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

CertificateTable::Interned CertificateTable::Intern(std::span<const uint8_t> der) {
  const Sha256 sha256 = HashSha256(der);
  Shard& shard = (*shards_)[sha256[0] % kShards];
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.index.find(sha256);
    if (found != shard.index.end()) return {*found, false, nullptr};
  }
  // Parsed outside the lock. Two workers that meet it at the same moment both parse, one of them is
  // first.
  auto facts = std::make_unique<CertificateFacts>(ParseCertificateFacts(der));
  const Certificate condensed = Condense(
      *facts, facts->signature_algorithm ? algorithms_->IndexOf(*facts->signature_algorithm) : 0);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.index.find(sha256);
  if (found != shard.index.end()) return {*found, false, nullptr};
  const Certificate* certificate = &shard.certificates.emplace_back(condensed);
  shard.index.insert(certificate);
  if (shard.written.erase(sha256) > 0) return {certificate, false, nullptr};
  return {certificate, true, std::move(facts)};
}

void CertificateTable::MarkWritten(const Sha256& sha256) {
  Shard& shard = (*shards_)[sha256[0] % kShards];
  const std::lock_guard lock(shard.mutex);
  if (!shard.index.contains(sha256)) shard.written.insert(sha256);
}

std::string_view CertificateTable::SignatureAlgorithmName(const Certificate& certificate) const {
  return algorithms_->Name(certificate.signature_algorithm);
}

size_t CertificateTable::size() const {
  size_t total = 0;
  for (const Shard& shard : *shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.certificates.size();
  }
  return total;
}

}  // namespace mxsweep::tls
