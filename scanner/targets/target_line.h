// The text of one line of a target list: fields, and which of them is the target. Pure functions.
#ifndef MXSWEEP_SCANNER_TARGETS_TARGET_LINE_H_
#define MXSWEEP_SCANNER_TARGETS_TARGET_LINE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::scanner {

// Fields of a CSV line that are looked at; what lies behind them is ignored.
inline constexpr size_t kMaxCsvFields = 64;

// Splits `line` at commas into trimmed fields. A field may be quoted as in RFC 4180 §2; a quoted
// line end is not supported. Nothing if a quote is not closed.
std::optional<std::vector<std::string>> SplitCsv(std::string_view line);

// `line` without surrounding blanks, and without a comment that begins with '#' at its start or
// behind a blank.
std::string_view StripLine(std::string_view line);

// The column whose heading stands first among `names` (lower case; compared without regard to
// case), wherever it stands in the row, if `fields` is a header row that has one of them.
std::optional<size_t> FindColumn(const std::vector<std::string>& fields,
                                 std::span<const std::string_view> names);

// The target among `fields` where there was no header: the first field that is not an integer
// (rank,domain lists have one or two ranks in front); the last field if all are.
size_t TargetColumn(const std::vector<std::string>& fields);

// A permutation of [0, size) that needs no memory: a Feistel network over the next even number of
// bits, walked until it lands in the range. Equal (size, seed) give the same order.
class IndexShuffle {
 public:
  IndexShuffle(uint64_t size, uint64_t seed);
  // REQUIRES: index < size.
  uint64_t At(uint64_t index) const;

 private:
  uint64_t size_;
  uint64_t seed_;
  int half_bits_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_TARGETS_TARGET_LINE_H_
