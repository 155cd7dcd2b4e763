// A row taken apart into the leaf columns of its table, with the levels that say where the nulls
// and the lists are.
#ifndef MXSWEEP_OUTPUT_PARQUET_ROW_SHREDDER_H_
#define MXSWEEP_OUTPUT_PARQUET_ROW_SHREDDER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/time/time.h"
#include "output/parquet/column_buffer.h"
#include "output/tables/tables.h"

namespace mxsweep::output {

// Bytes of all strings of a row.
template <typename T>
size_t TextBytes(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return value.size();
  } else if constexpr (std::is_same_v<T, Binary>) {
    return value.bytes.size();
  } else if constexpr (requires { value.has_value(); }) {
    return value.has_value() ? TextBytes(*value) : 0;
  } else if constexpr (requires { value.begin(); }) {
    size_t bytes = 0;
    // Elements have a cost too: a list must not be endless because its elements are empty.
    for (const auto& element : value) bytes += 1 + TextBytes(element);
    return bytes;
  } else if constexpr (requires { T::VisitFields([](const auto&) {}); }) {
    size_t bytes = 0;
    T::VisitFields([&](const auto& field) { bytes += TextBytes(value.*field.member); });
    return bytes;
  } else {
    return 0;
  }
}

class RowShredder {
 public:
  // `leaves` are the columns of the row's table, in the order of its schema.
  explicit RowShredder(std::span<ColumnBuffer> leaves) : next_(leaves.data()) {}

  template <typename Row>
  void Shred(const Row& row) {
    Table<Row>::VisitColumns([&](const auto& column) ABSL_ATTRIBUTE_ALWAYS_INLINE {
      using Member = typename std::remove_cvref_t<decltype(column)>::Value;
      Put(row.*column.member, next_, 0, 0);
      next_ += LeafCount<Member>();
    });
  }

 private:
  template <typename T>
  static constexpr size_t LeafCount() {
    if constexpr (requires { typename T::value_type; } && !std::is_same_v<T, std::string>) {
      return LeafCount<typename T::value_type>();
    } else if constexpr (requires { T::VisitFields([](const auto&) {}); }) {
      size_t count = 0;
      T::VisitFields([&](const auto& field) {
        count += LeafCount<typename std::remove_cvref_t<decltype(field)>::Value>();
      });
      return count;
    } else {
      return 1;
    }
  }

  template <typename T>
  static void PutNull(ColumnBuffer* leaf, uint8_t repetition, uint8_t definition) {
    for (size_t i = 0; i < LeafCount<T>(); ++i) leaf[i].AppendNull(repetition, definition);
  }

  template <typename T>
  static void Put(const std::optional<T>& value, ColumnBuffer* leaf, uint8_t repetition,
                  uint8_t definition) {
    if (value.has_value()) {
      Put(*value, leaf, repetition, static_cast<uint8_t>(definition + 1));
    } else {
      PutNull<T>(leaf, repetition, definition);
    }
  }

  template <typename T>
  static void Put(const std::vector<T>& list, ColumnBuffer* leaf, uint8_t repetition,
                  uint8_t definition) {
    if (list.empty()) PutNull<T>(leaf, repetition, definition);
    for (const T& element : list) {
      Put(element, leaf, repetition, static_cast<uint8_t>(definition + 1));
      repetition = 1;  // lists are not nested
    }
  }

  static void Put(const std::string& value, ColumnBuffer* leaf, uint8_t repetition, uint8_t) {
    leaf->AppendBytes(value, repetition);
  }
  static void Put(const Binary& value, ColumnBuffer* leaf, uint8_t repetition, uint8_t) {
    leaf->AppendBytes(value.bytes, repetition);
  }
  static void Put(absl::Time value, ColumnBuffer* leaf, uint8_t repetition, uint8_t) {
    leaf->AppendInteger(static_cast<uint64_t>(absl::ToUnixMicros(value)), repetition);
  }

  template <typename T>
  static void Put(const T& value, ColumnBuffer* leaf, uint8_t repetition, uint8_t definition) {
    if constexpr (std::is_unsigned_v<T>) {  // bool too
      leaf->AppendInteger(value, repetition);
    } else {
      T::VisitFields([&](const auto& field) {
        using Member = typename std::remove_cvref_t<decltype(field)>::Value;
        Put(value.*field.member, leaf, repetition, definition);
        leaf += LeafCount<Member>();
      });
    }
  }

  ColumnBuffer* next_;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_ROW_SHREDDER_H_
