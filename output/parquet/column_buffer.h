// One leaf column of the row group that is being collected: values, and for what may be null or a
// list, the definition and repetition levels (Dremel's, as Parquet explains them).
#ifndef MXSWEEP_OUTPUT_PARQUET_COLUMN_BUFFER_H_
#define MXSWEEP_OUTPUT_PARQUET_COLUMN_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "output/parquet/options.h"
#include "output/parquet/runs.h"
#include "output/parquet/value_store.h"
#include "output/tables/schema.h"

namespace mxsweep::output {

class ColumnBuffer {
 public:
  using Values = std::variant<ValueStore<uint64_t>, ValueStore<std::string_view>>;

  // Borrows `leaf`.
  ColumnBuffer(const LeafSpec& leaf, const ParquetOptions& options);

  // An entry without a value; `definition` says at which level it ends.
  void AppendNull(uint8_t repetition, uint8_t definition) {
    definitions_.Append(definition);
    AddRepetition(repetition);
  }
  // A value of a boolean or integer column (signed ones as two's complement in 64 bits).
  void AppendInteger(uint64_t value, uint8_t repetition);
  // A value of a byte-array column. Invalid UTF-8 in a STRING becomes U+FFFD.
  void AppendBytes(std::string_view value, uint8_t repetition);

  // To be called when the row group is complete.
  void Settle();
  void Clear();

  const LeafSpec& leaf() const { return leaf_; }
  const Values& values() const { return values_; }
  // One per entry; empty where the maximal level is 0. REQUIRES: settled.
  std::span<const ValueRun> definitions() const { return definitions_.runs(); }
  std::span<const ValueRun> repetitions() const { return repetitions_.runs(); }
  // Entries: values, nulls and empty lists.
  size_t entry_count() const;
  size_t memory_bytes() const;

 private:
  void AddLevels(uint8_t repetition) {
    if (max_definition_ > 0) definitions_.Append(max_definition_);
    AddRepetition(repetition);
  }
  void AddRepetition(uint8_t repetition) {
    if (has_repetition_) repetitions_.Append(repetition);
  }
  void AppendRareBytes(std::string_view value);

  // What is touched for each row comes first, and all a null touches within one cache line.
  const uint8_t max_definition_;
  const bool has_repetition_;
  Runs definitions_;
  Values values_;
  Runs repetitions_;
  const LeafSpec& leaf_;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_COLUMN_BUFFER_H_
