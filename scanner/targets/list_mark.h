// Whether a list is the one that was read before: a scan that goes on is given it once more.
#ifndef MXSWEEP_SCANNER_TARGETS_LIST_MARK_H_
#define MXSWEEP_SCANNER_TARGETS_LIST_MARK_H_

#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "scanner/targets/input_source.h"

namespace mxsweep::scanner {

// The first `bytes` of a list, unpacked, and their SHA-256: how far it was read.
struct ListMark {
  uint64_t bytes = 0;
  std::array<uint8_t, 32> sha256{};

  friend bool operator==(const ListMark&, const ListMark&) = default;
};

// Passes on what `source` gives, and a line end where the last line has none: so the beginning of a
// list that has grown within its last line is another one.
std::unique_ptr<InputSource> WithLastLineEnded(std::unique_ptr<InputSource> source);

// Passes on what `source` gives, and knows its mark. Reading is for one thread, mark() for any.
class MarkedSource final : public InputSource {
 public:
  explicit MarkedSource(std::unique_ptr<InputSource> source);

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override;
  uint64_t bytes_read() const override { return source_->bytes_read(); }
  uint64_t size_bytes() const override { return source_->size_bytes(); }
  bool ready() const override { return source_->ready(); }

  // Of all that was read so far.
  ListMark mark() const;

 private:
  std::unique_ptr<InputSource> source_;
  mutable std::mutex mutex_;  // guards the rest
  uint64_t bytes_ = 0;
  SHA256_CTX hash_{};
};

// Reads `source` up to the last of `marks` (by bytes, ascending), and says whether it holds all of
// them. `spool` (may be null) is given what was read, in pieces, and may refuse to go on.
using Spool = std::function<absl::Status(std::span<const uint8_t>)>;
absl::StatusOr<bool> HoldsMarks(InputSource* source, std::span<const ListMark> marks,
                                const Spool& spool);

// A list that can be read but once (a pipe), given again: reads as far as `marks` go into a file
// without a name in `folder`, says in *same whether it holds them, and gives it back from its
// start.
absl::StatusOr<std::unique_ptr<InputSource>> SpoolToMarks(std::unique_ptr<InputSource> source,
                                                          std::span<const ListMark> marks,
                                                          const std::string& folder, bool* same);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_TARGETS_LIST_MARK_H_
