#include "tls/keys/scratch_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "scanner/base/text.h"

namespace mxsweep::tls {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

absl::Status ErrorOf(const std::string& folder, int error) {
  const std::string message = JoinText("the scratch file in ", folder, ": ", std::strerror(error));
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return absl::ResourceExhaustedError(message);
  }
  return absl::InternalError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ScratchFile>> ScratchFile::Create(const std::string& folder) {
  std::string pattern = JoinText(folder, "/mxsweep-keys-XXXXXX");
  const int descriptor = mkostemp(pattern.data(), O_CLOEXEC);
  if (descriptor < 0) return ErrorOf(folder, errno);
  unlink(pattern.c_str());
  return std::unique_ptr<ScratchFile>(new ScratchFile(descriptor, folder));
}

ScratchFile::~ScratchFile() { close(descriptor_); }

absl::StatusOr<uint64_t> ScratchFile::Append(std::span<const uint8_t> bytes) {
  uint64_t start = 0;
  {
    const std::lock_guard lock(mutex_);
    start = size_;
    size_ += bytes.size();
  }
  uint64_t at = start;
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrorOf(folder_, errno);
    bytes = bytes.subspan(static_cast<size_t>(written));
    at += static_cast<uint64_t>(written);
  }
  return start;
}

absl::Status ScratchFile::Read(uint64_t offset, std::span<uint8_t> out) const {
  while (!out.empty()) {
    const ssize_t read = pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return ErrorOf(folder_, errno);
    if (read == 0) return absl::InternalError("the scratch file ends too early");
    out = out.subspan(static_cast<size_t>(read));
    offset += static_cast<uint64_t>(read);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ModulusList>> ModulusList::Create(const std::string& folder) {
  absl::StatusOr<std::unique_ptr<ScratchFile>> file = ScratchFile::Create(folder);
  if (!file.ok()) return file.status();
  return std::unique_ptr<ModulusList>(new ModulusList(*std::move(file)));
}

absl::Status ModulusList::Add(std::span<const uint8_t> modulus) {
  buffer_.insert(buffer_.end(), modulus.begin(), modulus.end());
  ends_.push_back((ends_.empty() ? 0 : ends_.back()) + modulus.size());
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
}

absl::Status ModulusList::Flush() {
  const absl::Status status = file_->Append(buffer_).status();
  buffer_.clear();
  return status;
}

absl::StatusOr<std::vector<uint8_t>> ModulusList::Read(size_t index) const {
  std::vector<uint8_t> bytes;
  absl::Status status = Read(index, 1, &bytes);
  if (!status.ok()) return status;
  return bytes;
}

absl::Status ModulusList::Read(size_t first, size_t count, std::vector<uint8_t>* bytes) const {
  const uint64_t start = StartOf(first);
  bytes->resize(count == 0 ? 0 : ends_[first + count - 1] - start);
  return file_->Read(start, *bytes);
}

}  // namespace mxsweep::tls
