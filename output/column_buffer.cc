#include "output/column_buffer.h"

#include "output/utf8.h"

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
    : leaf_(leaf), values_(MakeValues(leaf, options)) {}

void ColumnBuffer::AppendBytes(std::string_view value, uint8_t repetition) {
  AddLevels(repetition);
  auto& values = std::get<1>(values_);
  // What is in the dictionary has been found valid before.
  if (values.AppendKnown(value)) return;
  if (leaf_.logical != LogicalType::kString || IsValidUtf8(value)) {
    values.Append(value);
  } else {
    values.Append(SanitizeUtf8(value));
  }
}

void ColumnBuffer::Settle() {
  std::visit([](auto& values) { values.Settle(); }, values_);
}

void ColumnBuffer::Clear() {
  std::visit([](auto& values) { values.Clear(); }, values_);
  definitions_.clear();
  repetitions_.clear();
}

size_t ColumnBuffer::entry_count() const {
  if (leaf_.max_definition > 0) return definitions_.size();
  return std::visit([](const auto& values) { return values.size(); }, values_);
}

size_t ColumnBuffer::memory_bytes() const {
  return definitions_.size() + repetitions_.size() +
         std::visit([](const auto& values) { return values.memory_bytes(); }, values_);
}

}  // namespace mxsweep::output
