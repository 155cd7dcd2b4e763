#include "output/tables/schema.h"

#include <array>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "scanner/base/text.h"

namespace mxsweep::output {
namespace {

// The levels and the path on the way down to a leaf.
struct Position {
  std::vector<std::string> path;
  Repetition repetition = Repetition::kRequired;
  uint8_t definition = 0;
  uint8_t repetition_level = 0;
  ColumnTraits traits;
};

struct LeafType {
  PhysicalType physical;
  LogicalType logical;
  uint8_t bit_width;
  std::string_view name;
};

template <typename T>
constexpr LeafType LeafTypeOf() {
  using enum PhysicalType;
  if constexpr (std::is_same_v<T, std::string>) {
    return {kByteArray, LogicalType::kString, 0, "STRING"};
  } else if constexpr (std::is_same_v<T, Binary>) {
    return {kByteArray, LogicalType::kNone, 0, "BINARY"};
  } else if constexpr (std::is_same_v<T, bool>) {
    return {kBoolean, LogicalType::kNone, 0, "BOOLEAN"};
  } else if constexpr (std::is_same_v<T, absl::Time>) {
    return {kInt64, LogicalType::kTimestampMicros, 0, "TIMESTAMP"};
  } else if constexpr (std::is_same_v<T, uint8_t>) {
    return {kInt32, LogicalType::kUnsigned, 8, "UINT8"};
  } else if constexpr (std::is_same_v<T, uint16_t>) {
    return {kInt32, LogicalType::kUnsigned, 16, "UINT16"};
  } else if constexpr (std::is_same_v<T, uint32_t>) {
    return {kInt32, LogicalType::kUnsigned, 32, "UINT32"};
  } else {
    static_assert(std::is_same_v<T, uint64_t>, "a column of a type that column.h does not list");
    return {kInt64, LogicalType::kUnsigned, 64, "UINT64"};
  }
}

template <typename T>
concept HasFields = requires {
  T::VisitFields([](const auto&) {});
};

class SchemaBuilder {
 public:
  template <typename Row>
  static TableSchema Build() {
    SchemaBuilder builder;
    TableSchema& schema = builder.schema_;
    schema.id = Table<Row>::kId;
    schema.name = Table<Row>::kName;
    schema.description = Table<Row>::kDescription;
    schema.elements.push_back({.name = schema.name});
    Table<Row>::VisitColumns([&](const auto& column) { builder.AddColumn(column); });
    schema.elements[0].child_count = static_cast<uint32_t>(schema.columns.size());
    return std::move(schema);
  }

 private:
  template <typename Row, typename Member>
  void AddColumn(const Column<Row, Member>& column) {
    ColumnSpec spec{.name = std::string(column.name),
                    .type = TypeText(Tag<Member>{}),
                    .description = std::string(column.description),
                    .nullable = IsOptional(Tag<Member>{}),
                    .first_leaf = schema_.leaves.size(),
                    .first_element = schema_.elements.size()};
    AddNode(Tag<Member>{}, {.path = {spec.name}, .traits = column.traits});
    spec.leaf_count = schema_.leaves.size() - spec.first_leaf;
    spec.element_count = schema_.elements.size() - spec.first_element;
    schema_.columns.push_back(std::move(spec));
  }

  template <typename T>
  using Tag = std::type_identity<T>;

  template <typename T>
  static constexpr bool IsOptional(Tag<T>) {
    return false;
  }
  template <typename T>
  static constexpr bool IsOptional(Tag<std::optional<T>>) {
    return true;
  }

  template <typename T>
  void AddNode(Tag<std::optional<T>>, Position at) {
    at.repetition = Repetition::kOptional;
    ++at.definition;
    AddNode(Tag<T>{}, std::move(at));
  }

  template <typename T>
  void AddNode(Tag<std::vector<T>>, Position at) {
    schema_.elements.push_back({.name = at.path.back(),
                                .repetition = at.repetition,
                                .logical = LogicalType::kList,
                                .child_count = 1});
    schema_.elements.push_back(
        {.name = "list", .repetition = Repetition::kRepeated, .child_count = 1});
    at.path.insert(at.path.end(), {"list", "element"});
    at.repetition = Repetition::kRequired;
    ++at.definition;
    ++at.repetition_level;
    AddNode(Tag<T>{}, std::move(at));
  }

  template <HasFields T>
  void AddNode(Tag<T>, Position at) {
    const size_t group = schema_.elements.size();
    schema_.elements.push_back({.name = at.path.back(), .repetition = at.repetition});
    T::VisitFields([&]<typename Row, typename Member>(const Column<Row, Member>& field) {
      ++schema_.elements[group].child_count;
      Position child = at;
      child.path.emplace_back(field.name);
      child.repetition = Repetition::kRequired;
      AddNode(Tag<Member>{}, std::move(child));
    });
  }

  template <typename T>
  void AddNode(Tag<T>, Position at) {
    constexpr LeafType kType = LeafTypeOf<T>();
    schema_.elements.push_back({.name = at.path.back(),
                                .repetition = at.repetition,
                                .physical = kType.physical,
                                .logical = kType.logical,
                                .bit_width = kType.bit_width});
    schema_.leaves.push_back({.path = std::move(at.path),
                              .physical = kType.physical,
                              .logical = kType.logical,
                              .bit_width = kType.bit_width,
                              .max_definition = at.definition,
                              .max_repetition = at.repetition_level,
                              .bloom_filter = at.traits.bloom_filter,
                              .min_max = !std::is_same_v<T, Binary>});
  }

  template <typename T>
  static std::string TypeText(Tag<std::optional<T>>) {
    return TypeText(Tag<T>{});
  }
  template <typename T>
  static std::string TypeText(Tag<std::vector<T>>) {
    return JoinText("LIST of ", TypeText(Tag<T>{}));
  }
  template <HasFields T>
  static std::string TypeText(Tag<T>) {
    std::string fields;
    T::VisitFields([&]<typename Row, typename Member>(const Column<Row, Member>& field) {
      AppendText(&fields, fields.empty() ? "" : ", ", field.name, " ", TypeText(Tag<Member>{}));
    });
    return JoinText("STRUCT(", fields, ")");
  }
  template <typename T>
  static std::string TypeText(Tag<T>) {
    return std::string(LeafTypeOf<T>().name);
  }

  TableSchema schema_;
};

}  // namespace

std::optional<size_t> TableSchema::FindColumn(std::string_view column_name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column_name) return i;
  }
  return std::nullopt;
}

const TableSchema& SchemaOf(TableId table) {
  static const auto* const schemas = [] {
    auto* all = new std::array<TableSchema, kTableIds>();
    VisitTables([&]<typename Row>(std::type_identity<Row>) {
      (*all)[static_cast<size_t>(Table<Row>::kId)] = SchemaBuilder::Build<Row>();
    });
    return all;
  }();
  return (*schemas)[static_cast<size_t>(table)];
}

}  // namespace mxsweep::output
