#include "tools/keys/key_set.h"

#include <algorithm>
#include <array>
#include <bit>

#include "absl/hash/hash.h"
#include "scanner/base/text.h"
#include "tls/keys/parallel.h"
#include "tls/pki/certificate_der.h"
#include "tls/pki/public_key.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kItemsAtOnce = 4096;
constexpr size_t kItemsOfAJob = 64;
constexpr std::string_view kDhPrimeType = "dh_prime";

constexpr std::array<std::string_view, kWeaknesses - tls::kKeyWeaknesses> kFurtherNames = {
    "md5_signature",  "sha1_signature", "shared_prime",
    "shared_modulus", "shared_key",     "known_private_key"};

// Lower-case hex, as tables have it.
std::optional<std::vector<uint8_t>> ParseHex(std::string_view hex) {
  std::vector<uint8_t> bytes((hex.size() + 1) / 2);
  for (size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[hex.size() - 1 - i];
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    const int value = digit ? c - '0' : c - 'a' + 10;
    bytes[bytes.size() - 1 - i / 2] |= static_cast<uint8_t>(i % 2 == 0 ? value : value << 4);
  }
  return bytes;
}

}  // namespace

std::string_view WeaknessName(size_t weakness) {
  if (weakness < tls::kKeyWeaknesses) {
    return tls::KeyWeaknessName(static_cast<tls::KeyWeakness>(weakness));
  }
  return kFurtherNames[weakness - tls::kKeyWeaknesses];
}

// A certificate or key on its way, and what is found out about it on other threads.
struct KeySet::Item {
  KeyFileKind kind;
  std::vector<uint8_t> der;
  int64_t first_seen_s;
  uint32_t source;

  tls::Sha256 sha256{};
  tls::Sha256 spki_sha256{};
  tls::Bytes spki;  // of `der`
  tls::PublicKeyFacts facts;
  uint32_t signature_weaknesses = 0;
  bool is_ca = false;
  uint64_t subject = 0;
  bool is_new_key = false;
  tls::KeyFindings findings;
  std::optional<std::string> known_list;

  void Read() {
    spki = der;
    if (kind == KeyFileKind::kCertificate) {
      const tls::CertificateDer parts = tls::CutCertificate(der);
      sha256 = tls::HashSha256(der);
      spki = parts.spki;
      is_ca = tls::IsCa(parts);
      subject = absl::HashOf(absl::string_view(reinterpret_cast<const char*>(parts.subject.data()),
                                               parts.subject.size()));
      const uint16_t weak = tls::ParseCertificateFacts(der).weak_keys;
      const auto note = [&](tls::WeakKey bit, Weakness weakness) {
        if ((weak & static_cast<uint16_t>(bit)) == 0) return;
        signature_weaknesses |= 1u << static_cast<uint32_t>(weakness);
      };
      note(tls::WeakKey::kMd5Signature, Weakness::kMd5Signature);
      note(tls::WeakKey::kSha1Signature, Weakness::kSha1Signature);
    }
    if (spki.empty()) return;
    spki_sha256 = tls::HashSha256(spki);
    if (kind != KeyFileKind::kDhPrime) {
      facts = tls::ReadPublicKey(spki);
      return;
    }
    facts.type = tls::KeyType::kDh;
    facts.type_name = kDhPrimeType;
    facts.bits = static_cast<uint32_t>(8 * (spki.size() - 1)) +
                 static_cast<uint32_t>(std::bit_width(spki.front()));
    facts.modulus = spki;
  }

  void Check(const tls::KeyBlocklist* blocklist) {
    if (kind == KeyFileKind::kDhPrime) {
      findings = tls::CheckDhPrime(facts.modulus);
      return;
    }
    findings = tls::CheckKey(facts, tls::KeyCheckDepth::kThorough);
    if (blocklist != nullptr) known_list = blocklist->Find(facts);
  }
};

KeySet::KeySet(const Options& options) : options_(options), names_{""} {}

KeySet::~KeySet() = default;

absl::StatusOr<std::unique_ptr<KeySet>> KeySet::Create(const Options& options) {
  auto moduli = tls::ModulusList::Create(options.scratch_folder);
  if (!moduli.ok()) return moduli.status();
  std::unique_ptr<KeySet> keys(new KeySet(options));
  keys->moduli_ = *std::move(moduli);
  return keys;
}

absl::Status KeySet::Add(KeyFileKind kind, std::vector<uint8_t> der, int64_t first_seen_s,
                         uint32_t source) {
  items_.push_back({kind, std::move(der), first_seen_s, source});
  return items_.size() < kItemsAtOnce ? absl::OkStatus() : LookAtItems();
}

absl::Status KeySet::Finish() {
  absl::Status status = LookAtItems();
  if (status.ok()) status = moduli_->Flush();
  // Keys that differ in the exponent alone: who can use one can use them all.
  for (KeyEntry& key : keys_) {
    if (key.modulus == KeyEntry::kNoModulus) continue;
    KeyEntry& first = keys_[modulus_keys_[key.modulus]];
    if (&first == &key) continue;
    first.Add(Weakness::kSharedModulus);
    key.Add(Weakness::kSharedModulus);
  }
  return status;
}

absl::Status KeySet::LookAtItems() {
  const size_t jobs = (items_.size() + kItemsOfAJob - 1) / kItemsOfAJob;
  const auto for_all = [&](auto&& look) {
    return tls::RunParallel(
        jobs, options_.threads, 1, [](size_t) { return 0; },
        [&](size_t job) {
          const size_t end = std::min(items_.size(), (job + 1) * kItemsOfAJob);
          for (size_t i = job * kItemsOfAJob; i < end; ++i) look(items_[i]);
          return absl::OkStatus();
        });
  };
  absl::Status status = for_all([](Item& item) { item.Read(); });
  // Only the first of equal keys is looked at.
  absl::flat_hash_map<tls::Sha256, size_t> fresh;
  for (size_t i = 0; i < items_.size(); ++i) {
    Item& item = items_[i];
    if (item.spki.empty() || key_by_spki_.contains(item.spki_sha256)) continue;
    item.is_new_key = fresh.try_emplace(item.spki_sha256, i).second;
  }
  status.Update(for_all([this](Item& item) {
    if (item.is_new_key) item.Check(options_.blocklist);
  }));
  for (const Item& item : items_) {
    if (status.ok()) status = Take(item);
  }
  items_.clear();
  return status;
}

absl::Status KeySet::Take(const Item& item) {
  if (item.spki.empty() || item.facts.type_name.empty()) {
    ++unreadable_;
    return absl::OkStatus();
  }
  const absl::StatusOr<uint32_t> index = KeyOf(item);
  if (!index.ok()) return index.status();
  KeyEntry& key = keys_[*index];
  if (key.last_source != item.source || item.is_new_key) {
    key.last_source = item.source;
    sources_.emplace_back(*index, item.source);
  }
  if (item.first_seen_s != 0 && (key.first_seen_s == 0 || item.first_seen_s < key.first_seen_s)) {
    key.first_seen_s = item.first_seen_s;
  }
  if (item.kind != KeyFileKind::kCertificate) return absl::OkStatus();
  if (!certificates_.try_emplace(item.sha256, *index).second) return absl::OkStatus();
  if (key.certificates == 0) key.subject = item.subject;
  if (key.subject != item.subject) key.subjects_differ = true;
  ++key.certificates;
  key.is_ca |= item.is_ca;
  key.weaknesses |= item.signature_weaknesses;
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> KeySet::KeyOf(const Item& item) {
  const auto [place, is_new] =
      key_by_spki_.try_emplace(item.spki_sha256, static_cast<uint32_t>(keys_.size()));
  const uint32_t index = place->second;
  if (!is_new) return index;
  KeyEntry& key = keys_.emplace_back();
  key.spki_sha256 = item.spki_sha256;
  key.bits = item.facts.bits.value_or(0);
  key.type = NameIndex(item.facts.type_name);
  key.curve = NameIndex(item.facts.curve.value_or(""));
  if (item.findings.unchecked) {
    const std::string curve = item.facts.curve.value_or("");
    ++unchecked_[JoinText(item.facts.type_name, curve.empty() ? "" : " ", curve)];
  }
  key.private_key_follows = item.findings.private_key_follows;
  for (const tls::KeyWeakness weakness : item.findings.weaknesses) {
    key.weaknesses |= 1u << static_cast<uint32_t>(weakness);
  }
  if (!item.findings.detail.empty()) details_[index] = item.findings.detail;
  if (item.known_list) {
    key.Add(Weakness::kKnownPrivateKey);
    key.private_key_follows = true;
    known_lists_[index] = *item.known_list;
  }
  const tls::Bytes modulus = item.facts.modulus;
  if (key.bits < 2 || key.bits > tls::kMaxCheckedRsaBits || modulus.empty()) return index;
  const tls::Sha256 hash = tls::HashSha256(modulus);
  const auto [known, fresh] =
      modulus_by_hash_.try_emplace(hash, static_cast<uint32_t>(modulus_keys_.size()));
  key.modulus = known->second;
  if (!fresh) return index;
  modulus_keys_.push_back(index);
  modulus_hashes_.push_back(hash);
  if (absl::Status status = moduli_->Add(modulus); !status.ok()) return status;
  return index;
}

uint16_t KeySet::NameIndex(std::string_view name) {
  // Types and curves that strangers make up have OIDs of their own; a few hundred are enough.
  constexpr size_t kMaxNames = 1000;
  const auto known = std::ranges::find(names_, name);
  if (known != names_.end()) return static_cast<uint16_t>(known - names_.begin());
  if (names_.size() >= kMaxNames) return 0;
  names_.emplace_back(name);
  return static_cast<uint16_t>(names_.size() - 1);
}

std::optional<uint32_t> KeySet::ModulusByHash(const tls::Sha256& sha256) const {
  const auto known = modulus_by_hash_.find(sha256);
  return known == modulus_by_hash_.end() ? std::nullopt : std::optional(known->second);
}

std::optional<uint32_t> KeySet::KeyOfCertificate(std::string_view sha256_hex) const {
  const std::optional<tls::Sha256> sha256 = tls::Sha256FromHex(sha256_hex);
  if (!sha256) return std::nullopt;
  const auto known = certificates_.find(*sha256);
  return known == certificates_.end() ? std::nullopt : std::optional(known->second);
}

absl::Status KeySet::AddDhPrime(std::string_view hex, uint32_t source) {
  std::optional<std::vector<uint8_t>> prime = ParseHex(hex);
  if (!prime) return absl::OkStatus();
  while (!prime->empty() && prime->front() == 0) prime->erase(prime->begin());
  return prime->empty() ? absl::OkStatus()
                        : Add(KeyFileKind::kDhPrime, *std::move(prime), 0, source);
}

std::optional<uint32_t> KeySet::KeyOfDhPrime(std::string_view hex) const {
  std::optional<std::vector<uint8_t>> prime = ParseHex(hex);
  if (!prime) return std::nullopt;
  while (!prime->empty() && prime->front() == 0) prime->erase(prime->begin());
  const auto known = key_by_spki_.find(tls::HashSha256(*prime));
  return known == key_by_spki_.end() ? std::nullopt : std::optional(known->second);
}

std::string KeySet::DetailOf(uint32_t key) const {
  const auto known = details_.find(key);
  return known == details_.end() ? "" : known->second;
}

std::string KeySet::KnownListOf(uint32_t key) const {
  const auto known = known_lists_.find(key);
  return known == known_lists_.end() ? "" : known->second;
}

}  // namespace mxsweep::tools
