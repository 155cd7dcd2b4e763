// One leaf column of the row group that is being collected: values, and for what may be null or a
// list, the definition and repetition levels (Dremel's, as Parquet explains them).
#ifndef MXSWEEP_OUTPUT_COLUMN_BUFFER_H_
#define MXSWEEP_OUTPUT_COLUMN_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "output/parquet_options.h"
#include "output/schema.h"
#include "output/value_store.h"

namespace mxsweep::output {

class ColumnBuffer {
 public:
  using Values = std::variant<ValueStore<uint64_t>, ValueStore<std::string_view>>;

  // Borrows `leaf`.
  ColumnBuffer(const LeafSpec& leaf, const ParquetOptions& options);

  // An entry without a value; `definition` says at which level it ends.
  void AppendNull(uint8_t repetition, uint8_t definition) {
    definitions_.push_back(definition);
    AddRepetition(repetition);
  }
  // A value of a boolean or integer column (signed ones as two's complement in 64 bits).
  void AppendInteger(uint64_t value, uint8_t repetition) {
    AddLevels(repetition);
    std::get<0>(values_).Append(value);
  }
  // A value of a byte-array column. Invalid UTF-8 in a STRING becomes U+FFFD.
  void AppendBytes(std::string_view value, uint8_t repetition);

  // To be called when the row group is complete.
  void Settle();
  void Clear();

  const LeafSpec& leaf() const { return leaf_; }
  const Values& values() const { return values_; }
  // One per entry; empty where the maximal level is 0.
  std::span<const uint8_t> definitions() const { return definitions_; }
  std::span<const uint8_t> repetitions() const { return repetitions_; }
  // Entries: values, nulls and empty lists.
  size_t entry_count() const;
  size_t memory_bytes() const;

 private:
  void AddLevels(uint8_t repetition) {
    if (leaf_.max_definition > 0) definitions_.push_back(leaf_.max_definition);
    AddRepetition(repetition);
  }
  void AddRepetition(uint8_t repetition) {
    if (leaf_.max_repetition > 0) repetitions_.push_back(repetition);
  }

  const LeafSpec& leaf_;
  Values values_;
  std::vector<uint8_t> definitions_;
  std::vector<uint8_t> repetitions_;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_COLUMN_BUFFER_H_
