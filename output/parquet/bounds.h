// Lower and upper bounds of byte strings that are short enough to be kept as statistics.
#ifndef MXSWEEP_OUTPUT_PARQUET_BOUNDS_H_
#define MXSWEEP_OUTPUT_PARQUET_BOUNDS_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace mxsweep::output {

// Text that is at most (or at least) what it was made from, by unsigned comparison of bytes.
struct Bound {
  std::string value;
  bool exact = true;

  friend bool operator==(const Bound&, const Bound&) = default;
};

// The value, or a prefix of it of at most `max_bytes`, cut between code points.
// REQUIRES: `value` is valid UTF-8.
Bound LowerBound(std::string_view value, size_t max_bytes);

// The value, or the least text of at most about `max_bytes` that is greater and valid UTF-8: a
// prefix whose last code point is raised by one. The value itself, however long, where none exists
// (it begins with max_bytes of U+10FFFF). REQUIRES: `value` is valid UTF-8.
Bound UpperBound(std::string_view value, size_t max_bytes);

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_BOUNDS_H_
