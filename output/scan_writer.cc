// Writing a scan directory: parts, epochs, manifests. The order of the steps in CommitEpoch is what
// makes a kill at any moment harmless; tests/output/scan_directory_test.cc stops it at each.
#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "output/manifest.h"
#include "output/parquet/writer.h"
#include "output/run_collector.h"
#include "output/scan_directory.h"
#include "output/tables/schema.h"
#include "scanner/base/text.h"

namespace mxsweep::output {
namespace {

constexpr std::array<TableId, kTableCount> kTables = {TableId::kCertificates, TableId::kProbes,
                                                      TableId::kEndpoints, TableId::kMxHosts,
                                                      TableId::kDomains};

std::string_view StateName(ScanState state) {
  switch (state) {
    case ScanState::kRunning:
      return "running";
    case ScanState::kComplete:
      return "complete";
    case ScanState::kStopped:
      return "stopped";
    case ScanState::kFailed:
      return "failed";
  }
  return "failed";
}

constexpr std::string_view kLockFile = ".lock";

// What this program calls parts, whatever their state.
bool IsPartName(std::string_view name) {
  return (name.starts_with("part-") && name.ends_with(".parquet")) ||
         (name.starts_with(".part-") && name.ends_with(".parquet.tmp"));
}

// How often free disk is asked for.
constexpr absl::Duration kDiskCheckInterval = absl::Seconds(1);

// The folder that `path` is named in.
std::string ParentOf(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

class DirectoryScanWriter : public ScanWriter {
 public:
  DirectoryScanWriter(std::string directory, const ScanWriterOptions& options, FileSystem* files)
      : directory_(std::move(directory)), options_(options), files_(*files) {}

  ~DirectoryScanWriter() override { RemoveUnfinishedParts(); }

  absl::Status Prepare(const nlohmann::json& scan) {
    if (absl::Status status = MakeScanDirectory(files_, directory_); !status.ok()) {
      return status;
    }
    // Before the lock, which is a file: what is somebody else's is left alone.
    if (absl::Status status = CheckThatEmpty(); !status.ok()) return status;
    auto lock = LockScanDirectory(files_, directory_);
    if (!lock.ok()) return lock.status();
    lock_ = *std::move(lock);
    if (absl::Status status = CheckThatEmpty(); !status.ok()) return status;
    for (const TableId table : kTables) {
      absl::Status status = files_.CreateDirectories(Path(TableName(table)));
      if (!status.ok()) return status;
    }
    if (absl::Status status = files_.CreateDirectories(Path("manifest")); !status.ok()) {
      return status;
    }
    return WriteScanJson(ScanState::kRunning, scan);
  }

  absl::Status TakeUp(const nlohmann::json& scan, std::unique_ptr<FileLock> lock) {
    lock_ = std::move(lock);
    const auto found = ScanDirectory::Open(directory_, &files_);
    if (!found.ok()) return found.status();
    if (found->scan()["schema_version"] != kSchemaVersion) {
      return absl::FailedPreconditionError(JoinText(
          "the tables of ", directory_, " are of schema version ",
          found->scan()["schema_version"].get<uint64_t>(), ", this mxsweep writes version ",
          kSchemaVersion, ": go on with the mxsweep that began the scan"));
    }
    options_.scan_id = found->scan()["scan_id"].get<std::string>();
    committed_epochs_ = found->epochs();
    committed_ = found->rows();
    added_ = committed_;
    for (const PartInfo& part : found->parts()) has_part_[Index(part.table)] = true;
    for (const TableId table : kTables) {
      if (absl::Status status = TidyFolder(table, found->parts()); !status.ok()) return status;
    }
    // Whether it had been made durable, who was killed cannot say.
    if (absl::Status status = files_.SyncDirectory(Path("manifest")); !status.ok()) return status;
    return WriteScanJson(ScanState::kRunning, scan);
  }

  absl::Status Add(DomainRow&& row) override { return AddRow(row); }
  absl::Status Add(MxHostRow&& row) override { return AddRow(row); }
  absl::Status Add(EndpointRow&& row) override { return AddRow(row); }
  absl::Status Add(ProbeRow&& row) override { return AddRow(row); }
  absl::Status Add(CertificateRow&& row) override { return AddRow(row); }

  void NoteDone(uint64_t number) override { done_.Add(number); }

  absl::StatusOr<bool> MaybeCommitEpoch(absl::Time now, DescribeEpoch describe) override {
    if (!status_.ok()) return status_;
    if (waiting_rows_ == 0) return false;
    if (!waiting_since_) waiting_since_ = now;
    const absl::Status disk = CheckDiskNowAndThen(now);
    if (disk.ok() && waiting_rows_ < options_.epoch_rows &&
        now - *waiting_since_ < options_.epoch_interval) {
      return false;
    }
    if (absl::Status status = CommitEpoch(describe); !status.ok()) return status;
    if (!disk.ok()) return Fail(disk);
    return true;
  }

  absl::Status CommitEpoch(DescribeEpoch describe) override {
    if (!status_.ok()) return status_;
    if (absl::Status status = Commit(describe); !status.ok()) return Fail(status);
    return absl::OkStatus();
  }

  absl::Status Finish(ScanState state, const nlohmann::json& scan) override {
    if (finished_) return absl::FailedPreconditionError("the scan is already finished");
    for (const TableId table : kTables) {
      if (!status_.ok() || added_[Index(table)] > 0 || has_part_[Index(table)]) continue;
      if (absl::Status status = OpenPart(table); !status.ok()) Fail(status).IgnoreError();
    }
    CommitEpoch([&] { return last_described_; }).IgnoreError();
    finished_ = true;
    nlohmann::json with_error = scan;
    if (!status_.ok()) {
      state = ScanState::kFailed;
      with_error["error"] = std::string(status_.message());
    }
    const absl::Status written = WriteScanJson(state, with_error);
    return status_.ok() ? written : status_;
  }

  RowCounts committed_rows() const override { return committed_; }
  RowCounts added_rows() const override { return added_; }
  uint64_t committed_epochs() const override { return committed_epochs_; }
  const std::string& scan_id() const override { return options_.scan_id; }

 private:
  absl::Status CheckThatEmpty() {
    auto names = files_.List(directory_);
    if (!names.ok()) return names.status();
    std::erase(*names, kLockFile);
    if (std::ranges::count(*names, "scan.json") > 0) {
      return absl::AlreadyExistsError(
          JoinText("the output directory ", directory_,
                   " holds a scan; choose another one, or go on with it: --resume ", directory_));
    }
    if (!names->empty()) {
      return absl::AlreadyExistsError(JoinText("the output directory ", directory_,
                                               " is not empty (it holds ", names->front(),
                                               "); choose another one"));
    }
    return absl::OkStatus();
  }

  struct OpenedPart {
    std::string file;  // its final name, relative
    std::unique_ptr<ParquetWriter> writer;
  };

  static size_t Index(TableId table) { return static_cast<size_t>(table); }
  uint64_t Epoch() const { return committed_epochs_ + 1; }
  std::string Path(std::string_view relative) const { return JoinText(directory_, "/", relative); }

  // Remembers the first error, with what it means for the scan.
  absl::Status Fail(const absl::Status& status) {
    if (status_.ok()) {
      status_ = absl::Status(status.code(),
                             JoinText(std::string(status.message()), "; what was committed in ",
                                      directory_, " before that (", committed_epochs_,
                                      committed_epochs_ == 1 ? " epoch" : " epochs",
                                      ") is whole, rows added since are lost"));
      RemoveUnfinishedParts();
    }
    return status_;
  }

  template <typename Row>
  absl::Status AddRow(const Row& row) {
    if (!status_.ok()) return status_;
    if (finished_) return absl::FailedPreconditionError("the scan is already finished");
    constexpr TableId kTable = Table<Row>::kId;
    auto& part = parts_[Index(kTable)];
    if (!part) {
      // Only at the start of an epoch: what it holds already is to be committed, not lost.
      absl::Status status = waiting_rows_ == 0 ? CheckFreeDisk() : absl::OkStatus();
      if (status.ok()) status = OpenPart(kTable);
      if (!status.ok()) return Fail(status);
    }
    if (absl::Status status = part->writer->Add(row); !status.ok()) {
      return absl::IsInvalidArgument(status) ? status : Fail(status);
    }
    ++added_[Index(kTable)];
    ++waiting_rows_;
    return absl::OkStatus();
  }

  absl::Status CheckFreeDisk() {
    const auto free_bytes = files_.FreeBytes(directory_);
    if (!free_bytes.ok()) return free_bytes.status();
    if (*free_bytes >= options_.min_free_bytes) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        JoinText("the disk of ", directory_, " is full: ", *free_bytes >> 20,
                 " MiB are free, a scan needs ", options_.min_free_bytes >> 20));
  }

  absl::Status CheckDiskNowAndThen(absl::Time now) {
    if (now < next_disk_check_) return absl::OkStatus();
    next_disk_check_ = now + kDiskCheckInterval;
    return CheckFreeDisk();
  }

  absl::Status OpenPart(TableId table) {
    const std::string file = PartFile(table, Epoch());
    auto stream = files_.Create(Path(HiddenPartFile(file)));
    if (!stream.ok()) return stream.status();
    ParquetOptions parquet = options_.parquet;
    parquet.metadata.emplace_back("mxsweep.scan_id", options_.scan_id);
    parquet.metadata.emplace_back("mxsweep.epoch", JoinText(Epoch()));
    parts_[Index(table)] = OpenedPart{
        file, std::make_unique<ParquetWriter>(SchemaOf(table), parquet, *std::move(stream))};
    return absl::OkStatus();
  }

  // Gives what is committed the name that globs find, and removes what is not.
  absl::Status TidyFolder(TableId table, const std::vector<PartInfo>& parts) {
    const std::string folder(TableName(table));
    // A power cut may have taken an empty one.
    if (absl::Status status = files_.CreateDirectories(Path(folder)); !status.ok()) return status;
    const auto names = files_.List(Path(folder));
    if (!names.ok()) return names.status();
    std::set<std::string, std::less<>> present(names->begin(), names->end());
    for (const PartInfo& part : parts) {
      if (part.table != table) continue;
      const std::string hidden = HiddenPartFile(part.file);
      present.erase(part.file.substr(folder.size() + 1));
      if (present.erase(hidden.substr(folder.size() + 1)) == 0) continue;
      absl::Status status = files_.Rename(Path(hidden), Path(part.file));
      if (!status.ok()) return status;
    }
    for (const std::string& name : present) {
      if (!IsPartName(name)) continue;  // not ours
      if (absl::Status status = files_.Remove(JoinText(Path(folder), "/", name)); !status.ok()) {
        return status;
      }
    }
    return files_.SyncDirectory(Path(folder));
  }

  absl::Status Commit(DescribeEpoch describe) {
    Manifest manifest{.scan_id = options_.scan_id, .epoch = Epoch()};
    // 1. The contents are durable, and so are their names, which no glob finds.
    for (const TableId table : kTables) {
      auto& part = parts_[Index(table)];
      if (!part) continue;
      if (absl::Status status = part->writer->Finish(); !status.ok()) return status;
      manifest.parts.push_back({.table = table,
                                .file = part->file,
                                .epoch = Epoch(),
                                .rows = part->writer->row_count(),
                                .bytes = part->writer->file_bytes()});
    }
    if (manifest.parts.empty() && done_.empty()) return absl::OkStatus();
    manifest.targets_done = done_.Runs();
    last_described_ = describe();
    manifest.scan = last_described_;
    for (const PartInfo& part : manifest.parts) {
      absl::Status status = files_.SyncDirectory(Path(TableName(part.table)));
      if (!status.ok()) return status;
    }
    // 2. All at once, they exist.
    const std::string manifest_path = Path(ManifestFile(Epoch()));
    absl::Status status = WriteFileAtomically(files_, manifest_path, SerializeManifest(manifest));
    if (!status.ok()) {
      // If its rename came through and the error after it, the manifest names them.
      if (!absl::IsNotFound(files_.Open(manifest_path).status())) parts_ = {};
      return status;
    }
    parts_ = {};
    for (const PartInfo& part : manifest.parts) committed_[Index(part.table)] += part.rows;
    ++committed_epochs_;
    done_.clear();
    waiting_rows_ = 0;
    waiting_since_.reset();
    // 3. Globs find them: each what its rows refer to before it.
    for (const PartInfo& part : manifest.parts) {
      status = files_.Rename(Path(HiddenPartFile(part.file)), Path(part.file));
      if (status.ok()) status = files_.SyncDirectory(Path(TableName(part.table)));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Of the epoch under way.
  void RemoveUnfinishedParts() {
    for (auto& part : parts_) {
      if (!part) continue;
      const std::string path = Path(HiddenPartFile(part->file));
      part.reset();
      files_.Remove(path).IgnoreError();
    }
  }

  absl::Status WriteScanJson(ScanState state, const nlohmann::json& scan) {
    nlohmann::json json = scan.is_object() ? scan : nlohmann::json::object();
    json["format"] = "mxsweep-scan";
    json["schema_version"] = kSchemaVersion;
    json["scan_id"] = options_.scan_id;
    json["state"] = std::string(StateName(state));
    nlohmann::json rows = nlohmann::json::object();
    for (const TableId table : kTables)
      rows[std::string(TableName(table))] = committed_[Index(table)];
    json["committed"] = {{"epochs", committed_epochs_}, {"rows", std::move(rows)}};
    return WriteFileAtomically(
        files_, Path("scan.json"),
        JoinText(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace), "\n"));
  }

  const std::string directory_;
  ScanWriterOptions options_;
  FileSystem& files_;
  absl::Status status_;
  bool finished_ = false;
  std::array<std::optional<OpenedPart>, kTableCount> parts_;
  RowCounts added_{};
  RowCounts committed_{};
  uint64_t committed_epochs_ = 0;
  std::unique_ptr<FileLock> lock_;
  std::array<bool, kTableCount> has_part_{};  // of another run
  RunCollector done_;                         // targets, since the last epoch
  nlohmann::json last_described_;
  uint64_t waiting_rows_ = 0;
  std::optional<absl::Time> waiting_since_;
  absl::Time next_disk_check_ = absl::InfinitePast();
};

}  // namespace

absl::Status MakeScanDirectory(FileSystem& files, const std::string& path) {
  std::vector<std::string> parents;
  for (std::string part = path; absl::IsNotFound(files.List(part).status());) {
    std::string parent = ParentOf(part);
    if (parent == part || parent == ".") {
      parents.push_back(std::move(parent));
      break;
    }
    part = parent;
    parents.push_back(std::move(parent));
  }
  if (absl::Status status = files.CreateDirectories(path); !status.ok()) return status;
  for (const std::string& parent : parents) {
    if (absl::Status status = files.SyncDirectory(parent); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FileLock>> LockScanDirectory(FileSystem& files,
                                                            const std::string& directory) {
  auto lock = files.Lock(JoinText(directory, "/", kLockFile));
  if (absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(
        JoinText("another mxsweep is writing to ", directory, ": one scan at a time"));
  }
  return lock;
}

absl::StatusOr<std::unique_ptr<ScanWriter>> ScanWriter::Resume(const std::string& directory,
                                                               std::unique_ptr<FileLock> lock,
                                                               const nlohmann::json& scan,
                                                               const ScanWriterOptions& options,
                                                               FileSystem* files) {
  auto writer = std::make_unique<DirectoryScanWriter>(directory, options, files);
  if (absl::Status status = writer->TakeUp(scan, std::move(lock)); !status.ok()) return status;
  return writer;
}

absl::StatusOr<std::unique_ptr<ScanWriter>> ScanWriter::Create(const std::string& directory,
                                                               const nlohmann::json& scan,
                                                               const ScanWriterOptions& options,
                                                               FileSystem* files) {
  auto writer = std::make_unique<DirectoryScanWriter>(directory, options, files);
  if (absl::Status status = writer->Prepare(scan); !status.ok()) return status;
  return writer;
}

}  // namespace mxsweep::output
