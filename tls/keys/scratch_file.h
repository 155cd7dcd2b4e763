#ifndef MXSWEEP_TLS_KEYS_SCRATCH_FILE_H_
#define MXSWEEP_TLS_KEYS_SCRATCH_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mxsweep::tls {

// A file without a name: it is gone when this is, however the program ends. Thread-safe. Errors: a
// full disk is kResourceExhausted, anything else kInternal, with a sentence.
class ScratchFile {
 public:
  static absl::StatusOr<std::unique_ptr<ScratchFile>> Create(const std::string& folder);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  // Appends, and says where.
  absl::StatusOr<uint64_t> Append(std::span<const uint8_t> bytes);
  // Fills all of `out`.
  absl::Status Read(uint64_t offset, std::span<uint8_t> out) const;

 private:
  ScratchFile(int descriptor, std::string folder)
      : descriptor_(descriptor), folder_(std::move(folder)) {}

  const int descriptor_;
  const std::string folder_;
  std::mutex mutex_;
  uint64_t size_ = 0;
};

// Moduli in the order in which they were added, big-endian, on disk: 8 bytes of memory each.
// Adding is for one thread; reading, after the last was added, for any.
class ModulusList {
 public:
  static absl::StatusOr<std::unique_ptr<ModulusList>> Create(const std::string& folder);

  absl::Status Add(std::span<const uint8_t> modulus);
  // What is still in memory is written. To be called before reading.
  absl::Status Flush();

  size_t size() const { return ends_.size(); }
  uint64_t BytesOf(size_t index) const { return ends_[index] - StartOf(index); }
  absl::StatusOr<std::vector<uint8_t>> Read(size_t index) const;
  // `count` of them from `first`, one behind the other in `bytes`.
  absl::Status Read(size_t first, size_t count, std::vector<uint8_t>* bytes) const;

 private:
  explicit ModulusList(std::unique_ptr<ScratchFile> file) : file_(std::move(file)) {}
  uint64_t StartOf(size_t index) const { return index == 0 ? 0 : ends_[index - 1]; }

  std::unique_ptr<ScratchFile> file_;
  std::vector<uint64_t> ends_;
  std::vector<uint8_t> buffer_;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_KEYS_SCRATCH_FILE_H_
