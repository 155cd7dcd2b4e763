#include "tools/keys/survey.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/time/time.h"
#include "output/files/file_system.h"
#include "output/parquet/writer.h"
#include "output/scan_directory.h"
#include "output/scan_rows.h"
#include "output/tables/schema.h"
#include "scanner/base/text.h"
#include "tls/pki/certificate.h"
#include "tools/keys/concerned.h"
#include "tools/keys/key_files.h"
#include "tools/keys/modulus_store.h"
#include "tools/keys/shared_primes.h"

namespace mxsweep::tools {
namespace {

constexpr uint64_t kMaxFileBytes = 1u << 30;
constexpr size_t kMaxPartners = 32;
constexpr size_t kMaxSources = 32;
// A key is shared if it is met under so many certificates, and providers or subjects.
constexpr uint64_t kSharedBy = 2;

struct Input {
  std::string path;
  std::optional<output::ScanDirectory> scan;  // none: a file
};

std::string HexOf(const tls::Sha256& sha256) { return tls::HexLower(sha256); }

class Survey {
 public:
  Survey(const SurveyOptions& options, StageProgress* progress)
      : options_(options), progress_(*progress) {}

  absl::StatusOr<SurveyResult> Run() {
    absl::Status status = OpenInputs();
    if (status.ok()) status = OpenStore();
    if (status.ok()) status = ReadKeys();
    if (status.ok()) status = Compare();
    if (status.ok()) status = FindConcerned();
    if (!status.ok()) return status;
    MakeRows();
    return std::move(result_);
  }

 private:
  absl::Status OpenInputs() {
    for (const std::string& path : options_.inputs) {
      Input& input = inputs_.emplace_back(Input{path, std::nullopt});
      std::error_code error;
      if (!std::filesystem::is_directory(path, error)) continue;
      auto scan = output::ScanDirectory::Open(path);
      if (absl::IsNotFound(scan.status())) return InvalidArgument(MessageOf(scan.status()));
      if (!scan.ok()) return scan.status();
      input.scan = *std::move(scan);
      result_.has_scans = true;
    }
    return absl::OkStatus();
  }

  // Before the work, so that a store that cannot be used costs nothing.
  absl::Status OpenStore() {
    if (options_.store.empty()) return absl::OkStatus();
    auto lock = StoreLock::Take(options_.store);
    if (!lock.ok()) return lock.status();
    lock_.emplace(*std::move(lock));
    auto store = ModulusStore::Open(options_.store);
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    return absl::OkStatus();
  }

  // A stage in which rows of scans are read.
  absl::Status ForEachScan(
      std::string_view stage, output::TableId table,
      const std::function<absl::Status(size_t input, const output::ScanDirectory&,
                                       ConcernedFinder::Progress)>& read) {
    uint64_t all = 0;
    for (const Input& input : inputs_) {
      if (input.scan) all += input.scan->rows()[static_cast<size_t>(table)];
    }
    progress_.Begin(stage);
    uint64_t done = 0;
    const auto told = [&](uint64_t rows) {
      done += rows;
      progress_.Update(all == 0 ? 1 : static_cast<double>(done) / static_cast<double>(all));
    };
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (!inputs_[i].scan) continue;
      if (absl::Status status = read(i, *inputs_[i].scan, told); !status.ok()) return status;
    }
    progress_.End();
    return absl::OkStatus();
  }

  absl::Status ReadKeys() {
    auto keys = KeySet::Create({.scratch_folder = options_.scratch_folder,
                                .threads = options_.threads,
                                .blocklist = options_.blocklist});
    if (!keys.ok()) return keys.status();
    keys_ = *std::move(keys);
    absl::Status status = ForEachScan(
        "looking at keys", output::TableId::kCertificates,
        [&](size_t input, const output::ScanDirectory& scan, ConcernedFinder::Progress told) {
          return output::ForEachRow<output::CertificateRow>(
              scan, {"der", "first_seen"}, [&](const output::CertificateRow& row) {
                told(1);
                return keys_->Add(
                    KeyFileKind::kCertificate, {row.der.bytes.begin(), row.der.bytes.end()},
                    absl::ToUnixSeconds(row.first_seen), static_cast<uint32_t>(input));
              });
        });
    if (status.ok()) {
      status = ForEachScan(
          "looking at primes of DHE", output::TableId::kProbes,
          [&](size_t input, const output::ScanDirectory& scan, ConcernedFinder::Progress told) {
            return output::ForEachRow<output::ProbeRow>(
                scan, {"dh_prime"}, [&](const output::ProbeRow& row) {
                  told(1);
                  if (!row.dh_prime) return absl::OkStatus();
                  return keys_->AddDhPrime(*row.dh_prime, static_cast<uint32_t>(input));
                });
          });
    }
    progress_.Begin("looking at keys of files");
    for (size_t i = 0; status.ok() && i < inputs_.size(); ++i) {
      if (!inputs_[i].scan) status = ReadFile(i);
      progress_.Update(static_cast<double>(i + 1) / static_cast<double>(inputs_.size()));
    }
    if (status.ok()) status = keys_->Finish();
    progress_.End();
    return status;
  }

  absl::Status ReadFile(size_t input) {
    const std::string& path = inputs_[input].path;
    const auto text = output::ReadWholeFile(*output::PosixFileSystem(), path, kMaxFileBytes);
    if (!text.ok()) return InvalidArgument(MessageOf(text.status()));
    absl::Status status = ReadKeyText(*text, [&](KeyFileKind kind, std::vector<uint8_t> der) {
      return keys_->Add(kind, std::move(der), 0, static_cast<uint32_t>(input));
    });
    if (status.ok()) return status;
    return absl::Status(status.code(), JoinText(path, ": ", std::string(status.message())));
  }

  absl::Status Compare() {
    progress_.Begin("comparing moduli");
    const tls::BatchGcdOptions options = {
        .scratch_folder = options_.scratch_folder,
        .memory_bytes = options_.memory_bytes,
        .threads = options_.threads,
        .progress = [this](double fraction) { progress_.Update(fraction); }};
    auto shared = FindSharedPrimes(options, store_ ? &*store_ : nullptr, keys_.get());
    progress_.End();
    if (!shared.ok()) return shared.status();
    shared_ = *std::move(shared);
    return absl::OkStatus();
  }

  // Of keys that are weak, and of those that may turn out to be shared.
  absl::Status FindConcerned() {
    std::vector<uint32_t> wanted;
    for (uint32_t i = 0; i < keys_->keys().size(); ++i) {
      const KeyEntry& key = keys_->keys()[i];
      if (key.weaknesses != 0 || MayBeShared(key)) wanted.push_back(i);
    }
    finder_.emplace(keys_.get(), wanted);
    absl::Status status = ForEachScan(
        "finding who uses primes", output::TableId::kProbes,
        [this](size_t, const output::ScanDirectory& scan, ConcernedFinder::Progress told) {
          return finder_->ReadProbes(scan, told);
        });
    if (!status.ok()) return status;
    status = ForEachScan(
        "finding endpoints", output::TableId::kEndpoints,
        [this](size_t, const output::ScanDirectory& scan, ConcernedFinder::Progress told) {
          return finder_->ReadEndpoints(scan, told);
        });
    if (!status.ok()) return status;
    for (const uint32_t index : wanted) {
      KeyEntry& key = keys_->keys()[index];
      if (!MayBeShared(key)) continue;
      const Concerned& concerned = finder_->Of(index);
      const bool by_files = concerned.endpoint_count == 0 && key.subjects_differ;
      if (concerned.provider_count >= kSharedBy || by_files) key.Add(Weakness::kSharedKey);
    }
    return ForEachScan(
        "finding domains", output::TableId::kDomains,
        [this](size_t, const output::ScanDirectory& scan, ConcernedFinder::Progress told) {
          return finder_->ReadDomains(scan, told);
        });
  }

  // A CA's key is meant to be everywhere.
  static bool MayBeShared(const KeyEntry& key) {
    return !key.is_ca && key.certificates >= kSharedBy;
  }

  void MakeRows() {
    result_.certificates = keys_->certificates().size();
    result_.keys = keys_->keys().size();
    result_.moduli = keys_->moduli().size();
    result_.unreadable = keys_->unreadable();
    result_.unchecked = keys_->unchecked();
    result_.has_store = store_.has_value();
    result_.stored_before = shared_.stored_before;
    result_.stored_added = shared_.added;
    std::vector<uint32_t> row_of(keys_->keys().size(), UINT32_MAX);
    for (uint32_t i = 0; i < keys_->keys().size(); ++i) {
      if (keys_->keys()[i].weaknesses == 0) continue;
      row_of[i] = static_cast<uint32_t>(result_.rows.size());
      result_.rows.push_back(RowOf(i));
      CountRow(keys_->keys()[i], result_.rows.back());
    }
    for (const auto& [sha256, key] : keys_->certificates()) {
      if (row_of[key] == UINT32_MAX) continue;
      KeepFirst(HexOf(sha256), &result_.rows[row_of[key]].certificate_sha256);
    }
    for (const auto& [key, source] : keys_->sources()) {
      if (row_of[key] == UINT32_MAX) continue;
      std::vector<std::string>& list = result_.rows[row_of[key]].sources;
      const std::string& path = inputs_[source].path;
      if (list.size() < kMaxSources && std::ranges::find(list, path) == list.end()) {
        list.push_back(path);
      }
    }
    for (output::WeakKeyRow& row : result_.rows) std::ranges::sort(row.certificate_sha256);
    std::ranges::sort(result_.rows, [](const auto& a, const auto& b) {
      return std::tuple(b.private_key_follows, b.domain_count, b.endpoint_count, a.spki_sha256) <
             std::tuple(a.private_key_follows, a.domain_count, a.endpoint_count, b.spki_sha256);
    });
  }

  output::WeakKeyRow RowOf(uint32_t index) const {
    const KeyEntry& key = keys_->keys()[index];
    output::WeakKeyRow row;
    row.spki_sha256 = HexOf(key.spki_sha256);
    row.key_type = std::string(keys_->TypeOf(key));
    if (key.bits != 0) row.key_bits = key.bits;
    if (key.curve != 0) row.curve = std::string(keys_->CurveOf(key));
    for (size_t weakness = 0; weakness < kWeaknesses; ++weakness) {
      if ((key.weaknesses >> weakness & 1) != 0)
        row.weaknesses.emplace_back(WeaknessName(weakness));
    }
    if (std::string detail = keys_->DetailOf(index); !detail.empty()) row.detail = detail;
    row.private_key_follows = key.private_key_follows;
    if (options_.blocklist != nullptr) {
      row.known_private_key = key.Has(Weakness::kKnownPrivateKey);
      if (*row.known_private_key) row.known_key_list = keys_->KnownListOf(index);
    }
    if (key.modulus != KeyEntry::kNoModulus) {
      row.modulus_sha256 = HexOf(keys_->ModulusHash(key.modulus));
      row.shared_prime_count = 0;
      row.shared_prime_spki_sha256.emplace();
      const auto partners = shared_.partners.find(key.modulus);
      if (partners != shared_.partners.end()) {
        row.shared_prime_count = partners->second.size();
        for (const tls::Sha256& partner : partners->second) {
          if (row.shared_prime_spki_sha256->size() == kMaxPartners) break;
          row.shared_prime_spki_sha256->push_back(HexOf(partner));
        }
      }
    }
    row.certificate_count = key.certificates;
    const Concerned& concerned = finder_->Of(index);
    row.endpoint_count = concerned.endpoint_count;
    row.endpoints = InOrder(concerned.endpoints);
    row.host_count = concerned.host_count;
    row.provider_count = concerned.provider_count;
    row.providers = InOrder(concerned.providers);
    row.domain_count = concerned.domain_count;
    row.domains = InOrder(concerned.domains);
    if (key.first_seen_s != 0) row.first_seen = absl::FromUnixSeconds(key.first_seen_s);
    return row;
  }

  void CountRow(const KeyEntry& key, const output::WeakKeyRow& row) {
    for (size_t weakness = 0; weakness < kWeaknesses; ++weakness) {
      if ((key.weaknesses >> weakness & 1) == 0) continue;
      WeaknessCount& count = result_.counts[weakness];
      ++count.keys;
      count.certificates += row.certificate_count;
      count.endpoints += row.endpoint_count;
      count.domains += row.domain_count;
    }
  }

  const SurveyOptions& options_;
  StageProgress& progress_;
  std::vector<Input> inputs_;
  std::optional<StoreLock> lock_;
  std::optional<ModulusStore> store_;
  std::unique_ptr<KeySet> keys_;
  SharedPrimes shared_;
  std::optional<ConcernedFinder> finder_;
  SurveyResult result_;
};

}  // namespace

absl::StatusOr<SurveyResult> SurveyKeys(const SurveyOptions& options, StageProgress* progress) {
  return Survey(options, progress).Run();
}

absl::Status WriteWeakKeys(const std::vector<output::WeakKeyRow>& rows, const std::string& path) {
  output::FileSystem& files = *output::PosixFileSystem();
  const size_t slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
  const std::string name = slash == path.npos ? path : path.substr(slash + 1);
  const std::string hidden = JoinText(folder, "/.", name, ".tmp");
  files.Remove(hidden).IgnoreError();
  auto file = files.Create(hidden);
  if (!file.ok()) return file.status();
  output::ParquetWriter writer(output::SchemaOf(output::TableId::kWeakKeys), {}, *std::move(file));
  absl::Status status;
  for (const output::WeakKeyRow& row : rows) {
    if (status.ok()) status = writer.Add(row);
  }
  if (status.ok()) status = writer.Finish();
  if (status.ok()) status = files.Rename(hidden, JoinText(folder, "/", name));
  if (status.ok()) status = files.SyncDirectory(folder);
  if (!status.ok()) files.Remove(hidden).IgnoreError();
  return status;
}

}  // namespace mxsweep::tools
