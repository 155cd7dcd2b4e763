// A scan directory: what a scan leaves behind, and how it survives being killed at any moment.
//
//   DIR/scan.json                           what was run, and how it ended
//   DIR/manifest/000001.json …              one per epoch: the parts that are committed
//   DIR/endpoints/part-000001.parquet …     a folder per table, the number is the epoch's
//
// An **epoch** is the unit of commit: all tables are cut at the same moment. Parts are written as
// `.part-000001.parquet.tmp`; at the cut they are closed, fsynced and their folders fsynced; then
// one new manifest file, put in place by an atomic rename, names them all; and only then they get
// the names that a glob over *.parquet finds, domains last. So a glob never meets a file that is
// not whole and committed; after a kill between the two, readers find the parts of that epoch under
// their hidden names. What no manifest names does not exist: readers skip it and resuming deletes
// it. Rows are to be added so that a domain comes after its hosts, endpoints and certificates; then
// every cut is consistent.
//
// Errors: after the first one a ScanWriter answers every call with the same status (but for a row
// that is too large, which is refused alone). What the manifests name stays whole; unfinished parts
// are removed as far as possible. A full disk is kResourceExhausted. Low disk is noticed before it
// is full, and what can be committed then is.
#ifndef MXSWEEP_OUTPUT_SCAN_DIRECTORY_H_
#define MXSWEEP_OUTPUT_SCAN_DIRECTORY_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "output/files/file_system.h"
#include "output/parquet/options.h"
#include "output/tables/tables.h"

namespace mxsweep::output {

// A committed part file.
struct PartInfo {
  TableId table = TableId::kDomains;
  std::string file;  // Relative to the scan directory: "endpoints/part-000001.parquet".
  uint64_t epoch = 0;
  uint64_t rows = 0;
  uint64_t bytes = 0;
};

// `count` numbers from `first` on.
struct NumberRun {
  uint64_t first = 0;
  uint64_t count = 0;

  friend bool operator==(const NumberRun&, const NumberRun&) = default;
};

struct Manifest;  // manifest.h

// Of a scan.
inline constexpr size_t kTableCount = static_cast<size_t>(TableId::kWeakKeys);

// Rows per table, indexed by TableId.
using RowCounts = std::array<uint64_t, kTableCount>;

std::string_view TableName(TableId table);
// kInvalidArgument, with a sentence that lists the tables, for a name that is none.
absl::StatusOr<TableId> TableFromName(std::string_view name);

struct ScanWriterOptions {
  // An epoch is due after so many rows in all tables together, or after so much time with rows
  // waiting, whichever is first.
  uint64_t epoch_rows = 1'000'000;
  absl::Duration epoch_interval = absl::Minutes(1);
  // With less free disk than this no new epoch is begun, and one under way is committed at once.
  uint64_t min_free_bytes = 64ull << 20;
  // Identifies the scan in every file: 128 random bits in hex.
  std::string scan_id;
  ParquetOptions parquet;
};

// How a scan ended, the "state" of scan.json. A scan that was killed stays kRunning.
enum class ScanState { kRunning, kComplete, kStopped, kFailed };

// What is noted with an epoch for who goes on with the scan: see Manifest::scan.
using DescribeEpoch = absl::FunctionRef<nlohmann::json()>;
inline nlohmann::json NothingToNote() { return nullptr; }

// Makes the directory and those above it, where they are missing, so that a power cut does not take
// it along: each is named durably by its parent.
absl::Status MakeScanDirectory(FileSystem& files, const std::string& path);

// Locks the directory against a second writer, for as long as the lock lives. kFailedPrecondition,
// with a sentence, where there is one.
absl::StatusOr<std::unique_ptr<FileLock>> LockScanDirectory(FileSystem& files,
                                                            const std::string& directory);

// Writes one scan. Thread-compatible: one thread (the recorder) owns it. Holds at most one row
// group per table in memory (row_group_bytes each, plus about as much again while it is encoded).
// The file system must outlive it.
class ScanWriter {
 public:
  // Makes the directory and writes scan.json with state "running": the caller's `scan` (an object)
  // plus "format", "schema_version", "scan_id" and "state". kAlreadyExists, with a clear sentence,
  // when the directory is there and not empty.
  static absl::StatusOr<std::unique_ptr<ScanWriter>> Create(const std::string& directory,
                                                            const nlohmann::json& scan,
                                                            const ScanWriterOptions& options,
                                                            FileSystem* files = PosixFileSystem());

  // Goes on with a scan that was begun: completes the names of what is committed, removes the parts
  // that are not, and writes scan.json likewise. `lock`: from LockScanDirectory. Errors: those of
  // ScanDirectory::Open, and kFailedPrecondition where the tables have another version than ours.
  static absl::StatusOr<std::unique_ptr<ScanWriter>> Resume(const std::string& directory,
                                                            std::unique_ptr<FileLock> lock,
                                                            const nlohmann::json& scan,
                                                            const ScanWriterOptions& options,
                                                            FileSystem* files = PosixFileSystem());

  virtual ~ScanWriter() = default;  // Uncommitted rows are dropped.

  virtual absl::Status Add(DomainRow&& row) = 0;
  virtual absl::Status Add(MxHostRow&& row) = 0;
  virtual absl::Status Add(EndpointRow&& row) = 0;
  virtual absl::Status Add(ProbeRow&& row) = 0;
  virtual absl::Status Add(CertificateRow&& row) = 0;

  // Target `number` of the list, from 0, is done: all its rows were added before. It is committed
  // with them.
  virtual void NoteDone(uint64_t number) = 0;

  // Commits when an epoch is due at `now`, or the disk is low (which is an error, too); true if it
  // did. To be called often (after each batch), but not between a target's rows and NoteDone.
  virtual absl::StatusOr<bool> MaybeCommitEpoch(absl::Time now,
                                                DescribeEpoch describe = NothingToNote) = 0;

  // Commits everything added and noted so far. Nothing, no epoch: then it does nothing.
  virtual absl::Status CommitEpoch(DescribeEpoch describe = NothingToNote) = 0;

  // Commits (what CommitEpoch has not), gives every table without a row one empty part (so that a
  // glob finds its columns), and rewrites scan.json with `scan` and the state. Nothing can be added
  // afterwards. After an error it only tries to write scan.json, and returns the first error.
  virtual absl::Status Finish(ScanState state, const nlohmann::json& scan) = 0;

  // Rows in committed epochs, and rows added in all: of all runs of the scan.
  virtual RowCounts committed_rows() const = 0;
  virtual RowCounts added_rows() const = 0;
  virtual uint64_t committed_epochs() const = 0;
  virtual const std::string& scan_id() const = 0;
};

// What a scan directory holds, as its manifests say. Immutable.
class ScanDirectory {
 public:
  // kNotFound when there is no scan.json; kDataLoss when a manifest is missing from the sequence,
  // cannot be read, or names a part that is not there with its size; kFailedPrecondition when the
  // schema version is newer than kSchemaVersion.
  static absl::StatusOr<ScanDirectory> Open(const std::string& directory,
                                            FileSystem* files = PosixFileSystem());

  // Calls `visit` for each manifest, in the order of commit, until it fails.
  absl::Status ForEachManifest(FileSystem& files,
                               absl::FunctionRef<absl::Status(const Manifest&)> visit) const;

  const nlohmann::json& scan() const { return scan_; }
  const std::string& directory() const { return directory_; }
  uint64_t epochs() const { return epochs_; }
  // All parts in the order of commit.
  const std::vector<PartInfo>& parts() const { return parts_; }
  // A part's path, by which to call it.
  std::string PathOf(const PartInfo& part) const;
  RowCounts rows() const;

 private:
  std::string directory_;
  nlohmann::json scan_;
  uint64_t epochs_ = 0;
  std::vector<PartInfo> parts_;
};

// Opens a committed part under whichever name it has at the moment. kDataLoss if it has none.
absl::StatusOr<std::unique_ptr<RandomAccessFile>> OpenPart(FileSystem& files,
                                                           const std::string& directory,
                                                           const PartInfo& part);

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_SCAN_DIRECTORY_H_
