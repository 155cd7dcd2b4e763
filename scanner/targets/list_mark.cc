#include "scanner/targets/list_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr size_t kPieceBytes = 256 * 1024;

std::array<uint8_t, 32> DigestOf(SHA256_CTX hash) {
  std::array<uint8_t, 32> digest;
  SHA256_Final(digest.data(), &hash);
  return digest;
}

absl::Status SpoolError(const std::string& folder) {
  return absl::UnavailableError(
      JoinText("cannot keep the list in ", folder, ": ", std::generic_category().message(errno)));
}

// A file, then what comes behind it.
class SpooledSource final : public InputSource {
 public:
  SpooledSource(int file, std::string folder, std::unique_ptr<InputSource> rest)
      : file_(file), folder_(std::move(folder)), rest_(std::move(rest)) {}
  ~SpooledSource() override { close(file_); }
  SpooledSource(const SpooledSource&) = delete;
  SpooledSource& operator=(const SpooledSource&) = delete;

  absl::Status Keep(std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return SpoolError(folder_);
      bytes = bytes.subspan(static_cast<size_t>(written));
      kept_ += static_cast<uint64_t>(written);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    if (given_ == kept_) return rest_->Read(buffer);
    ssize_t got;
    do {
      got = pread(file_, buffer.data(), buffer.size(), static_cast<off_t>(given_));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return SpoolError(folder_);
    given_ += static_cast<uint64_t>(got);
    return static_cast<size_t>(got);
  }
  uint64_t bytes_read() const override { return rest_->bytes_read(); }
  uint64_t size_bytes() const override { return rest_->size_bytes(); }
  bool ready() const override { return given_ < kept_ || rest_->ready(); }

  InputSource* rest() { return rest_.get(); }

 private:
  int file_;
  std::string folder_;
  uint64_t kept_ = 0;
  uint64_t given_ = 0;
  std::unique_ptr<InputSource> rest_;
};

class LineEndedSource final : public InputSource {
 public:
  explicit LineEndedSource(std::unique_ptr<InputSource> source) : source_(std::move(source)) {}

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    absl::StatusOr<size_t> got = source_->Read(buffer);
    if (!got.ok()) return got;
    if (*got > 0) {
      last_ = buffer[*got - 1];
    } else if (last_ != '\n') {
      last_ = buffer[0] = '\n';
      return 1;
    }
    return got;
  }
  uint64_t bytes_read() const override { return source_->bytes_read(); }
  uint64_t size_bytes() const override { return source_->size_bytes(); }
  bool ready() const override { return source_->ready(); }

 private:
  std::unique_ptr<InputSource> source_;
  uint8_t last_ = '\n';
};

}  // namespace

std::unique_ptr<InputSource> WithLastLineEnded(std::unique_ptr<InputSource> source) {
  return std::make_unique<LineEndedSource>(std::move(source));
}

MarkedSource::MarkedSource(std::unique_ptr<InputSource> source) : source_(std::move(source)) {
  SHA256_Init(&hash_);
}

absl::StatusOr<size_t> MarkedSource::Read(std::span<uint8_t> buffer) {
  absl::StatusOr<size_t> got = source_->Read(buffer);
  if (got.ok()) {
    const std::lock_guard lock(mutex_);
    SHA256_Update(&hash_, buffer.data(), *got);
    bytes_ += *got;
  }
  return got;
}

ListMark MarkedSource::mark() const {
  const std::lock_guard lock(mutex_);
  return {bytes_, DigestOf(hash_)};
}

absl::StatusOr<bool> HoldsMarks(InputSource* source, std::span<const ListMark> marks,
                                const Spool& spool) {
  SHA256_CTX hash;
  SHA256_Init(&hash);
  uint64_t bytes = 0;
  std::vector<uint8_t> piece(kPieceBytes);
  bool same = true;
  for (const ListMark& mark : marks) {
    while (bytes < mark.bytes) {
      const size_t most = std::min<uint64_t>(piece.size(), mark.bytes - bytes);
      const absl::StatusOr<size_t> got = source->Read(std::span(piece).first(most));
      if (!got.ok()) return got.status();
      if (*got == 0) return false;  // it is shorter
      const auto read = std::span<const uint8_t>(piece).first(*got);
      SHA256_Update(&hash, read.data(), read.size());
      bytes += *got;
      if (!spool) continue;
      if (absl::Status status = spool(read); !status.ok()) return status;
    }
    same = same && DigestOf(hash) == mark.sha256;
    // Whoever keeps nothing need not read on.
    if (!same && !spool) return false;
  }
  return same;
}

absl::StatusOr<std::unique_ptr<InputSource>> SpoolToMarks(std::unique_ptr<InputSource> source,
                                                          std::span<const ListMark> marks,
                                                          const std::string& folder, bool* same) {
  const int file = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) return SpoolError(folder);
  auto spooled = std::make_unique<SpooledSource>(file, folder, std::move(source));
  const absl::StatusOr<bool> holds = HoldsMarks(
      spooled->rest(), marks, [&](std::span<const uint8_t> bytes) { return spooled->Keep(bytes); });
  if (!holds.ok()) return holds.status();
  *same = *holds;
  return spooled;
}

}  // namespace mxsweep::scanner
