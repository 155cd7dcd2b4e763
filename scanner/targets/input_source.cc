#include "scanner/targets/input_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "scanner/base/text.h"
#include "scanner/targets/unpack.h"

namespace mxsweep::scanner {
namespace {

// How soon a read that waits notices that it is to stop.
constexpr int kStopPollMs = 100;
// A tar archive says what it is behind the name, mode, owner, size, time and link of its first file
// (POSIX.1, pax, "ustar Interchange Format"). No line ends before.
constexpr std::string_view kTarSignature = "ustar";
constexpr size_t kTarSignatureEnd = 257 + kTarSignature.size();

class FileSource : public InputSource {
 public:
  FileSource(int fd, bool owned, std::string name, uint64_t size_bytes,
             const std::atomic<bool>* stop)
      : fd_(fd), owned_(owned), name_(std::move(name)), size_bytes_(size_bytes), stop_(stop) {}
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override {
    if (owned_) close(fd_);
  }

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    while (true) {
      if (stop_ != nullptr && !WaitReadable()) return absl::CancelledError("stopped");
      const ssize_t got = read(fd_, buffer.data(), buffer.size());
      if (got >= 0) {
        bytes_read_ += static_cast<uint64_t>(got);
        return static_cast<size_t>(got);
      }
      if (errno == EINTR || errno == EAGAIN) continue;
      return absl::FailedPreconditionError(
          JoinText("cannot read ", name_, ": ", std::strerror(errno)));
    }
  }
  uint64_t bytes_read() const override { return bytes_read_; }
  uint64_t size_bytes() const override { return size_bytes_; }
  bool ready() const override {
    pollfd waiting = {fd_, POLLIN, 0};
    return poll(&waiting, 1, 0) != 0;
  }

 private:
  // False if it is to stop. A regular file is always readable.
  bool WaitReadable() const {
    while (!stop_->load(std::memory_order_relaxed)) {
      pollfd waiting = {fd_, POLLIN, 0};
      const int ready = poll(&waiting, 1, kStopPollMs);
      if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
    }
    return false;
  }

  int fd_;
  bool owned_;
  std::string name_;
  uint64_t size_bytes_;
  const std::atomic<bool>* stop_;
  uint64_t bytes_read_ = 0;
};

class StringSource : public InputSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    const size_t count = std::min(buffer.size(), bytes_.size() - position_);
    std::memcpy(buffer.data(), bytes_.data() + position_, count);
    position_ += count;
    return count;
  }
  uint64_t bytes_read() const override { return position_; }
  uint64_t size_bytes() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  size_t position_ = 0;
};

// Gives back the first bytes of a source, which had to be read to see what it is.
class PrefixedSource : public InputSource {
 public:
  PrefixedSource(std::string prefix, std::unique_ptr<InputSource> rest)
      : prefix_(std::move(prefix)), rest_(std::move(rest)) {}

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    if (position_ == prefix_.size()) return rest_->Read(buffer);
    const size_t count = std::min(buffer.size(), prefix_.size() - position_);
    std::memcpy(buffer.data(), prefix_.data() + position_, count);
    position_ += count;
    return count;
  }
  uint64_t bytes_read() const override { return rest_->bytes_read(); }
  uint64_t size_bytes() const override { return rest_->size_bytes(); }
  bool ready() const override { return position_ < prefix_.size() || rest_->ready(); }

 private:
  std::string prefix_;
  size_t position_ = 0;
  std::unique_ptr<InputSource> rest_;
};

absl::Status CheckIsText(std::string_view start) {
  struct Signature {
    std::string_view bytes;
    std::string_view message;
  };
  static constexpr Signature kSignatures[] = {
      {"PK\x03\x04", "it is a zip archive: unpack it first (unzip -p FILE)"},
      {"\xFF\xFE", "it is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)"},
      {"\xFE\xFF", "it is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)"},
      {"PAR1", "it is a Parquet file: write the column that is wanted as text first"},
  };
  for (const Signature& signature : kSignatures) {
    if (!start.starts_with(signature.bytes)) continue;
    return absl::UnimplementedError(ToAbsl(signature.message));
  }
  if (start.size() == kTarSignatureEnd && start.ends_with(kTarSignature)) {
    return absl::UnimplementedError("it is a tar archive: unpack it first (tar -xOf ARCHIVE FILE)");
  }
  return absl::OkStatus();
}

// Passes on what a source gives, as long as its beginning may be that of a list in text: an error
// comes in place of the first bytes that show that it is not. Since these may come one by one, and
// a person who types a list must not be made to wait, nothing is held back for it.
class ListSource : public InputSource {
 public:
  explicit ListSource(std::unique_ptr<InputSource> list) : list_(std::move(list)) {}

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    if (!error_.ok()) return error_;
    absl::StatusOr<size_t> got = list_->Read(buffer);
    if (!got.ok() || start_.size() == kTarSignatureEnd) return got;
    const size_t wanted = std::min(*got, kTarSignatureEnd - start_.size());
    start_.append(reinterpret_cast<const char*>(buffer.data()), wanted);
    error_ = CheckIsText(start_);
    if (PackingOf(start_) != Packing::kNone) {
      error_ = absl::UnimplementedError("it is packed twice: unpack it once first");
    }
    if (!error_.ok()) return error_;
    return got;
  }
  uint64_t bytes_read() const override { return list_->bytes_read(); }
  uint64_t size_bytes() const override { return list_->size_bytes(); }
  bool ready() const override { return list_->ready(); }

 private:
  std::unique_ptr<InputSource> list_;
  std::string start_;
  absl::Status error_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<InputSource>> OpenFile(const std::string& path,
                                                      const std::atomic<bool>* stop) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  const int fd = standard_input ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const std::string message = JoinText("cannot open ", name, ": ", std::strerror(errno));
    if (errno == ENOENT) return absl::NotFoundError(message);
    if (errno == EACCES || errno == EPERM) return absl::PermissionDeniedError(message);
    return absl::FailedPreconditionError(message);
  }
  struct stat about = {};
  const bool known = fstat(fd, &about) == 0;
  const bool regular = known && S_ISREG(about.st_mode);
  auto source = std::make_unique<FileSource>(
      fd, !standard_input, name, regular ? static_cast<uint64_t>(about.st_size) : 0, stop);
  if (known && S_ISDIR(about.st_mode)) {
    return absl::FailedPreconditionError(JoinText(name, " is a directory"));
  }
  return source;
}

std::unique_ptr<InputSource> FromString(std::string bytes) {
  return std::make_unique<StringSource>(std::move(bytes));
}

absl::StatusOr<std::unique_ptr<InputSource>> Decompress(std::unique_ptr<InputSource> source) {
  std::array<uint8_t, kPackingSignatureBytes> start;
  size_t count = 0;
  // A pipe may give less than was asked for.
  while (count < start.size()) {
    absl::StatusOr<size_t> got = source->Read(std::span(start).subspan(count));
    if (!got.ok()) return got.status();
    if (*got == 0) break;
    count += *got;
  }
  std::string prefix(reinterpret_cast<const char*>(start.data()), count);
  if (absl::Status status = CheckIsText(prefix); !status.ok()) return status;
  const Packing packing = PackingOf(prefix);
  return std::make_unique<ListSource>(
      Unpack(packing, std::make_unique<PrefixedSource>(std::move(prefix), std::move(source))));
}

}  // namespace mxsweep::scanner
