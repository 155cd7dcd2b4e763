#include "output/parquet/column_buffer.h"

#include "scanner/base/utf8.h"

namespace mxsweep::output {
namespace {

ColumnBuffer::Values MakeValues(const LeafSpec& leaf, const ParquetOptions& options) {
  switch (leaf.physical) {
    case PhysicalType::kBoolean:
      return ValueStore<uint64_t>(1, 0);
    case PhysicalType::kInt32:
      return ValueStore<uint64_t>(4, options.dictionary_bytes);
    case PhysicalType::kInt64:
      return ValueStore<uint64_t>(8, options.dictionary_bytes);
    case PhysicalType::kByteArray:
      break;
  }
  return ValueStore<std::string_view>(0, options.dictionary_bytes);
}

}  // namespace

ColumnBuffer::ColumnBuffer(const LeafSpec& leaf, const ParquetOptions& options)
    : max_definition_(leaf.max_definition),
      has_repetition_(leaf.max_repetition > 0),
      values_(MakeValues(leaf, options)),
      leaf_(leaf) {}

void ColumnBuffer::AppendInteger(uint64_t value, uint8_t repetition) {
  AddLevels(repetition);
  std::get<0>(values_).Append(value);
}

void ColumnBuffer::AppendBytes(std::string_view value, uint8_t repetition) {
  AddLevels(repetition);
  if (!std::get<1>(values_).AppendRecent(value)) AppendRareBytes(value);
}

void ColumnBuffer::AppendRareBytes(std::string_view value) {
  auto& values = std::get<1>(values_);
  // What is in the dictionary has been found valid before.
  if (values.AppendKnown(value)) return;
  if (leaf_.logical != LogicalType::kString || IsValidUtf8(value)) {
    values.AppendNew(value);
  } else {
    values.Append(SanitizeUtf8(value));
  }
}

void ColumnBuffer::Settle() {
  std::visit([](auto& values) { values.Settle(); }, values_);
  definitions_.Settle();
  repetitions_.Settle();
}

void ColumnBuffer::Clear() {
  std::visit([](auto& values) { values.Clear(); }, values_);
  definitions_.Clear();
  repetitions_.Clear();
}

size_t ColumnBuffer::entry_count() const {
  if (leaf_.max_definition > 0) return definitions_.size();
  return std::visit([](const auto& values) { return values.size(); }, values_);
}

size_t ColumnBuffer::memory_bytes() const {
  return definitions_.memory_bytes() + repetitions_.memory_bytes() +
         std::visit([](const auto& values) { return values.memory_bytes(); }, values_);
}

}  // namespace mxsweep::output
