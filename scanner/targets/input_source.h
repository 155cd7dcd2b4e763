#ifndef MXSWEEP_SCANNER_TARGETS_INPUT_SOURCE_H_
#define MXSWEEP_SCANNER_TARGETS_INPUT_SOURCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace mxsweep::scanner {

// A stream of bytes that is read once from front to back. Implementations are thread-compatible and
// hold a fixed amount of memory. Reading blocks.
class InputSource {
 public:
  virtual ~InputSource() = default;

  // Fills the front of `buffer` (not empty) and returns how much of it; 0 at the end. Errors are
  // final: FailedPrecondition (not readable), DataLoss (damaged or cut short), Cancelled (stopped).
  virtual absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) = 0;

  // Bytes taken from the file itself, before decompression, and its size; size is 0 where it is not
  // known (a pipe). For progress.
  virtual uint64_t bytes_read() const = 0;
  virtual uint64_t size_bytes() const = 0;

  // Something can be read, or the end or an error be told, without waiting for whoever writes.
  virtual bool ready() const { return true; }
};

// Opens the file at `path`, or standard input for "-". `stop` (may be null, else must outlive the
// source) makes a read that waits on a pipe or terminal end with Cancelled soon after it is set.
// Errors: NotFound, PermissionDenied, FailedPrecondition (a directory).
absl::StatusOr<std::unique_ptr<InputSource>> OpenFile(const std::string& path,
                                                      const std::atomic<bool>* stop = nullptr);

// Bytes in memory.
std::unique_ptr<InputSource> FromString(std::string bytes);

// The list that `source` holds: unpacked if its first bytes say that it is gzip, zstd, xz or bzip2
// (see unpack.h), as it is otherwise. Fails with Unimplemented, saying what to do, where it is
// something else that is not text (zip, UTF-16, Parquet): at once where the first bytes say so,
// else when it is read (within a packing; a tar archive).
absl::StatusOr<std::unique_ptr<InputSource>> Decompress(std::unique_ptr<InputSource> source);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_TARGETS_INPUT_SOURCE_H_
