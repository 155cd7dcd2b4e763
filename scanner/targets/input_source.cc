#include "scanner/targets/input_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

using std::string_view_literals::operator""sv;

// How soon a read that waits notices that it is to stop.
constexpr int kStopPollMs = 100;
constexpr size_t kPackedBufferBytes = 128 * 1024;
// The longest file signature that is looked for.
constexpr size_t kSignatureBytes = 10;

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

 private:
  std::string prefix_;
  size_t position_ = 0;
  std::unique_ptr<InputSource> rest_;
};

// What gzip and zstd have in common: packed bytes come in, what could be unpacked before an error
// is given out before the error.
class UnpackingSource : public InputSource {
 public:
  explicit UnpackingSource(std::unique_ptr<InputSource> packed)
      : packed_(std::move(packed)), buffer_(kPackedBufferBytes) {}

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    while (error_.ok()) {
      if (begin_ == end_ && !packed_ended_) {
        absl::StatusOr<size_t> got = packed_->Read(buffer_);
        if (!got.ok()) {
          error_ = got.status();
          break;
        }
        begin_ = 0;
        end_ = *got;
        packed_ended_ = *got == 0;
      }
      const size_t unpacked = Unpack(buffer);
      if (unpacked > 0) return unpacked;
      if (packed_ended_) break;
    }
    if (!error_.ok()) return error_;
    return size_t{0};
  }
  uint64_t bytes_read() const override { return packed_->bytes_read(); }
  uint64_t size_bytes() const override { return packed_->size_bytes(); }

 protected:
  // Takes some of packed() and fills the front of `out`; or calls Fail. Called with nothing packed
  // only at the end of the source.
  virtual size_t Unpack(std::span<uint8_t> out) = 0;

  std::span<uint8_t> packed() { return std::span(buffer_).subspan(begin_, end_ - begin_); }
  void TakePacked(size_t count) { begin_ += count; }
  bool at_end() const { return packed_ended_ && begin_ == end_; }
  void Fail(std::string_view why) { error_ = absl::DataLossError(ToAbsl(why)); }

 private:
  std::unique_ptr<InputSource> packed_;
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool packed_ended_ = false;
  absl::Status error_;
};

class GzipSource : public UnpackingSource {
 public:
  explicit GzipSource(std::unique_ptr<InputSource> packed) : UnpackingSource(std::move(packed)) {
    // 16: expect the gzip wrapper (RFC 1952) around the deflate data.
    usable_ = inflateInit2(&stream_, MAX_WBITS + 16) == Z_OK;
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;
  ~GzipSource() override {
    if (usable_) inflateEnd(&stream_);
  }

 protected:
  size_t Unpack(std::span<uint8_t> out) override {
    if (!usable_) return Failed("no memory to unpack gzip");
    if (between_members_) {
      // Padding with zeros is what tape and block devices leave behind.
      while (!packed().empty() && packed()[0] == 0) TakePacked(1);
      if (packed().empty()) return 0;
      inflateReset(&stream_);
      between_members_ = false;
    }
    if (at_end()) return Failed("gzip data ends early: the file is cut short");
    stream_.next_in = packed().data();
    stream_.avail_in = static_cast<uInt>(packed().size());
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(std::min<size_t>(out.size(), 1u << 30));
    const size_t room = stream_.avail_out;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    TakePacked(packed().size() - stream_.avail_in);
    if (result == Z_STREAM_END) {
      between_members_ = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      Fail(JoinText("gzip data is damaged",
                    stream_.msg != nullptr ? JoinText(": ", stream_.msg) : ""));
    }
    return room - stream_.avail_out;
  }

 private:
  size_t Failed(std::string_view why) {
    Fail(why);
    return 0;
  }

  z_stream stream_ = {};
  bool usable_ = false;
  bool between_members_ = false;
};

class ZstdSource : public UnpackingSource {
 public:
  explicit ZstdSource(std::unique_ptr<InputSource> packed)
      : UnpackingSource(std::move(packed)), context_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {}

 protected:
  size_t Unpack(std::span<uint8_t> out) override {
    if (context_ == nullptr) {
      Fail("no memory to unpack zstd");
      return 0;
    }
    if (at_end() && frame_complete_) return 0;
    ZSTD_inBuffer in = {packed().data(), packed().size(), 0};
    ZSTD_outBuffer to = {out.data(), out.size(), 0};
    const size_t result = ZSTD_decompressStream(context_.get(), &to, &in);
    TakePacked(in.pos);
    if (ZSTD_isError(result)) {
      Fail(JoinText("zstd data is damaged: ", ZSTD_getErrorName(result)));
    } else if (at_end() && to.pos == 0 && result != 0) {
      Fail("zstd data ends early: the file is cut short");
    } else {
      frame_complete_ = result == 0;
    }
    return to.pos;
  }

 private:
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
  bool frame_complete_ = false;
};

bool IsZstd(std::string_view start) {
  // A frame, or a skippable frame, 0x184D2A50 to 5F (RFC 8878 §3.1).
  return start.starts_with("\x28\xB5\x2F\xFD") ||
         (start.size() >= 4 && (static_cast<uint8_t>(start[0]) & 0xF0) == 0x50 &&
          start.substr(1, 3) == "\x2A\x4D\x18");
}

absl::Status CheckIsText(std::string_view start) {
  struct Signature {
    std::string_view bytes;
    std::string_view message;
  };
  static constexpr Signature kSignatures[] = {
      {"\xFD"
       "7zXZ\0"sv,
       "the list is packed with xz: unpack it first (xz -dc LIST | mxsweep scan -)"},
      {"BZh", "the list is packed with bzip2: unpack it first (bzip2 -dc LIST | mxsweep scan -)"},
      {"PK\x03\x04", "the list is a zip archive: unpack it first (unzip -p LIST | mxsweep scan -)"},
      {"\xFF\xFE", "the list is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)"},
      {"\xFE\xFF", "the list is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)"},
      {"PAR1", "the list is a Parquet file: write the column of domains as text first"},
  };
  for (const Signature& signature : kSignatures) {
    if (!start.starts_with(signature.bytes)) continue;
    // "BZh" alone may begin a name; bzip2 goes on with a digit and the digits of pi.
    if (signature.bytes == "BZh" && start.substr(4) != "\x31\x41\x59\x26\x53\x59") continue;
    return absl::UnimplementedError(ToAbsl(signature.message));
  }
  return absl::OkStatus();
}

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
  std::array<uint8_t, kSignatureBytes> start;
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
  const bool gzip = prefix.starts_with("\x1F\x8B");
  const bool zstd = IsZstd(prefix);
  auto whole = std::make_unique<PrefixedSource>(std::move(prefix), std::move(source));
  if (gzip) return std::make_unique<GzipSource>(std::move(whole));
  if (zstd) return std::make_unique<ZstdSource>(std::move(whole));
  return whole;
}

}  // namespace mxsweep::scanner
