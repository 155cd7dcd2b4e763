// Reading a scan directory. Writing one is in scan_writer.cc.
#include "output/scan_directory.h"

#include <algorithm>
#include <utility>

#include "output/manifest.h"
#include "output/tables/schema.h"
#include "scanner/base/text.h"

namespace mxsweep::output {
namespace {

constexpr uint64_t kMaxScanJsonBytes = 64u << 20;
// A million targets that are done take some 5 MB at worst.
constexpr uint64_t kMaxManifestBytes = 64u << 20;

absl::Status Annotated(const absl::Status& status, std::string_view what) {
  return absl::Status(status.code(), JoinText(what, ": ", std::string(status.message())));
}

absl::StatusOr<nlohmann::json> ReadScanJson(FileSystem& files, const std::string& directory) {
  const std::string path = directory + "/scan.json";
  const auto text = ReadWholeFile(files, path, kMaxScanJsonBytes);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(JoinText(directory, " is no scan directory: it has no scan.json"));
  }
  if (!text.ok()) return text.status();
  auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::DataLossError(path + " is not a JSON object");
  const auto version = json.find("schema_version");
  if (version == json.end() || !version->is_number_unsigned()) {
    return absl::DataLossError(path + " has no schema_version");
  }
  if (version->get<uint64_t>() > kSchemaVersion) {
    return absl::FailedPreconditionError(
        JoinText(path, " was written by a newer mxsweep: schema version ", version->get<uint64_t>(),
                 ", this one knows ", kSchemaVersion));
  }
  return json;
}

// The epochs that have a manifest: 1 to N.
absl::StatusOr<uint64_t> CountEpochs(FileSystem& files, const std::string& directory) {
  const auto names = files.List(directory + "/manifest");
  if (absl::IsNotFound(names.status())) return 0;
  if (!names.ok()) return names.status();
  std::vector<uint64_t> epochs;
  for (const std::string& name : *names) {
    if (const auto epoch = EpochOfManifestName(name)) epochs.push_back(*epoch);
  }
  std::sort(epochs.begin(), epochs.end());
  for (size_t i = 0; i < epochs.size(); ++i) {
    if (epochs[i] != i + 1) {
      return absl::DataLossError(
          JoinText(directory, "/", ManifestFile(i + 1), " is missing, later ones are there"));
    }
  }
  return epochs.size();
}

absl::StatusOr<Manifest> ReadManifest(FileSystem& files, const std::string& directory,
                                      uint64_t epoch) {
  const std::string path = JoinText(directory, "/", ManifestFile(epoch));
  const auto text = ReadWholeFile(files, path, kMaxManifestBytes);
  if (!text.ok()) return text.status();
  auto manifest = ParseManifest(*text);
  if (!manifest.ok()) return Annotated(manifest.status(), path);
  if (manifest->epoch != epoch) {
    return absl::DataLossError(JoinText(path, ": it is the manifest of another epoch"));
  }
  return manifest;
}

absl::Status CheckPart(FileSystem& files, const std::string& directory, const PartInfo& part) {
  const auto file = OpenPart(files, directory, part);
  if (!file.ok()) return file.status();
  if ((*file)->size_bytes() != part.bytes) {
    return absl::DataLossError(JoinText(directory, "/", part.file, " has ", (*file)->size_bytes(),
                                        " bytes, committed were ", part.bytes));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view TableName(TableId table) { return SchemaOf(table).name; }

absl::StatusOr<TableId> TableFromName(std::string_view name) {
  for (const TableId table : {TableId::kDomains, TableId::kMxHosts, TableId::kEndpoints,
                              TableId::kProbes, TableId::kCertificates}) {
    if (TableName(table) == name) return table;
  }
  return absl::InvalidArgumentError(
      JoinText("there is no table '", name,
               "'; there are domains, mx_hosts, endpoints, probes, certificates"));
}

absl::StatusOr<ScanDirectory> ScanDirectory::Open(const std::string& directory, FileSystem* files) {
  ScanDirectory scan;
  scan.directory_ = directory;
  auto json = ReadScanJson(*files, directory);
  if (!json.ok()) return json.status();
  scan.scan_ = *std::move(json);
  const auto epochs = CountEpochs(*files, directory);
  if (!epochs.ok()) return epochs.status();
  scan.epochs_ = *epochs;
  for (uint64_t epoch = 1; epoch <= *epochs; ++epoch) {
    auto manifest = ReadManifest(*files, directory, epoch);
    if (!manifest.ok()) return manifest.status();
    const auto scan_id = scan.scan_.find("scan_id");
    if (scan_id == scan.scan_.end() || *scan_id != manifest->scan_id) {
      return absl::DataLossError(
          JoinText(directory, "/", ManifestFile(epoch), " belongs to another scan"));
    }
    for (PartInfo& part : manifest->parts) {
      if (absl::Status status = CheckPart(*files, directory, part); !status.ok()) return status;
      scan.parts_.push_back(std::move(part));
    }
  }
  return scan;
}

absl::Status ScanDirectory::ForEachManifest(
    FileSystem& files, absl::FunctionRef<absl::Status(const Manifest&)> visit) const {
  for (uint64_t epoch = 1; epoch <= epochs_; ++epoch) {
    const auto manifest = ReadManifest(files, directory_, epoch);
    if (!manifest.ok()) return manifest.status();
    if (absl::Status status = visit(*manifest); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string ScanDirectory::PathOf(const PartInfo& part) const {
  return JoinText(directory_, "/", part.file);
}

RowCounts ScanDirectory::rows() const {
  RowCounts counts{};
  for (const PartInfo& part : parts_) counts[static_cast<size_t>(part.table)] += part.rows;
  return counts;
}

absl::StatusOr<std::unique_ptr<RandomAccessFile>> OpenPart(FileSystem& files,
                                                           const std::string& directory,
                                                           const PartInfo& part) {
  const std::string path = JoinText(directory, "/", part.file);
  const std::string hidden = JoinText(directory, "/", HiddenPartFile(part.file));
  // Twice the final name: a running scan may give it between the first look and the second.
  for (const std::string& name : {path, hidden, path}) {
    auto file = files.Open(name);
    if (file.ok() || !absl::IsNotFound(file.status())) return file;
  }
  return absl::DataLossError(JoinText(path, " is committed and not there"));
}

}  // namespace mxsweep::output
