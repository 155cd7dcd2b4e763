#include "scanner/targets/unpack.h"

#include <archive.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "scanner/base/check.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

using std::string_view_literals::operator""sv;

constexpr size_t kPackedBufferBytes = 128 * 1024;

bool AllZero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

absl::Status EndsEarly(std::string_view format) {
  return absl::DataLossError(JoinText(format, " data ends early: the file is cut short"));
}

absl::Status Damaged(std::string_view format, const char* why) {
  return absl::DataLossError(
      JoinText(format, " data is damaged", why != nullptr ? JoinText(": ", why) : ""));
}

// gzip goes through zlib itself, since libarchive does not look at a member's check sum
// (docs/architecture.md, Libraries).
class GzipSource : public InputSource {
 public:
  explicit GzipSource(std::unique_ptr<InputSource> packed)
      : packed_(std::move(packed)), buffer_(kPackedBufferBytes) {
    // 16: expect the gzip wrapper (RFC 1952) around the deflate data.
    if (inflateInit2(&stream_, MAX_WBITS + 16) != Z_OK) {
      error_ = absl::ResourceExhaustedError("no memory to unpack gzip");
    }
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;
  ~GzipSource() override { inflateEnd(&stream_); }

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    while (error_.ok()) {
      if (stream_.avail_in == 0 && !packed_ended_) {
        absl::StatusOr<size_t> got = packed_->Read(buffer_);
        if (!got.ok()) {
          error_ = got.status();
          break;
        }
        stream_.next_in = buffer_.data();
        stream_.avail_in = static_cast<uInt>(*got);
        packed_ended_ = *got == 0;
      }
      if (const size_t unpacked = Inflate(buffer); unpacked > 0) return unpacked;
      if (packed_ended_ && between_members_) return size_t{0};
    }
    return error_;
  }
  uint64_t bytes_read() const override { return packed_->bytes_read(); }
  uint64_t size_bytes() const override { return packed_->size_bytes(); }
  bool ready() const override { return packed_->ready(); }

 private:
  // Fills the front of `out` with what the packed bytes at hand give.
  size_t Inflate(std::span<uint8_t> out) {
    if (between_members_) {
      // Padding with zeros is what tape and block devices leave behind.
      for (; stream_.avail_in > 0 && *stream_.next_in == 0; --stream_.avail_in) ++stream_.next_in;
      if (stream_.avail_in == 0) return 0;
      inflateReset(&stream_);
      between_members_ = false;
    }
    if (stream_.avail_in == 0 && packed_ended_) {
      error_ = EndsEarly("gzip");
      return 0;
    }
    const size_t room = std::min<size_t>(out.size(), 1u << 30);
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      between_members_ = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      error_ = Damaged("gzip", stream_.msg);
    }
    return room - stream_.avail_out;
  }

  std::unique_ptr<InputSource> packed_;
  std::vector<uint8_t> buffer_;
  bool packed_ended_ = false;
  z_stream stream_ = {};
  bool between_members_ = false;
  absl::Status error_;
};

// One of libarchive's filters. The format behind it is "raw", a single file without a name, so that
// an archive is not unpacked; and no other filter is tried, so that a list that is packed twice is
// not, either.
class ArchiveSource : public InputSource {
 public:
  ArchiveSource(std::string_view format, int filter, std::unique_ptr<InputSource> packed)
      : format_(format), packed_(std::move(packed)), buffer_(kPackedBufferBytes) {
    archive_ = archive_read_new();
    if (archive_ == nullptr || archive_read_append_filter(archive_, filter) != ARCHIVE_OK ||
        archive_read_support_format_raw(archive_) != ARCHIVE_OK ||
        archive_read_support_format_empty(archive_) != ARCHIVE_OK) {
      error_ = absl::UnimplementedError(JoinText("libarchive cannot unpack ", format_, " here"));
    }
  }
  ArchiveSource(const ArchiveSource&) = delete;
  ArchiveSource& operator=(const ArchiveSource&) = delete;
  ~ArchiveSource() override { archive_read_free(archive_); }

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    while (block_.empty()) {
      if (!error_.ok()) return error_;
      if (ended_) return size_t{0};
      NextBlock();
    }
    const size_t count = std::min(buffer.size(), block_.size());
    std::memcpy(buffer.data(), block_.data(), count);
    block_ = block_.subspan(count);
    return count;
  }
  uint64_t bytes_read() const override { return packed_->bytes_read(); }
  uint64_t size_bytes() const override { return packed_->size_bytes(); }
  bool ready() const override { return packed_->ready(); }

 private:
  // libarchive's, for more packed bytes: how many `*bytes` points to, 0 at the end.
  static la_ssize_t Feed(archive* of, void* self_pointer, const void** bytes) {
    auto& self = *static_cast<ArchiveSource*>(self_pointer);
    absl::StatusOr<size_t> got = self.packed_->Read(self.buffer_);
    if (!got.ok()) {
      self.packed_error_ = got.status();
      archive_set_error(of, EIO, "cannot read");
      return ARCHIVE_FATAL;
    }
    self.packed_ended_ = *got == 0;
    self.last_given_ = *got;
    self.given_ += *got;
    *bytes = self.buffer_.data();
    return static_cast<la_ssize_t>(*got);
  }

  // Sets block_, ended_ or error_; or nothing, where libarchive has nothing to say yet.
  void NextBlock() {
    if (!opened_) {
      opened_ = true;
      const int open = archive_read_open(archive_, this, nullptr, &Feed, nullptr);
      // A filter that fails on the first bytes leaves its error here, whatever open returns: what
      // cannot be read passes for an empty file.
      if (open != ARCHIVE_OK || archive_errno(archive_) != 0) return Fail();
      archive_entry* entry = nullptr;
      return Take(archive_read_next_header(archive_, &entry));
    }
    const void* bytes = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(archive_, &bytes, &size, &offset);
    if (result == ARCHIVE_OK) block_ = {static_cast<const uint8_t*>(bytes), size};
    Take(result);
  }

  void Take(int result) {
    if (result == ARCHIVE_EOF) {
      ended_ = true;
      ExpectNothingMore();
    } else if (result != ARCHIVE_OK) {
      Fail();
    }
  }

  // Packed bytes that libarchive was given and has not used.
  uint64_t unused() const {
    const la_int64_t used = archive_filter_bytes(archive_, -1);
    return used < 0 ? 0 : given_ - std::min(given_, static_cast<uint64_t>(used));
  }

  // libarchive takes what is no further stream for the end, and says nothing.
  void ExpectNothingMore() {
    std::span<const uint8_t> rest;
    const uint64_t left = unused();
    bool nothing = left <= last_given_;
    if (nothing) rest = std::span(buffer_).subspan(last_given_ - left, left);
    while (nothing && AllZero(rest)) {
      if (packed_ended_) return;
      absl::StatusOr<size_t> got = packed_->Read(buffer_);
      if (!got.ok()) {
        error_ = got.status();
        return;
      }
      packed_ended_ = *got == 0;
      rest = std::span(buffer_).subspan(0, *got);
    }
    error_ =
        left == given_
            ? EndsEarly(format_)
            : Damaged(format_, JoinText("something else follows that is not ", format_).c_str());
  }

  void Fail() {
    if (!packed_error_.ok()) {
      error_ = packed_error_;
    } else if (packed_ended_ && unused() == 0) {
      error_ = EndsEarly(format_);
    } else {
      error_ = Damaged(format_, archive_error_string(archive_));
    }
  }

  std::string_view format_;  // a literal
  std::unique_ptr<InputSource> packed_;
  std::vector<uint8_t> buffer_;  // what Feed gave last
  size_t last_given_ = 0;
  uint64_t given_ = 0;
  bool packed_ended_ = false;
  absl::Status packed_error_;
  archive* archive_ = nullptr;
  bool opened_ = false;
  bool ended_ = false;
  std::span<const uint8_t> block_;  // libarchive's, until it is asked for the next
  absl::Status error_;
};

bool IsZstd(std::string_view start) {
  // A frame, or a skippable frame, 0x184D2A50 to 5F (RFC 8878 §3.1).
  return start.starts_with("\x28\xB5\x2F\xFD") ||
         (start.size() >= 4 && (static_cast<uint8_t>(start[0]) & 0xF0) == 0x50 &&
          start.substr(1, 3) == "\x2A\x4D\x18");
}

// "BZh" alone may begin a name; bzip2 goes on with a digit, and the digits of pi (a block) or of
// its square root (the end).
bool IsBzip2(std::string_view start) {
  return start.starts_with("BZh") && start.size() >= 10 &&
         (start.substr(4, 6) == "\x31\x41\x59\x26\x53\x59" ||
          start.substr(4, 6) == "\x17\x72\x45\x38\x50\x90");
}

}  // namespace

Packing PackingOf(std::string_view start) {
  if (start.starts_with("\x1F\x8B")) return Packing::kGzip;
  if (IsZstd(start)) return Packing::kZstd;
  if (start.starts_with("\xFD"
                        "7zXZ\0"sv)) {
    return Packing::kXz;
  }
  if (IsBzip2(start)) return Packing::kBzip2;
  return Packing::kNone;
}

std::unique_ptr<InputSource> Unpack(Packing packing, std::unique_ptr<InputSource> packed) {
  switch (packing) {
    case Packing::kNone:
      return packed;
    case Packing::kGzip:
      return std::make_unique<GzipSource>(std::move(packed));
    case Packing::kZstd:
      return std::make_unique<ArchiveSource>("zstd", ARCHIVE_FILTER_ZSTD, std::move(packed));
    case Packing::kXz:
      return std::make_unique<ArchiveSource>("xz", ARCHIVE_FILTER_XZ, std::move(packed));
    case Packing::kBzip2:
      return std::make_unique<ArchiveSource>("bzip2", ARCHIVE_FILTER_BZIP2, std::move(packed));
  }
  MXSWEEP_CHECK(false);
  return nullptr;
}

}  // namespace mxsweep::scanner
