#include "scanner/fleet/address_buckets.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "output/files/file_system.h"
#include "output/parquet/reader.h"
#include "output/parquet/writer.h"
#include "output/scan_rows.h"
#include "output/tables/schema.h"
#include "scanner/base/text.h"
#include "scanner/record/facts_of_rows.h"

namespace mxsweep::scanner {
namespace {

constexpr std::string_view kFolder = "mx_hosts_by_address";
constexpr std::string_view kFile = "hosts.parquet";
constexpr uint64_t kBufferedBytes = 256u << 20;
constexpr uint64_t kLeastGroupBytes = 64u << 10;
constexpr uint64_t kMostGroupBytes = 8u << 20;

std::string BucketName(uint32_t bucket) {
  return JoinText("bucket=", absl::StrFormat("%04u", bucket));
}

std::string BucketFile(const std::string& directory, uint32_t bucket) {
  return JoinText(directory, "/", kFolder, "/", BucketName(bucket), "/", kFile);
}

// As they were written: all, or none.
absl::StatusOr<uint32_t> CountBuckets(const std::string& directory) {
  const auto names = output::PosixFileSystem()->List(JoinText(directory, "/", kFolder));
  if (!names.ok()) return names.status();
  for (uint32_t i = 0; i < names->size(); ++i) {
    if ((*names)[i] != BucketName(i)) {
      return absl::DataLossError(
          JoinText(directory, "/", kFolder, "/", BucketName(i), " is missing"));
    }
  }
  return static_cast<uint32_t>(names->size());
}

class BucketWriters {
 public:
  BucketWriters(std::string directory, uint32_t buckets)
      : directory_(std::move(directory)), writers_(buckets) {
    options_.row_group_bytes =
        std::clamp<uint64_t>(kBufferedBytes / buckets, kLeastGroupBytes, kMostGroupBytes);
  }

  // Every bucket has its file, if an empty one.
  absl::Status Open() {
    output::FileSystem& files = *output::PosixFileSystem();
    for (uint32_t i = 0; i < writers_.size(); ++i) {
      const std::string path = BucketFile(directory_, i);
      absl::Status made = files.CreateDirectories(path.substr(0, path.rfind('/')));
      if (!made.ok()) return made;
      auto file = files.Create(path);
      if (!file.ok()) return file.status();
      writers_[i].emplace(output::SchemaOf(output::TableId::kMxHosts), options_, *std::move(file));
    }
    return absl::OkStatus();
  }

  absl::Status Add(const output::MxHostRow& row) {
    absl::StatusOr<dns::HostAnswer> answer = HostAnswerOf(row);
    if (!answer.ok()) return answer.status();
    std::set<uint64_t> buckets;
    for (const dns::IpAddress& address : answer->addresses) {
      buckets.insert(ShardHashOfAddress(address) % writers_.size());
    }
    for (const uint64_t bucket : buckets) {
      if (absl::Status added = writers_[bucket]->Add(row); !added.ok()) return added;
    }
    return absl::OkStatus();
  }

  absl::Status Finish() {
    output::FileSystem& files = *output::PosixFileSystem();
    for (uint32_t i = 0; i < writers_.size(); ++i) {
      if (absl::Status done = writers_[i]->Finish(); !done.ok()) return done;
      const std::string path = BucketFile(directory_, i);
      absl::Status synced = files.SyncDirectory(path.substr(0, path.rfind('/')));
      if (!synced.ok()) return synced;
    }
    return files.SyncDirectory(JoinText(directory_, "/", kFolder));
  }

 private:
  std::string directory_;
  output::ParquetOptions options_;
  std::vector<std::optional<output::ParquetWriter>> writers_;
};

absl::Status ReadBucket(const std::string& path,
                        absl::FunctionRef<absl::Status(const output::MxHostRow&)> take) {
  auto file = output::PosixFileSystem()->Open(path);
  if (!file.ok()) return absl::DataLossError(JoinText(path, ": ", file.status().message()));
  const auto reader = output::ParquetReader::Open(*std::move(file), output::TableId::kMxHosts);
  if (!reader.ok()) {
    return absl::Status(reader.status().code(), JoinText(path, ": ", reader.status().message()));
  }
  absl::Status taken;
  for (size_t group = 0; group < reader->row_group_count() && taken.ok(); ++group) {
    absl::Status read = reader->ReadRowGroup(group, {}, [&](const output::MxHostRow& row) {
      taken = take(row);
      return taken.ok();
    });
    if (!read.ok()) return absl::Status(read.code(), JoinText(path, ": ", read.message()));
  }
  return taken;
}

}  // namespace

absl::Status WriteAddressBuckets(const std::string& directory, uint32_t buckets) {
  std::error_code ignored;
  std::filesystem::remove_all(JoinText(directory, "/", kFolder), ignored);
  const auto scan = output::ScanDirectory::Open(directory);
  if (!scan.ok()) return scan.status();
  BucketWriters writers(directory, buckets);
  if (absl::Status opened = writers.Open(); !opened.ok()) return opened;
  absl::Status written = output::ForEachRow<output::MxHostRow>(
      *scan, output::AllColumns<output::MxHostRow>(),
      [&](const output::MxHostRow& row) { return writers.Add(row); });
  if (!written.ok()) return written;
  return writers.Finish();
}

absl::Status ReadAddressBuckets(const output::ScanDirectory& resolved, const Shard& shard,
                                absl::FunctionRef<absl::Status(const output::MxHostRow&)> take) {
  const auto buckets = CountBuckets(resolved.directory());
  if (!buckets.ok()) return buckets.status();
  if (*buckets == 0 || *buckets % shard.count != 0) {
    return output::ForEachRow<output::MxHostRow>(resolved, output::AllColumns<output::MxHostRow>(),
                                                 take);
  }
  for (uint32_t bucket = shard.index; bucket < *buckets; bucket += shard.count) {
    absl::Status read = ReadBucket(BucketFile(resolved.directory(), bucket), take);
    if (!read.ok()) return read;
  }
  return absl::OkStatus();
}

}  // namespace mxsweep::scanner
