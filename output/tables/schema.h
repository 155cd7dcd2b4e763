// The Parquet schema of each table, derived from the column definitions (column.h), in the form
// that the writer, the reader and the documentation work with.
//
// A list is the three-level structure that the format asks for:
//   [optional] group NAME (LIST) { repeated group list { required … element; } }
// An optional column and an optional list each add one definition level, the list itself another.
#ifndef MXSWEEP_OUTPUT_TABLES_SCHEMA_H_
#define MXSWEEP_OUTPUT_TABLES_SCHEMA_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "output/tables/tables.h"

namespace mxsweep::output {

// Numbers of the format (parquet.thrift, enum Type).
enum class PhysicalType : int32_t { kBoolean = 0, kInt32 = 1, kInt64 = 2, kByteArray = 6 };

enum class LogicalType { kNone, kString, kTimestampMicros, kUnsigned, kList };

// enum FieldRepetitionType.
enum class Repetition : int32_t { kRequired = 0, kOptional = 1, kRepeated = 2 };

// One node of the schema tree in depth-first order, as the footer lists them.
struct SchemaElement {
  std::string name;
  Repetition repetition = Repetition::kRequired;
  std::optional<PhysicalType> physical;  // Of leaves only.
  LogicalType logical = LogicalType::kNone;
  uint8_t bit_width = 0;     // Of LogicalType::kUnsigned.
  uint32_t child_count = 0;  // Of groups.

  friend bool operator==(const SchemaElement&, const SchemaElement&) = default;
};

// A leaf: what becomes one column chunk.
struct LeafSpec {
  std::vector<std::string> path;
  PhysicalType physical = PhysicalType::kByteArray;
  LogicalType logical = LogicalType::kNone;
  uint8_t bit_width = 0;
  uint8_t max_definition = 0;
  uint8_t max_repetition = 0;
  bool bloom_filter = false;
  bool min_max = true;  // Statistics hold the least and the greatest value (not of binary).
};

struct ColumnSpec {
  std::string name;
  std::string type;  // For people: "STRING", "LIST of UINT16" …
  std::string description;
  bool nullable = false;
  size_t first_leaf = 0;
  size_t leaf_count = 0;
  size_t first_element = 0;  // Index into TableSchema::elements.
  size_t element_count = 0;
};

struct TableSchema {
  TableId id;
  std::string name;
  std::string description;
  std::vector<ColumnSpec> columns;
  std::vector<LeafSpec> leaves;
  std::vector<SchemaElement> elements;  // The root is first.

  std::optional<size_t> FindColumn(std::string_view column_name) const;
};

// Built once, never destroyed.
const TableSchema& SchemaOf(TableId table);

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_TABLES_SCHEMA_H_
