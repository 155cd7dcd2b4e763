// The files of a scan directory, as an interface: the real one (POSIX) and, in tests, decorators
// that fail on purpose. Paths are plain strings with '/' between parts.
//
// Thread-safety: a FileSystem may be used from several threads, a file object from one at a time.
// Errors: absl::Status with a sentence that names the path; a full disk is kResourceExhausted, a
// missing file kNotFound, an existing one kAlreadyExists, anything else of the system kInternal or
// kPermissionDenied.
#ifndef MXSWEEP_OUTPUT_FILES_FILE_SYSTEM_H_
#define MXSWEEP_OUTPUT_FILES_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mxsweep::output {

// A file being written from its start. Destroying it without Close() closes it and ignores errors.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  // Appends all of `bytes`; after an error the file's content is undefined.
  virtual absl::Status Append(std::string_view bytes) = 0;
  // Everything appended is on stable storage when this returns OK (fsync).
  virtual absl::Status Sync() = 0;
  virtual absl::Status Close() = 0;
};

// A file that does not change while it is read.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  virtual uint64_t size_bytes() const = 0;
  // Fills all of `out` from `offset`; kOutOfRange when the file ends before.
  virtual absl::Status ReadAt(uint64_t offset, std::span<char> out) const = 0;
};

// Held while it lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Creates the file, which must not exist.
  virtual absl::StatusOr<std::unique_ptr<WritableFile>> Create(const std::string& path) = 0;
  virtual absl::StatusOr<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) = 0;
  // Replaces `to` in one step, if it exists.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;
  // The names made in, renamed in or removed from the directory are on stable storage after this.
  virtual absl::Status SyncDirectory(const std::string& path) = 0;
  // Creates the directory and its parents; one that exists is no error.
  virtual absl::Status CreateDirectories(const std::string& path) = 0;
  // Names (not paths) in the directory, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& path) = 0;
  // Locks the file at `path`, which is made if it is missing and stays when the lock is let go (by
  // whatever end of the process). kFailedPrecondition where somebody else holds it.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
  // Bytes that may still be written to the file system that holds `path`.
  virtual absl::StatusOr<uint64_t> FreeBytes(const std::string& path) = 0;
};

// The real one. Never destroyed.
FileSystem* PosixFileSystem();

// The whole of a file of at most `max_bytes`; kResourceExhausted when it is longer.
absl::StatusOr<std::string> ReadWholeFile(FileSystem& files, const std::string& path,
                                          uint64_t max_bytes);

// Makes `path` hold `content`, in one step and durably: written beside it under a hidden temporary
// name, synced, renamed, directory synced. `path` must contain a '/'.
absl::Status WriteFileAtomically(FileSystem& files, const std::string& path,
                                 std::string_view content);

// `bytes` as a file, for tests and fuzzing. Borrows the bytes.
std::unique_ptr<RandomAccessFile> FileFromBytes(std::string_view bytes);

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_FILES_FILE_SYSTEM_H_
