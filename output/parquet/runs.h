// Numbers that mostly repeat themselves, as runs: the levels of a column, of which whole row groups
// are one run.
#ifndef MXSWEEP_OUTPUT_PARQUET_RUNS_H_
#define MXSWEEP_OUTPUT_PARQUET_RUNS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/base/attributes.h"

namespace mxsweep::output {

// So many times the same value.
struct ValueRun {
  uint32_t value = 0;
  uint32_t count = 0;

  friend bool operator==(const ValueRun&, const ValueRun&) = default;
};

// A sequence that grows at its end. Fewer than 2³² times the same value in a row.
class Runs {
 public:
  void Append(uint32_t value) {
    if (value == last_.value) {
      ++last_.count;
    } else {
      StartRun(value);
    }
  }

  // To be called before the runs are read; Append may follow all the same.
  void Settle() {
    CloseRun();
    last_.count = 0;
  }

  void Clear() {
    closed_.clear();
    closed_size_ = 0;
    last_ = {};
  }

  // All runs, none of them empty. REQUIRES: settled.
  std::span<const ValueRun> runs() const { return closed_; }
  size_t size() const { return closed_size_ + last_.count; }
  size_t memory_bytes() const { return closed_.size() * sizeof(ValueRun); }

 private:
  // Rare: not to be in the way of what is frequent.
  ABSL_ATTRIBUTE_NOINLINE void StartRun(uint32_t value) {
    CloseRun();
    last_ = {value, 1};
  }
  void CloseRun() {
    if (last_.count == 0) return;
    closed_.push_back(last_);
    closed_size_ += last_.count;
  }

  ValueRun last_;
  std::vector<ValueRun> closed_;
  size_t closed_size_ = 0;
};

// A place in a sequence of runs.
class RunCursor {
 public:
  explicit RunCursor(std::span<const ValueRun> runs) : runs_(runs) {}

  bool at_end() const { return run_ == runs_.size(); }
  // The run that the place is in, as much of it as is ahead. REQUIRES: !at_end().
  ValueRun Rest() const { return {runs_[run_].value, runs_[run_].count - passed_}; }
  // Moves on by `count` values. REQUIRES: count <= Rest().count.
  void Skip(uint32_t count) {
    passed_ += count;
    if (passed_ == runs_[run_].count) {
      ++run_;
      passed_ = 0;
    }
  }
  // Moves on by `count` values, calling take(ValueRun) for what lies there. REQUIRES: so many are
  // ahead.
  template <typename Take>
  void Pass(size_t count, Take&& take) {
    while (count > 0) {
      ValueRun run = Rest();
      run.count = static_cast<uint32_t>(std::min<size_t>(run.count, count));
      take(run);
      Skip(run.count);
      count -= run.count;
    }
  }

 private:
  std::span<const ValueRun> runs_;
  size_t run_ = 0;
  uint32_t passed_ = 0;  // of that run
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_RUNS_H_
