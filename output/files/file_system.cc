#include "output/files/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

#include "scanner/base/text.h"

namespace mxsweep::output {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return absl::StatusCode::kResourceExhausted;
    case ENOENT:
    case ENOTDIR:
      return absl::StatusCode::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
      return absl::StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

// "cannot write /tmp/x: No space left on device"
absl::Status SystemError(std::string_view what, const std::string& path, int error) {
  return absl::Status(CodeOf(error), JoinText("cannot ", what, " ", path, ": ",
                                              std::generic_category().message(error)));
}

class PosixWritableFile : public WritableFile {
 public:
  PosixWritableFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixWritableFile() override {
    if (fd_ >= 0) close(fd_);
  }
  PosixWritableFile(const PosixWritableFile&) = delete;
  PosixWritableFile& operator=(const PosixWritableFile&) = delete;

  absl::Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return SystemError("write", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    // Devices and pipes have nothing to sync.
    if (fsync(fd_) != 0 && errno != EINVAL) return SystemError("sync", path_, errno);
    return absl::OkStatus();
  }

  absl::Status Close() override {
    const int fd = std::exchange(fd_, -1);
    if (fd >= 0 && close(fd) != 0) return SystemError("close", path_, errno);
    return absl::OkStatus();
  }

 private:
  int fd_;
  std::string path_;
};

class PosixReadableFile : public RandomAccessFile {
 public:
  PosixReadableFile(int fd, std::string path, uint64_t size_bytes)
      : fd_(fd), path_(std::move(path)), size_bytes_(size_bytes) {}
  ~PosixReadableFile() override { close(fd_); }
  PosixReadableFile(const PosixReadableFile&) = delete;
  PosixReadableFile& operator=(const PosixReadableFile&) = delete;

  uint64_t size_bytes() const override { return size_bytes_; }

  absl::Status ReadAt(uint64_t offset, std::span<char> out) const override {
    while (!out.empty()) {
      const ssize_t got = pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return SystemError("read", path_, errno);
      if (got == 0) return absl::OutOfRangeError(JoinText(path_, " ends too early"));
      out = out.subspan(static_cast<size_t>(got));
      offset += static_cast<uint64_t>(got);
    }
    return absl::OkStatus();
  }

 private:
  int fd_;
  std::string path_;
  uint64_t size_bytes_;
};

class PosixLock : public FileLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}
  ~PosixLock() override { close(fd_); }
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;

 private:
  int fd_;
};

class Posix : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return SystemError("create", path, errno);
    return std::make_unique<PosixWritableFile>(fd, path);
  }

  absl::StatusOr<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) override {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return SystemError("open", path, errno);
    struct stat info {};
    if (fstat(fd, &info) != 0) {
      const int error = errno;
      close(fd);
      return SystemError("open", path, error);
    }
    return std::make_unique<PosixReadableFile>(fd, path, static_cast<uint64_t>(info.st_size));
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    struct stat info {};
    const bool is_special = lstat(to.c_str(), &info) == 0 && !S_ISREG(info.st_mode) &&
                            !S_ISDIR(info.st_mode) && !S_ISLNK(info.st_mode);
    if (is_special) {
      return absl::FailedPreconditionError(
          JoinText(to, " is a device, a pipe or a socket: no file takes its place"));
    }
    if (rename(from.c_str(), to.c_str()) != 0) {
      return SystemError("rename", JoinText(from, " to ", to), errno);
    }
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) != 0) return SystemError("remove", path, errno);
    return absl::OkStatus();
  }

  absl::Status SyncDirectory(const std::string& path) override {
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return SystemError("open", path, errno);
    const int error = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    // Some network file systems cannot sync a directory; they have nothing to wait for.
    if (error != 0 && error != EINVAL) return SystemError("sync", path, error);
    return absl::OkStatus();
  }

  absl::Status CreateDirectories(const std::string& path) override {
    for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const std::string part = path.substr(0, end);
      if (!part.empty() && mkdir(part.c_str(), 0755) != 0) {
        const int error = errno;
        struct stat info {};
        const bool exists = stat(part.c_str(), &info) == 0;
        if (!exists) return SystemError("create directory", part, error);
        if (!S_ISDIR(info.st_mode)) return SystemError("create directory", part, EEXIST);
      }
      if (end == std::string::npos) return absl::OkStatus();
    }
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override {
    DIR* directory = opendir(path.c_str());
    if (directory == nullptr) return SystemError("list", path, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error = errno;
    closedir(directory);
    if (error != 0) return SystemError("list", path, error);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return SystemError("create", path, errno);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      close(fd);
      if (error == EWOULDBLOCK) {
        return absl::FailedPreconditionError(JoinText(path, " is locked by another process"));
      }
      return SystemError("lock", path, error);
    }
    return std::make_unique<PosixLock>(fd);
  }

  absl::StatusOr<uint64_t> FreeBytes(const std::string& path) override {
    struct statvfs info {};
    if (statvfs(path.c_str(), &info) != 0) return SystemError("look at", path, errno);
    return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  }
};

class BytesFile : public RandomAccessFile {
 public:
  explicit BytesFile(std::string_view bytes) : bytes_(bytes) {}
  uint64_t size_bytes() const override { return bytes_.size(); }
  absl::Status ReadAt(uint64_t offset, std::span<char> out) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      return absl::OutOfRangeError("the file ends too early");
    }
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return absl::OkStatus();
  }

 private:
  std::string_view bytes_;
};

}  // namespace

FileSystem* PosixFileSystem() {
  static auto* const files = new Posix();
  return files;
}

absl::StatusOr<std::string> ReadWholeFile(FileSystem& files, const std::string& path,
                                          uint64_t max_bytes) {
  auto file = files.Open(path);
  if (!file.ok()) return file.status();
  const uint64_t size = (*file)->size_bytes();
  if (size > max_bytes) {
    return absl::ResourceExhaustedError(
        JoinText(path, " has ", size, " bytes, more than the ", max_bytes, " expected"));
  }
  std::string bytes(size, '\0');
  if (absl::Status status = (*file)->ReadAt(0, bytes); !status.ok()) return status;
  return bytes;
}

absl::Status WriteFileAtomically(FileSystem& files, const std::string& path,
                                 std::string_view content) {
  const size_t slash = path.rfind('/');
  const std::string directory = path.substr(0, slash);
  const std::string temporary = JoinText(directory, "/.", path.substr(slash + 1), ".tmp");
  // One may be left over from a process that was killed.
  if (absl::Status status = files.Remove(temporary); !status.ok() && !absl::IsNotFound(status)) {
    return status;
  }
  const auto write = [&]() -> absl::Status {
    auto file = files.Create(temporary);
    if (!file.ok()) return file.status();
    absl::Status status = (*file)->Append(content);
    if (status.ok()) status = (*file)->Sync();
    if (status.ok()) status = (*file)->Close();
    if (status.ok()) status = files.Rename(temporary, path);
    return status;
  };
  if (absl::Status status = write(); !status.ok()) {
    files.Remove(temporary).IgnoreError();
    return status;
  }
  return files.SyncDirectory(directory);
}

std::unique_ptr<RandomAccessFile> FileFromBytes(std::string_view bytes) {
  return std::make_unique<BytesFile>(bytes);
}

}  // namespace mxsweep::output
